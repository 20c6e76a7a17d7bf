"""The menus of the site: context processor for every public page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from wagtail.models import Page, Site

from content.models.portal_page import shown


@dataclass(frozen=True)
class Item:
    title: str
    url: str
    current: bool
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
            current = request.path.startswith(url)
            found.append(Item(page.title, url, current, page.depth - root.depth))
    return found
