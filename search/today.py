"""What waits in search: queries that found nothing, each a synonym or a measure that is missing."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.today import Item, Tone
from search.models import SearchEvent

LATELY = datetime.timedelta(days=7)
NAMED = 5


def items(user: Any) -> list[Item]:
    """For those who may read the query log."""
    if not user.has_perm("search.view_searchevent"):
        return []
    since = timezone.localdate() - LATELY
    empty = (
        SearchEvent.objects.filter(results=0, day__gte=since)
        .values("query")
        .annotate(asked=Sum("times"))
        .order_by("-asked", "query")
    )
    count = empty.count()
    if not count:
        return []
    most = ", ".join(_("“%(query)s”") % {"query": row["query"]} for row in empty[:NAMED])
    title = ngettext(
        "%(count)d query of this week found nothing",
        "%(count)d queries of this week found nothing",
        count,
    )
    return [
        Item(
            title % {"count": count},
            reverse("search_searchevent_modeladmin_index") + "?found=nothing",
            _("Most often: %(queries)s. A synonym or a measure is missing.") % {"queries": most},
            _("nothing found"),
            Tone.WAITING,
        )
    ]
