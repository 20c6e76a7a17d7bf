"""Answers as the desk sees them: masked until opened, with what was corrected beside."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from desk import masks
from desk.amending import NOT_CORRECTED, Corrected
from forms.models import IntakeCase, unasked_in
from forms.reading import Answered, Heading, as_asked


@dataclass(frozen=True)
class Shown:
    """An answer, or the heading of what follows.

    :ivar text: as it stands on the page now; `sent` what the family sent, when it was corrected.
    :ivar hidden: something of it is masked.
    """

    label: str
    kind: str
    text: str = ""
    path: str = ""
    hidden: bool = False
    sent: str = ""
    corrected: Corrected | None = None
    correctable: bool = False
    unasked: bool = False  # who typed it in has not asked


@dataclass(frozen=True)
class ShownStep:
    title: str
    answers: list[Shown]


def shown(
    case: IntakeCase,
    answers: Mapping[str, Any],
    opened: Set[str],
    known: Mapping[str, list[Corrected]],
) -> list[ShownStep]:
    """Every question that was asked.

    :param opened: paths of the questions that this person has opened; `*` is all of them.
    :param known: the corrections of the case.
    """
    submission = case.submission
    unasked = unasked_in(submission)
    steps = as_asked(submission.version.schema, answers, submission.day, unasked)
    return [
        ShownStep(step.title, [_shown(one, known, opened) for one in step.answers])
        for step in steps
    ]


def _shown(
    one: Answered | Heading, known: Mapping[str, list[Corrected]], opened: Set[str]
) -> Shown:
    if isinstance(one, Heading):
        return Shown(one.label, one.kind)
    last = known[one.path][-1] if one.path in known else None
    now = last.text if last else one.text
    is_open = one.path in opened or masks.EVERYTHING in opened
    texts = {
        text: text if is_open else masks.masked(one.kind, text, personal=one.personal)
        for text in (now, one.text)
    }
    return Shown(
        one.label,
        one.kind,
        texts[now],
        one.path,
        hidden=any(text != seen for text, seen in texts.items()),
        sent=texts[one.text] if last else "",
        corrected=last,
        correctable=one.kind not in (*NOT_CORRECTED, "repeat"),
        unasked=one.unasked,
    )
