"""What of a case somebody was shown, in words: the log itself holds codes only."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk import masks
from desk.exports import making
from desk.views.page import WISHES
from forms.compiling import lifted, nodes_of
from forms.granting import GLASS
from forms.models import AccessLog, FormVersion, Register

_KNOWN: dict[str, Any] = {
    "answers": gettext_lazy("the page of the case"),
    "export": gettext_lazy("the copy for the person"),
    making.WHAT: gettext_lazy("a table of many cases"),
    "file": gettext_lazy("a file"),
    "receipt": gettext_lazy("a new secret code"),
    "paper": gettext_lazy("the print for the family"),
    "referral": gettext_lazy("what was handed over to a partner"),
    WISHES: gettext_lazy("how to reach the family"),
    masks.EVERYTHING: gettext_lazy("all answers without masks"),
    "facts": gettext_lazy("what is known of the family"),
    GLASS: gettext_lazy("a closed case was opened"),
}
_KINDS: dict[str, Any] = {  # what stands before a key
    "diagnosis": gettext_lazy("the primary diagnosis"),
    "urgent": gettext_lazy("urgent help"),
}
_OF_REGISTERS = ("register", "journal")


def in_words(rows: Iterable[AccessLog], seen: Container[int] | None = None) -> dict[int, str]:
    """By the keys of the rows; two queries at most.

    :param rows: each with its case and submission.
    :param seen: keys of the cases that the reader may see; none: all. Of the others a question or
        the name of a journal would tell what they are about.
    """
    found = list(rows)
    told = [row for row in found if seen is None or row.case_id in seen]
    registers = _registers(told)
    asked = _questions(row for row in told if not _is_known(row.what))
    said = {row.pk: _said(row, registers, asked) for row in told}
    return {row.pk: said.get(row.pk) or _of_closed(row) for row in found}


def _of_closed(row: AccessLog) -> str:
    return str(_KNOWN.get(row.what) or _("a part of it"))


def _said(row: AccessLog, registers: Mapping[str, str], asked: Mapping[int, Any]) -> str:
    kind, _sign, key = row.what.partition(":")
    if row.what in _KNOWN:
        return str(_KNOWN[row.what])
    if kind in _OF_REGISTERS:
        return _("“%(register)s”") % {"register": registers.get(key, key)}
    if kind in _KINDS:
        return str(_KINDS[kind])
    labels = asked.get(row.case.submission.version_id, {})
    return _("an answer: %(key)s") % {"key": labels.get(row.what.rpartition(".")[2], row.what)}


def _is_known(what: str) -> bool:
    kind = what.partition(":")[0]
    return what in _KNOWN or kind in _OF_REGISTERS or kind in _KINDS


def _registers(rows: Iterable[AccessLog]) -> dict[str, str]:
    parts = [row.what.partition(":") for row in rows]
    keys = {key for kind, _sign, key in parts if kind in _OF_REGISTERS and key.isdecimal()}
    if not keys:
        return {}
    return {
        str(pk): title
        for pk, title in Register.objects.filter(pk__in=keys).values_list("pk", "title")
    }


def _questions(rows: Iterable[AccessLog]) -> dict[int, dict[str, str]]:
    """Words of the questions by key, for each version that was asked."""
    keys = {row.case.submission.version_id for row in rows}
    if not keys:
        return {}
    return {
        version.pk: {
            node["key"]: node["label"]
            for node in nodes_of(lifted(version.schema))
            if node.get("key")
        }
        for version in FormVersion.objects.filter(pk__in=keys)
    }
