"""What this floor answers to other systems: the stories of life situations."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema
from ninja.decorators import decorate_view

from cms.api_errors import ErrorOut
from cms.page_cache import same_for_everybody
from content.links import stories
from content.models import LifeSituationPage
from content.story import tell

router = Router(tags=["situations"])


class SituationOut(Schema):
    slug: str
    title: str
    lead: str
    who: str
    urgent: bool
    url: str


class MeasureOut(Schema):
    slug: str
    title: str
    url: str


class StepOut(Schema):
    number: int
    what: str
    where: str
    measures: list[MeasureOut]


class PhoneOut(Schema):
    title: str
    phone: str
    note: str = ""


class StoryOut(SituationOut):
    steps: list[StepOut]
    emergency_contacts: list[PhoneOut]
    related: list[str]


@router.get("/situations", response=list[SituationOut], summary="Жизненные ситуации")
@decorate_view(same_for_everybody)
def situations(request: HttpRequest) -> list[SituationOut]:
    """Every published story, in the order of the portal."""
    return [SituationOut(**_told_shortly(page, request)) for page in stories()]


@router.get(
    "/situations/{slug:slug}",
    response={200: StoryOut, 404: ErrorOut},
    summary="Жизненная ситуация: шаги и меры",
)
@decorate_view(same_for_everybody)
def situation(request: HttpRequest, slug: str) -> StoryOut:
    """A story with its steps and their published measures."""
    page = stories().filter(situation__slug=slug).first()
    if page is None:
        raise Http404
    related = [each["value"] for each in page.related.raw_data]
    return StoryOut(
        **_told_shortly(page, request),
        steps=[
            StepOut(
                number=step.number,
                what=step.what,
                where=step.where,
                measures=[
                    MeasureOut(
                        slug=card.slug,
                        title=card.title,
                        url=request.build_absolute_uri(card.url),
                    )
                    for card in step.here
                ],
            )
            for step in tell(page.steps, place=None)
        ],
        emergency_contacts=[PhoneOut(**each["value"]) for each in page.phones.raw_data],
        related=list(stories().filter(pk__in=related).values_list("situation__slug", flat=True)),
    )


def _told_shortly(page: LifeSituationPage, request: HttpRequest) -> dict[str, Any]:
    return {
        "slug": page.situation.slug,
        "title": page.title,
        "lead": page.lead,
        "who": page.who,
        "urgent": page.situation.urgent,
        "url": request.build_absolute_uri(page.get_url(request)),
    }
