"""The editor's blocks of a measure's conditions: variants of typed conditions.

What they hold is plain JSON; catalogue.rules reads it into values, catalogue.compiling writes
those as rows on publish.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import BlockGroup, StructBlockValidationError

from catalogue import rules
from catalogue.fact_choices import (
    date_facts,
    flag_facts,
    known_facts,
    law_choices,
    number_facts,
    option_choices,
    remembering,
    shape_of,
    territory_choices,
    territory_facts,
)

EMPTY: tuple[Any, ...] = (None, "", [])
COMPARE = [
    ("gte", _("at least")),
    ("lte", _("at most")),
    ("between", _("from … to …")),
    ("gt", _("more than")),
    ("lt", _("less than")),
    ("eq", _("exactly")),
]


def _layout(*names: str) -> BlockGroup:
    """The condition itself first; when and by what law it holds is folded away."""
    return BlockGroup([*names, "note"], settings=["valid_from", "valid_to", "legal_act"])


class ConditionBlock(blocks.StructBlock):
    """What every condition has beside its fact and value, and the check of them together."""

    note = blocks.CharBlock(label=_("note for families"), required=False, max_length=300)
    valid_from = blocks.DateBlock(label=_("in force from"), required=False)
    valid_to = blocks.DateBlock(label=_("in force until"), required=False)
    legal_act = blocks.ChoiceBlock(
        choices=law_choices, label=_("rests on the legal act"), required=False
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        errors = {
            problem.field: ValidationError(problem.message) for problem in self._problems(cleaned)
        }
        if errors:
            fields = {name: error for name, error in errors.items() if name in self.child_blocks}
            other = [error for name, error in errors.items() if name not in self.child_blocks]
            raise StructBlockValidationError(block_errors=fields, non_block_errors=other)
        return cleaned

    def _problems(self, cleaned: Any) -> list[rules.Problem]:
        prepared = self.get_prep_value(cleaned)
        if prepared.get("operator") == "between" and prepared["upper"] in EMPTY:
            if self.is_deferred_validation:
                return []
            return [rules.Problem("upper", str(_("Name both ends: from and up to.")))]
        if any(prepared.get(name) in EMPTY for name in self.meta.essential):
            return []  # a draft may be saved half filled in
        try:
            found = rules.read_block({"type": self.name, "value": prepared})
        except rules.RulesError as error:
            return [rules.Problem("options", str(error))]
        facts, places = known_facts(), dict(territory_choices())
        return [
            problem
            for rule in found
            for problem in rules.problems(rule, shape_of(facts[rule.fact]), places)
        ]


class FlagBlock(ConditionBlock):
    fact = blocks.ChoiceBlock(choices=flag_facts, label=_("fact"))
    value = blocks.ChoiceBlock(choices=[("yes", _("yes")), ("no", _("no"))], label=_("answer"))

    class Meta:
        essential = ["fact", "value"]
        form_layout = _layout("fact", "value")
        icon = "tick-inverse"
        label = _("yes or no")
        label_format = "{fact}: {value}"


class NumberBlock(ConditionBlock):
    fact = blocks.ChoiceBlock(choices=number_facts, label=_("fact"))
    operator = blocks.ChoiceBlock(choices=COMPARE, label=_("compared"))
    value = blocks.DecimalBlock(label=_("value"))
    upper = blocks.DecimalBlock(label=_("up to"), required=False)

    class Meta:
        essential = ["fact", "operator", "value"]
        form_layout = _layout("fact", "operator", "value", "upper")
        icon = "order"
        label = _("number or sum")
        label_format = "{fact}: {operator} {value} {upper}"


class DateConditionBlock(ConditionBlock):
    fact = blocks.ChoiceBlock(choices=date_facts, label=_("fact"))
    operator = blocks.ChoiceBlock(choices=COMPARE, label=_("compared"))
    value = blocks.DateBlock(label=_("value"))
    upper = blocks.DateBlock(label=_("up to"), required=False)

    class Meta:
        essential = ["fact", "operator", "value"]
        form_layout = _layout("fact", "operator", "value", "upper")
        icon = "date"
        label = _("date")
        label_format = "{fact}: {operator} {value} {upper}"


class ChoiceConditionBlock(ConditionBlock):
    """The options are those of every choice fact, grouped; all chosen belong to one fact."""

    options = blocks.MultipleChoiceBlock(
        choices=option_choices,
        label=_("answers that fit"),
        help_text=_("Hold Ctrl to choose several answers of one fact."),
    )
    negate = blocks.BooleanBlock(label=_("any answer but these"), required=False)

    class Meta:
        essential = ["options"]
        form_layout = _layout("options", "negate")
        icon = "list-ul"
        label = _("one of the answers")
        label_format = "{options}"


class TerritoryConditionBlock(ConditionBlock):
    fact = blocks.ChoiceBlock(choices=territory_facts, label=_("fact"))
    territory = blocks.ChoiceBlock(choices=territory_choices, label=_("inside"))

    class Meta:
        essential = ["fact", "territory"]
        form_layout = _layout("fact", "territory")
        icon = "site"
        label = _("territory")
        label_format = "{fact}: {territory}"


class GroupBlock(blocks.StructBlock):
    """A variant: every condition in it has to hold."""

    conditions = blocks.StreamBlock(
        [
            ("flag", FlagBlock()),
            ("number", NumberBlock()),
            ("date", DateConditionBlock()),
            ("choice", ChoiceConditionBlock()),
            ("territory", TerritoryConditionBlock()),
        ],
        label=_("conditions"),
        required=False,
    )

    class Meta:
        icon = "group"
        label = _("variant")


class RulesBlock(blocks.StreamBlock):
    """The variants. One without conditions lets everybody in, so it has to stand alone."""

    group = GroupBlock()

    def clean(self, value: Any) -> Any:
        with remembering():
            cleaned = super().clean(value)
        empty = [
            number for number, group in enumerate(cleaned) if not group.value.get("conditions")
        ]
        if empty and len(cleaned) > 1:
            message = _(
                "A variant without conditions lets everybody in. Add conditions or remove it."
            )
            raise StreamBlockValidationError(
                block_errors={number: ValidationError(message) for number in empty}
            )
        return cleaned
