"""The checklist of the primary diagnosis, and the form of urgent help."""

from __future__ import annotations

import datetime
from itertools import groupby
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk.models import RiskSign, SignGroup, UrgentHelpKind
from forms.fields import TextField

LONGEST_NOTE = 3000
EARLIEST = datetime.timedelta(days=366)  # old paper may be typed in


class DiagnosisForm(forms.Form):
    """Signs to tick, by what they are about."""

    use_required_attribute = False
    writing_id = forms.UUIDField(required=False, widget=forms.HiddenInput())
    note = TextField(
        label=gettext_lazy("What you have seen and heard, in your own words"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    none = forms.BooleanField(
        label=gettext_lazy("I have looked at all of it: none of these signs"), required=False
    )

    def __init__(self, signs: list[RiskSign], data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.known = {sign.slug: sign for sign in signs}
        order = list(SignGroup)
        self.groups = []
        in_order = sorted(
            signs, key=lambda sign: (order.index(SignGroup(sign.group)), sign.position)
        )
        for group, found in groupby(in_order, lambda sign: sign.group):
            self.fields[group] = forms.MultipleChoiceField(
                label=SignGroup(group).label,
                required=False,
                choices=[(sign.slug, sign.title) for sign in found],
                widget=forms.CheckboxSelectMultiple(),
            )
            self.groups.append(self[group])

    def clean(self) -> dict[str, Any]:
        """An empty page says nothing; that nothing was seen has to be said."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            if not self.ticked() and not cleaned["none"]:
                raise forms.ValidationError(
                    _("Tick what you have seen, or say that there are none of these signs.")
                )
            if self.ticked() and cleaned["none"]:
                self.add_error("none", _("Some signs are ticked. Please leave one of the two."))
        return cleaned

    def ticked(self) -> list[RiskSign]:
        slugs = [slug for group in self.groups for slug in self.cleaned_data.get(group.name, ())]
        return [self.known[slug] for slug in slugs]


class UrgentHelpForm(forms.Form):
    """What was given, to whom, when: the act is made from it."""

    use_required_attribute = False
    writing_id = forms.UUIDField(required=False, widget=forms.HiddenInput())
    kinds = forms.ModelMultipleChoiceField(
        UrgentHelpKind.objects.filter(retired=False),
        label=gettext_lazy("What was given"),
        widget=forms.CheckboxSelectMultiple(),
        error_messages={"required": gettext_lazy("Please choose at least one.")},
    )
    what = TextField(
        label=gettext_lazy("In detail: things, amounts, where, on what conditions"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Please write what was given.")},
    )
    recipient = TextField(
        label=gettext_lazy("To whom: name as in the act"),
        max_length=200,
        error_messages={"required": gettext_lazy("Please write to whom.")},
    )
    given_at = forms.DateTimeField(
        label=gettext_lazy("When"),
        input_formats=["%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M"],
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        error_messages={"invalid": gettext_lazy("Please write day and time.")},
    )

    def clean_given_at(self) -> datetime.datetime:
        given: datetime.datetime = self.cleaned_data["given_at"]
        now = timezone.now()
        if given > now:
            raise forms.ValidationError(_("This has not happened yet."))
        if given < now - EARLIEST:
            raise forms.ValidationError(_("This is more than a year ago. Is the day right?"))
        return given
