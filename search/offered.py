"""Names and addresses of what may be offered, read anew in one query: the index is never trusted.

What families may see is said by the querysets of the floors below and by nothing else. Composing
them takes Django longer than asking them, so their SQL is composed once and kept; only what is
true of a moment is put in anew.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from catalogue.models import Measure, Provider
from content.links import stories
from content.models import LifeSituationPage

_PARTS = {
    "measure": """
        select 'measure', id, slug, title, names::text[], exists (
          select from catalogue_measure_territories t
          join catalogue_territory o on o.id = t.territory_id and o.parent_id is null
          where t.measure_id = m.id
        ), 0, '', ''
        from ({shown}) m (id, slug, title, names) where id = any(%s)
    """,
    "situation": """
        select 'situation', id, slug, title, names::text[] || other::text, true,
          page, url_path, path
        from ({shown}) s (id, slug, title, other, names, page, url_path, path) where id = any(%s)
    """,
    "provider": """
        select 'provider', id, slug, title, names::text[] || other::text, false, 0, '', ''
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
    statement = " union all ".join(sql for sql, _, _ in parts) + " order by 9"
    values = [value for _, kept, keys in parts for value in (*map(_as_of_now, kept), keys)]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for kind, identity, slug, title, names, for_everybody, page, url_path, _ in cursor:
            offered = Offered(
                kind, identity, slug, title, tuple(names), for_everybody, page, url_path
            )
            found.setdefault((kind, identity), offered)
    return found


@cache
def _composed() -> Mapping[str, tuple[str, tuple[Any, ...]]]:
    """The statement of each kind, and its parameters before the keys."""
    shown = Measure.objects.public().open_on(timezone.localdate())
    gives = Exists(shown.filter(providers=OuterRef("pk")))
    told = ("pk", "url_path", "path")
    parts: dict[str, QuerySet[Any, Any]] = {
        "measure": shown.values_list("pk", "slug", "title", "synonyms"),
        "situation": stories().values_list(
            "situation_id",
            "situation__slug",
            "title",
            "situation__title",
            "situation__synonyms",
            *told,
        ),
        "provider": Provider.objects.filter(gives).values_list(
            "pk", "slug", "short_name", "full_name", "aliases"
        ),
    }
    composed = {kind: part.order_by().query.sql_with_params() for kind, part in parts.items()}
    return {
        kind: (_PARTS[kind].format(shown=sql), tuple(values))
        for kind, (sql, values) in composed.items()
    }


def _as_of_now(value: Any) -> Any:
    """Every moment and every day in those querysets is now."""
    if isinstance(value, datetime.datetime):
        return timezone.now()
    return timezone.localdate() if isinstance(value, datetime.date) else value
