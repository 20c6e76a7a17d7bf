"""A page of registering in its parts: the contact, the answers, the talk, and what is not asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from desk.contact_form import PREFIX, ContactForm
from desk.models import ScriptVersion
from desk.talk import AT, DONE, FORM, OWN, TalkForm, flowed
from forms import files, rows
from forms.answers import AnswerForm
from forms.choosers import Choosers
from forms.compiling import fields_of
from forms.models import FormDraft, FormVersion, Permission
from forms.models.drafts import Typed
from forms.written import as_data, lists_of

UNASKED = "n"
SCRIPT, STARTED = "script", "started"
_AROUND = (f"{PREFIX}-", FORM, OWN, AT)
_SINGLE = (UNASKED, DONE, SCRIPT, STARTED)
MOST_MARKS = 600


@dataclass(frozen=True)
class Filled:
    """The forms of one page."""

    answers: AnswerForm
    contact: ContactForm
    talk: TalkForm | None

    def is_valid(self) -> bool:
        """Both are judged, so that everything wrong is told at once."""
        return all([self.contact.is_valid(), self.answers.is_valid()])

    @property
    def is_urgent(self) -> bool:
        """Whoever registers it says so, or has ticked a danger in the talk."""
        return self.contact.cleaned_data["urgent"] or bool(self.talk and self.talk.is_urgent())


def blank(user: Any, version: FormVersion, script: ScriptVersion | None, channel: str) -> Filled:
    lists = Choosers()
    return Filled(
        AnswerForm(version.schema, choosers=lists),
        ContactForm(
            user,
            needs_permission=bool(_consents(version)),
            initial=ContactForm.at_first(channel),
        ),
        TalkForm(script, version.schema, choosers=lists) if script else None,
    )


def filled(user: Any, version: FormVersion, typed: Typed, *, judged: bool = True) -> Filled:
    """What was typed, with the files of the draft when there is one."""
    lists, script = Choosers(), script_of(typed)
    consents = _consents(version)
    marks = set(typed.get(UNASKED, ())[:MOST_MARKS]) - consents
    if typed.get(f"{PREFIX}-permission") == [Permission.VITAL.value]:
        marks |= consents
        typed = {name: each for name, each in typed.items() if name[2:] not in consents}
    answers = AnswerForm(
        version.schema,
        data=as_data(flowed(version.schema, typed)),
        choosers=lists,
        judged=judged,
        unasked=marks,
    )
    contact = ContactForm(user, needs_permission=bool(consents), data=as_data(typed), judged=judged)
    talk = TalkForm(script, version.schema, typed=typed, choosers=lists) if script else None
    return Filled(answers, contact, talk)


def with_files(page: Filled, draft: FormDraft) -> Filled:
    if files.has_files(draft.version.schema):
        page.answers.uploads = files.uploads_of(draft)
    return page


def script_of(typed: Typed) -> ScriptVersion | None:
    key = "".join(typed.get(SCRIPT, ()))
    if not (key.isascii() and key.isdigit() and len(key) < 10):
        return None
    return ScriptVersion.objects.filter(pk=key).select_related("script").first()


def sent(schema: Mapping[str, Any], data: QueryDict) -> tuple[Typed, bool]:
    """What a page has sent, and whether a button has changed its rows."""
    reshaped = rows.pressed(schema, data)
    typed = lists_of(data if reshaped is None else reshaped)
    gone = rows.dropped(data.get("do", "")) if reshaped is not None else None
    if gone is not None:
        typed[UNASKED] = _moved_up(typed.get(UNASKED, []), *gone)
    return typed, reshaped is not None


def around_of(typed: Typed) -> Typed:
    """What stands around the questions of the form."""
    return {
        name: values
        for name, values in typed.items()
        if name in _SINGLE or name.startswith(_AROUND)
    }


def _moved_up(marks: list[str], repeat: str, row: int) -> list[str]:
    """Marks of a row that is gone go with it; those of the rows after it move up."""
    moved = []
    for mark in marks:
        head, number, rest = (*mark.split(".", 2), "", "")[:3]
        if head != repeat or not number.isdecimal():
            moved.append(mark)
        elif int(number) != row:
            place = int(number) - (int(number) > row)
            moved.append(f"{head}.{place}.{rest}")
    return moved


def _consents(version: FormVersion) -> set[str]:
    return {node["key"] for node in fields_of(version.schema) if node["type"] == "consent"}
