"""Answers as people read them: with the questions of the version that was answered."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import phonenumbers
from django.utils.translation import gettext as _

from forms.conditions import shown_fields


@dataclass(frozen=True)
class Answered:
    """A question that was asked and what was answered; empty text when nothing was."""

    label: str
    text: str
    kind: str
    personal: bool


@dataclass(frozen=True)
class AnsweredStep:
    title: str
    answers: list[Answered]


def as_asked(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> list[AnsweredStep]:
    """Every question that was asked, step by step, in the words in which it was asked."""
    every = [spec for step in schema["steps"] for spec in step["fields"]]
    shown = shown_fields(every, answers)
    return [
        AnsweredStep(
            step["title"],
            [
                Answered(
                    spec["label"],
                    in_words(spec, answers.get(spec["key"])),
                    spec["type"],
                    spec["personal"],
                )
                for spec in step["fields"]
                if spec["type"] != "info" and spec["key"] in shown
            ],
        )
        for step in schema["steps"]
    ]


def in_words(spec: Mapping[str, Any], answer: Any) -> str:
    """An answer as text."""
    if answer is None:
        return ""
    if isinstance(answer, bool):
        return _("yes") if answer else _("no")
    if isinstance(answer, dict):
        return str(answer["title"])
    if "options" in spec:
        labels = {option["value"]: option["label"] for option in spec["options"]}
        chosen = answer if isinstance(answer, list) else [answer]
        return ", ".join(labels.get(one, str(one)) for one in chosen)
    if spec["type"] == "phone":
        number = phonenumbers.parse(answer)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    if spec["type"] == "date":
        return f"{datetime.date.fromisoformat(answer):%d.%m.%Y}"
    if spec["type"] == "number" and spec.get("unit"):
        return f"{answer} {spec['unit']}"
    return str(answer)
