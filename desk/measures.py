"""The measures that a case is about: those of its form, and those that the family has chosen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalogue.models import Measure
from forms.compiling import lifted
from forms.models import IntakeCase

SHOWN = 12


@dataclass(frozen=True)
class InQuestion:
    """:ivar chosen: the family has named it itself."""

    measure: Measure
    chosen: bool


def in_question(case: IntakeCase, answers: Mapping[str, Any]) -> list[InQuestion]:
    """At most two queries; those that the family has chosen stand first."""
    schema = lifted(dict(case.submission.version.schema))
    nodes = [node for step in schema["steps"] for node in step["fields"]]
    chosen = set(_chosen(nodes, answers))
    found = {one.pk: InQuestion(one, chosen=False) for one in case.form.measures.all()[:SHOWN]}
    if chosen:
        for one in Measure.objects.filter(slug__in=chosen)[:SHOWN]:
            found[one.pk] = InQuestion(one, chosen=True)
    return sorted(found.values(), key=lambda one: (not one.chosen, one.measure.title))


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
