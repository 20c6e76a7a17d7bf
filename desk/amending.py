"""Correcting an answer: checked by the field that asked for it, kept beside what was sent."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk.models import Amendment, AmendReason
from forms import marks
from forms.accept import slug_of_place
from forms.answers import plain
from forms.asking import can_ask, field_for
from forms.choosers import Choosers
from forms.compiling import lifted
from forms.events import record
from forms.models import EventKind, IntakeCase, State, Submission
from forms.moves import NotAllowed, StaleCase
from forms.reading import in_words
from forms.residence import lives_at
from forms.slots import Amended

# How the family may be reached it says itself (forms.recontacting); papers come as files; what was
# allowed is taken back, never corrected.
NOT_CORRECTED = ("contact", "file", "consent", "calc", "info")


@dataclass(frozen=True)
class Corrected:
    """A correction in words, with what stands behind it."""

    amendment: Amendment
    text: str
    value: Any


class AmendForm(forms.Form):
    """The question as it was asked, with what is known now in it, and why it is corrected."""

    use_required_attribute = False
    template_name = "intake_desk/fields.html"
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput())
    reason = forms.ChoiceField(
        label=gettext_lazy("Why it is corrected"),
        choices=[("", gettext_lazy("Choose")), *AmendReason.choices],
        error_messages={"required": gettext_lazy("Please choose the reason.")},
    )

    field_order = ("version", "answer", "reason")

    def __init__(self, node: Mapping[str, Any], data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, auto_id="amend-%s", **kwargs)
        field = field_for({**node, "required": True}, Choosers())
        field.label = _("How it is right")
        self.fields["answer"] = field
        self.order_fields(self.field_order)


def may_amend(case: IntakeCase, user: Any) -> bool:
    """Who holds the case, and who routes; a closed one stays as it was."""
    return (
        case.state != State.CLOSED
        and bool(user.has_perm("intake_forms.take_intakecase"))
        and (case.assignee_id == user.pk or bool(user.has_perm("intake_forms.route_intakecase")))
    )


def node_at(
    schema: Mapping[str, Any], answers: Mapping[str, Any], path: str
) -> tuple[Mapping[str, Any], Any] | None:
    """The question of a path and what was answered; None when nothing of it can be corrected."""
    nodes = [node for step in lifted(dict(schema))["steps"] for node in step["fields"]]
    parts = path.split(".")
    given: Any = answers
    while len(parts) > 2:
        node = _named(nodes, parts[0], ("repeat",))
        rows = given.get(parts[0]) if node else None
        number = int(parts[1]) if parts[1].isdecimal() and len(parts[1]) < 5 else -1
        if not rows or not 0 <= number < len(rows):
            return None
        assert node is not None
        nodes, given, parts = node["fields"], rows[number], parts[2:]
    node = _named(nodes, parts[0]) if len(parts) == 1 else None
    if node is None or node["type"] in NOT_CORRECTED or not can_ask(node["type"]):
        return None
    return node, given.get(node["key"])


@transaction.atomic
def amend(
    *, case_id: int, actor: Any, version: int, path: str, value: Any, reason: str
) -> Amendment | None:
    """Keep a correction; None when it says what is known already.

    :param value: as the field of the question has cleaned it.
    :raises IntakeCase.DoesNotExist: the person may not see the case.
    :raises StaleCase: the case has changed meanwhile.
    :raises NotAllowed: not by this person, or not this question.
    :raises forms.models.Erased: the personal data of the case were erased.
    """
    case = IntakeCase.objects.visible_to(actor).locked(case_id)
    if case.version != version:
        raise StaleCase
    submission = case.submission
    answers = submission.read_answers()
    found = node_at(submission.version.schema, answers, path)
    if found is None or not may_amend(case, actor):
        raise NotAllowed
    _node, answered = found
    known = corrections(case).get(path)
    if plain(value) == (known[-1].value if known else answered):
        return None
    amendment = Amendment(case=case, field=path, reason=reason, author=actor)
    sealed = json.dumps(plain(value), ensure_ascii=False).encode()
    amendment.value = submission.data_key.seal(amendment.purpose, sealed)
    amendment.save(force_insert=True)
    now = with_corrections(answers, corrections(case))
    moved = lives_at(case, slug_of_place(submission.version.schema, now))
    case.version += 1
    case.save(update_fields=["version", "territory", "curator"])
    marks.renew(submission)
    codes = {"field": path, "reason": reason, "amendment": str(amendment.pk), **moved}
    record(case, EventKind.AMENDED, actor=actor, to_state=case.state, **codes)
    return amendment


def corrections(
    case: IntakeCase, amendments: Iterable[Amendment] | None = None
) -> dict[str, list[Corrected]]:
    """The corrections of a case by question, the oldest first.

    :param amendments: of the case, with their authors, when they are known already.
    :raises forms.models.Erased: the personal data of the case were erased.
    """
    found: dict[str, list[Corrected]] = defaultdict(list)
    rows = list(case.amendments.select_related("author") if amendments is None else amendments)
    if not rows:
        return found
    submission = case.submission
    answers, key = submission.read_answers(), submission.data_key
    for row in rows:
        at = node_at(submission.version.schema, answers, row.field)
        value = json.loads(key.open(row.purpose, row.value))
        text = in_words(at[0], value) if at else str(value)
        found[row.field].append(Corrected(row, text, value))
    return found


def marked_beside(submission: Submission) -> Iterator[marks.Found]:
    """By what a family is found since an answer was corrected; what was sent still finds it, too."""
    case = IntakeCase.objects.filter(submission=submission).first()
    if case is None:
        return
    case.submission = submission
    answers = submission.read_answers()
    amended = with_corrections(answers, corrections(case))
    if amended != answers:
        yield from marks.values_in(submission.version.schema, amended)


def with_corrections(
    answers: Mapping[str, Any], known: Mapping[str, list[Corrected]]
) -> dict[str, Any]:
    """The answers as they are known now."""
    amended = dict(answers)
    for path, corrected in known.items():
        amended = _with(amended, path.split("."), corrected[-1].value)
    return amended


def _with(answers: Any, parts: list[str], value: Any) -> Any:
    """A copy with one answer replaced."""
    first, rest = parts[0], parts[1:]
    if isinstance(answers, list):
        at = int(first)
        return [_with(row, rest, value) if n == at else row for n, row in enumerate(answers)]
    return {**answers, first: _with(answers[first], rest, value) if rest else value}


def _named(
    nodes: Iterable[Mapping[str, Any]], key: str, kinds: tuple[str, ...] = ()
) -> Mapping[str, Any] | None:
    """A question by its key; groups give no part of a path."""
    for node in nodes:
        if node["type"] == "group":
            inside = _named(node["fields"], key, kinds)
            if inside is not None:
                return inside
        elif node["key"] == key and (not kinds or node["type"] in kinds):
            return node
    return None


def told(case: IntakeCase) -> list[Amended]:
    """The corrections for the family's own copy."""
    submission = case.submission
    found = corrections(case)
    answers = submission.read_answers() if found else {}
    return [
        Amended(
            at[0]["label"] if (at := node_at(submission.version.schema, answers, path)) else path,
            one.text,
            one.amendment.at,
            str(one.amendment.get_reason_display()),
        )
        for path, known in found.items()
        for one in known
    ]
