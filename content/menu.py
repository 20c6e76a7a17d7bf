"""The menus of the site: context processor for every public page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from wagtail.models import Page, Site

from content.models.portal_page import shown


@dataclass(frozen=True)
class Item:
    """`current` is the value of aria-current: this very page, a page below it, or neither."""

    title: str
    url: str
    current: Literal["page", "true", ""]
    depth: int


def menu(request: HttpRequest) -> dict[str, Any]:
    """`menu` for the top, `footer_menu` for the bottom: pages marked “show in menus” below home."""
    items = SimpleLazyObject(lambda: _items(request))
    return {
        "menu": SimpleLazyObject(lambda: [item for item in items if item.depth == 1]),
        "footer_menu": items,
    }


def _items(request: HttpRequest) -> list[Item]:
    site = Site.find_for_request(request)
    if site is None:
        return []
    root = site.root_page
    pages = shown(Page).descendant_of(root).in_menu().order_by("path")
    found = []
    for page in pages:
        url = page.get_url(request)
        if url:
            found.append(Item(page.title, url, _current(request, url), page.depth - root.depth))
    return found


def _current(request: HttpRequest, url: str) -> Literal["page", "true", ""]:
    if request.path == url:
        return "page"
    return "true" if request.path.startswith(url) else ""
