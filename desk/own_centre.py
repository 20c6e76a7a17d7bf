"""Rows of a centre in the back office: heads tend those of their own, and choose their own people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.viewsets.model import ModelViewSet

from catalogue.dictionaries import CarefulDeleteView, RelatedIndexView
from catalogue.models import Membership, Provider
from catalogue.partners import keeps_all_providers
from cms.access import ScopedViews
from cms.models import User


class OwnCentreForm(WagtailAdminModelForm):
    """The form of a row with a `centre`: only own ones can be chosen, and only their people.

    :cvar people: names of the fields in which people of the centre are chosen.
    """

    people: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        centre = self.fields["centre"]
        centre.queryset = own_centres(self.for_user)
        if not keeps_all_providers(self.for_user):
            # A row of every centre is a matter of who tends all of them.
            centre.required, centre.empty_label = True, None
        for name in self.people:
            self.fields[name].queryset = people_of(centre.queryset)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        for name in self.people:
            strangers = _strangers(cleaned.get("centre"), _each(cleaned.get(name)))
            if strangers:
                said = ", ".join(str(person) for person in strangers)
                self.add_error(name, _("Does not work in this centre: %(who)s.") % {"who": said})
        return cleaned


class OwnCentreViewSet(ScopedViews, ModelViewSet):
    """A list of rows of centres, those of `visible_to`."""

    index_view_class = RelatedIndexView
    delete_view_class = CarefulDeleteView
    list_select_related: tuple[str, ...] = ("centre",)
    list_per_page = 50
    search_backend_name = None
    copy_view_enabled = False
    inspect_view_enabled = False

    def get_index_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        related = {"list_select_related": self.list_select_related}
        return super().get_index_view_kwargs(**related, **kwargs)


def own_centres(user: Any) -> QuerySet[Provider]:
    """Centres whose arrangement a person may tend."""
    centres = Provider.objects.centres()
    return centres if keeps_all_providers(user) else centres.of(user)


def people_of(centres: QuerySet[Provider]) -> QuerySet[User]:
    """Who works in these centres and can log in."""
    members = Membership.objects.filter(provider__in=centres.values("pk"))
    people = User.objects.filter(is_active=True, pk__in=members.values("user"))
    return people.order_by("last_name", "first_name", "pk")


def _each(chosen: Any) -> Iterable[User]:
    return [chosen] if isinstance(chosen, User) else chosen or ()


def _strangers(centre: Provider | None, people: Iterable[User]) -> list[User]:
    if centre is None:
        return []
    members = set(Membership.objects.filter(provider=centre).values_list("user", flat=True))
    return [person for person in people if person.pk not in members]
