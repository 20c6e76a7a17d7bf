"""Answers of another system as if they had been typed: one form judges both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import QueryDict

from forms.answers import ROWS, Schema
from forms.compiling import lifted
from forms.contacts import WAYS

MOST_VALUES = 2000
LONGEST_VALUE = 20_000  # signs; questions have limits of their own
_CONTACT = ("ways", "phone", "email", "voice", "time")
_PARTS = {"name": ("family", "given", "patronymic"), "address": ("place", "street")}


class WrongShape(Exception):
    """An answer that no question of its kind can have; `path` says where."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def typed(schema: Schema, answers: Mapping[str, Any]) -> QueryDict:
    """Fields of the page of a form, filled in.

    :raises WrongShape: an answer to no question, or of another shape than the question's.
    """
    data = QueryDict(mutable=True)
    for step in lifted(dict(schema))["steps"]:
        for name, values in _of_nodes(step["fields"], answers, ""):
            data.setlist(f"a-{name}", values)
            if len(data) > MOST_VALUES:
                raise WrongShape(name)
    _refuse_unknown(schema, answers)
    return data


def _refuse_unknown(schema: Schema, answers: Mapping[str, Any]) -> None:
    known = set(_keys([node for step in schema["steps"] for node in step["fields"]]))
    for key in answers:
        if key not in known:
            raise WrongShape(str(key)[:60])


def _keys(nodes: list[Mapping[str, Any]]) -> Iterator[str]:
    for node in nodes:
        if node["type"] == "group":
            yield from _keys(node["fields"])
        elif node["type"] not in ("info", "calc"):
            yield node["key"]


def _of_nodes(
    nodes: list[Mapping[str, Any]], answers: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, list[str]]]:
    for node in nodes:
        path, answer = prefix + node["key"], answers.get(node["key"])
        if node["type"] == "group":
            yield from _of_nodes(node["fields"], answers, prefix)
        elif answer is None or node["type"] in ("info", "calc"):
            continue
        elif node["type"] == "repeat":
            yield from _of_rows(node, answer, path)
        else:
            yield from _of_answer(node, answer, path)


def _of_rows(node: Mapping[str, Any], rows: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    if not isinstance(rows, list) or len(rows) > node["maximum"]:
        raise WrongShape(path)
    yield f"{path}.{ROWS}", [str(len(rows))]
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping) or not set(row) <= set(_keys(node["fields"])):
            raise WrongShape(f"{path}.{number}")
        yield from _of_nodes(node["fields"], row, f"{path}.{number}.")


def _of_answer(node: Mapping[str, Any], answer: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    kind = node["type"]
    if kind in _PARTS:
        if not isinstance(answer, Mapping) or not set(answer) <= set(_PARTS[kind]):
            raise WrongShape(path)
        for part, value in answer.items():
            yield f"{path}_{part}", [_text(value, path)]
    elif kind == "contact":
        yield from _of_contact(answer, path)
    elif kind == "multichoice":
        yield path, _texts(answer, len(node["options"]), path)
    elif kind in ("yesno", "consent"):
        if not isinstance(answer, bool):
            raise WrongShape(path)
        yes, no = ("yes", "no") if kind == "yesno" else ("on", "")
        yield path, [yes if answer else no]
    elif kind in ("number", "money"):
        if isinstance(answer, bool) or not isinstance(answer, int | float):
            raise WrongShape(path)
        yield path, [str(answer)]
    else:
        yield path, [_text(answer, path)]


def _of_contact(answer: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    if not isinstance(answer, Mapping) or not set(answer) <= set(_CONTACT):
        raise WrongShape(path)
    if not isinstance(answer.get("voice", False), bool):
        raise WrongShape(path)
    yield f"{path}_ways", _texts(answer.get("ways"), len(WAYS), path)
    if answer.get("voice"):
        yield f"{path}_voice", ["on"]
    for part in ("phone", "email", "time"):
        if part in answer:
            yield f"{path}_{part}", [_text(answer[part], path)]


def _texts(values: Any, most: int, path: str) -> list[str]:
    if not isinstance(values, list) or len(values) > most:
        raise WrongShape(path)
    return [_text(value, path) for value in values]


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_VALUE:
        raise WrongShape(path)
    return value
