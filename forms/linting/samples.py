"""Sample answers for every branch of a form, and where a case of each would land."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from forms.conditions import in_words
from forms.course import course
from forms.linting.findings import Landing, Router
from forms.linting.paths import Paths
from forms.linting.routes import chosen

MOST_SAMPLES = 12


@dataclass(frozen=True)
class Sample:
    """Valid answers, marked as samples, that lead down a branch."""

    answers: Mapping[str, Any]
    branch: tuple[str, ...]  # the conditions that hold on it, in words
    landing: Landing | None = None


def samples(paths: Paths, router: Router | None = None, most: int = MOST_SAMPLES) -> list[Sample]:
    """As few as ask every question that can be asked, and leave out every one that can be."""
    specs = {place.node["key"]: place.node for place in paths.places if not place.is_step}
    open_ends = list(_branches(paths))
    missing = frozenset().union(*(asked for _answers, asked in open_ends))
    found: list[Sample] = []
    while open_ends and missing and len(found) < most:
        answers, asked = max(open_ends, key=lambda branch: len(branch[1] & missing))
        if found and not asked & missing:
            break
        missing -= asked
        open_ends.remove((answers, asked))
        landing = router and router(
            chosen(paths.schema, answers, "territory"), chosen(paths.schema, answers, "provider")
        )
        branch = dict.fromkeys(
            in_words(place.node["show_if"], specs)
            for place in paths.places
            if place.node.get("show_if") is not None and place.path in asked
        )
        found.append(Sample(answers, tuple(branch), landing))
    return found


def _branches(paths: Paths) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """Answers that meet a condition, for every condition; and the plainest answers."""
    yield _branch(paths, {})
    for place in paths.places:
        if place.node.get("show_if") is None:
            continue
        ways = paths.to(place).found
        for wanted in (True, False):
            way = next((way for way in ways if paths.is_reached(place, way) is wanted), None)
            if way is not None:
                yield _branch(paths, paths.complete(way))


def _branch(paths: Paths, answers: dict[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    filled = paths.filled_in(answers, everything=True)
    went = course(paths.schema, filled, paths.day)
    asked = {path.rsplit(".", 1)[-1] for path in went.asked}
    asked |= {f"step:{step}" for step in went.steps}
    left_out = {
        f"not {place.path}"
        for place in paths.places
        if place.node.get("show_if") is not None and place.path not in asked
    }
    return filled, frozenset(asked | left_out)
