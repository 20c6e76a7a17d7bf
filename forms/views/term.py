"""What the page of a case says about the end of its personal data."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from forms import consents, retention
from forms.models import Channel, HoldReason, IntakeCase

# How a consent is withdrawn at a centre.
COUNTER = (Channel.VISIT, Channel.PHONE, Channel.EMAIL, Channel.POST)


class HoldForm(forms.Form):
    """Why nothing may be erased, and until when."""

    use_required_attribute = False
    reason = forms.ChoiceField(label=gettext_lazy("why"), choices=HoldReason.choices)
    until = forms.DateField(
        label=gettext_lazy("until (empty: until it is lifted)"),
        required=False,
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until and until < timezone.localdate():
            raise forms.ValidationError(_("This day is over."))
        return until


def term_of(case: IntakeCase, user: Any) -> dict[str, Any]:
    is_kept = case.submission.is_kept
    return {
        "is_kept": is_kept,
        "erase_at": retention.erase_at(case) if is_kept else None,
        "rule": retention.rule_of(case.submission.version.schema),
        "hold": retention.held(case) if is_kept else None,
        "withdrawal": consents.withdrawal_of(case),
        "may_withdraw": is_kept
        and user.has_perm("intake_forms.take_intakecase")
        and consents.may_withdraw(case),
        "may_hold": is_kept and user.has_perm("intake_forms.hold_intakecase"),
        "form": HoldForm(),
        "ways": [(way.value, way.label) for way in COUNTER],
    }
