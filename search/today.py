"""What waits in search: queries that found nothing, each a synonym or a measure that is missing."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.today import Item, Tone
from search import questions
from search.questions import Fate

LATELY = 7  # days
NAMED = 5


def items(user: Any) -> list[Item]:
    """For those who may read the query log."""
    if not user.has_perm("search.view_searchevent"):
        return []
    since = questions.since(LATELY)
    empty = questions.grouped(since, Fate.NOTHING)
    count = empty.count()
    if not count:
        return []
    named = questions.questions(list(empty[:NAMED]), since)
    most = ", ".join(_("“%(query)s”") % {"query": question.text} for question in named)
    title = ngettext(
        "%(count)d query of this week found nothing",
        "%(count)d queries of this week found nothing",
        count,
    )
    return [
        Item(
            title % {"count": count},
            f"{reverse('search_questions:index')}?days={LATELY}&fate={Fate.NOTHING}",
            _("Most often: %(queries)s. A synonym or a measure is missing.") % {"queries": most},
            _("nothing found"),
            Tone.WAITING,
        )
    ]
