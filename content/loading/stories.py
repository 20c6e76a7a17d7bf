"""Reads the stories of situations and the phones of a data set; refuses what does not fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StrictInt

from catalogue.loading.rows import SituationRow, Slug, filled, parse
from catalogue.models import Hotline, Measure, Situation
from cms.loading import Report, read_json

FILE = "situations.json"


class StepRow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    order: StrictInt
    what: Annotated[str, filled(200)]
    where: Annotated[str, filled(200)]
    measures: list[Slug]


class ContactRow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, filled(120)]
    phone: Annotated[str, filled(40)]


class StoryRow(SituationRow):
    """A situation with its story."""

    steps: list[StepRow]
    emergency_contacts: list[ContactRow]


@dataclass(frozen=True)
class Story:
    """A story whose references are found."""

    row: StoryRow
    situation_pk: int
    measure_pks: dict[str, int]


def read(folder: Path, report: Report) -> tuple[list[Story], list[Hotline]]:
    """The stories of a folder, and the published lines of the catalogue."""
    rows = list(_rows(folder, report))
    situations = dict(Situation.objects.values_list("slug", "pk"))
    measures = dict(Measure.objects.values_list("slug", "pk"))
    stories = []
    for number, row in rows:
        faults = list(_faults(row, {row.slug for _, row in rows}, situations, measures))
        for fault in faults:
            report.refuse(FILE, number, row.slug, fault)
        if not faults:
            named = {slug: measures[slug] for step in row.steps for slug in step.measures}
            stories.append(Story(row, situations[row.slug], named))
    return stories, list(Hotline.objects.public().select_related("territory").order_by("pk"))


def _rows(folder: Path, report: Report) -> Iterable[tuple[int, StoryRow]]:
    seen: set[str] = set()
    for number, raw in enumerate(read_json(folder, FILE), 1):
        row = parse(StoryRow, raw)
        if isinstance(row, str):
            key = raw.get("slug", "?") if isinstance(raw, dict) else "?"
            report.refuse(FILE, number, str(key), row)
        elif row.slug in seen:
            report.refuse(FILE, number, row.slug, "такая запись уже есть выше")
        else:
            seen.add(row.slug)
            yield number, row


def _faults(
    row: StoryRow, stories: set[str], situations: dict[str, int], measures: dict[str, int]
) -> Iterable[str]:
    if row.slug not in situations:
        yield "нет такой ситуации в каталоге"
    for step in row.steps:
        for slug in step.measures:
            if slug not in measures:
                yield f"шаг {step.order}: нет меры «{slug}»"
    for slug in row.related:
        if slug not in stories:
            yield f"нет связанной ситуации «{slug}»"
