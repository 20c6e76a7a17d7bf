"""Answers with which a case waits in «Нераспределённые», since no rule claims it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from forms.linting.findings import WARNING, Finding, Landing, Router
from forms.linting.paths import Paths
from forms.linting.places import Place

NAMED = 5  # places that are named; the others are counted


def unrouted(paths: Paths, router: Router) -> Iterator[Finding]:
    """One finding for all places, one for all centres, one for answers without a place."""
    by_kind = {
        kind: next((p for p in paths.places if p.is_asked and not p.repeat and p.node["type"] == kind), None)
        for kind in ("territory", "provider")
    }  # fmt: skip
    place, centre = by_kind["territory"], by_kind["provider"]
    start = paths.filled_in({})
    if place is not None:
        asked = _answers_with(paths, place)
        found = {slug: router(slug, None) for slug in paths.lists.places}
        if asked is not None:
            lost = {slug: landing for slug, landing in found.items() if landing.unrouted}
            yield from _lost(paths, place, asked, lost, len(found), "unrouted_place")
    missing = _answers_without(paths, place) if place is not None else start
    if missing is not None and (landing := router(None, None)).unrouted:
        message = _(
            "When no place is told, no routing rule takes the case. It waits in “%(queue)s”: %(why)s."
        )
        words = {"queue": landing.queue, "why": landing.explanation}
        yield Finding("unrouted", WARNING, place.path if place else "", message % words, missing)
    if centre is not None:
        asked = _answers_with(paths, centre)
        if asked is not None:
            known = paths.lists.centres
            slug = place_of(paths.schema, asked)
            lost = {each: landing for each in known if (landing := router(slug, each)).unrouted}
            yield from _lost(paths, centre, asked, lost, len(known), "unrouted_centre")


def place_of(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> str | None:
    return chosen(schema, answers, "territory")


def chosen(schema: Mapping[str, Any], answers: Mapping[str, Any], kind: str) -> str | None:
    """The slug of the first record of that kind that was chosen."""
    for step in schema["steps"]:
        for node in step["fields"]:
            for each in (node, *(node["fields"] if node["type"] == "group" else ())):
                if each["type"] == kind and answers.get(each["key"]):
                    return str(answers[each["key"]]["slug"])
    return None


def _lost(
    paths: Paths,
    question: Place,
    answers: Mapping[str, Any],
    lost: Mapping[str, Landing],
    all_of_them: int,
    code: str,
) -> Iterator[Finding]:
    if not lost:
        return
    records = paths.lists.of(question.node)
    titles = [records[slug]["title"] for slug in list(lost)[:NAMED] if slug in records]
    more = "…" if len(lost) > NAMED else ""
    slug, landing = next(iter(lost.items()))
    message = _(
        "No routing rule takes the case for %(lost)s of %(all)s answers to “%(label)s”"
        " (%(names)s%(more)s). It waits in “%(queue)s”: %(why)s."
    )
    words = {
        "lost": len(lost), "all": all_of_them, "label": question.node["label"],
        "names": ", ".join(titles), "more": more,
        "queue": landing.queue, "why": landing.explanation,
    }  # fmt: skip
    given = {**answers, question.node["key"]: dict(records[slug])} if slug in records else answers
    yield Finding(code, WARNING, question.path, message % words, paths.filled_in(dict(given)))


def _answers_with(paths: Paths, place: Place) -> dict[str, Any] | None:
    for way in paths.to(place).found:
        if paths.is_reached(place, way):
            return paths.complete(way)
    return None


def _answers_without(paths: Paths, place: Place) -> dict[str, Any] | None:
    for way in paths.to(place).found:
        if not paths.is_reached(place, way) or not paths.is_needed(place, way):
            answers = paths.complete(way)
            if place.node["key"] not in answers:
                return answers
    return None
