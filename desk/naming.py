"""The forms that open a case to somebody: a colleague is named, or the glass is broken."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.models import User
from forms import granting
from forms.models import IntakeCase

TERMS = {"1": _("for a day"), "7": _("for a week"), "30": _("for thirty days"), "0": _("for good")}


class NameForm(forms.Form):
    """A colleague who shall see a secret case, and for how long."""

    use_required_attribute = False
    template_name = "intake_desk/fields.html"
    person = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Colleague"),
        empty_label=_("Choose"),
        error_messages={"required": _("Please choose the colleague.")},
    )
    days = forms.ChoiceField(label=_("For how long"), choices=list(TERMS.items()), initial="7")

    def __init__(self, case: IntakeCase, data: Any = None) -> None:
        super().__init__(data, auto_id="name-%s")
        person = self.fields["person"]
        assert isinstance(person, forms.ModelChoiceField)
        person.queryset = granting.nameable(case)

    @property
    def until(self) -> datetime.datetime | None:
        days = int(self.cleaned_data["days"])
        return timezone.now() + datetime.timedelta(days=days) if days else None


class GlassForm(forms.Form):
    """Why a closed case has to be opened."""

    use_required_attribute = False
    template_name = "intake_desk/fields.html"
    reason = forms.ChoiceField(
        label=_("Why"),
        choices=[("", _("Choose")), *((one.value, one.label) for one in granting.GLASS_REASONS)],
        error_messages={"required": _("Please choose the reason.")},
    )
