"""The editor's blocks of a measure's conditions: variants of typed conditions.

What they hold is plain JSON; catalogue.rules reads it into values and compiles it into rows.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from catalogue.fact_choices import (
    date_facts,
    flag_facts,
    number_facts,
    option_choices,
    territory_choices,
    territory_facts,
)

COMPARE = [
    ("lt", _("less than")),
    ("lte", _("at most")),
    ("gt", _("more than")),
    ("gte", _("at least")),
    ("eq", _("exactly")),
    ("between", _("from … to …")),
]


class ConditionBlock(blocks.StructBlock):
    """What every condition has beside its fact and value."""

    note = blocks.CharBlock(label=_("note for families"), required=False, max_length=300)
    valid_from = blocks.DateBlock(label=_("in force from"), required=False)
    valid_to = blocks.DateBlock(label=_("in force until"), required=False)


class FlagBlock(ConditionBlock):
    fact = blocks.ChoiceBlock(choices=flag_facts, label=_("fact"))
    value = blocks.ChoiceBlock(choices=[("yes", _("yes")), ("no", _("no"))], label=_("answer"))

    class Meta:
        icon = "tick-inverse"
        label = _("yes or no")


class NumberBlock(ConditionBlock):
    fact = blocks.ChoiceBlock(choices=number_facts, label=_("fact"))
    operator = blocks.ChoiceBlock(choices=COMPARE, label=_("compared"))
    value = blocks.DecimalBlock(label=_("value"))
    upper = blocks.DecimalBlock(label=_("up to"), required=False)

    class Meta:
        icon = "order"
        label = _("number or sum")


class DateConditionBlock(ConditionBlock):
    fact = blocks.ChoiceBlock(choices=date_facts, label=_("fact"))
    operator = blocks.ChoiceBlock(choices=COMPARE, label=_("compared"))
    value = blocks.DateBlock(label=_("value"))
    upper = blocks.DateBlock(label=_("up to"), required=False)

    class Meta:
        icon = "date"
        label = _("date")


class ChoiceConditionBlock(ConditionBlock):
    """The options are those of every choice fact, grouped; all chosen belong to one fact."""

    options = blocks.MultipleChoiceBlock(choices=option_choices, label=_("answers that fit"))
    negate = blocks.BooleanBlock(label=_("any answer but these"), required=False)

    class Meta:
        icon = "list-ul"
        label = _("one of the answers")


class TerritoryConditionBlock(ConditionBlock):
    fact = blocks.ChoiceBlock(choices=territory_facts, label=_("fact"))
    territory = blocks.ChoiceBlock(choices=territory_choices, label=_("inside"))

    class Meta:
        icon = "site"
        label = _("territory")


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


RULES: list[tuple[str, Any]] = [("group", GroupBlock())]
