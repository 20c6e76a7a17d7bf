"""Answers as people read them: with the questions of the version that was answered."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import phonenumbers
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from forms import snils
from forms.compiling import lifted
from forms.contacts import CALL, WAYS
from forms.course import course


@dataclass(frozen=True)
class Answered:
    """A question that was asked and what was answered; empty text when nothing was."""

    label: str
    text: str
    kind: str
    personal: bool
    path: str = ""  # of the question, in a row with its number: `children.0.born`
    files: tuple[tuple[str, str], ...] = ()  # ids and names
    unasked: bool = False  # staff did not ask; it is not that nothing was answered


@dataclass(frozen=True)
class Heading:
    """The name of a group or of a row of one; what follows belongs to it."""

    label: str
    kind: str = "heading"


@dataclass(frozen=True)
class AnsweredStep:
    title: str
    answers: list[Answered | Heading]


def as_asked(
    schema: Mapping[str, Any],
    answers: Mapping[str, Any],
    day: datetime.date,
    unasked: Collection[str] = (),
) -> list[AnsweredStep]:
    """Every question that was asked, step by step, in the words in which it was asked.

    :param day: when the answers were given.
    :param unasked: paths of those that staff has left unasked.
    """
    schema = lifted(dict(schema))
    asked = course(schema, answers, day)
    return [
        AnsweredStep(step["title"], list(_read(step["fields"], answers, "", asked.asked, unasked)))
        for step in schema["steps"]
        if step["id"] in asked.steps
    ]


def _read(
    nodes: list[Mapping[str, Any]],
    answers: Mapping[str, Any],
    prefix: str,
    asked: set[str],
    unasked: Collection[str],
) -> Iterator[Answered | Heading]:
    for node in nodes:
        path, answer = prefix + node["key"], answers.get(node["key"])
        known = path in asked or answer is not None  # a rule may have answered
        if not known or node["type"] == "info":
            continue
        if node["type"] == "group":
            yield Heading(node["label"])
            yield from _read(node["fields"], answers, prefix, asked, unasked)
        elif node["type"] == "repeat":
            for number, row in enumerate(answer or ()):
                yield Heading(f"{node['row_title']} {number + 1}")
                yield from _read(node["fields"], row, f"{path}.{number}.", asked, unasked)
            if not answer:
                yield Answered(
                    node["label"],
                    "",
                    node["type"],
                    personal=False,
                    path=path,
                    unasked=path in unasked,
                )
        else:
            files = answer if node["type"] == "file" and answer else ()
            yield Answered(
                node["label"],
                in_words(node, answer),
                node["type"],
                node["personal"],
                path,
                tuple((each["id"], each["name"]) for each in files),
                path in unasked,
            )


def in_words(node: Mapping[str, Any], answer: Any) -> str:
    """An answer as text."""
    if answer is None:
        return ""
    if isinstance(answer, bool):
        return _("yes") if answer else _("no")
    if node["type"] in _IN_WORDS:
        return _IN_WORDS[node["type"]](node, answer)
    if isinstance(answer, dict):
        return str(answer["title"])
    if "options" in node:
        labels = {option["value"]: option["label"] for option in node["options"]}
        chosen = answer if isinstance(answer, list) else [answer]
        return ", ".join(labels.get(one, str(one)) for one in chosen)
    return str(answer)


def _number(node: Mapping[str, Any], answer: Any) -> str:
    unit = "₽" if node["type"] == "money" else node.get("unit") or ""
    text = number_format(answer, use_l10n=True, force_grouping=abs(answer) >= 10_000)
    return f"{text} {unit}".strip()


def _date(node: Mapping[str, Any], answer: str) -> str:
    parts = answer.split("-")
    return ".".join(reversed(parts))


def _phone(node: Mapping[str, Any], answer: str) -> str:
    number = phonenumbers.parse(answer)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _name(node: Mapping[str, Any], answer: Mapping[str, str]) -> str:
    return " ".join(answer[part] for part in ("family", "given", "patronymic") if answer.get(part))


def contact_in_words(answer: Mapping[str, Any]) -> str:
    """How a family may be reached, a line for each way."""
    phone = _phone({}, answer["phone"]) if "phone" in answer else ""
    lines = [
        f"{WAYS[way]}: {address}" if address else str(WAYS[way])
        for way in answer["ways"]
        for address in [{"call": phone, "sms": phone}.get(way, answer.get(way, ""))]
    ]
    if CALL in answer["ways"]:
        lines.append(
            _("A voice message may be left.")
            if answer.get("voice")
            else _("A voice message must not be left.")
        )
    if answer.get("time"):
        lines.append(_("Best time: %(time)s") % {"time": answer["time"]})
    return "\n".join(lines)


_IN_WORDS: dict[str, Any] = {
    "number": _number,
    "money": _number,
    "calc": _number,
    "date": _date,
    "birth_date": _date,
    "phone": _phone,
    "name": _name,
    "contact": lambda node, answer: contact_in_words(answer),
    "snils": lambda node, answer: snils.grouped(answer),
    "address": lambda node, answer: ", ".join(filter(None, [answer["title"], answer["street"]])),
    "file": lambda node, answer: ", ".join(each["name"] for each in answer),
}
