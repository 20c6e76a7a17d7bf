"""Where a family goes with a measure: offices near its place first, else the line of the region."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from catalogue.models import Hotline, Measure, Office, Provider, Territory
from catalogue.models.providers import HotlineKind, OfficeContact

SHOWN = 6
# A page of a measure is no page of emergencies, and lines of servicemen are for their families.
_ASIDE = (HotlineKind.EMERGENCY, HotlineKind.SVO)


@dataclass(frozen=True)
class Where:
    """Offices to go to, those that wait folded, who else gives it, and the lines to call.

    `providers` are those without an office here; `all_providers` are everybody.
    """

    offices: Sequence[Office] = ()
    more_offices: Sequence[Office] = ()
    providers: Sequence[Provider] = ()
    all_providers: Sequence[Provider] = ()
    hotlines: Sequence[Hotline] = ()

    @property
    def needs_a_line(self) -> bool:
        """No address or phone is sure: the line of the region has to stand beside."""
        return not any(is_sure(office) for office in self.offices)


def is_sure(office: Office) -> bool:
    """Verified, fresh, and with an address or a phone."""
    return (
        office.verified
        and not office.stale
        and office.contact != OfficeContact.NONE
        and bool(office.address or office.phones)
    )


def is_in_force(territories: Iterable[Territory], place: Territory) -> bool:
    """True when what is in force in these territories may concern a family of that place."""
    return any(_shared(territory, place) for territory in territories)


def where_to_go(
    measure: Measure, around: Sequence[Territory], *, of_servicemen: bool = False
) -> Where:
    """Where to go from these territories: the family's place, or where the measure is in force."""
    providers = list(measure.providers.all())
    offices = (
        Office.objects.filter(provider__in=providers)
        .exclude(contact=OfficeContact.NONE)
        .select_related("territory", "provider")
    )
    near = _nearest(offices, around)
    known = {office.provider_id for office in near}
    return Where(
        offices=near[:SHOWN],
        more_offices=near[SHOWN:],
        providers=[provider for provider in providers if provider.pk not in known],
        all_providers=providers,
        hotlines=lines_for(around, of_servicemen=of_servicemen),
    )


def _nearest(offices: Iterable[Office], around: Sequence[Territory]) -> list[Office]:
    """Offices inside these territories or around them, the nearest first; others are left out."""
    ranked = []
    for office in offices:
        near = max((_nearness(office.territory, each) for each in around), default=0)
        if near:
            ranked.append((-near, not is_sure(office), office.title, office.pk, office))
    return [office for *_rank, office in sorted(ranked, key=lambda rank: rank[:-1])]


def _nearness(office: Territory, place: Territory) -> int:
    # From the whole country only what serves the whole country is near.
    return 0 if place.depth == 0 and office.pk != place.pk else _shared(office, place)


def _shared(one: Territory, other: Territory) -> int:
    """How deep two territories lie in one another; 0 when neither holds the other."""
    if one.pk in other.ancestor_ids:
        return len(one.ancestor_ids)
    return len(other.ancestor_ids) if other.pk in one.ancestor_ids else 0


def lines_for(around: Sequence[Territory], *, of_servicemen: bool = False) -> Sequence[Hotline]:
    """The line to call: of the nearest territory that has one, the chosen one before others.

    Families of servicemen get their own line beside it.
    """
    chain = {pk for territory in around for pk in territory.ancestor_ids}
    chosen_for = Territory.objects.filter(pk__in=chain, primary_hotline=OuterRef("pk"))
    lines = (
        Hotline.objects.public()
        .annotate(chosen_depth=Subquery(chosen_for.order_by("-depth").values("depth")[:1]))
        .filter(Q(territory__in=chain) | Q(chosen_depth__isnull=False))
        .select_related("territory")
        .order_by("title", "pk")
    )
    ranks = {line: rank for line in lines if (rank := _rank(line))}
    found = sorted(ranks, key=lambda line: ranks[line], reverse=True)[:1]
    if of_servicemen:
        theirs = [line for line in lines if line.kind == HotlineKind.SVO]
        found += sorted(theirs, key=lambda line: -line.territory.depth)[:1]
    return found


def _rank(line: Any) -> tuple[int, bool] | None:
    """(depth of the territory, chosen for it): the greatest is called first."""
    ranks = []
    if line.chosen_depth is not None:
        ranks.append((line.chosen_depth, True))
    if line.kind not in _ASIDE:
        ranks.append((line.territory.depth, False))
    return max(ranks, default=None)
