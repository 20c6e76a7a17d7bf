"""What this floor answers to other systems: a measure in full, facts about a family, territories."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema
from ninja.decorators import decorate_view
from ninja.errors import ValidationError

from catalogue.models import Fact, Hotline, Measure, Office, Territory
from catalogue.rules import Rule
from catalogue.where import is_sure, where_to_go
from catalogue.words import Line, describe, published_rules, vocabulary
from cms.api_errors import ErrorOut, InvalidOut
from cms.page_cache import same_for_everybody

router = Router(tags=["catalogue"])


class TermOut(Schema):
    slug: str
    title: str


class AmountOut(Schema):
    text: str
    number: Decimal | None = Field(None, description="Только если сумма одна для всех.")
    currency: str
    period: str
    as_of: datetime.date | None
    valid_to: datetime.date | None


class RequiredDocumentOut(Schema):
    name: str
    note: str


class ApplicationStepOut(Schema):
    channel: str
    channel_title: str
    text: str


class LegalBasisOut(Schema):
    citation: str
    title: str
    kind: str
    number: str
    date: datetime.date | None
    url: str


class ConditionOut(Schema):
    """A condition as a record; `value` has the type of the fact."""

    field: str
    operator: str
    value: Any
    note: str
    valid_from: datetime.date | None
    valid_to: datetime.date | None


class SaidConditionOut(Schema):
    text: str
    note: str


class ConditionsOut(Schema):
    """Who gets it. One group of `groups` that holds is enough; no groups or an empty one: everybody.

    `common` and `variants` say the same in words: all of `common`, and one of the `variants`.
    """

    for_everybody: bool
    groups: list[list[ConditionOut]]
    common: list[SaidConditionOut]
    variants: list[list[SaidConditionOut]]


class OfficeOut(Schema):
    """HSDS: location."""

    title: str
    organization: TermOut
    address: str
    settlement: str
    phones: list[str]
    email: str
    website: str
    hours: str
    latitude: Decimal | None
    longitude: Decimal | None
    is_verified: bool = Field(description="Ложь – уточните перед поездкой.")


class HotlineOut(Schema):
    title: str
    phone: str
    hours: str
    for_whom: str


class WindowOut(Schema):
    """When applications are taken; outside the window the right stays."""

    first: datetime.date | None
    last: datetime.date | None
    yearly: bool
    note: str


class VerificationOut(Schema):
    kind: str
    title: str
    is_verified: bool
    is_stale: bool
    as_of: datetime.date | None
    checked_on: datetime.date | None


class FullMeasureOut(Schema):
    """HSDS: service."""

    slug: str
    title: str
    url: str
    kind: str
    kind_title: str
    summary: str
    who: str
    levels: list[str]
    synonyms: list[str]
    conditions: ConditionsOut
    amounts: list[AmountOut]
    required_documents: list[RequiredDocumentOut]
    steps: list[ApplicationStepOut]
    deadline_days: int | None = Field(description="Рабочих дней.")
    legal_basis: list[LegalBasisOut]
    territories: list[TermOut]
    situations: list[TermOut]
    categories: list[TermOut]
    organizations: list[TermOut]
    not_given_with: list[TermOut]
    not_given_with_note: str
    valid_from: datetime.date | None
    valid_to: datetime.date | None
    window: WindowOut
    verification: VerificationOut
    locations: list[OfficeOut] = Field(description="Ближайшие к territory, если она названа.")
    hotlines: list[HotlineOut]


class OptionOut(Schema):
    value: str
    label: str


class FactOut(Schema):
    """Something to ask a family about; the vocabulary of conditions."""

    field: str
    type: str
    title: str
    question: str
    help: str
    unit: str
    minimum: Decimal | None
    maximum: Decimal | None
    per_child: bool
    sensitive: bool
    derived_from: str | None
    options: list[OptionOut]


class TerritoryOut(Schema):
    slug: str
    title: str
    kind: str
    parent: str | None
    oktmo: str


@router.get(
    "/measures/{slug:slug}",
    response={200: FullMeasureOut, 404: ErrorOut, 422: InvalidOut},
    summary="Мера целиком",
)
@decorate_view(same_for_everybody)
def measure(
    request: HttpRequest, slug: str, territory: Annotated[str, Query(max_length=80)] = ""
) -> dict[str, Any]:
    """A published measure. With `territory`, its offices are those near that place."""
    found = Measure.objects.public().filter(slug=slug).first()
    if found is None:
        raise Http404
    territories = list(found.territories.all())
    where = where_to_go(found, [_place(territory)] if territory else territories)
    return {
        **_columns(found),
        "url": request.build_absolute_uri(found.get_absolute_url()),
        "kind_title": found.get_kind_display(),
        "conditions": _conditions(found),
        "amounts": list(found.amounts.all()),
        "required_documents": [
            {"name": paper.document_type.name, "note": paper.note}
            for paper in found.documents.select_related("document_type")
        ],
        "steps": [
            {
                "channel": step.channel,
                "channel_title": step.get_channel_display(),
                "text": step.text,
            }
            for step in found.steps.all()
        ],
        "legal_basis": [_law(basis) for basis in found.legal_basis.select_related("act")],
        "territories": territories,
        "situations": list(found.situations.all()),
        "categories": list(found.categories.all()),
        "organizations": [_organization(provider) for provider in where.all_providers],
        "not_given_with": [other for other in found.excludes.all() if other.is_public],
        "not_given_with_note": found.excludes_note,
        "window": _window(found),
        "verification": _verification(found),
        "locations": [_location(office) for office in (*where.offices, *where.more_offices)],
        "hotlines": [_line(hotline) for hotline in where.hotlines],
    }


@router.get("/facts", response=list[FactOut], summary="Сведения о семье: о чём спрашиваем")
@decorate_view(same_for_everybody)
def facts(request: HttpRequest) -> list[dict[str, Any]]:
    """Every fact in use, in the order in which it is asked."""
    rows = Fact.objects.in_use().select_related("derived_from").prefetch_related("options")
    return [
        {
            **{name: getattr(fact, name) for name in _FACT_COLUMNS},
            "derived_from": fact.derived_from and fact.derived_from.field,
            "options": list(fact.options.all()),
        }
        for fact in rows
    ]


@router.get("/territories", response=list[TerritoryOut], summary="Территории")
@decorate_view(same_for_everybody)
def territories(request: HttpRequest) -> list[dict[str, Any]]:
    """The tree of territories: the country, regions, districts, settlements."""
    rows = Territory.objects.order_by("depth", "sort_key").values(
        "slug", "title", "kind", "parent__slug", "oktmo"
    )
    return [{**row, "parent": row["parent__slug"]} for row in rows]


_FACT_COLUMNS = (
    "field",
    "type",
    "title",
    "question",
    "help",
    "unit",
    "minimum",
    "maximum",
    "per_child",
    "sensitive",
)
_MEASURE_COLUMNS = (
    "slug",
    "title",
    "kind",
    "summary",
    "who",
    "levels",
    "synonyms",
    "deadline_days",
    "valid_from",
    "valid_to",
)


def _columns(found: Measure) -> dict[str, Any]:
    return {name: getattr(found, name) for name in _MEASURE_COLUMNS}


def _place(slug: str) -> Territory:
    place = Territory.objects.filter(slug=slug).first() if "\0" not in slug else None
    if place is None:
        raise ValidationError([{"type": "unknown", "loc": ("query", "territory")}])
    return place


def _conditions(found: Measure) -> dict[str, Any]:
    variants = published_rules(found)
    said = describe(variants, vocabulary(variants), timezone.localdate())
    return {
        "for_everybody": said.for_everybody,
        "groups": [[_record(rule) for rule in variant] for variant in variants],
        "common": [_said(line) for line in said.common],
        "variants": [[_said(line) for line in variant] for variant in said.variants],
    }


def _record(rule: Rule) -> dict[str, Any]:
    return {
        "field": rule.fact,
        "operator": rule.operator,
        "value": rule.value,
        "note": rule.note,
        "valid_from": rule.valid_from,
        "valid_to": rule.valid_to,
    }


def _said(line: Line) -> dict[str, str]:
    return {"text": line.text, "note": line.note}


def _window(found: Measure) -> dict[str, Any]:
    return {
        "first": found.apply_from,
        "last": found.apply_to,
        "yearly": found.apply_yearly,
        "note": found.apply_note,
    }


def _verification(found: Measure) -> dict[str, Any]:
    return {
        "kind": found.verification,
        "title": found.get_verification_display(),
        "is_verified": found.is_verified,
        "is_stale": found.stale,
        "as_of": found.as_of,
        "checked_on": found.verified_on,
    }


def _law(basis: Any) -> dict[str, Any]:
    act = basis.act
    return {
        "citation": basis.citation,
        "title": act.title,
        "kind": act.kind,
        "number": act.number,
        "date": act.date,
        "url": act.url,
    }


def _organization(provider: Any) -> dict[str, str]:
    return {"slug": provider.slug, "title": provider.short_name}


def _location(office: Office) -> dict[str, Any]:
    return {
        "title": office.title,
        "organization": _organization(office.provider),
        "address": office.address,
        "settlement": office.settlement,
        "phones": office.phones,
        "email": office.email,
        "website": office.website,
        "hours": office.hours,
        "latitude": office.lat,
        "longitude": office.lon,
        "is_verified": is_sure(office),
    }


def _line(hotline: Hotline) -> dict[str, str]:
    return {
        "title": hotline.title,
        "phone": hotline.phone,
        "hours": hotline.hours,
        "for_whom": hotline.for_whom,
    }
