"""Loads what a data set teaches search: synonyms of its glossary, everyday words, intents.

The last two may be missing.
"""

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
from search.lexicon import alternatives
from search.models import LONGEST_LINE, Intent, Synonym, SynonymKind

GLOSSARY = "synonyms.json"
EVERYDAY = "everyday_words.json"
INTENTS = "intents.json"
_TARGETS: dict[str, type[models.Model]] = {
    "measures": Measure,
    "situations": Situation,
    "categories": Category,
    "providers": Provider,
    "territories": Territory,
}
_Name = Annotated[str, filled(120)]


class RecordsRow(Row):
    measures: list[Slug] = Field(default_factory=list)
    situations: list[Slug] = Field(default_factory=list)
    categories: list[Slug] = Field(default_factory=list)
    providers: list[Slug] = Field(default_factory=list)

    def are_any(self) -> bool:
        return any(slugs for _, slugs in self)


class TargetsRow(RecordsRow):
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


class IntentRow(Row):
    """What a query means: a list of alternatives for each set of words that has to stand in it.

    It leads to records, or it is foreign: a question that the portal has nothing for.
    """

    title: _Name
    words: list[list[_Name]]
    examples: list[Annotated[str, filled(200)]] = Field(default_factory=list)
    targets: RecordsRow = Field(default_factory=RecordsRow)
    foreign: bool = False


def load(folder: Path, report: Report, say: Callable[[str], None]) -> None:
    """Bring synonyms and intents in step with the files of a folder; those edited by people stay.

    :raises cms.loading.DataSetError: a file is missing or malformed.
    """
    say("Синонимы и правила смысла для поиска")
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
    intents = _wanted_intents(reader, known) if (folder / INTENTS).exists() else []
    if not report.refusals:
        reconcile(Synonym, wanted, report, natural=["canonical"])
        reconcile(Intent, intents, report, natural=["title"])


def _wanted(
    file: str,
    rows: list[SynonymRow] | list[EverydayRow],
    known: Mapping[str, Mapping[str, int]],
    reader: Reader,
) -> list[Wanted]:
    return [
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
            links=_links(file, row.canonical, row.targets, known, reader),
        )
        for row in rows
    ]


def _wanted_intents(reader: Reader, known: Mapping[str, Mapping[str, int]]) -> list[Wanted]:
    wanted = []
    for row in reader.rows(INTENTS, IntentRow, lambda row: row.title):
        lines = [", ".join(dict.fromkeys(words)) for words in row.words]
        for line, words in zip(lines, row.words, strict=True):
            if not words or not all(alternatives(word) for word in words):
                reader.refuse(INTENTS, row.title, f"нет слов, по которым ищут: {line}")
            if len(line) > LONGEST_LINE:
                reader.refuse(INTENTS, row.title, f"длиннее {LONGEST_LINE} знаков: {line[:40]}…")
        if not lines:
            reader.refuse(INTENTS, row.title, "нет слов, по которым ищут")
        if row.foreign and row.targets.are_any():
            reader.refuse(INTENTS, row.title, "«foreign» и записи сразу: нужно что-то одно")
        if not row.foreign and not row.targets.are_any():
            reader.refuse(INTENTS, row.title, "никуда не ведёт и не отмечено как «foreign»")
        wanted.append(
            Wanted(
                key=row.title,
                fields={
                    "title": row.title,
                    "words": lines,
                    "examples": row.examples,
                    "is_foreign": row.foreign,
                },
                links=_links(INTENTS, row.title, row.targets, known, reader),
            )
        )
    return wanted


def _links(
    file: str,
    key: str,
    targets: RecordsRow,
    known: Mapping[str, Mapping[str, int]],
    reader: Reader,
) -> dict[str, list[int]]:
    links = {}
    for name, slugs in targets:
        unknown = [slug for slug in slugs if slug not in known[name]]
        if unknown:
            reader.refuse(file, key, f"нет такой записи: {', '.join(unknown)}")
        links[name] = [known[name][slug] for slug in dict.fromkeys(slugs) if slug not in unknown]
    return links
