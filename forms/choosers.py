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
        rows = list(
            Territory.objects.filter(depth__gt=0).values_list(
                "pk", "slug", "title", "ancestor_ids", "depth"
            )
        )
        regions = {pk: title for pk, _slug, title, _path, depth in rows if depth == 1}
        groups: dict[int, Options] = {pk: [] for pk in regions}
        for _pk, slug, title, path, _depth in rows:
            if len(path) > 1:
                groups.setdefault(path[1], []).append((slug, title))
        return [(regions.get(pk, ""), options) for pk, options in groups.items()]

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
