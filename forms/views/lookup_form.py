"""The number and the code that a family was given, as people copy or hear them."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from forms.references import MAX_TYPED, folded, is_reference


class LookupForm(forms.Form):
    """Number and code, as people copy or hear them."""

    use_required_attribute = False
    number = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=MAX_TYPED,
        help_text=gettext_lazy(
            "Eleven symbols, for example 4TKA-93XM-P7C. Dashes may be left out."
        ),
        error_messages={"required": gettext_lazy("Please write the number of your request.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    secret = forms.CharField(
        label=gettext_lazy("Secret code"),
        max_length=MAX_TYPED,
        help_text=gettext_lazy("Eight symbols from your receipt."),
        error_messages={"required": gettext_lazy("Please write the code from your receipt.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )

    def clean_number(self) -> str:
        ref = folded(self.cleaned_data["number"])
        if not is_reference(ref):
            raise ValidationError(_("There is a slip in the number. Please check each symbol."))
        return ref

    def clean_secret(self) -> str:
        return folded(self.cleaned_data["secret"])
