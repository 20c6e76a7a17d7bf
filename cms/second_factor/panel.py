"""Where a person sees, among the own settings, how the login is kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views.account import BaseSettingsPanel

from cms.models import User
from cms.second_factor.devices import has_second_factor


class NothingForm(forms.ModelForm):
    """Nothing is typed here: the panel leads to pages of its own."""

    class Meta:
        model = User
        fields: list[str] = []


class SecondFactorPanel(BaseSettingsPanel):
    name = "second_factor"
    title = _("Second step of the login")
    order = 500
    template_name = "second_factor/panel.html"
    form_class = NothingForm

    def get_context_data(self) -> dict[str, Any]:
        return {"form": self.get_form(), "has_it": has_second_factor(self.user)}
