"""Titles of measures that are named by their slugs."""

from __future__ import annotations

from collections.abc import Iterable

from catalogue.models import Measure


def titles_of_measures(slugs: Iterable[str]) -> dict[str, str]:
    wanted = set(slugs)
    if not wanted:
        return {}
    return dict(Measure.objects.filter(slug__in=wanted).values_list("slug", "title"))
