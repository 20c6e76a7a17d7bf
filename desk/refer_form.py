"""The page on which a hand-over is put together: what goes to whom, until when, on whose word."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from desk import packets, referring
from desk.models import CaseRoute, ConsentWay, Receiver
from desk.models.routes import MOST_DAYS
from desk.packets import ChoiceStep, FileChoice
from desk.referring import Consent, NotReferred, Place
from forms.fields import TextField
from forms.models import IntakeCase
from themes.templatetags.russian import human_date

MOST_TEXT = 2000
_REQUIRED = {"required": gettext_lazy("Please choose to whom.")}


class ReferForm(forms.Form):
    """Nothing is chosen to begin with: the least that is needed goes."""

    use_required_attribute = False
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput())
    writing_id = forms.UUIDField(widget=forms.HiddenInput())
    route = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput())
    step = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput())
    receiver = forms.ModelChoiceField(
        Receiver.objects.none(),
        label=gettext_lazy("To whom"),
        empty_label=gettext_lazy("Choose"),
        error_messages=_REQUIRED,
    )
    days = forms.IntegerField(
        label=gettext_lazy("Working days for the answer"),
        min_value=1,
        max_value=MOST_DAYS,
        error_messages={"required": gettext_lazy("Please say how many working days.")},
    )
    answers = forms.MultipleChoiceField(required=False)
    papers = forms.MultipleChoiceField(required=False)
    message = TextField(
        label=gettext_lazy("Message to the organisation"),
        help_text=gettext_lazy(
            "What you ask for. It reads this; names and diagnoses only when it cannot do without."
        ),
        required=False,
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    consent_way = forms.ChoiceField(
        label=gettext_lazy("How the family agreed to hand it over"),
        required=False,
        choices=[("", gettext_lazy("Choose")), *ConsentWay.choices],
    )
    consent_on = forms.DateField(
        label=gettext_lazy("When it agreed"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, case: IntakeCase, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case
        self.offered = packets.choices_of(case)
        self.offered_files = packets.files_of(case)
        self.place: Place | None = None
        field = self.fields["receiver"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = referring.receivers_for(case)
        self._choices("answers", [one.key for step in self.offered for one in step.answers])
        self._choices("papers", [file.id for file in self.offered_files])

    def _choices(self, name: str, keys: list[str]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(key, key) for key in keys]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._check_consent(cleaned)
        self._check_place(cleaned)
        receiver = cleaned.get("receiver")
        needs_text = receiver is not None and receiver.provider.is_centre
        if not cleaned.get("message") and "message" not in self.errors:
            if needs_text:
                self.add_error("message", _("Say why the case is too hard for your centre."))
            elif not (cleaned.get("answers") or cleaned.get("papers")):
                self.add_error("message", _("Say what you ask for, or choose what to hand over."))
        return cleaned

    def _check_consent(self, cleaned: dict[str, Any]) -> None:
        way, day = cleaned.get("consent_way"), cleaned.get("consent_on")
        wanted = self._is_personal(cleaned) or bool(way or day)
        if wanted and not way and "consent_way" not in self.errors:
            self.add_error(
                "consent_way",
                _("You hand over personal data. Ask the family first and say how it agreed."),
            )
        if wanted and not day and "consent_on" not in self.errors:
            self.add_error("consent_on", _("Say on which day the family agreed."))
        if day and not self._earliest() <= day <= timezone.localdate():
            self.add_error(
                "consent_on",
                _("The day has to lie between %(first)s and today.")
                % {"first": human_date(self._earliest())},
            )

    def _check_place(self, cleaned: dict[str, Any]) -> None:
        """A step that is not there is none: the referral stands for itself."""
        route = CaseRoute.objects.filter(case=self.case, pk=cleaned.get("route") or 0).first()
        step = cleaned.get("step")
        if route is not None and step is not None and step < len(route.steps):
            self.place = Place(route, step)

    def _is_personal(self, cleaned: dict[str, Any]) -> bool:
        chosen = set(cleaned.get("answers", ()))
        return bool(cleaned.get("papers")) or any(
            one.is_personal for step in self.offered for one in step.answers if one.key in chosen
        )

    def _earliest(self) -> datetime.date:
        """A visit may have been before it was typed in."""
        return min(self.case.submission.day, timezone.localdate(self.case.contact_at))

    @property
    def consent(self) -> Consent | None:
        way, day = self.cleaned_data["consent_way"], self.cleaned_data["consent_on"]
        return Consent(ConsentWay(way), day) if way else None

    def answers_to_tick(self) -> Iterator[tuple[ChoiceStep, list[tuple[Any, bool]]]]:
        """Answers that may go, each with whether it was chosen."""
        chosen = set(self["answers"].value() or ())
        for step in self.offered:
            yield step, [(one, one.key in chosen) for one in step.answers]

    def papers_to_tick(self) -> Iterator[tuple[FileChoice, bool]]:
        chosen = set(self["papers"].value() or ())
        return ((file, file.id in chosen) for file in self.offered_files)

    def tell(self, problem: NotReferred) -> None:
        """What stands against the hand-over, beside its field."""
        field = {
            "term": "days",
            "consent": "consent_way",
            "message": "message",
            "receiver": "receiver",
            "twice": "receiver",
            "alone": "receiver",
        }.get(problem.code)
        self.add_error(field, _said(self.case, problem.code))


def _said(case: IntakeCase, code: str) -> str:
    if code == "term":
        return why_shorter(case)
    return {
        "withdrawn": _("The family has taken its consent back: nothing may be handed over."),
        "receiver": _("This organisation takes no referrals now."),
        "consent": _("You hand over personal data. Ask the family first and say how it agreed."),
        "message": _("Say what you ask for, or choose what to hand over."),
        "twice": _("This organisation has not answered your last referral yet."),
        "alone": _("Another centre is asked alone: it may take the whole case."),
    }[code]


def why_shorter(case: IntakeCase) -> str:
    """How long a partner may be given, and why not longer."""
    most, due = referring.most_days(case), human_date(case.due_at)
    if most < 1:
        return _(
            "The family has to be answered by %(day)s: no working day is left for a partner. "
            "Call the organisation, or give the answer and name it there."
        ) % {"day": due}
    return ngettext(
        "The family has to be answered by %(day)s, a working day of that is yours. "
        "A partner may be given %(most)d working day at most.",
        "The family has to be answered by %(day)s, a working day of that is yours. "
        "A partner may be given %(most)d working days at most.",
        most,
    ) % {"day": due, "most": most}
