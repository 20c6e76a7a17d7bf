"""Whose case it is, in a list: two or three initials, never a name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from desk.models import Amendment
from forms.compiling import lifted
from forms.crypto import CryptoError
from forms.models import Erased, FormVersion, IntakeCase

UNKNOWN = "–"
MOST_INITIALS = 3
# Where a form asks for the name in one line, this is what the question is called.
NAME_KEYS = ("full_name", "applicant_name", "name", "call_me")


def initials(cases: Iterable[IntakeCase]) -> dict[int, str]:
    """Initials by key of the case, for the rows of one page; two queries at most.

    :param cases: with `submission__key`.
    """
    cases = list(cases)
    fields = _fields({case.submission.version_id for case in cases})
    corrected = _corrected(cases, {field for field in fields.values() if field})
    return {
        case.pk: _of(case, fields[case.submission.version_id], corrected.get(case.pk))
        for case in cases
    }


def _of(case: IntakeCase, field: str, corrected: Amendment | None) -> str:
    if not field:
        return UNKNOWN
    try:
        if corrected is not None:
            key = case.submission.data_key
            answer = json.loads(key.open(corrected.purpose, corrected.value))
        else:
            answer = case.submission.read_answers().get(field)
    except (Erased, CryptoError):
        return UNKNOWN
    return shortened(answer) or UNKNOWN


def shortened(name: Any) -> str:
    """«А. П.» of a name, in whichever way it was asked."""
    if isinstance(name, Mapping):
        words = [str(name.get(part) or "") for part in ("given", "family")]
    else:
        words = str(name or "").split()
    letters = [next((sign for sign in word if sign.isalpha()), "") for word in words]
    return " ".join(f"{letter.upper()}." for letter in filter(None, letters[:MOST_INITIALS]))


def _corrected(cases: list[IntakeCase], fields: set[str]) -> dict[int, Amendment]:
    rows = Amendment.objects.filter(case__in=cases, field__in=fields).order_by("at", "pk")
    return {row.case_id: row for row in rows} if cases and fields else {}


_known: dict[int, str] = {}  # versions never change


def _fields(versions: set[int]) -> dict[int, str]:
    """The question that asks for the name, by version; empty when none does."""
    missing = versions - _known.keys()
    if missing:
        rows = FormVersion.objects.filter(pk__in=missing).values_list("pk", "schema")
        _known.update((pk, _name_field(schema)) for pk, schema in rows)
    return {version: _known.get(version, "") for version in versions}


def _name_field(schema: Mapping[str, Any]) -> str:
    nodes = list(_flat(node for step in lifted(dict(schema))["steps"] for node in step["fields"]))
    by_type = [node["key"] for node in nodes if node["type"] == "name"]
    texts = {node["key"] for node in nodes if node["type"] == "text" and node["personal"]}
    return next(iter([*by_type, *(key for key in NAME_KEYS if key in texts)]), "")


def _flat(nodes: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Questions outside of rows: the person of a row is not who has sent the form."""
    for node in nodes:
        if node["type"] == "group":
            yield from _flat(node["fields"])
        elif node["type"] != "repeat":
            yield node
