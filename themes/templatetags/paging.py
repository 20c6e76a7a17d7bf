"""Links to the pages of a list that keep everything else in the address."""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.core.paginator import Page
from django.http import QueryDict
from django.template.context import Context

register = template.Library()


@dataclass(frozen=True)
class PageLink:
    """A page of a list; without a number, the gap between pages."""

    number: int | None
    url: str
    current: bool


@register.simple_tag(takes_context=True)
def page_links(context: Context, page: Page) -> list[PageLink]:
    """The links of a pager: the first, the last, those around the current one, gaps between."""
    shown = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return [
        PageLink(number, page_url(context, number), number == page.number)
        if isinstance(number, int)
        else PageLink(None, "", False)
        for number in shown
    ]


@register.simple_tag(takes_context=True)
def page_url(context: Context, number: int) -> str:
    """The address of another page of the same list."""
    request = getattr(context, "request", None)
    query = request.GET.copy() if request else QueryDict(mutable=True)
    query["page"] = str(number)
    return f"?{query.urlencode()}"
