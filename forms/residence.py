"""A family lives elsewhere: its case goes by the new place, and so does its curator."""

from __future__ import annotations

from typing import Any

from catalogue.models import Territory
from forms.models import Absence, IntakeCase
from forms.routing import curator_of


def lives_at(case: IntakeCase, slug: str | None) -> dict[str, Any]:
    """Set the place of a case; the caller saves. A curator who was chosen by hand stays.

    :param slug: of a territory; what is no such keeps the place as it is.
    :returns: codes of what became another, before and after, for the event.
    """
    place = Territory.objects.filter(slug=slug).first() if slug else None
    if place is None or place.pk == case.territory_id:
        return {}
    codes: dict[str, Any] = {"place": [case.territory_id, place.pk]}
    is_of_area = case.curator_id == curator_of(case.centre_id, case.territory)
    away = {one.person_id for one in Absence.objects.in_force()}
    curator = curator_of(case.centre_id, place, away=away) if is_of_area else case.curator_id
    if curator != case.curator_id:
        codes["curator"] = [case.curator_id, curator]
    case.territory, case.curator_id = place, curator
    return codes
