"""Loads who takes referrals, and templates of routes. Made once; then they are the administrator's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StrictBool, StrictInt

from catalogue.loading.dataset import Reader, part
from catalogue.loading.rows import Row, Slug, filled, up_to
from catalogue.models import Provider, Situation
from cms.loading import Report, read_json
from desk.models import Receiver, RouteStep, RouteTemplate
from desk.models.routes import MOST_DAYS

ROUTES = "routes.json"
DATASET = Path(__file__).parent / "dataset"  # of this floor; a data set may bring its own
RECEIVER, TEMPLATE = "intake_desk.receiver", "intake_desk.routetemplate"

Days = Annotated[StrictInt, Field(ge=1, le=MOST_DAYS)]
Say = Callable[[str], None]


class ReceiverRow(Row):
    """No address here: where an organisation reads is known to the administrator."""

    provider: Slug
    days: Days
    note: Annotated[str, up_to(300)] = ""


class StepRow(Row):
    title: Annotated[str, filled(200)]
    provider: Slug
    days: Days
    after: StrictBool
    message: Annotated[str, up_to(1000)] = ""


class RouteRow(Row):
    title: Annotated[str, filled(200)]
    situation: Slug
    note: Annotated[str, up_to(2000)] = ""
    steps: list[StepRow]


def load(folder: Path, report: Report, say: Say) -> None:
    """Make what is missing. Rows of this floor's own file about organisations that are not in the
    data set are passed over; in a data set's own file they are refused.

    :raises cms.loading.DataSetError: the file is malformed.
    """
    is_own = not (folder / ROUTES).exists()
    place = DATASET if is_own else folder
    raw, reader = read_json(place, ROUTES, dict), Reader(place, report)
    receivers = reader.rows(
        ROUTES, ReceiverRow, lambda row: row.provider, part(raw, ROUTES, "receivers")
    )
    routes = reader.rows(ROUTES, RouteRow, lambda row: row.title, part(raw, ROUTES, "routes"))
    if report.refusals:
        return
    say("Передачи и маршруты")
    named = {row.provider for row in receivers} | {
        step.provider for row in routes for step in row.steps
    }
    providers = {row.slug: row for row in Provider.objects.filter(slug__in=named)}
    situations = {row.slug: row for row in Situation.objects.all()}
    for receiver in receivers:
        if _known(reader, receiver.provider, [receiver.provider], providers, is_own):
            _load_receiver(receiver, providers, report)
    for route in routes:
        wanted = [step.provider for step in route.steps] + [route.situation]
        if _known(reader, route.title, wanted, {**providers, **situations}, is_own):
            _load_route(route, providers, situations, report)


def _known(
    reader: Reader, key: str, wanted: Iterable[str], found: dict[str, Any], is_own: bool
) -> bool:
    missing = [slug for slug in wanted if slug not in found]
    if missing and not is_own:
        reader.refuse(ROUTES, key, f"нет в базе: {', '.join(missing)}")
    return not missing


def _load_receiver(row: ReceiverRow, providers: dict[str, Provider], report: Report) -> None:
    _receiver, made = Receiver.objects.get_or_create(
        provider=providers[row.provider],
        defaults={"answer_days": row.days, "note": row.note},
    )
    (report.created if made else report.unchanged)[RECEIVER] += 1


def _load_route(
    row: RouteRow,
    providers: dict[str, Provider],
    situations: dict[str, Situation],
    report: Report,
) -> None:
    if RouteTemplate.objects.filter(title=row.title).exists():
        report.unchanged[TEMPLATE] += 1
        return
    template = RouteTemplate(title=row.title, situation=situations[row.situation], note=row.note)
    template.steps = [
        RouteStep(
            sort_order=number,
            title=step.title,
            provider=providers[step.provider],
            days=step.days,
            after=step.after,
            message=step.message,
        )
        for number, step in enumerate(row.steps)
    ]
    template.full_clean()
    template.save()
    report.created[TEMPLATE] += 1
