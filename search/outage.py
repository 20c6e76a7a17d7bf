"""What is true while nothing can be searched, and where a family can go meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from catalogue.slots import Link
from content.links import stories
from search.engine import ClusterUnreachable, IndexUnavailable

RETRY_AFTER = 60  # seconds; a rebuild of the data set takes less
MOST_STORIES = 12


@dataclass(frozen=True, slots=True)
class Outage:
    """What to say, and when it is worth asking again; of a dead server nobody knows."""

    title: str
    text: str
    retry_after: int | None = None


def outage(error: IndexUnavailable) -> Outage:
    if isinstance(error, ClusterUnreachable):
        return Outage(
            _("Search does not work now"),
            _("The search server does not answer, and we do not know yet when it will."),
        )
    return Outage(
        _("Search is being renewed"),
        _("It will soon work again, mostly in a minute or two."),
        RETRY_AFTER,
    )


def situations_to_choose(request: HttpRequest) -> list[Link]:
    """Stories that need no search: those that cannot wait first."""
    pages = stories().order_by("-situation__urgent", "path")[:MOST_STORIES]
    return [Link(page.title, page.get_url(request) or "") for page in pages]
