"""Loads the signs of risk and the kinds of urgent help; once made they belong to the people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import Field, StrictBool

from catalogue.loading.dataset import Reader, part
from catalogue.loading.rows import Key, Row, Slug, filled, up_to
from catalogue.models import Fact, Measure
from cms.loading import Report, read_json
from desk.models import RiskSign, SignGroup, UrgentHelpKind

FILE = "primary_diagnosis.json"
DATASET = Path(__file__).parent / "dataset"  # of this floor; a data set may bring its own


class KindRow(Row):
    slug: Slug
    title: Annotated[str, filled(200)]
    by_law: Annotated[str, up_to(200)] = ""


class SignRow(Row):
    slug: Slug
    title: Annotated[str, filled(200)]
    group: SignGroup
    weight: Annotated[int, Field(ge=1, le=5)]
    urgent: StrictBool
    advice: Annotated[str, up_to(400)] = ""
    help: list[Slug]
    measures: list[Slug]
    fact: Key | None = None


def load(folder: Path, report: Report, say: Callable[[str], None]) -> None:
    reader = Reader(folder if (folder / FILE).exists() else DATASET, report)
    whole = read_json(reader.folder, FILE, dict)
    kinds = reader.rows(FILE, KindRow, lambda row: row.slug, part(whole, FILE, "kinds"))
    signs = reader.rows(FILE, SignRow, lambda row: row.slug, part(whole, FILE, "signs"))
    if report.refusals:
        return
    say("Первичная диагностика")
    for place, kind in enumerate(kinds, start=1):
        _load_kind(kind, place * 10, report)
    for place, sign in enumerate(signs, start=1):
        _load_sign(sign, place * 10, report)


def _load_kind(row: KindRow, position: int, report: Report) -> None:
    values = {"title": row.title, "by_law": row.by_law, "position": position}
    _kind, made = UrgentHelpKind.objects.get_or_create(slug=row.slug, defaults=values)
    _count(report, "intake_desk.urgenthelpkind", made=made)


def _load_sign(row: SignRow, position: int, report: Report) -> None:
    values = {
        "title": row.title,
        "group": row.group,
        "weight": row.weight,
        "urgent": row.urgent,
        "advice": row.advice,
        "position": position,
        "fact": Fact.objects.filter(field=row.fact).first() if row.fact else None,
    }
    sign, made = RiskSign.objects.get_or_create(slug=row.slug, defaults=values)
    if made:
        sign.help_kinds.set(UrgentHelpKind.objects.filter(slug__in=row.help))
        sign.measures.set(Measure.objects.filter(slug__in=row.measures))
    _count(report, "intake_desk.risksign", made=made)


def _count(report: Report, kind: str, *, made: bool) -> None:
    (report.created if made else report.unchanged)[kind] += 1
