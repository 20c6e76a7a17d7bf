"""What stands in a line of a journal: what staff typed, and the rest from the case itself."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from desk import diagnosing
from desk.known import known_of, unasked_of
from desk.models import JournalEntry
from forms import journals
from forms.models import Channel, IntakeCase, Register

OF_HELP = "zhurnal-srochnoj-pomoshchi"
TOLD = "_told"  # who said it and who typed it in; no name of a field begins so

_BY_ITSELF = (Channel.WEB, Channel.EMAIL)


def of_help(register: Register) -> bool:
    """A journal with a line for each time that urgent help was given."""
    return register.slug == OF_HELP


def columns(register: Register) -> list[tuple[str, str]]:
    """Names and heads, the number first and how it came last, whether the register names them or
    not."""
    heads = {"no": _("Number"), **{spec["name"]: spec["label"] for spec in register.fields}}
    if not of_help(register):
        heads[TOLD] = _("Who said it, who typed it in")
    return list(heads.items())


def kinds_of(register: Register) -> dict[str, str]:
    """Types of the fields by their names."""
    return {spec["name"]: spec["type"] for spec in register.fields}


def read(line: JournalEntry) -> dict[str, str]:
    """The line by the names of its columns: as it was sealed, or as the case stands now.

    :raises forms.models.Erased: the personal data of the case were erased.
    """
    if line.body is None:
        return values_of(line.register, line.case, line)
    sealed = line.case.submission.data_key.open(line.purpose, line.body)
    found: dict[str, str] = json.loads(sealed)
    return found


def corrected(line: JournalEntry, sealed: Mapping[str, str]) -> dict[str, str]:
    """What the case says otherwise since its line was sealed: it stands beside the line.

    :param sealed: the line as it was sealed.
    """
    if line.frozen_at is None or not _is_touched(line):
        return {}
    now = values_of(line.register, line.case, line)
    return {name: text or "–" for name, text in now.items() if text != sealed.get(name, text)}


def _is_touched(line: JournalEntry) -> bool:
    """Somebody has worked on the case or its register after the line was sealed."""
    case, sealed_at = line.case, line.frozen_at
    assert sealed_at is not None
    is_open = case.closed_at is None or case.closed_at > sealed_at
    entries = (one for one in case.entries.all() if one.register_id == line.register_id)
    return is_open or any(one.updated_at > sealed_at for one in entries)


def values_of(
    register: Register, case: IntakeCase, line: JournalEntry | None = None
) -> dict[str, str]:
    """Everything in words, by the clock that is set: who calls sets that of the centre.

    :param line: of a journal with numbers.
    :raises forms.models.Erased: the personal data of the case were erased.
    """
    entry = next((one for one in case.entries.all() if one.register_id == register.pk), None)
    told = {**known_of(case), **(_of_line(line) if line else {})}
    if entry is not None:
        entry.register = register
    typed = journals.read_entry(entry, case) if entry else {}
    unasked = unasked_of(case)
    said = {
        name: _in_words(typed.get(name) or told.get(name, ""), kind)
        or (_("not asked") if name in unasked else "")
        for name, kind in kinds_of(register).items()
    }
    if not of_help(register):
        said[TOLD] = _who(case)
    return {**said, "no": str(line.number)} if line else said


def _who(case: IntakeCase) -> str:
    """Who said it and who typed it in, when that was not the family."""
    registration = getattr(case.submission, "registration", None)
    if registration is None:
        return _("the family itself") if case.channel in _BY_ITSELF else case.get_channel_display()
    told, by = registration.get_teller_display(), registration.registered_by
    return _("%(told)s; typed in by %(by)s") % {"told": told, "by": by}


def _of_line(line: JournalEntry) -> dict[str, Any]:
    """Of help that was given; otherwise the case tells everything."""
    if line.help is None:
        return {}
    body = diagnosing.read(line.help, line.case)
    return {
        "date": timezone.localtime(line.help.given_at),
        "kinds": "; ".join(kind["title"] for kind in diagnosing.kinds_given(line.help, body)),
        "what": body["what"],
        "applicant": body["recipient"],
        "specialist": str(line.help.author),
    }


def _in_words(value: Any, kind: str) -> str:
    if isinstance(value, list):
        return ", ".join(_in_words(one, kind) for one in value)
    if isinstance(value, Mapping):
        return str(value.get("title") or value.get("slug") or "")
    if kind == "bool":
        return {"yes": _("yes"), "no": _("no")}.get(str(value), str(value))
    if isinstance(value, str) and kind in ("date", "datetime"):
        value = _moment(value)
    if isinstance(value, datetime.datetime) and kind != "date":
        return f"{timezone.localtime(value):%d.%m.%Y %H:%M}"
    if isinstance(value, datetime.date):
        return f"{value:%d.%m.%Y}"
    return str(value)


def _moment(text: str) -> datetime.date | str:
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return text
    return found if "T" in text else found.date()
