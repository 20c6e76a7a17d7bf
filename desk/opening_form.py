"""Whether identifiers stand open on a paper or in a file that leaves the portal, and why."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from forms.models import LookReason


class OpenForm(forms.Form):
    """They are hidden unless a reason is chosen."""

    use_required_attribute = False
    open_reason = forms.ChoiceField(
        label=gettext_lazy("Phones and addresses"),
        required=False,
        choices=[
            ("", gettext_lazy("hidden by dots")),
            (
                gettext_lazy("open, because they are needed"),
                [(one.value, one.label) for one in LookReason],
            ),
        ],
    )

    @classmethod
    def of(cls, request: HttpRequest) -> OpenForm:
        """Only what was sent with a button opens anything."""
        data = request.POST if request.method == "POST" else None
        return cls(data, auto_id="open-%s")

    @property
    def reason(self) -> str:
        """Empty: everything stays hidden."""
        return str(self.cleaned_data["open_reason"]) if self.is_valid() else ""
