"""The measures that a case is about: those of its form, those that the family has chosen, and those
that it was told about in a talk by a script.

Whether each fits is reckoned from what is known while the page is made, and kept nowhere.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalogue.eligibility import AtLeast, Places, Verdict, best, judge
from catalogue.models import Measure, Territory
from catalogue.models.taxonomy import Counted, FactType
from catalogue.rules import HOME_FACT, Rule, Variant
from catalogue.words import FactWords, Vocabulary, published_rules_of, spoken, vocabulary
from desk.amending import Corrected, corrections
from desk.hearing import said_since
from desk.known_facts import (
    About,
    Source,
    children_of,
    known_facts,
    places_of,
    said_in_answers,
)
from forms.compiling import lifted
from forms.models import IntakeCase

SHOWN = 12
PREFIX = "f-"  # of inputs that ask for facts


@dataclass(frozen=True)
class ToAsk:
    """What has to be asked to know whether a measure fits.

    :ivar child: path of the row of the child that it is about, `title` what the form calls it.
    :ivar least: of a number how many are known already.
    """

    fact: FactWords
    child: str = ""
    title: str = ""
    least: int | float | None = None

    @property
    def name(self) -> str:
        """Of its input."""
        return f"{PREFIX}{self.fact.key}:{self.child}" if self.child else PREFIX + self.fact.key


@dataclass(frozen=True)
class Condition:
    """A condition in words, and from where it is known whether it is met.

    :ivar source: none where it follows from the place of the case.
    :ivar again: what is asked when that is not so any more.
    """

    text: str
    note: str
    source: Source | None
    again: ToAsk


@dataclass(frozen=True)
class InQuestion:
    """:ivar chosen: the family has named it itself.
    :ivar told: it was told about the measure in a talk by a script.
    :ivar closed: the measure takes no new applications on the day.
    :ivar verdict: none, when nothing is known of its conditions.
    :ivar child: for which of several children it fits, or may fit.
    """

    measure: Measure
    chosen: bool
    told: bool
    closed: bool
    verdict: Verdict | None = None
    child: str = ""
    met: tuple[Condition, ...] = ()
    against: tuple[Condition, ...] = ()
    missing: tuple[ToAsk, ...] = ()


def in_question(
    case: IntakeCase,
    answers: Mapping[str, Any],
    day: datetime.date,
    corrected: Mapping[str, list[Corrected]] | None = None,
) -> list[InQuestion]:
    """A few queries, however many there are; those that the family has chosen stand first.

    :param answers: as they are known now.
    :param day: on which the conditions have to be met.
    :param corrected: the corrections of the case, when they are known already.
    :raises forms.models.Erased: the personal data of the case were erased.
    """
    schema = lifted(dict(case.submission.version.schema))
    nodes = [node for step in schema["steps"] for node in step["fields"]]
    chosen, told = set(_chosen(nodes, answers)), set(_told(case))
    measures = {one.pk: one for one in case.form.measures.all()[:SHOWN]}
    for named in filter(None, (told, chosen)):
        measures |= {one.pk: one for one in Measure.objects.filter(slug__in=named)[:SHOWN]}
    rules = published_rules_of(measures.values()) if measures else {}
    family = _Family(case, answers, day, rules.values(), corrected) if rules else None
    found = [
        InQuestion(
            measure,
            chosen=measure.slug in chosen,
            told=measure.slug in told,
            closed=measure.valid_to is not None and measure.valid_to < day,
            **(family.judged(rules[pk]) if family and pk in rules else {}),
        )
        for pk, measure in measures.items()
    ]
    return sorted(found, key=lambda one: (not one.chosen, one.measure.title))


class _Family:
    """What is known of a family, to judge the rules of measures by."""

    def __init__(
        self,
        case: IntakeCase,
        answers: Mapping[str, Any],
        day: datetime.date,
        rules: Iterable[Sequence[Variant]],
        corrected: Mapping[str, list[Corrected]] | None,
    ) -> None:
        every = [variant for variants in rules for variant in variants]
        self.words: Vocabulary = vocabulary(every)
        self.day = day
        self.places: Places = places_of(every, case.territory)
        facts = self.words.facts
        known = corrections(case) if corrected is None else corrected
        said = [*said_in_answers(case, answers, facts, known), *said_since(case)]
        self.about = known_facts(said, children_of(case, answers), facts, day)
        self._place_all(every)

    def judged(self, variants: Sequence[Variant]) -> dict[str, Any]:
        """What `InQuestion` tells of these rules."""
        verdicts = [judge(variants, one.known, self.places, self.day) for one in self.about]
        verdict = best(verdicts)
        about = self.about[verdicts.index(verdict)]
        missing = dict.fromkeys(self._to_ask(key, about) for key in verdict.missing)
        return {
            "verdict": verdict,
            "child": about.title if len(self.about) > 1 else "",
            "met": tuple(self._told(rule, about) for rule in verdict.met),
            "against": tuple(self._told(rule, about) for rule in verdict.against),
            "missing": tuple(missing),
        }

    def _told(self, rule: Rule, about: About) -> Condition:
        return Condition(
            spoken(rule, self.words),
            rule.note,
            about.sources.get(rule.fact),
            self._to_ask(rule.fact, about),
        )

    def _to_ask(self, key: str, about: About) -> ToAsk:
        """An age is asked as a day of birth: the day will be good next year, too."""
        fact, known = self.words.facts[key], about.known.get(key)
        parent = self.words.facts.get(fact.derived_from)
        is_age = parent and parent.type == FactType.DATE and fact.counted != Counted.PEOPLE
        asked = parent if parent and is_age else fact
        if not asked.per_child:
            return ToAsk(asked, least=known.value if isinstance(known, AtLeast) else None)
        return ToAsk(asked, about.child, about.title if len(self.about) > 1 else "")

    def _place_all(self, every: list[Variant]) -> None:
        """Chosen places that are not the home become the places that rules name."""
        for about in self.about:
            for key, value in about.known.items():
                if key != HOME_FACT and self.words.facts[key].type == FactType.TERRITORY:
                    place = Territory.objects.filter(slug=value["slug"]).first()
                    about.known[key] = places_of(every, place, key)


def _told(case: IntakeCase) -> Iterator[str]:
    """Measures of the steps that were ticked in the talk that led to the case."""
    run = getattr(case, "script_run", None)
    if run is None:
        return
    done = {step for step, _at in run.done}
    for spec in run.version.content["steps"]:
        if spec["kind"] == "tell" and spec["id"] in done:
            yield from (measure["slug"] for measure in spec["measures"])


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
