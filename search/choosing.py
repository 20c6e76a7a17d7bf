"""Fields of the desk that choose records by their titles: a catalogue is too long for a list.

Without script the same field is searched by a button that sends the form and saves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.forms import Media, Widget
from django.urls import reverse
from django.utils.translation import gettext as _

from catalogue.models import Category, Measure, Provider, Situation, Territory

MOST_FOUND = 20
LONGEST = 100  # characters that are looked for
CHOSEN_FROM: dict[str, type[models.Model]] = {
    "measures": Measure,
    "situations": Situation,
    "categories": Category,
    "providers": Provider,
    "territories": Territory,
}


@dataclass(frozen=True, slots=True)
class Record:
    """A record that can be chosen, and what tells it from others of the same title."""

    value: int
    title: str
    note: str = ""


def find_records(name: str, words: str) -> tuple[list[Record], bool]:
    """The records whose titles have all the words, and whether there are more of them."""
    rows = _rows(name)
    for word in words.replace("\0", "")[:LONGEST].split():
        rows = rows.filter(_has(name, word))
    found = list(rows.order_by("sort_key", "pk")[: MOST_FOUND + 1])
    return [_record(row) for row in found[:MOST_FOUND]], len(found) > MOST_FOUND


def records(name: str, values: Iterable[Any]) -> list[Record]:
    """The records of those primary keys, by title; what is no key of a record is left out."""
    pks = [int(value) for value in values if str(value).isdecimal() and int(value) < 2**63]
    rows = _rows(name).filter(pk__in=pks) if pks else []
    return [_record(row) for row in sorted(rows, key=lambda row: row.sort_key)]


def _rows(name: str) -> Any:
    model = CHOSEN_FROM[name]
    columns = {field.name for field in model._meta.get_fields()}
    shown = {"title", "full_name", "short_name", "sort_key", "kind", "live"} & columns
    return model._default_manager.only("pk", *shown)


def _has(name: str, word: str) -> models.Q:
    if name == "providers":
        return models.Q(short_name__icontains=word) | models.Q(full_name__icontains=word)
    return models.Q(title__icontains=word)


def _record(row: Any) -> Record:
    note = ""
    if isinstance(row, Measure) and not row.live:
        note = _("draft")
    elif isinstance(row, Territory):
        note = str(row.get_kind_display())
    return Record(row.pk, str(row), note)


class RecordsInput(Widget):
    """What is chosen as ticked boxes, and a box to look for more."""

    template_name = "search/desk/records.html"
    allow_multiple_selected = True
    choices: Any = ()  # never read: there may be a hundred thousand

    def __init__(self, name: str, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.records_of = name
        self.looked_for = ""

    @property
    def media(self) -> Media:
        return Media(js=["search/records.js"], css={"all": ["search/desk.css"]})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        self.looked_for = str(data.get(f"{name}-words", "")).strip()
        return data.getlist(name) if hasattr(data, "getlist") else data.get(name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False  # nothing ticked is an answer

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        chosen = records(self.records_of, value or ())
        found, more = find_records(self.records_of, self.looked_for) if self.looked_for else ([], 0)
        kept = {record.value for record in chosen}
        return context | {
            "chosen": chosen,
            "looked_for": self.looked_for,
            "found": [record for record in found if record.value not in kept],
            "more": more,
            "url": reverse("search_records:find", args=[self.records_of]),
        }
