"""What may stand in a table of cases: what the case says itself, and answers to one version of a form.

Notes, messages, journals and files are not read here, so nothing of them can get into a table.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import phonenumbers
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk import masks
from desk.amending import corrections, with_corrections
from desk.exports.tables import Cell
from forms.compiling import lifted
from forms.contacts import changed_contact
from forms.crypto import CryptoError
from forms.marks import REGION
from forms.models import Erased, IntakeCase
from forms.reading import in_words
from forms.terms import Calendar

ANSWER = "answer."  # in front of the key of a question
# Consents are kept beside the case, papers are opened one by one.
_NOT_ANSWERS = ("info", "consent", "file")
_NUMBERS = ("number", "money", "calc")


@dataclass(frozen=True)
class Column:
    """Something that a case says itself, and names nobody of the family."""

    code: str
    label: str | Promise
    read: Callable[[IntakeCase], Any]
    usual: bool = True  # ticked at first


def _moment(name: str) -> Callable[[IntakeCase], Any]:
    return lambda case: getattr(case, name)


def _titled(name: str) -> Callable[[IntakeCase], Any]:
    return lambda case: getattr(getattr(case, name), "title", "")


def _named(name: str) -> Callable[[IntakeCase], Any]:
    return lambda case: str(getattr(case, name) or "")


COLUMNS: dict[str, Column] = {
    one.code: one
    for one in (
        Column("number", gettext_lazy("Number"), lambda case: case.number),
        Column("created", gettext_lazy("Received"), _moment("created_at")),
        Column("contact", gettext_lazy("The family turned to us"), _moment("contact_at"), False),
        Column("form", gettext_lazy("Form"), _titled("form"), False),
        Column("topic", gettext_lazy("Topic"), _titled("topic")),
        Column("territory", gettext_lazy("Place"), _titled("territory")),
        Column("centre", gettext_lazy("Centre"), _named("centre"), False),
        Column("department", gettext_lazy("Department"), _titled("department"), False),
        Column("queue", gettext_lazy("Queue"), _titled("queue"), False),
        Column("channel", gettext_lazy("Came through"), lambda case: case.get_channel_display()),
        Column("urgent", gettext_lazy("Urgent"), lambda case: _("yes") if case.urgent else _("no")),
        Column("state", gettext_lazy("State"), lambda case: case.get_state_display()),
        Column(
            "outcome",
            gettext_lazy("Outcome"),
            lambda case: case.get_outcome_display() if case.outcome else "",
        ),
        Column("assignee", gettext_lazy("In the hands of"), _named("assignee")),
        Column("curator", gettext_lazy("Curator"), _named("curator"), False),
        Column("due", gettext_lazy("Term"), _moment("due_at")),
        Column("taken", gettext_lazy("Taken on"), _moment("taken_at"), False),
        Column("first_answer", gettext_lazy("First answer on"), _moment("first_answer_at"), False),
        Column("decided", gettext_lazy("Decided on"), _moment("decided_at"), False),
        Column("closed", gettext_lazy("Closed on"), _moment("closed_at")),
    )
}


@dataclass(frozen=True)
class Question:
    """A column of answers.

    :ivar masks: something of it is hidden until somebody says why.
    """

    code: str
    label: str
    step: str
    node: Mapping[str, Any]
    masks: bool


def questions_of(schema: Mapping[str, Any]) -> list[Question]:
    """The questions of a version; a repeating group is one column."""
    found = [
        Question(ANSWER + node["key"], _label(node), step["title"], node, _masks(node))
        for step in lifted(dict(schema))["steps"]
        for node in _asked(step["fields"])
    ]
    times = Counter(one.label for one in found)
    return [
        one
        if times[one.label] == 1
        else Question(one.code, f"{one.label} ({one.step})", one.step, one.node, one.masks)
        for one in found
    ]


def _asked(nodes: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for node in nodes:
        if node["type"] == "group":
            yield from _asked(node["fields"])
        elif node["type"] not in _NOT_ANSWERS:
            yield node


def _label(node: Mapping[str, Any]) -> str:
    unit = "₽" if node["type"] == "money" else node.get("unit") or ""
    return f"{node['label']}, {unit}" if unit and node["type"] in _NUMBERS else str(node["label"])


def _masks(node: Mapping[str, Any]) -> bool:
    if node["type"] == "repeat":
        return any(_masks(one) for one in _asked(node["fields"]))
    return masks.may_mask(node["type"], personal=node["personal"])


@dataclass(frozen=True)
class Chosen:
    """The columns of one table, in the order of the page that offers them.

    :ivar is_open: identifiers stand in it as they are.
    """

    columns: list[Column]
    questions: list[Question]
    is_open: bool

    @classmethod
    def of(cls, codes: Iterable[str], schema: Mapping[str, Any] | None, *, is_open: bool) -> Chosen:
        wanted = set(codes)
        questions = questions_of(schema) if schema else []
        return cls(
            [one for code, one in COLUMNS.items() if code in wanted],
            [one for one in questions if one.code in wanted],
            is_open,
        )

    def heads(self) -> list[str]:
        return [str(one.label) for one in self.columns] + [one.label for one in self.questions]

    def cells(self, case: IntakeCase, calendar: Calendar, *, is_amended: bool) -> list[Cell]:
        """The row of a case, moments by the clock of its centre."""
        row = [_of_case(one.read(case), calendar) for one in self.columns]
        if not self.questions:
            return row
        try:
            answers = case.submission.read_answers()
            if is_amended:
                answers = with_corrections(answers, corrections(case))
            changed = changed_contact(case.submission)
            contact = changed.read() if changed else None
        except (Erased, CryptoError):
            return [*row, *[_("erased")] * len(self.questions)]
        for one in self.questions:
            answer = answers.get(one.node["key"])
            if one.node["type"] == "contact" and contact is not None:
                answer = contact
            row.append(self._answer(one.node, answer))
        return row

    def _answer(self, node: Mapping[str, Any], answer: Any) -> Cell:
        kind = node["type"]
        if kind in _NUMBERS and isinstance(answer, int | float) and not isinstance(answer, bool):
            return answer
        if kind == "repeat":
            return "\n".join(
                f"{number}. {self._row(node['fields'], row)}"
                for number, row in enumerate(answer or (), start=1)
            )
        text = _phone(answer) if kind == "phone" and answer else in_words(node, answer)
        return text if self.is_open else masks.masked(kind, text, personal=node["personal"])

    def _row(self, nodes: Iterable[Mapping[str, Any]], row: Mapping[str, Any]) -> str:
        said = ((one["label"], self._answer(one, row.get(one["key"]))) for one in _asked(nodes))
        return "; ".join(f"{label}: {text}" for label, text in said if text not in (None, ""))


def _of_case(value: Any, calendar: Calendar) -> Cell:
    if isinstance(value, datetime.datetime):
        return calendar.local(value)
    return None if value is None else str(value)


def _phone(answer: str) -> str:
    """As it is dialled here: a plus in front would be taken for a formula."""
    number = phonenumbers.parse(answer, REGION)
    is_ours = number.country_code == phonenumbers.country_code_for_region(REGION)
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, style.NATIONAL if is_ours else style.INTERNATIONAL)
