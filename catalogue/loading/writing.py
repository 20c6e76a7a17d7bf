"""Writes a checked data set into the database, dictionaries first, in a few queries for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.db import models
from django.utils import timezone
from wagtail.models import Site

from catalogue import rules
from catalogue.compiling import compile_rules
from catalogue.loading import rows
from catalogue.loading.citations import act_of, acts_of
from catalogue.loading.dataset import (
    DataSet,
    indicator_key,
    office_key,
    shape_of,
    variants_of,
)
from catalogue.loading.reconcile import Outcome, Wanted, reconcile
from catalogue.models import (
    Category,
    DocumentType,
    Fact,
    Hotline,
    Indicator,
    LegalAct,
    Measure,
    Office,
    Provider,
    SampleFamily,
    Situation,
    Territory,
)
from catalogue.tasks import index_usage
from cms.loading import Report
from cms.models import SiteSettings

_CENTRE = re.compile(r"\bсмфц\b|семейн\w+ мфц|семейн\w+ многофункциональн", re.IGNORECASE)
_FILES: dict[str, tuple[type[models.Model], str]] = {
    "territories.json": (Territory, "slug"),
    "categories.json": (Category, "slug"),
    "situations.json": (Situation, "slug"),
    "facts.json": (Fact, "field"),
    "providers.json": (Provider, "slug"),
    "hotlines.json": (Hotline, "slug"),
    "measures.json": (Measure, "slug"),
}


def known_slugs() -> dict[str, set[str]]:
    """Slugs that the database already has, by the file that such rows come in."""
    return {
        file: set(model._default_manager.values_list(name, flat=True))
        for file, (model, name) in _FILES.items()
    }


class Writer:
    """One load. Each step needs the records of those before it."""

    def __init__(self, data: DataSet, report: Report, say: Callable[[str], None]) -> None:
        self.data = data
        self.report = report
        self.say = say

    def write(self) -> None:
        self._territories()
        self.categories = self._plain(Category, self.data.categories)
        self._situations()
        self._facts()
        self._providers()
        self._offices()
        self._hotlines()
        self._acts_and_papers()
        self._measures()
        self._indicators()
        self._plain(SampleFamily, self.data.families)
        self._site()
        if self.report.created or self.report.changed:
            index_usage.defer()

    def _territories(self) -> None:
        self.say("Территории, категории семей, ситуации")
        locatives = self.data.words.territories if self.data.words else {}
        self.territories = reconcile(
            Territory,
            [
                Wanted(
                    row.slug,
                    _columns(row, "slug title kind okato oktmo aliases source note")
                    | {"locative": locatives.get(row.slug, "")},
                    within=row.parent,
                )
                for row in self.data.territories
            ],
            self.report,
            parent="parent_id",
        )

    def _plain(self, model: type[Any], records: Iterable[Any]) -> Outcome[Any]:
        """Rows whose fields are the columns, one to one."""
        wanted = [Wanted(row.slug, row.model_dump()) for row in records]
        return reconcile(model, wanted, self.report)

    def _situations(self) -> None:
        self.situations = reconcile(
            Situation,
            [
                Wanted(
                    row.slug,
                    _columns(row, "slug title who urgent synonyms source") | {"summary": row.lead},
                    links={"categories": _pks(self.categories, row.categories)},
                )
                for row in self.data.situations
            ],
            self.report,
        )

    def _facts(self) -> None:
        self.say("Сведения о семье")
        self.facts = reconcile(
            Fact,
            [self._fact(place, row) for place, row in enumerate(self.data.facts, 1)],
            self.report,
            natural=("field",),
            parent="derived_from_id",
        )

    def _fact(self, place: int, row: rows.FactRow) -> Wanted:
        said = (self.data.words.facts if self.data.words else {}).get(row.field)
        said = said or rows.FactWordsRow()
        return Wanted(
            row.field,
            _columns(row, "field type title question help per_child sensitive unit")
            | {"minimum": row.min, "maximum": row.max, "position": place}
            | {"words": said.words or "", "words_no": said.no or ""}
            | {"counted": said.counted.value, "unit_forms": said.units or ""},
            children={
                "options": [
                    {
                        "value": option.value,
                        "label": option.label,
                        "words": said.options.get(option.value, ""),
                    }
                    for option in row.options or []
                ]
            },
            within=row.derived_from,
        )

    def _providers(self) -> None:
        self.say("Организации, пункты приёма, телефоны")
        self.providers = reconcile(
            Provider,
            [
                Wanted(
                    row.slug,
                    _columns(
                        row, "slug full_name short_name kind is_group website aliases source note"
                    )
                    | {"is_centre": has_desk(row)},
                    links={"territories": [self.territories.pk(row.territory)]},
                    within=row.parent,
                )
                for row in self.data.providers
            ],
            self.report,
            parent="parent_id",
        )

    def _offices(self) -> None:
        reconcile(
            Office,
            [
                Wanted(
                    office_key(row),
                    _columns(
                        row,
                        "title settlement address phones email website hours"
                        " coordinates_precision contact verified verified_fields stale source note",
                    )
                    | _as_is(row, "hours_structured lat lon as_of")
                    | {"provider_id": self.providers.pk(row.provider)}
                    | {"territory_id": self.territories.pk(row.territory)},
                )
                for row in self.data.offices
            ],
            self.report,
            natural=("provider_id", "territory_id", "title"),
        )

    def _hotlines(self) -> None:
        hotlines = reconcile(
            Hotline,
            [
                Wanted(
                    row.slug,
                    _columns(
                        row, "slug title phone kind for_whom hours publish verified source note"
                    )
                    | _as_is(row, "as_of")
                    | {"territory_id": self.territories.pk(row.territory)},
                )
                for row in self.data.hotlines
            ],
            self.report,
        )
        primary = self.data.fallback.primary if self.data.fallback else {}
        changed = []
        for slug, hotline in primary.items():
            territory = self.territories.record(slug)
            # Only where nobody has chosen a line: the choice of people stays.
            if territory.primary_hotline_id is None:
                territory.primary_hotline_id = hotlines.pk(hotline)
                changed.append(territory)
        Territory.objects.bulk_update(changed, ["primary_hotline"])

    def _acts_and_papers(self) -> None:
        self.say("Правовые акты и документы")
        acts = acts_of(text for row in self.data.measures for text in row.legal_basis)
        self.acts = reconcile(
            LegalAct,
            [
                Wanted(
                    key,
                    {"title": act.title, "kind": act.kind, "number": act.number, "date": act.date},
                )
                for key, act in acts.items()
            ],
            self.report,
            natural=("title",),
        )
        names = dict.fromkeys(name for row in self.data.measures for name in row.documents)
        self.papers = reconcile(
            DocumentType,
            [Wanted(name, {"name": name}) for name in names],
            self.report,
            natural=("name",),
        )

    def _measures(self) -> None:
        self.say(f"Меры: {len(self.data.measures)}")
        now = timezone.now()
        self.shapes = {row.field: shape_of(row) for row in self.data.facts}
        self.known_measures = dict(Measure.objects.values_list("slug", "pk"))
        outcome = reconcile(
            Measure,
            [self._measure(row) for row in self.data.measures],
            self.report,
            edited=Measure.objects.filter(latest_revision__isnull=False).values_list(
                "pk", flat=True
            ),
            initial={"first_published_at": now, "last_published_at": now},
        )
        written = [outcome.records[key] for key in outcome.written]
        if written:
            self.say("Условия мер")
            compile_rules(written)
            changed = [measure.pk for measure in written]
            Measure.objects.filter(pk__in=changed).update(last_published_at=now)

    def _measure(self, row: rows.MeasureRow) -> Wanted:
        amount = row.amount
        return Wanted(
            row.slug,
            _columns(
                row,
                "slug title kind summary who excludes_note apply_note source verification"
                " verification_note synonyms",
            )
            | _as_is(
                row,
                "deadline_days valid_from valid_to apply_from apply_to apply_yearly as_of"
                " as_of_estimated stale",
            )
            | {"levels": [level.value for level in row.levels]}
            | {"rules": rules.write(variants_of(row), self.shapes)},
            links={
                name: _pks(getattr(self, name), getattr(row, name))
                for name in ("territories", "situations", "categories", "providers")
            }
            | {"excludes": [self.known_measures.get(slug, slug) for slug in row.excludes]},
            children={
                "amounts": [
                    _columns(amount, "text currency period")
                    | _as_is(amount, "number as_of valid_to")
                ]
                if amount
                else [],
                "documents": [
                    {"document_type_id": self.papers.pk(name), "note": ""} for name in row.documents
                ],
                "steps": [
                    {"channel": step.channel.value, "text": step.text} for step in row.how_to_apply
                ],
                "legal_basis": [
                    {"act_id": self.acts.pk(act_of(text).key), "citation": text}
                    for text in row.legal_basis
                ],
            },
        )

    def _indicators(self) -> None:
        self.say("Показатели и образцы семей")
        reconcile(
            Indicator,
            [
                Wanted(
                    indicator_key(row),
                    _columns(row, "table group name unit note")
                    | {"number": row.no or "", "parent_number": row.parent or ""}
                    | {"source": row.seed, "values": [value.model_dump() for value in row.values]},
                )
                for row in self.data.indicators
            ],
            self.report,
            natural=("source", "table", "number", "name"),
        )

    def _site(self) -> None:
        """The words for «no address», unless somebody has written their own."""
        site = Site.objects.filter(is_default_site=True).first()
        if site is None or self.data.fallback is None:
            return
        default = SiteSettings._meta.get_field("no_address_text").default
        settings = SiteSettings.objects.filter(site=site).first() or SiteSettings(site=site)
        text = self.data.fallback.text
        if settings.no_address_text == default and text != default:
            settings.no_address_text = text
            settings.save()


def has_desk(row: rows.ProviderRow) -> bool:
    """A family centre with a desk of its own: by kind, or where its aliases or note say so.

    A department of another organisation answers at the desk of that organisation.
    """
    said = " ".join([*row.aliases, row.note or ""])
    family_centre = row.kind.value == "family_mfc" or bool(_CENTRE.search(said))
    return family_centre and not row.is_group and row.parent is None


def _columns(row: rows.Row, names: str) -> dict[str, Any]:
    """Columns of text and lists by the names of fields; nothing becomes an empty text."""
    values = {name: getattr(row, name) for name in names.split()}
    return {
        name: "" if value is None else getattr(value, "value", value)
        for name, value in values.items()
    }


def _as_is(row: rows.Row, names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names.split()}


def _pks(outcome: Outcome[Any], keys: Iterable[str]) -> list[int]:
    return [outcome.pk(key) for key in keys]
