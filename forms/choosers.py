"""Lists that families choose from: places, measures, organisations. One query each, when asked."""

from __future__ import annotations

from functools import cached_property

from django.utils import timezone

from catalogue.models import Measure, Provider, Territory

Options = list[tuple[str, str]]
Groups = list[tuple[str, Options]]


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
