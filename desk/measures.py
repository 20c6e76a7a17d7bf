"""The measures that a case is about: those of its form, and those that the family has chosen.

Whether each fits is reckoned from the answers while the page is made, and kept nowhere.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from catalogue.eligibility import Verdict, best, judge
from catalogue.models import Measure
from catalogue.words import published_rules_of, spoken, vocabulary
from desk.known_facts import known_facts, places_of
from forms.compiling import lifted
from forms.models import IntakeCase

SHOWN = 12


@dataclass(frozen=True)
class InQuestion:
    """:ivar chosen: the family has named it itself.
    :ivar verdict: none, when nothing is known of its conditions.
    :ivar against: conditions in words that are not met; `missing` what has to be asked.
    """

    measure: Measure
    chosen: bool
    verdict: Verdict | None = None
    against: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def in_question(
    case: IntakeCase, answers: Mapping[str, Any], day: datetime.date
) -> list[InQuestion]:
    """A few queries, however many there are; those that the family has chosen stand first.

    :param answers: as they are known now.
    :param day: on which the conditions have to be met.
    """
    schema = lifted(dict(case.submission.version.schema))
    nodes = [node for step in schema["steps"] for node in step["fields"]]
    chosen = set(_chosen(nodes, answers))
    measures = {one.pk: one for one in case.form.measures.all()[:SHOWN]}
    if chosen:
        measures |= {one.pk: one for one in Measure.objects.filter(slug__in=chosen)[:SHOWN]}
    rules = published_rules_of(measures.values()) if measures else {}
    every = [variant for variants in rules.values() for variant in variants]
    words = vocabulary(every)
    places = places_of(every, case.territory) if every else {}
    known = known_facts(schema, answers, words.facts)
    found = []
    for pk, measure in measures.items():
        one = InQuestion(measure, measure.slug in chosen)
        if pk in rules:
            verdict = best([judge(rules[pk], each, places, day) for each in known])
            one = replace(
                one,
                verdict=verdict,
                against=tuple(spoken(rule, words) for rule in verdict.against),
                missing=tuple(words.facts[key].title for key in verdict.missing),
            )
        found.append(one)
    return sorted(found, key=lambda one: (not one.chosen, one.measure.title))


def _chosen(nodes: Iterable[Mapping[str, Any]], answers: Mapping[str, Any]) -> Iterator[str]:
    for node in nodes:
        answer = answers.get(node["key"])
        if node["type"] == "group":
            yield from _chosen(node["fields"], answers)
        elif node["type"] == "repeat":
            for row in answer or ():
                yield from _chosen(node["fields"], row)
        elif node["type"] == "measure" and answer:
            yield answer["slug"]
