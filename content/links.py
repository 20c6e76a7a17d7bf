"""The stories that the catalogue's pages point to."""

from __future__ import annotations

from collections.abc import Sequence

from wagtail.query import PageQuerySet

from catalogue.models import Situation
from catalogue.slots import Link
from content.models import LifeSituationPage
from content.models.portal_page import shown


def stories() -> PageQuerySet:
    """The stories that anybody may read, in the order of the tree."""
    return shown(LifeSituationPage).select_related("situation").order_by("path")


def stories_of(situations: Sequence[Situation]) -> list[Link]:
    """Links to the stories of situations, in their order; those that have none are left out."""
    found = {page.situation_id: page for page in stories().filter(situation__in=situations)}
    return [
        Link(page.title, page.get_url() or "", page.lead)
        for situation in situations
        if (page := found.get(situation.pk))
    ]
