"""Inputs of the builder that its script fills in or turns into menus."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from forms.conditions import SUITABLE
from forms.keys import KEY, LONGEST_KEY, new_key


class BuilderInput(forms.TextInput):
    class Media:
        js = ["intake_forms/builder.js"]
        css = {"all": ["intake_forms/builder.css"]}


class KeyBlock(blocks.CharBlock):
    """A key that the editor never types: the page's script and the server make it once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "label": _("key"),
                "required": False,
                "max_length": LONGEST_KEY,
                "validators": [RegexValidator(KEY)],
                **kwargs,
            }
        )
        self.field.widget = BuilderInput(attrs={"data-made-key": "", "tabindex": "-1"})

    def clean(self, value: str) -> str:
        return super().clean(value) or new_key()


class ReferenceBlock(blocks.CharBlock):
    """A question or an answer of this form; the page's script turns it into a menu."""

    def __init__(self, menu: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        attrs = {f"data-{menu}-menu": ""}
        if menu == "question":
            attrs["data-suitable"] = json.dumps(_suitable())
        self.field.widget = BuilderInput(attrs=attrs)


def _suitable() -> dict[str, dict[str, list[str]]]:
    """By kind of question and part of its answer, the operators that suit."""
    found: dict[str, dict[str, list[str]]] = {}
    for (kind, part), operators in SUITABLE.items():
        found.setdefault(kind, {})[part] = list(operators)
    return found
