"""What of the database goes into the index: the public text of measures, situations, providers.

Only what families may see comes here. The fingerprint is taken of the plain text, so that a
comparison of database and index needs no morphology.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import islice, pairwise
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone

from catalogue.models import (
    LegalBasis,
    Measure,
    Provider,
    RequiredDocument,
    Situation,
    Territory,
)
from content.links import stories
from content.models import LifeSituationPage
from search import analysis
from search.engine import SCHEMA, Document
from search.models import ChangeKind
from search.plan import EVERYWHERE, URGENT
from search.words import pair_of

CHUNK = 200
FOREVER = 4_102_444_800  # the year 2100
_NAMING = ("title", "names", "summary", "taxonomy", "provider_names")
_ALPHABET = " 0абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_TITLE_SIGNS = 10
FIRST = "^"  # stands before the beginnings of a name's first word
LONGEST_BEGINNING = 14


@dataclass(frozen=True, slots=True)
class Source:
    """A public record as the database has it."""

    kind: str
    id: int
    texts: Mapping[str, tuple[str, ...]]
    keywords: Mapping[str, tuple[str, ...]]
    visible_until: int
    checked_on: int

    @property
    def fingerprint(self) -> int:
        content = json.dumps(
            [
                SCHEMA,
                analysis.FINGERPRINT,
                sorted(self.texts.items()),
                sorted(self.keywords.items()),
                self.visible_until,
                self.checked_on,
            ],
            ensure_ascii=False,
        )
        return int.from_bytes(sha256(content.encode()).digest()[:8], "big") >> 1

    def analysed(self) -> Document:
        searched = {} if self.kind in _ONLY_SUGGESTED else self.texts
        terms = {field: tuple(_terms(text) for text in texts) for field, texts in searched.items()}
        naming = [text for field in _NAMING for text in searched.get(field, ())]
        return Document(
            kind=self.kind,
            id=self.id,
            texts=terms,
            words=" ".join(dict.fromkeys(word for text in naming for word in analysis.words(text))),
            pairs=" ".join(
                dict.fromkeys(
                    pair_of(*pair)
                    for field in _NAMING
                    for text in terms.get(field, ())
                    for pair in pairwise(text.split())
                )
            ),
            exact=tuple(dict.fromkeys([*terms.get("title", ()), *terms.get("names", ())])),
            starts=" ".join(beginnings(self.texts["title"])),
            other_starts=" ".join(beginnings(self.texts.get("names", ()))),
            keywords=self.keywords,
            visible_until=self.visible_until,
            checked_on=self.checked_on,
            title_order=title_order(self.texts["title"][0]),
            fingerprint=self.fingerprint,
        )


def sources(kind: str, ids: Sequence[int] | None = None) -> Iterator[Source]:
    """The public records of a kind: all of them, or those of the given ids that are public."""
    yield from _READERS[kind](ids)


def all_sources() -> Iterator[Source]:
    for kind in _READERS:
        yield from sources(kind)


def identities(kind: str) -> set[int]:
    """Keys of all records of a kind, public or not."""
    return set(_RECORDS[kind].objects.values_list("pk", flat=True))


def hidden_by_time(kind: str, ids: Sequence[int]) -> set[int]:
    """Which of the records families no longer see though nobody has changed anything."""
    live = Measure.objects.filter(live=True)
    if kind == ChangeKind.MEASURE:
        return set(live.filter(pk__in=ids).values_list("pk", flat=True))
    if kind == ChangeKind.PROVIDER:
        return set(live.filter(providers__in=ids).values_list("providers", flat=True)) & set(ids)
    return set()


def beginnings(names: Iterable[str]) -> Iterable[str]:
    """What may be typed of the words of names, from the first letter on.

    Those of a first word stand a second time with a sign of their own: they tell more.
    """
    found: dict[str, None] = {}
    for name in names:
        for place, word in enumerate(analysis.words(name)):
            for end in range(1, min(len(word), LONGEST_BEGINNING) + 1):
                found[word[:end]] = None
                if place == 0:
                    found[FIRST + word[:end]] = None
    return found


def title_order(title: str) -> int:
    """A number that sorts as the beginning of a title does in Russian."""
    order = 0
    signs = [sign for sign in title.casefold() if sign.isalnum() or sign == " "]
    for sign in "".join(signs).strip()[:_TITLE_SIGNS].ljust(_TITLE_SIGNS):
        place = _ALPHABET.find("0" if sign.isdigit() else sign)
        order = order * 64 + (place if place >= 0 else 63)
    return order


def _measures(ids: Sequence[int] | None) -> Iterator[Source]:
    queryset = Measure.objects.public().order_by("pk")
    if ids is not None:
        queryset = queryset.filter(pk__in=ids)
    queryset = queryset.prefetch_related(
        "territories",
        "situations",
        "categories",
        "providers",
        "steps",
        "amounts",
        Prefetch("documents", RequiredDocument.objects.select_related("document_type")),
        Prefetch("legal_basis", LegalBasis.objects.select_related("act")),
    )
    territories: dict[int, Territory] = {}
    measures = queryset.iterator(CHUNK)
    while chunk := list(islice(measures, CHUNK)):
        around = {pk for measure in chunk for pk in _path(measure)} - territories.keys()
        territories |= Territory.objects.in_bulk(around)
        for measure in chunk:
            yield _measure(measure, territories)


def _measure(measure: Measure, territories: Mapping[int, Territory]) -> Source:
    own = [each for each in measure.territories.all() if each.pk in territories]
    path = sorted(_path(measure) & territories.keys())  # one may be deleted meanwhile
    return Source(
        kind=ChangeKind.MEASURE.value,
        id=measure.pk,
        texts=_texts(measure, [territories[pk] for pk in path]),
        keywords={
            "measure": (measure.slug,),
            "situation": _slugs(measure.situations.all()),
            "category": _slugs(measure.categories.all()),
            "provider": _slugs(measure.providers.all()),
            "territory": _slugs(_widest(own)),
            "territory_path": _slugs(territories[pk] for pk in path),
            "kind": (measure.kind,),
            "channel": tuple(
                sorted({step.channel for step in measure.steps.all() if step.channel})
            ),
            "urgent": (URGENT,) if any(each.urgent for each in measure.situations.all()) else (),
        },
        visible_until=_visible_until(measure.expire_at, measure.valid_to),
        checked_on=measure.verified_on.toordinal() if measure.verified_on else 0,
    )


def _path(measure: Measure) -> set[int]:
    """Keys of its territories and of all that they lie in."""
    return {pk for territory in measure.territories.all() for pk in territory.ancestor_ids}


def _texts(measure: Measure, path: Sequence[Territory]) -> dict[str, tuple[str, ...]]:
    """What is searched in a measure; `path` are its territories and all that they lie in."""
    groups = (*measure.situations.all(), *measure.categories.all())
    papers = [f"{paper.document_type.name} {paper.note}" for paper in measure.documents.all()]
    steps = [step.text for step in measure.steps.all()]
    amounts = [amount.text for amount in measure.amounts.all()]
    return {
        "title": (measure.title,),
        "names": tuple(measure.synonyms),
        "summary": (measure.summary,),
        "who": (measure.who,),
        "taxonomy": tuple(name for group in groups for name in (group.title, *group.synonyms)),
        "body": (*papers, *steps, *amounts),
        "law": tuple(
            f"{basis.citation}; {basis.act.number}" for basis in measure.legal_basis.all()
        ),
        "provider_names": tuple(
            name
            for provider in measure.providers.all()
            for name in dict.fromkeys([provider.short_name, provider.full_name, *provider.aliases])
        ),
        "territory_names": tuple(
            name
            for territory in path
            if territory.depth > 0
            for name in (territory.title, *territory.aliases)
        ),
    }


def _widest(own: Sequence[Territory]) -> list[Territory]:
    """Without those inside another of them: they add nothing to where a measure is in force."""
    keys = {territory.pk for territory in own}
    return [territory for territory in own if not keys & set(territory.ancestor_ids[:-1])]


def _situations(ids: Sequence[int] | None) -> Iterator[Source]:
    pages = stories()
    if ids is not None:
        pages = pages.filter(situation__in=ids)
    told = set()
    for page in pages:
        if page.situation_id not in told:  # the first page is the one that links lead to
            told.add(page.situation_id)
            yield _situation(page)


def _situation(page: LifeSituationPage) -> Source:
    """Its names only: a story is offered to who speaks of it, not to who shares a word with it."""
    situation = page.situation
    return Source(
        kind=ChangeKind.SITUATION.value,
        id=situation.pk,
        texts={
            "title": tuple(dict.fromkeys([situation.title, page.title])),
            "names": tuple(situation.synonyms),
        },
        # Its own slug as a facet: synonyms that lead to it find it as they find its measures.
        keywords={"situation": (situation.slug,), "territory": (EVERYWHERE,)},
        visible_until=FOREVER,
        checked_on=0,
    )


def _providers(ids: Sequence[int] | None) -> Iterator[Source]:
    """Those that give a measure which families may see, for as long as they may see it."""
    shown = Measure.objects.public()
    given = shown.filter(providers__isnull=False)
    providers = Provider.objects.prefetch_related("territories").order_by("pk")
    if ids is not None:
        given = shown.filter(providers__in=ids)
        providers = providers.filter(pk__in=ids)
    until: dict[int, int] = {}
    for provider, *ends in given.values_list("providers", "expire_at", "valid_to").distinct():
        until[provider] = max(until.get(provider, 0), _visible_until(*ends))
    for provider in providers.iterator(CHUNK):
        if provider.pk in until:
            yield _provider(provider, until[provider.pk])


def _provider(provider: Provider, visible_until: int) -> Source:
    return Source(
        kind=ChangeKind.PROVIDER.value,
        id=provider.pk,
        texts={
            "title": (provider.short_name,),
            "names": tuple(dict.fromkeys([provider.full_name, *provider.aliases])),
        },
        keywords={
            "provider": (provider.slug,),
            "territory": _slugs(provider.territories.all()) or (EVERYWHERE,),
        },
        visible_until=visible_until,
        checked_on=0,
    )


@lru_cache(maxsize=10_000)
def _terms(text: str) -> str:
    """Names of groups, places and organisations stand in many records."""
    return " ".join(analysis.terms(text))


def _slugs(records: Iterable[Any]) -> tuple[str, ...]:
    return tuple(sorted(record.slug for record in records))


def _visible_until(expire_at: datetime.datetime | None, valid_to: datetime.date | None) -> int:
    """The first second at which it is shown no more: unpublished, or closed for applications."""
    ends = [FOREVER]
    if expire_at:
        ends.append(int(expire_at.timestamp()))
    if valid_to:
        next_day = valid_to + datetime.timedelta(days=1)
        midnight = datetime.datetime.combine(next_day, datetime.time())
        ends.append(int(timezone.make_aware(midnight).timestamp()))
    return min(ends)


_READERS = {
    ChangeKind.MEASURE.value: _measures,
    ChangeKind.SITUATION.value: _situations,
    ChangeKind.PROVIDER.value: _providers,
}
_RECORDS: Mapping[str, Any] = {
    ChangeKind.MEASURE.value: Measure,
    ChangeKind.SITUATION.value: Situation,
    ChangeKind.PROVIDER.value: Provider,
}
# Their names stand in the measures that they give: searched there, offered here.
_ONLY_SUGGESTED = {ChangeKind.PROVIDER.value}
KINDS = tuple(_READERS)
