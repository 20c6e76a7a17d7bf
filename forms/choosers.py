"""Lists that families choose from: places, measures, organisations. One query each, when asked."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.utils import timezone

from catalogue.models import Measure, Provider, Territory
from forms.partly import ask

Options = list[tuple[str, str]]
Groups = list[tuple[str, Options]]


# A place where one lives, and what it lies in, the widest first.
_PLACE = """
select t.title, array(
    select a.slug from catalogue_territory a where a.id = any(t.ancestor_ids)
    order by array_position(t.ancestor_ids, a.id))
from catalogue_territory t where t.slug = %s and t.depth > 0 and cardinality(t.ancestor_ids) > 1
"""


class Choosers:
    """The lists for one drawing of a form."""

    @cached_property
    def territories(self) -> Groups:
        """Places by region. The country is not a place where one lives."""
        regions = {pk: title for pk, _slug, title, _path, depth in self._places if depth == 1}
        groups: dict[int, Options] = {pk: [] for pk in regions}
        for _pk, slug, title, path, depth in self._places:
            if depth and len(path) > 1:
                groups.setdefault(path[1], []).append((slug, title))
        return [(regions.get(pk, ""), options) for pk, options in groups.items()]

    def place(self, slug: str) -> dict[str, Any] | None:
        """One of the places as answers keep it, looked up by itself."""
        if "_places" in self.__dict__:
            titles = {slug: title for _region, group in self.territories for slug, title in group}
            found = (titles[slug], self.around(slug)) if slug in titles else None
        else:
            found = self._found.get(slug) or ask(_PLACE, [slug])
        if found is None:
            return None
        self._found[slug] = found
        return {"slug": slug, "title": found[0], "around": list(found[1])}

    @cached_property
    def _found(self) -> dict[str, Any]:
        return {}

    def around(self, slug: str) -> list[str]:
        """Slugs of what a place lies in, the widest first, and its own."""
        return [self._slugs[pk] for pk in self._paths.get(slug, ()) if pk in self._slugs]

    @cached_property
    def _slugs(self) -> dict[int, str]:
        return {pk: slug for pk, slug, *_rest in self._places}

    @cached_property
    def _paths(self) -> dict[str, list[int]]:
        return {slug: path for _pk, slug, _title, path, _depth in self._places}

    @cached_property
    def _places(self) -> list[tuple[int, str, str, list[int], int]]:
        return list(Territory.objects.values_list("pk", "slug", "title", "ancestor_ids", "depth"))

    @cached_property
    def measures(self) -> Groups:
        """Open measures by kind."""
        rows = Measure.objects.public().open_on(timezone.localdate())
        groups: dict[str, Options] = {}
        for measure in rows.only("slug", "title", "kind").order_by("kind", "sort_key"):
            groups.setdefault(measure.get_kind_display(), []).append((measure.slug, measure.title))
        return list(groups.items())

    @cached_property
    def centres(self) -> Options:
        return list(Provider.objects.centres().values_list("slug", "short_name"))

    @cached_property
    def providers(self) -> Options:
        rows = Provider.objects.filter(is_group=False)
        return list(rows.values_list("slug", "short_name"))
