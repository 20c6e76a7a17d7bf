"""The back office's forms of accounts: nobody makes an almighty account there."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.users.forms import UserCreationForm, UserEditForm
from wagtail.users.views.users import UserViewSet


class Limited:
    """Shows who is almighty, and lets nobody change it: that is done by a command on the server."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        almighty = self.fields.get("is_superuser")  # type: ignore[attr-defined]
        if almighty is not None:
            almighty.disabled = True
            almighty.help_text = _("Such accounts are made by the command createsuperuser only.")


class NewPersonForm(Limited, UserCreationForm):
    pass


class PersonForm(Limited, UserEditForm):
    pass


class PeopleViewSet(UserViewSet):
    def get_form_class(self, for_update: bool = False) -> type:
        return PersonForm if for_update else NewPersonForm
