"""Loads the synonyms of a data set: those of its glossary, and everyday words where it has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

from django.db import models
from pydantic import Field

from catalogue.loading.dataset import Reader
from catalogue.loading.reconcile import Wanted, reconcile
from catalogue.loading.rows import Row, Slug, filled
from catalogue.models import Category, Measure, Provider, Situation, Territory
from cms.loading import Report
from search.models import Synonym, SynonymKind

GLOSSARY = "synonyms.json"
EVERYDAY = "everyday_words.json"
_TARGETS: dict[str, type[models.Model]] = {
    "measures": Measure,
    "situations": Situation,
    "categories": Category,
    "providers": Provider,
    "territories": Territory,
}
_Name = Annotated[str, filled(120)]


class TargetsRow(Row):
    measures: list[Slug] = Field(default_factory=list)
    situations: list[Slug] = Field(default_factory=list)
    categories: list[Slug] = Field(default_factory=list)
    providers: list[Slug] = Field(default_factory=list)
    territories: list[Slug] = Field(default_factory=list)


class SynonymRow(Row):
    canonical: _Name
    terms: list[_Name]
    kind: SynonymKind = SynonymKind.COLLOQUIAL
    targets: TargetsRow = Field(default_factory=TargetsRow)


class EverydayRow(Row):
    """Words of every day that lead to a word of the catalogue, as a rule not back."""

    canonical: _Name
    terms: list[_Name]
    both_ways: bool = False
    targets: TargetsRow = Field(default_factory=TargetsRow)


def load(folder: Path, report: Report, say: Callable[[str], None]) -> None:
    """Bring the synonyms in step with the files of a folder; those edited by people stay.

    :raises cms.loading.DataSetError: a file is missing or malformed.
    """
    say("Синонимы для поиска")
    reader = Reader(folder, report)
    known = {
        name: dict(model._default_manager.values_list("slug", "pk"))
        for name, model in _TARGETS.items()
    }
    glossary = reader.rows(GLOSSARY, SynonymRow, lambda row: row.canonical)
    wanted = _wanted(GLOSSARY, glossary, known, reader)
    if (folder / EVERYDAY).exists():
        everyday = reader.rows(EVERYDAY, EverydayRow, lambda row: row.canonical)
        for row in everyday:
            if row.canonical in reader.places[GLOSSARY]:
                reader.refuse(EVERYDAY, row.canonical, f"такое слово уже есть в {GLOSSARY}")
        wanted += _wanted(EVERYDAY, everyday, known, reader)
    if not report.refusals:
        reconcile(Synonym, wanted, report, natural=["canonical"])


def _wanted(
    file: str,
    rows: list[SynonymRow] | list[EverydayRow],
    known: Mapping[str, Mapping[str, int]],
    reader: Reader,
) -> list[Wanted]:
    wanted = []
    for row in rows:
        links = {}
        for name, slugs in row.targets:
            unknown = [slug for slug in slugs if slug not in known[name]]
            if unknown:
                reader.refuse(file, row.canonical, f"нет такой записи: {', '.join(unknown)}")
            links[name] = [
                known[name][slug] for slug in dict.fromkeys(slugs) if slug not in unknown
            ]
        wanted.append(
            Wanted(
                key=row.canonical,
                fields={
                    "canonical": row.canonical,
                    "terms": list(dict.fromkeys(row.terms)),
                    "kind": row.kind.value
                    if isinstance(row, SynonymRow)
                    else SynonymKind.COLLOQUIAL.value,
                    "one_way": isinstance(row, EverydayRow) and not row.both_ways,
                },
                links=links,
            )
        )
    return wanted
