"""What is known of the facts that the conditions of measures ask for, from where and since when.

A question of a form answers a fact when it has the key of the fact and gives an answer of its type.
A row of children is one child: each is judged by itself. What was heard later counts more than an
earlier answer; what follows from a day of birth counts more than an age that was told, for a day
of birth does not grow old.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from catalogue.deriving import age, children, counts_children, day_of
from catalogue.eligibility import Places
from catalogue.models import Fact, Territory
from catalogue.models.taxonomy import FactType
from catalogue.rules import HOME_FACT, Variant
from catalogue.words import FactWords
from desk.amending import Corrected
from forms.compiling import lifted
from forms.models import IntakeCase

_UNNAMED, _MOST_UNNAMED = "other", 9
_NUMBERS = (FactType.NUMBER, FactType.MONEY)
_GIVES = {
    "yesno": (FactType.BOOL,),
    "number": _NUMBERS,
    "money": _NUMBERS,
    "calc": _NUMBERS,
    "date": (FactType.DATE,),
    "birth_date": (FactType.DATE,),
    "choice": (FactType.CHOICE, FactType.MULTI),
    "multichoice": (FactType.MULTI,),
    "territory": (FactType.TERRITORY,),
}
_SUITS: dict[str, Any] = {
    FactType.BOOL: bool,
    FactType.NUMBER: (int, float),
    FactType.MONEY: (int, float),
    FactType.CHOICE: str,
    FactType.MULTI: (str, list),
    FactType.TERRITORY: Mapping,
}


@dataclass(frozen=True)
class Source:
    """From where a fact is known: the words that were answered, when, and who wrote it down.

    :ivar who: empty when the family wrote it itself.
    """

    words: str
    at: datetime.datetime
    who: str = ""


@dataclass(frozen=True)
class Said:
    """A fact as it was told.

    :ivar child: path of the child's row; empty when it is about the family, or its only child.
    """

    fact: str
    value: Any
    source: Source
    child: str = ""


@dataclass(frozen=True)
class About:
    """What is known of a family and one child of it; of the family only when no child was named.

    :ivar child: path of the child's row, `title` what the form calls it; of a child that stands in
        no row a path of its own, see `is_unnamed`.
    """

    child: str = ""
    title: str = ""
    known: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)


def known_facts(
    said: Iterable[Said],
    rows: Mapping[str, str],
    facts: Mapping[str, FactWords],
    day: datetime.date,
) -> list[About]:
    """What is known on a day, for each child: those that the form names, and those of whom only
    their number was told.

    :param said: whatever was told, in any order.
    :param rows: titles of the children that the form names, by the paths of their rows.
    """
    told = [one for one in said if suits(facts.get(one.fact), one.value)]
    told.sort(key=lambda one: one.source.at)
    family = About()
    for one in told:
        if not _is_of_child(one, facts):
            family.known[one.fact], family.sources[one.fact] = one.value, one.source
    by_child = {path: About(path, title) for path, title in (rows or {"": ""}).items()}
    of_children = [one for one in told if _is_of_child(one, facts)]
    if rows or of_children:
        by_child |= _unnamed(_number_told(family, facts) - len(by_child))
    only = next(iter(by_child.values())) if len(rows) <= 1 else None
    for one in of_children:
        about = by_child.get(one.child) if one.child else only
        if about is not None:
            about.known[one.fact], about.sources[one.fact] = one.value, one.source
    every = [
        About(child.child, child.title, family.known | child.known, family.sources | child.sources)
        for child in by_child.values()
    ]
    for about in every:
        _add_ages(about, facts, day)
        _add_counts(about, every, facts, day)
    return every


def is_unnamed(path: str) -> bool:
    """The path of a child that stands in no row of the form."""
    name, _sign, number = path.partition(".")
    return name == _UNNAMED and number in map(str, range(1, _MOST_UNNAMED + 1))


def title_of_unnamed(path: str) -> str:
    return _("Another child (%(number)s)") % {"number": path.partition(".")[2]}


def _is_of_child(one: Said, facts: Mapping[str, FactWords]) -> bool:
    return bool(one.child) or facts[one.fact].per_child


def _unnamed(count: int) -> dict[str, About]:
    paths = [f"{_UNNAMED}.{number}" for number in range(1, min(count, _MOST_UNNAMED) + 1)]
    return {path: About(path, title_of_unnamed(path)) for path in paths}


def _number_told(family: About, facts: Mapping[str, FactWords]) -> int:
    """How many children there are, as it was told."""
    counts = [fact.key for fact in facts.values() if counts_children(fact)]
    return int(max((family.known.get(key, 0) for key in counts), default=0))


def suits(fact: FactWords | None, value: Any) -> bool:
    """The value is one that the fact can have."""
    if fact is None or value is None:
        return False
    if fact.type == FactType.DATE:
        return day_of(value) is not None
    if not isinstance(value, _SUITS[fact.type]):
        return False
    if isinstance(value, bool):
        return fact.type == FactType.BOOL
    if not fact.options:
        return True
    return set(value if isinstance(value, list) else [value]) <= set(fact.options)


def said_in_answers(
    case: IntakeCase,
    answers: Mapping[str, Any],
    facts: Mapping[str, FactWords],
    corrected: Mapping[str, list[Corrected]],
) -> Iterator[Said]:
    """What the answers to the form say, each from when it was given or corrected.

    :param answers: as they are known now.
    """
    registration = getattr(case.submission, "registration", None)
    by = str(registration.registered_by) if registration else ""
    for node, path, child, answer in _answered(_nodes(case), answers):
        fact = facts.get(node["key"])
        if fact is None or fact.type not in _GIVES.get(node["type"], ()):
            continue
        source = Source(node["label"], case.contact_at, by)
        if path in corrected:
            amendment = corrected[path][-1].amendment
            source = Source(node["label"], amendment.at, str(amendment.author))
        yield Said(fact.key, answer, source, child)


def children_of(case: IntakeCase, answers: Mapping[str, Any]) -> dict[str, str]:
    """What the form calls each child that was named, by the path of its row."""
    groups = [
        node for node in _nodes(case) if node["type"] == "repeat" and answers.get(node["key"])
    ]
    if not groups:
        return {}
    of_child = set(Fact.objects.filter(per_child=True).values_list("field", flat=True))
    return {
        f"{node['key']}.{number}": f"{node['row_title']} {number + 1}"
        for node in groups
        if of_child & set(_keys(node["fields"]))
        for number, _row in enumerate(answers[node["key"]])
    }


def places_of(variants: Iterable[Variant], home: Territory | None, fact: str = HOME_FACT) -> Places:
    """Of the places that rules name for a fact, where it is. In a part of its own it may be."""
    named = {rule.value for variant in variants for rule in variant if rule.fact == fact}
    if home is None:
        return dict.fromkeys(named)
    rows = Territory.objects.filter(slug__in=named).values_list("slug", "pk", "ancestor_ids")
    return {
        slug: True if pk in home.ancestor_ids else None if home.pk in around else False
        for slug, pk, around in rows
    }


def _nodes(case: IntakeCase) -> list[Mapping[str, Any]]:
    schema = lifted(dict(case.submission.version.schema))
    return [node for step in schema["steps"] for node in step["fields"]]


def _keys(nodes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for node in nodes:
        yield node["key"]
        yield from _keys(node.get("fields", ()) if node["type"] == "group" else ())


def _answered(
    nodes: Iterable[Mapping[str, Any]], answers: Mapping[str, Any], child: str = ""
) -> Iterator[tuple[Mapping[str, Any], str, str, Any]]:
    """Questions with their paths, the rows that they stand in, and their answers."""
    for node in nodes:
        answer = answers.get(node["key"])
        if node["type"] == "group":
            yield from _answered(node["fields"], answers, child)
        elif node["type"] == "repeat":
            for number, row in enumerate(answer or ()):
                yield from _answered(node["fields"], row, f"{node['key']}.{number}")
        else:
            yield node, f"{child}.{node['key']}" if child else node["key"], child, answer


def _add_ages(about: About, facts: Mapping[str, FactWords], day: datetime.date) -> None:
    for fact in facts.values():
        found = age(fact, about.known.get(fact.derived_from), day) if fact.derived_from else None
        if found is not None:
            about.known[fact.key] = found
            about.sources[fact.key] = about.sources[fact.derived_from]


def _add_counts(
    about: About, every: list[About], facts: Mapping[str, FactWords], day: datetime.date
) -> None:
    """How many children were named; a number that was told says more, unless it is smaller."""
    for fact in facts.values():
        least = children(fact, [each.known for each in every], day)
        told = about.known.get(fact.key)
        if least is None or (told is not None and told >= least.value):
            continue
        about.known[fact.key] = least
        about.sources[fact.key] = _latest(each.sources.get(fact.derived_from) for each in every)


def _latest(sources: Iterable[Source | None]) -> Source:
    return max((one for one in sources if one), key=lambda one: one.at)
