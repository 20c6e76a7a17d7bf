"""From what was typed to answers: a form of Django built from the questions of a version.

The server decides which questions are asked; answers to the others are dropped. Answers are plain
JSON under the questions' keys (see forms.asking), the rows of a repeating group a list of such.
The names of fields are paths: `phone`, `children.0.name`; `children.rows` counts the rows.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils import timezone

from forms.asking import can_ask, field_for
from forms.choosers import Choosers
from forms.compiling import lifted, nodes_of
from forms.conditions import in_words
from forms.course import Course, course
from forms.logic import fields_in

ROWS = "rows"

Schema = Mapping[str, Any]
# Files that have been received, by the path of their question: [{"id", "name", "size"}, …].
Uploads = Mapping[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Item:
    """A thing on the page of a form: a question with its field, words, or a group of such."""

    spec: Mapping[str, Any]
    path: str
    field: forms.BoundField | None = None
    condition_words: str = ""
    items: tuple[Item, ...] = ()
    rows: tuple[Row, ...] = ()
    files: tuple[dict[str, Any], ...] = ()
    value: Any = None  # of what is calculated

    @property
    def is_under_form_text(self) -> bool:
        """A consent to what the text of the form says."""
        return self.spec["type"] == "consent" and not self.spec.get("text")

    @property
    def own_text(self) -> str:
        """What a consent of its own says beyond its label."""
        text = str(self.spec.get("text") or "") if self.spec["type"] == "consent" else ""
        return "" if text == self.spec["label"] else text


@dataclass(frozen=True)
class Row:
    number: int
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Section:
    number: int
    id: str
    title: str
    items: tuple[Item, ...]
    condition_words: str = ""


class AnswerForm(forms.Form):
    """The questions of a version. When valid, `answers` holds what was answered."""

    use_required_attribute = False  # whether an answer is needed may hang on another answer

    def __init__(
        self,
        schema: Schema,
        *,
        data: Any = None,
        known: Mapping[str, Any] | None = None,
        uploads: Uploads | None = None,
        choosers: Choosers | None = None,
        day: datetime.date | None = None,
        judged: bool = True,
        only: str | None = None,
        unasked: Collection[str] = (),
    ) -> None:
        """
        :param known: answers given before, under their keys: shown where nothing was typed.
        :param day: for ages; today, when not said.
        :param judged: False shows what was typed without telling what is wrong with it.
        :param only: the id of the step that is shown and judged, the others being known.
        :param unasked: names of fields and repeating groups that staff has marked as not asked: no
            answer is demanded there.
        """
        self.schema = lifted(dict(schema))
        self.uploads = uploads or {}
        self.known = known or {}
        self.day = day or timezone.localdate()
        self.judged = judged
        self.only = only
        self.unasked = frozenset(unasked)
        self.not_asked: list[
            str
        ] = []  # paths, as forms.course has them; an answer takes the mark off
        self.course = Course()
        self.answers: dict[str, Any] = {}
        super().__init__(data, prefix="a", initial=dict(_flat(self.known)))
        self._choosers = choosers or Choosers()
        self._steps = {
            node["key"]: step["id"]
            for step in self.schema["steps"]
            for node in nodes_of({"steps": [step]})
        }
        for step in self.schema["steps"]:
            self._add_fields(step["fields"], "")

    def full_clean(self) -> None:
        super().full_clean()
        if not self.judged:
            self._errors = ErrorDict()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        given, places = self._given(cleaned)
        self.course = course(self.schema, given, self.day)
        asked = {places.get(path, path) for path in self.course.asked}
        needed = {places.get(path, path) for path in self.course.needed}
        for path in list(self.errors):
            is_idle = path not in asked and path in self.fields and not path.endswith(f".{ROWS}")
            if is_idle or (self._is_unasked(path) and self._is_only_missing(path)):
                self.errors.pop(path)
        self._demand({path for path in needed if not self._is_unasked(path)}, cleaned)
        if self.only is not None:
            for path in [path for path in self.errors if self.step_of(path) != self.only]:
                self.errors.pop(path)
        self.answers = self.course.answers
        self.not_asked = sorted(
            path
            for path in self.course.asked
            if self._is_unasked(places.get(path, path)) and not _at(self.answers, path)
        )
        return cleaned

    def _is_unasked(self, path: str) -> bool:
        """It is marked itself, or the repeating group that it stands in."""
        return path in self.unasked or path.partition(".")[0] in self.unasked

    def _is_only_missing(self, path: str) -> bool:
        return all(error.code == "required" for error in self.errors.as_data()[path])

    def step_of(self, path: str) -> str | None:
        """The id of the step in which a question stands."""
        return self._steps.get(path.partition(".")[0])

    def wrong_step(self) -> str | None:
        """The first step in which something has to be mended."""
        wrong = {self.step_of(path) for path in self.errors}
        return next((step["id"] for step in self.schema["steps"] if step["id"] in wrong), None)

    def sections(self) -> Iterator[Section]:
        """The page from top to bottom."""
        self.errors  # noqa: B018 - what is asked is known once the answers were judged
        specs = {node["key"]: node for node in nodes_of(self.schema)}
        values = self.course.answers if self.is_bound else self._course_so_far().answers
        for number, step in enumerate(self.schema["steps"], start=1):
            if self.only in (None, step["id"]):
                yield Section(
                    number,
                    step["id"],
                    step["title"],
                    tuple(
                        self._item(node, "", specs, values)
                        for node in step["fields"]
                        if not self._is_settled(node) or node["key"] in self.course.asked
                    ),
                    in_words(step["show_if"], specs) if step["show_if"] and not self.only else "",
                )

    def _is_settled(self, node: Mapping[str, Any]) -> bool:
        """Earlier steps have told whether it is asked: nothing on this page can change that."""
        if self.only is None or not self.is_bound or node["show_if"] is None:
            return False
        return all(self.step_of(field) != self.only for field in fields_in(node["show_if"]))

    def places(self) -> dict[str, list[str]]:
        """Every place that can be chosen, with what it lies in."""
        choosers = self._choosers
        return {
            slug: choosers.around(slug)
            for _group, options in choosers.territories
            for slug, _t in options
        }

    def rows_of(self, node: Mapping[str, Any]) -> int:
        """How many rows of a repeating group stand on the page, empty ones too."""
        key = node["key"]
        typed = self.data.get(self.add_prefix(f"{key}.{ROWS}")) if self.is_bound else None
        if typed is not None and typed.isascii() and typed.isdigit() and len(typed) < 4:
            rows = int(typed)
        else:
            rows = len(self.known.get(key) or ())
        return max(min(rows, node["maximum"]), node["minimum"])

    def _add_fields(self, nodes: list[Mapping[str, Any]], prefix: str, row: str = "") -> None:
        """:param row: the name of the row in which they stand, which an error tells, too."""
        for node in nodes:
            path = prefix + node["key"]
            if node["type"] == "group":
                self._add_fields(node["fields"], prefix)
            elif node["type"] == "repeat":
                rows = self.rows_of(node)
                self.fields[f"{path}.{ROWS}"] = forms.IntegerField(
                    required=False, initial=rows, widget=forms.HiddenInput(), label=node["label"]
                )
                for number in range(rows):
                    title = f"{node['row_title']} {number + 1}"
                    self._add_fields(node["fields"], f"{path}.{number}.", title)
            elif can_ask(node["type"]):
                self.fields[path] = field = field_for(node, self._choosers)
                field.row_title = row  # type: ignore[attr-defined]

    def _given(self, cleaned: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Answers as forms.course takes them, without rows in which nothing was typed; and where
        on the page the paths of the course stand."""
        given: dict[str, Any] = {}
        places: dict[str, str] = {}
        for node in nodes_of(self.schema):
            if node["type"] == "repeat":
                given[node["key"]] = list(self._rows_given(node, cleaned, places))
            elif node["key"] not in given:
                self._take(node, node["key"], cleaned, given)
        return given, places

    def _rows_given(
        self, node: Mapping[str, Any], cleaned: Mapping[str, Any], places: dict[str, str]
    ) -> Iterator[dict[str, Any]]:
        key, kept = node["key"], 0
        least = 0 if key in self.unasked else node["minimum"]
        for number in range(self.rows_of(node)):
            row: dict[str, Any] = {}
            for inner in node["fields"]:
                self._take(inner, f"{key}.{number}.{inner['key']}", cleaned, row)
            if row or self._is_wrong(f"{key}.{number}.") or kept < least:
                for inner in node["fields"]:
                    places[f"{key}.{kept}.{inner['key']}"] = f"{key}.{number}.{inner['key']}"
                kept += 1
                yield row

    def _is_wrong(self, prefix: str) -> bool:
        """Something was typed that cannot be an answer."""
        return any(
            path.startswith(prefix) and any(error.code != "required" for error in errors.as_data())
            for path, errors in self.errors.items()
        )

    def _take(
        self, node: Mapping[str, Any], path: str, cleaned: Mapping[str, Any], into: dict[str, Any]
    ) -> None:
        value = self.uploads.get(path) if node["type"] == "file" else plain(cleaned.get(path))
        if node["type"] == "consent":
            # What is not ticked is a no, also when a yes is needed; what nobody was asked is none.
            value = value is True or (None if self._is_unasked(path) else False)
        if value not in (None, "", []):
            into[node["key"]] = value

    def _demand(self, needed: set[str], cleaned: Mapping[str, Any]) -> None:
        """Tell of what is needed and was not answered."""
        for path in needed:
            if path not in self.fields:
                continue  # rows that are needed stand on the page, and tell for themselves
            value = self.uploads.get(path) or cleaned.get(path)
            refused = value is False and isinstance(self.fields[path], forms.BooleanField)
            if (refused or value in (None, "", [])) and path not in self.errors:
                self.add_error(path, self.fields[path].error_messages["required"])

    def _course_so_far(self) -> Course:
        return course(self.schema, self.known, self.day)

    def _item(
        self,
        node: Mapping[str, Any],
        prefix: str,
        specs: Mapping[str, Mapping[str, Any]],
        values: Mapping[str, Any],
    ) -> Item:
        path = prefix + node["key"]
        is_open = node["show_if"] and not (self._is_settled(node) and path in self.course.asked)
        words = in_words(node["show_if"], specs) if is_open else ""
        if node["type"] == "group":
            inner = (self._item(each, prefix, specs, values) for each in node["fields"])
            return Item(node, path, condition_words=words, items=tuple(inner))
        if node["type"] == "repeat":
            rows = (
                Row(
                    number + 1,
                    f"{node['row_title']} {number + 1}",
                    tuple(
                        self._item(each, f"{path}.{number}.", specs, values)
                        for each in node["fields"]
                    ),
                )
                for number in range(self.rows_of(node))
            )
            return Item(node, path, self[f"{path}.{ROWS}"], words, rows=tuple(rows))
        return Item(
            node,
            path,
            self[path] if path in self.fields else None,
            words,
            files=tuple(self.uploads.get(path, ())),
            value=values.get(node["key"]) if node["type"] == "calc" and not prefix else None,
        )


def plain(value: Any) -> Any:
    """A cleaned value as JSON keeps it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def prefilled(schema: Schema, given: Mapping[str, Any]) -> dict[str, Any]:
    """First answers of a blank form from what is known by type of question, as `measure`: slug.

    Where the question hangs on another answer, that answer is given too.
    """
    known: dict[str, Any] = {}
    for node in nodes_of(lifted(dict(schema))):
        if given.get(node["type"]) and node["key"] not in known:
            known[node["key"]] = given[node["type"]]
            condition = node["show_if"] or {}
            if condition.get("op") == "eq" and isinstance(condition["value"], str):
                known.setdefault(condition["field"], condition["value"])
    return known


def _at(answers: Any, path: str) -> bool:
    """Something was answered at a path; false and zero are answers."""
    for step in path.split("."):
        if isinstance(answers, list):
            answers = answers[int(step)] if int(step) < len(answers) else None
        else:
            answers = answers.get(step) if isinstance(answers, Mapping) else None
    return answers not in (None, "", [])


def _flat(answers: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Answers as first values of fields, by path."""
    for key, value in answers.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            for number, row in enumerate(value):
                yield from _flat(row, f"{prefix}{key}.{number}.")
        elif isinstance(value, bool):
            yield prefix + key, "yes" if value else "no"
        else:
            yield prefix + key, value
