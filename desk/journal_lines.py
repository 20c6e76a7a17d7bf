"""What stands in a line of a journal: what staff typed, and the rest from the case itself."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from desk import diagnosing
from desk.known import known_of
from desk.models import JournalEntry
from forms import journals
from forms.models import IntakeCase, Register

OF_HELP = "zhurnal-srochnoj-pomoshchi"


def of_help(register: Register) -> bool:
    """A journal with a line for each time that urgent help was given."""
    return register.slug == OF_HELP


def columns(register: Register) -> list[tuple[str, str]]:
    """Names and heads, the number first, whether the register names it or not."""
    heads = {"no": _("Number"), **{spec["name"]: spec["label"] for spec in register.fields}}
    return list(heads.items())


def read(line: JournalEntry) -> dict[str, str]:
    """The line by the names of its columns: as it was sealed, or as the case stands now.

    :raises forms.models.Erased: the personal data of the case were erased.
    """
    if line.body is None:
        return values_of(line.register, line.case, line)
    sealed = line.case.submission.data_key.open(line.purpose, line.body)
    found: dict[str, str] = json.loads(sealed)
    return found


def values_of(
    register: Register, case: IntakeCase, line: JournalEntry | None = None
) -> dict[str, str]:
    """Everything in words, by the clock that is set.

    :param line: of a journal with numbers.
    :raises forms.models.Erased: the personal data of the case were erased.
    """
    entry = next((one for one in case.entries.all() if one.register_id == register.pk), None)
    told = {**known_of(case), **(_of_line(line) if line else {})}
    if entry is not None:
        entry.register = register
    typed = journals.read_entry(entry, case) if entry else {}
    kinds = {spec["name"]: spec["type"] for spec in register.fields}
    said = {
        name: _in_words(typed.get(name) or told.get(name, ""), kind) for name, kind in kinds.items()
    }
    return {**said, "no": str(line.number)} if line else said


def _of_line(line: JournalEntry) -> dict[str, Any]:
    """The day from paper has no hour."""
    if line.help is None:
        return {"date": line.day} if line.from_paper else {}
    body = diagnosing.read(line.help, line.case)
    return {
        "date": timezone.localtime(line.help.given_at),
        "kinds": "; ".join(kind.title for kind in line.help.kinds.all()),
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
