"""The steps of a story with their measures, all fetched at once, those of the family's place first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils import timezone
from wagtail.blocks import StreamValue
from wagtail.rich_text import RichText

from catalogue.models import Measure, Territory


@dataclass(frozen=True)
class Card:
    """A measure as a step shows it.

    `summary` stands in for the sum where help costs nothing or the sum is not known; `where` names
    the territories when they are not the whole country.
    """

    slug: str
    title: str
    url: str
    summary: str
    amount: str
    where: str
    doubtful: bool


@dataclass(frozen=True)
class Step:
    number: int
    what: str
    where: str
    text: RichText
    here: list[Card] = field(default_factory=list)
    elsewhere: list[Card] = field(default_factory=list)


def tell(steps: StreamValue, place: Territory | None) -> list[Step]:
    """The steps of a story; with a place chosen, measures of other places stand apart."""
    rows = [each["value"] for each in steps.raw_data]
    chosen = [[item["value"] for item in row.get("measures", [])] for row in rows]
    measures = _public({key for keys in chosen for key in keys})
    return [
        _step(number, row, [measures[key] for key in keys if key in measures], place)
        for number, (row, keys) in enumerate(zip(rows, chosen, strict=True), 1)
    ]


def _public(keys: set[int]) -> dict[int, Measure]:
    """Published measures that still take applications, with what a card shows."""
    found = Measure.objects.public().open_on(timezone.localdate()).filter(pk__in=keys)
    return {
        measure.pk: measure
        for measure in found.defer("rules").prefetch_related("amounts", "territories")
    }


def _step(
    number: int, row: dict[str, str], measures: Sequence[Measure], place: Territory | None
) -> Step:
    step = Step(number, row["what"], row.get("where", ""), RichText(row.get("text") or ""))
    for measure in measures:
        territories = list(measure.territories.all())
        side = step.here if _works_in(territories, place) else step.elsewhere
        side.append(_card(measure, territories))
    return step


def _works_in(territories: Sequence[Territory], place: Territory | None) -> bool:
    """In force in the place, or in a part of it; without territories, everywhere."""
    return (
        place is None
        or not territories
        or any(
            each.pk in place.ancestor_ids or place.pk in each.ancestor_ids for each in territories
        )
    )


def _card(measure: Measure, territories: Sequence[Territory]) -> Card:
    amount = next((each.text for each in measure.amounts.all() if each.number != 0), "")
    return Card(
        slug=measure.slug,
        title=measure.title,
        url=measure.get_absolute_url(),
        summary="" if amount else measure.summary,
        amount=amount,
        where=_where(territories),
        doubtful=bool(amount) and not measure.is_verified,
    )


def _where(territories: Sequence[Territory]) -> str:
    """The widest territories in words; nothing for what works in the whole country."""
    widest = min((each.depth for each in territories), default=0)
    if not widest:
        return ""
    return ", ".join(each.title for each in territories if each.depth == widest)
