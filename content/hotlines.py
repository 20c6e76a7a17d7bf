"""The lines of the register as phones on a page."""

from __future__ import annotations

from catalogue.models import Hotline
from catalogue.models.providers import HotlineKind


def as_phone(line: Hotline) -> dict[str, str]:
    note = ". ".join(filter(None, [line.for_whom, line.hours]))
    return {"title": line.title, "phone": line.phone, "note": note[:200]}


def published_groups(emergency: str, country: str) -> dict[str, list[dict[str, str]]]:
    """Every published line by heading: emergencies first, then the country, then each region."""
    groups: dict[str, list[dict[str, str]]] = {emergency: [], country: []}
    for line in Hotline.objects.public().select_related("territory").order_by("pk"):
        if line.kind == HotlineKind.EMERGENCY:
            title = emergency
        elif line.territory.depth == 0:
            title = country
        else:
            title = line.territory.title
        groups.setdefault(title, []).append(as_phone(line))
    return {title: lines for title, lines in groups.items() if lines}
