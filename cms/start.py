"""The start page of each role: what waits for the person who has just logged in.

Each floor tells what waits in it; here it is put together, and Wagtail's own panels and menu items
that are noise for the person are taken away.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component
from wagtail.models import Page, TaskState

from catalogue import today as catalogue
from cms import guard, health, scheduled
from cms.today import Item, Source, Tone
from desk import referral_today
from desk import today as desk
from search import today as search

MOST = 7
REVIEWS_SHOWN = 5


def reviews(user: Any) -> list[Item]:
    """For those who publish: what was sent for review, the oldest first."""
    waiting = TaskState.objects.reviewable_by(user)
    states = list(
        waiting.select_related("revision", "revision__user", "revision__base_content_type")
        .order_by("started_at")
        .only(
            "started_at",
            "revision__object_id",
            "revision__object_str",
            "revision__user__username",
            "revision__user__first_name",
            "revision__user__last_name",
            "revision__base_content_type",
        )[: REVIEWS_SHOWN + 1]
    )
    items = [_review(state) for state in states[:REVIEWS_SHOWN]]
    if len(states) > REVIEWS_SHOWN:
        rest = waiting.count() - REVIEWS_SHOWN
        items.append(
            Item(
                ngettext("%(count)d more waits for review", "%(count)d more wait for review", rest)
                % {"count": rest},
                reverse("wagtailadmin_reports:workflow_tasks") + "?reviewable=true",
                tone=Tone.WAITING,
            )
        )
    return items


def _review(state: TaskState) -> Item:
    revision = state.revision
    sender = str(revision.user) if revision.user else ""
    day = date_format(state.started_at, "j E")
    return Item(
        _("Review: %(title)s") % {"title": revision.object_str},
        _edit_url(revision.base_content_type.model_class(), revision.object_id),
        _("sent by %(sender)s on %(day)s") % {"sender": sender, "day": day} if sender else day,
        _("waits for review"),
        Tone.WAITING,
    )


def _edit_url(model: Any, key: str) -> str:
    if issubclass(model, Page):
        return reverse("wagtailadmin_pages:edit", args=[key])
    return reverse(model.snippet_viewset.get_url_name("edit"), args=[key])


def not_published(user: Any) -> list[Item]:
    """What was to go live at a set time and could not."""
    return [
        Item(
            _("Not published: %(title)s") % {"title": record},
            _edit_url(type(record), record.pk),
            reason,
            _("time has passed"),
            Tone.URGENT,
        )
        for record, reason in scheduled.failures(user)
    ]


def catalogue_in_numbers(user: Any) -> list[Item]:
    """For analysts, who do not edit: how far families can rely on what is published."""
    if user.has_perm("search.view_searchevent") and not user.has_perm("catalogue.change_measure"):
        return catalogue.in_numbers()
    return []


# The most pressing floors first.
SOURCES: tuple[Source, ...] = (
    desk.items,
    referral_today.for_us,
    not_published,
    reviews,
    catalogue.items,
    search.items,
    catalogue_in_numbers,
    health.items,
)


def items(user: Any) -> list[Item]:
    """At most seven things that wait for this person."""
    return [item for source in SOURCES for item in source(user)][:MOST]


class TodayPanel(Component):
    """The list on the start page."""

    name = "today"
    order = 10
    template_name = "cms/today.html"

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        return {"items": items(parent_context["request"].user)}


def only_today(request: HttpRequest, panels: list[Component]) -> None:
    """Wagtail's panels tell of pages in five ways; ours tells the next thing to do."""
    panels[:] = [TodayPanel()]


def trim_menu(request: HttpRequest, menu_items: list[MenuItem]) -> None:
    """No doors in the menu that would not open, and no manual of Wagtail in English."""
    hidden = {"help"}
    if not guard.reports(request, {}):
        hidden.add("reports")
    menu_items[:] = [item for item in menu_items if item.name not in hidden]
