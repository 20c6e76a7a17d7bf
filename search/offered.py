"""Names and addresses of what may be offered, read anew in one query: the index is never trusted.

What families may see is said by the querysets of the floors below and by nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from catalogue.models import Measure, Provider
from content.links import stories
from content.models import LifeSituationPage
from search.composed import Composed, compose

_PARTS = {
    "measure": """
        select 'measure', id, slug, title, names::text[], exists (
          select from catalogue_measure_territories t
          join catalogue_territory o on o.id = t.territory_id and o.parent_id is null
          where t.measure_id = m.id
        ), false, 0, '', ''
        from ({shown}) m (id, slug, title, names) where id = any(%s)
    """,
    "situation": """
        select 'situation', id, slug, title, names::text[] || other::text, true,
          urgent, page, url_path, path
        from ({shown}) s (id, slug, title, other, names, urgent, page, url_path, path)
        where id = any(%s)
    """,
    "provider": """
        select 'provider', id, slug, title, names::text[] || other::text, false, false, 0, '', ''
        from ({shown}) p (id, slug, title, other, names) where id = any(%s)
    """,
}


@dataclass(frozen=True, slots=True)
class Offered:
    kind: str
    id: int
    slug: str
    title: str
    names: tuple[str, ...]  # others than the title
    for_everybody: bool
    urgent: bool  # of a situation
    page: int  # of a story
    url_path: str

    @property
    def url(self) -> str:
        if self.kind == "measure":
            return reverse("catalogue:measure", args=[self.slug])
        if self.kind == "situation":
            return LifeSituationPage(pk=self.page, url_path=self.url_path).get_url() or ""
        # They have no page of their own: what they give is listed.
        return f"{reverse('search:results')}?{urlencode({'provider': self.slug})}"


def read_offered(ids: Mapping[str, Sequence[int]]) -> dict[tuple[str, int], Offered]:
    """By kind and id, those of the records that families may see right now.

    :param ids: of situations, not of their stories; the first story is the one that links lead to.
    """
    found: dict[tuple[str, int], Offered] = {}
    composed = _composed()
    parts = [(*composed[kind], list(some)) for kind, some in ids.items() if some]
    if not parts:
        return found
    statement = " union all ".join(sql for sql, _, _ in parts) + " order by 10"
    values = [value for _, shown, keys in parts for value in (*shown.values, keys)]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for kind, identity, slug, title, names, *others, _path in cursor:
            offered = Offered(kind, identity, slug, title, tuple(names), *others)
            found.setdefault((kind, identity), offered)
    return found


@cache
def _composed() -> Mapping[str, tuple[str, Composed]]:
    """The statement of each kind, and what is shown of that kind."""
    shown = Measure.objects.public().open_on(timezone.localdate())
    gives = Exists(shown.filter(providers=OuterRef("pk")))
    composed = {
        "measure": compose(shown.values_list("pk", "slug", "title", "synonyms")),
        "situation": compose(
            stories().values_list(
                "situation_id",
                "situation__slug",
                "title",
                "situation__title",
                "situation__synonyms",
                "situation__urgent",
                "pk",
                "url_path",
                "path",
            )
        ),
        "provider": compose(
            Provider.objects.filter(gives).values_list(
                "pk", "slug", "short_name", "full_name", "aliases"
            )
        ),
    }
    return {kind: (_PARTS[kind].format(shown=each.sql), each) for kind, each in composed.items()}
