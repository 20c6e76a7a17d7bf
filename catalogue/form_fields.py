"""How lists in one column are edited: one item a line, or boxes to tick where there are choices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.forms import SimpleArrayField
from wagtail.admin.forms.models import register_form_field_override
from wagtail.admin.widgets import AdminAutoHeightTextInput


class LinesField(SimpleArrayField):
    """One item a line; empty lines and spaces around do not matter."""

    def __init__(self, base_field: forms.Field, **kwargs: Any) -> None:
        kwargs["widget"] = AdminAutoHeightTextInput()
        super().__init__(base_field, delimiter="\n", **kwargs)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = "\n".join(line.strip() for line in value.splitlines() if line.strip())
        return super().to_python(value)


class TicksField(forms.MultipleChoiceField):
    """Boxes to tick, one for each choice of the items."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, base_field: Any, max_length: int | None = None, **kwargs: Any) -> None:
        kwargs.pop("widget", None)
        choices = [(value, label) for value, label in base_field.choices if value]
        super().__init__(choices=choices, **kwargs)


def _form_field(column: ArrayField) -> dict[str, Any]:
    return {"form_class": TicksField if column.base_field.choices else LinesField}


def register_list_fields() -> None:
    register_form_field_override(ArrayField, override=_form_field)
