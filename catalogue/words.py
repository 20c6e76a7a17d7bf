"""Conditions in Russian words, made from the records of conditions, facts and territories only.

`describe` tells what is common to every way to qualify, then the ways themselves. `spoken` says
one condition. Both are pure; `vocabulary` and `published_rules` read what they need.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.db.models import Q

from catalogue.models import ConditionGroup, Fact, Measure, Territory
from catalogue.models.taxonomy import Counted, FactType
from catalogue.numbers import NUMBERS, dated, money
from catalogue.rules import Rule, Variant
from themes.templatetags.russian import human_date


@dataclass(frozen=True)
class FactWords:
    """How a fact is said and asked. `options` gives (label, words) of each answer.

    :ivar derived_from: the fact that it is computed from, where there is one.
    :ivar limits: the lowest and the highest value that a number may have.
    """

    key: str
    type: str
    title: str
    words: str = ""
    words_no: str = ""
    counted: str = Counted.PLAIN
    units: tuple[str, str, str] = ("", "", "")
    options: dict[str, tuple[str, str]] = field(default_factory=dict, hash=False)
    question: str = ""
    help: str = ""
    per_child: bool = False
    derived_from: str = ""
    limits: tuple[Decimal | None, Decimal | None] = (None, None)


@dataclass(frozen=True)
class Place:
    """A territory in a condition: its name, where it is («в Бердске»), its primary key."""

    title: str
    where: str = ""
    pk: int = 0


@dataclass(frozen=True)
class Vocabulary:
    facts: Mapping[str, FactWords]
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """A condition in words, with the record that it was made from."""

    text: str
    note: str
    rule: Rule


@dataclass(frozen=True)
class Conditions:
    """Who gets a measure: everything of `common`, and one of the `variants` where there are any."""

    common: tuple[Line, ...]
    variants: tuple[tuple[Line, ...], ...]

    @property
    def for_everybody(self) -> bool:
        return not self.common and not self.variants


def published_rules(measure: Measure) -> tuple[Variant, ...]:
    """The rules of a published measure, from their rows."""
    return published_rules_of([measure]).get(measure.pk, ())


def published_rules_of(measures: Iterable[Measure]) -> dict[int, tuple[Variant, ...]]:
    """The rules of several, in one query, by the keys of the measures that have any."""
    found: dict[int, dict[int, list[Rule]]] = {}
    columns = ("fact__field", "operator", "value", "note", "valid_from", "valid_to", "legal_act")
    rows = (
        ConditionGroup.objects.filter(measure__in=[measure.pk for measure in measures])
        .order_by("measure", "position", "conditions__position")
        .values_list("measure", "position", *(f"conditions__{column}" for column in columns))
    )
    for measure, position, *condition in rows:
        variant = found.setdefault(measure, {}).setdefault(position, [])
        if condition[0] is not None:
            variant.append(Rule(*condition))
    return {
        measure: tuple(tuple(variant) for variant in variants.values())
        for measure, variants in found.items()
    }


def vocabulary(variants: Iterable[Variant]) -> Vocabulary:
    """The words for these rules: facts, their answers, territories."""
    used = [rule for variant in variants for rule in variant]
    if not used:
        return Vocabulary({})
    known = facts_in_words({rule.fact for rule in used})
    places = [rule.value for rule in used if known[rule.fact].type == FactType.TERRITORY]
    if not places:
        return Vocabulary(known)
    rows = Territory.objects.filter(slug__in=places)
    return Vocabulary(known, {row.slug: Place(row.title, row.locative, row.pk) for row in rows})


def facts_in_words(keys: Iterable[str]) -> dict[str, FactWords]:
    """Facts with their answers, with what they are computed from, and with those that count the
    children of a family, in one query."""
    options = ("options__value", "options__label", "options__words")
    wanted = Fact.objects.filter(field__in=set(keys))
    counts = Q(counted=Counted.PEOPLE, derived_from__isnull=False)
    rows = (
        Fact.objects.filter(Q(pk__in=wanted) | Q(pk__in=wanted.values("derived_from")) | counts)
        .order_by("pk", "options__sort_order")
        .values(*_COLUMNS, *options)
    )
    known: dict[str, FactWords] = {}
    for row in rows:
        value, label, said = (row.pop(name) for name in options)
        fact = known.setdefault(row["field"], _worded(row))
        if value is not None:
            fact.options[value] = (label, said)
    return known


_COLUMNS = (
    "field",
    "type",
    "title",
    "words",
    "words_no",
    "counted",
    "unit_forms",
    "unit",
    "question",
    "help",
    "per_child",
    "derived_from__field",
    "minimum",
    "maximum",
)


def _worded(row: Mapping[str, Any]) -> FactWords:
    return FactWords(
        row["field"],
        row["type"],
        row["title"],
        row["words"],
        row["words_no"],
        row["counted"],
        _units(row["unit_forms"], row["unit"]),
        question=row["question"],
        help=row["help"],
        per_child=row["per_child"],
        derived_from=row["derived_from__field"] or "",
        limits=(row["minimum"], row["maximum"]),
    )


def _units(forms: str, unit: str) -> tuple[str, str, str]:
    """The unit after 1, 2 and 5; one short form («руб.») serves for all."""
    given = [form.strip() for form in forms.split(",")]
    one, few, many = given if len(given) == 3 else (unit, unit, unit)
    return one, few, many


def describe(
    variants: Sequence[Variant], words: Vocabulary, day: datetime.date | None = None
) -> Conditions:
    """Conditions in words, what is common first. Those that ended before `day` are left out."""
    in_force = [[rule for rule in variant if _holds(rule, day)] for variant in variants]
    if not in_force:
        return Conditions((), ())
    common = [rule for rule in in_force[0] if all(rule in other for other in in_force)]
    rest = [[rule for rule in variant if rule not in common] for variant in in_force]
    if not all(rest):
        rest = []  # one way asks for nothing more, so the others do not matter
    elif factored := _without_places(rest, words):
        place, rest = factored
        common.insert(0, place)
        rest = rest if all(rest) else []
    return Conditions(
        tuple(_line(rule, words) for rule in common),
        tuple(tuple(_line(rule, words) for rule in variant) for variant in rest),
    )


def spoken(rule: Rule, words: Vocabulary) -> str:
    """One condition as a statement."""
    fact = words.facts[rule.fact]
    said = _SPEAKERS[FactType(fact.type)](rule, fact, words)
    return said[:1].upper() + said[1:] + _term(rule)


def _line(rule: Rule, words: Vocabulary) -> Line:
    return Line(spoken(rule, words), rule.note, rule)


def _holds(rule: Rule, day: datetime.date | None) -> bool:
    return day is None or rule.valid_to is None or rule.valid_to >= day


def _without_places(
    rest: list[list[Rule]], words: Vocabulary
) -> tuple[Rule, list[list[Rule]]] | None:
    """Ways that repeat for each of several places: the places as one condition, the ways once."""
    ways: dict[str, list[list[Rule]]] = {}
    first: Rule | None = None
    for variant in rest:
        places = [rule for rule in variant if words.facts[rule.fact].type == FactType.TERRITORY]
        if len(places) != 1 or (first and replace(places[0], value=first.value) != first):
            return None
        first = first or places[0]
        others = [rule for rule in variant if rule is not places[0]]
        ways.setdefault(places[0].value, []).append(others)
    same = list(ways.values())
    if first is None or len(ways) < 2 or any(each != same[0] for each in same):
        return None
    return replace(first, operator="in", value=list(ways)), same[0]


def _term(rule: Rule) -> str:
    if rule.valid_from and rule.valid_to:
        return f" (с {human_date(rule.valid_from)} до {human_date(rule.valid_to)})"
    if rule.valid_from:
        return f" (с {human_date(rule.valid_from)})"
    return f" (до {human_date(rule.valid_to)})" if rule.valid_to else ""


def _fill(fact: FactWords, value: str) -> str:
    """The sentence of a fact around a value; without one, the fact's name before it."""
    if "{}" in fact.words:
        return fact.words.replace("{}", value, 1)
    return f"{fact.title} – {value}"


def _flag(rule: Rule, fact: FactWords, words: Vocabulary) -> str:
    yes = rule.value == (rule.operator != "ne")
    if yes:
        return fact.words or fact.title
    return fact.words_no or f"{fact.title} – нет"


def _number(rule: Rule, fact: FactWords, words: Vocabulary) -> str:
    say = money if fact.type == FactType.MONEY else NUMBERS[Counted(fact.counted)]
    return _fill(fact, say(rule.operator, _numbers(rule.value), fact.units))


def _numbers(value: Any) -> list[Decimal]:
    return [Decimal(str(each)) for each in (value if isinstance(value, list) else [value])]


def _date(rule: Rule, fact: FactWords, words: Vocabulary) -> str:
    days = rule.value if isinstance(rule.value, list) else [rule.value]
    return _fill(fact, dated(rule.operator, [datetime.date.fromisoformat(day) for day in days]))


def _choice(rule: Rule, fact: FactWords, words: Vocabulary) -> str:
    chosen = rule.value if isinstance(rule.value, list) else [rule.value]
    labels = [fact.options.get(value, (str(value), "")) for value in chosen]
    if rule.operator == "ne":
        return f"{fact.title} – любой ответ, кроме «{labels[0][0]}»"
    if "{}" in fact.words and all(said for _label, said in labels):
        return _fill(fact, _either([said for _label, said in labels]))
    return f"{fact.title} – {_either([f'«{label}»' for label, _said in labels])}"


def _territory(rule: Rule, fact: FactWords, words: Vocabulary) -> str:
    slugs = rule.value if isinstance(rule.value, list) else [rule.value]
    places = [words.places.get(slug, Place(slug)) for slug in slugs]
    if "{}" in fact.words and all(place.where for place in places):
        return _fill(fact, _either([place.where for place in places]))
    return f"{fact.title} – {_either([place.title for place in places])}"


def _either(parts: Sequence[str]) -> str:
    if len(parts) > 1 and any("," in part for part in parts):
        return f"– одно из: {'; '.join(parts)}"
    *first, last = parts
    return f"{', '.join(first)} или {last}" if first else last


_SPEAKERS = {
    FactType.BOOL: _flag,
    FactType.NUMBER: _number,
    FactType.MONEY: _number,
    FactType.DATE: _date,
    FactType.CHOICE: _choice,
    FactType.MULTI: _choice,
    FactType.TERRITORY: _territory,
}
