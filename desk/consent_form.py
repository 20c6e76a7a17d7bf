"""«The family has consented»: to what, how and when; and what the page of a case tells of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk.slots import Fragment
from forms import recontacting
from forms.asking import field_for
from forms.choosers import Choosers
from forms.compiling import fields_of
from forms.consenting import HAND_OVER, may_hear, not_given, to_hand_over
from forms.models import Heard, IntakeCase
from themes.templatetags.russian import human_date


class ConsentForm(forms.Form):
    """What the family has said yes to, and by what the staff knows it."""

    use_required_attribute = False
    template_name = "intake_desk/fields.html"
    what = forms.MultipleChoiceField(
        label=gettext_lazy("What the family has consented to"),
        required=False,
        widget=forms.CheckboxSelectMultiple(),
    )
    way = forms.ChoiceField(
        label=gettext_lazy("How it said so"),
        choices=Heard.choices,
        widget=forms.RadioSelect(),
        error_messages={"required": gettext_lazy("Please choose how the consent was given.")},
    )
    on = forms.DateField(
        label=gettext_lazy("When it said so"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": gettext_lazy("Please give the day.")},
    )

    def __init__(self, case: IntakeCase, data: Any = None) -> None:
        super().__init__(data, initial={"on": timezone.localdate()})
        self.case = case
        what = self.fields["what"]
        assert isinstance(what, forms.MultipleChoiceField)
        asked = [(spec["key"], spec["label"]) for spec in not_given(case)]
        what.choices = [*asked, (HAND_OVER, _("to hand what it has told to another organisation"))]
        question = recontacting.question_in(case.submission.version.schema)
        if question is not None:
            self.fields["reach"] = field_for({**question, "required": False}, Choosers())
            self.fields["reach"].label = _("How it may be reached")
            self.fields["reach"].help_text = _(
                "Only if it has said so now: this counts instead of what was known before."
            )
        self.order_fields(("what", "reach", "way", "on"))

    def clean_on(self) -> Any:
        on = self.cleaned_data["on"]
        first = min(self.case.submission.day, timezone.localdate(self.case.contact_at))
        if not first <= on <= timezone.localdate():
            raise forms.ValidationError(
                _("The day has to lie between %(first)s and today.") % {"first": human_date(first)}
            )
        return on

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not (
            {"what", "reach"} & set(self.errors) or cleaned.get("what") or cleaned.get("reach")
        ):
            self.add_error("what", _("Please tick what the family has consented to."))
        return cleaned


def fragment(case: IntakeCase, user: Any) -> Fragment:
    """The part of the page of a case about it."""
    labels = {
        spec["key"]: spec["label"]
        for spec in fields_of(case.submission.version.schema)
        if spec["type"] == "consent"
    }
    given = {one.field: one for one in case.submission.consents.all()}
    context = {
        "asked": [(label, given.get(key)) for key, label in labels.items()],
        "to_hand_over": to_hand_over(case),
        "may_hear": may_hear(case, user),
    }
    return Fragment("consents", "intake_desk/consents_panel.html", context)
