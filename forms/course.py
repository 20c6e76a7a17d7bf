"""The course of a form: what is asked of somebody who gave these answers, and what of it counts.

One pass from the first question to the last. Conditions look back only, so what is asked depends
on nothing that comes later; what is not asked has no answer, whatever was sent for it.
"""

from __future__ import annotations

import datetime
from collections import ChainMap
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from forms.formulas import calculate
from forms.logic import holds, rows_of

Schema = Mapping[str, Any]
Node = Mapping[str, Any]


@dataclass
class Course:
    """Paths are keys of questions; in a repeating group `key.row.key`, rows from 0."""

    steps: list[str] = field(default_factory=list)  # ids of the steps that are asked
    asked: set[str] = field(default_factory=set)  # paths of all that is shown, words included
    needed: set[str] = field(default_factory=set)  # paths of what has to be answered
    answers: dict[str, Any] = field(default_factory=dict)  # what counts


def course(schema: Schema, given: Mapping[str, Any], day: datetime.date) -> Course:
    """The course for these answers.

    :param given: answers under their keys; rows of a repeating group as a list of such mappings.
    :param day: for ages; that of the sending, once something has been sent.
    """
    found = Course()
    known: dict[str, Any] = {}
    for step in schema["steps"]:
        if _is_shown(step, known, day):
            found.steps.append(step["id"])
            _walk(step["fields"], given, known, known, "", found, day)
    found.answers = _without_gaps(known)
    return found


def _walk(
    nodes: Iterable[Node],
    given: Mapping[str, Any],
    known: Mapping[str, Any],
    own: MutableMapping[str, Any],
    prefix: str,
    found: Course,
    day: datetime.date,
) -> None:
    """:param known: all answers that conditions may look at; `own`: those of this row, or of all."""
    for node in nodes:
        if not _is_shown(node, known, day):
            continue
        key, path = node["key"], prefix + node["key"]
        if node["type"] == "group":
            found.asked.add(path)
            _walk(node["fields"], given, known, own, prefix, found, day)
        elif node["type"] == "repeat":
            found.asked.add(path)
            own[key] = _rows(node, given, known, path, found, day)
        elif node["type"] == "calc":
            found.asked.add(path)
            own[key] = calculate(node["formula"], known, day)
        elif node["type"] == "info":
            found.asked.add(path)
        else:
            _ask(node, given, known, own, path, found, day)


def _ask(
    node: Node,
    given: Mapping[str, Any],
    known: Mapping[str, Any],
    own: MutableMapping[str, Any],
    path: str,
    found: Course,
    day: datetime.date,
) -> None:
    for rule in node.get("set", ()):
        if holds(rule["if"], known, day):  # known without asking
            own[node["key"]] = rule["value"]
            return
    found.asked.add(path)
    if node["required"] or (node.get("require_if") and holds(node["require_if"], known, day)):
        found.needed.add(path)
    own[node["key"]] = given.get(node["key"])


def _rows(
    node: Node,
    given: Mapping[str, Any],
    known: Mapping[str, Any],
    path: str,
    found: Course,
    day: datetime.date,
) -> list[dict[str, Any]]:
    if node["required"] or node["minimum"]:
        found.needed.add(path)
    rows = []
    for number, row in enumerate(rows_of(given.get(node["key"]))[: node["maximum"]]):
        own: dict[str, Any] = {}
        _walk(node["fields"], row, ChainMap(own, {**known}), own, f"{path}.{number}.", found, day)
        rows.append(own)
    return rows


def _is_shown(node: Node, known: Mapping[str, Any], day: datetime.date) -> bool:
    return node.get("show_if") is None or holds(node["show_if"], known, day)


def _without_gaps(known: Mapping[str, Any]) -> dict[str, Any]:
    """Answers without what was left empty."""
    return {
        key: [_without_gaps(row) for row in value] if _is_rows(value) else value
        for key, value in known.items()
        if value not in (None, "", [])
    }


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
