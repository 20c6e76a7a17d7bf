"""«Only if»: comparisons with earlier answers, chosen from menus."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from forms.blocks.inputs import ReferenceBlock

LONGEST_VALUE = 600
MOST_TESTS = 12

OPERATOR_CHOICES = [
    ("eq", _("is")),
    ("ne", _("is not")),
    ("in", _("is one of")),
    ("contains", _("has among the answers")),
    ("lacks", _("has not among the answers")),
    ("lt", _("is less than, is before")),
    ("le", _("is at most, is not after")),
    ("gt", _("is more than, is after")),
    ("ge", _("is at least, is not before")),
    ("within", _("lies in")),
    ("filled", _("is given")),
    ("empty", _("is not given")),
]
PART_CHOICES = [
    ("answer", _("the answer")),
    ("age", _("the age, full years")),
    ("count", _("how many")),
]
ROWS_CHOICES = [("some", _("at least in one row")), ("every", _("in every row"))]


class ComparisonBlock(blocks.StructBlock):
    """An earlier question, and the answer that it has to have."""

    field = ReferenceBlock("question", label=_("question"), required=False, max_length=60)
    rows = blocks.ChoiceBlock(
        choices=ROWS_CHOICES,
        default="some",
        label=_("in which rows"),
        help_text=_("Matters for a question of a repeating group only."),
    )
    part = blocks.ChoiceBlock(choices=PART_CHOICES, default="answer", label=_("what is compared"))
    op = blocks.ChoiceBlock(choices=OPERATOR_CHOICES, default="eq", label=_("condition"))
    value = ReferenceBlock(
        "answer",
        label=_("answer"),
        required=False,
        max_length=LONGEST_VALUE,
        help_text=_(
            "Several answers are separated by commas; “yes” and “no” for yes or no;"
            " a day as 2026-09-01."
        ),
    )

    class Meta:
        label = _("comparison")
        icon = "view"
        form_classname = "form-condition"


class ConditionsBlock(blocks.StreamBlock):
    """All of these comparisons have to hold; of a list «any of these», at least one."""

    test = ComparisonBlock()
    any_of = blocks.ListBlock(
        ComparisonBlock(), label=_("any of these"), icon="list-ul", min_num=1, max_num=MOST_TESTS
    )

    class Meta:
        required = False
        max_num = MOST_TESTS
        icon = "view"
        form_classname = "form-conditions"

    def bulk_to_python(self, values: Any) -> Any:
        return super().bulk_to_python([as_stream(value) for value in values])

    def to_python(self, value: Any) -> Any:
        return super().to_python(as_stream(value))

    def normalize(self, value: Any) -> Any:
        return super().normalize(as_stream(value))


def as_stream(value: Any) -> Any:
    """Forms once had a single comparison, `{"field", "op", "value"}`."""
    if not isinstance(value, dict):
        return value
    return [{"type": "test", "value": value}] if value.get("field") or value.get("value") else []
