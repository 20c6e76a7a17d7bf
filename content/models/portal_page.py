"""What every page of the tree has beside its own fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef
from wagtail.models import Page, PageViewRestriction
from wagtail.query import PageQuerySet

from cms.models import BasePage

PageType = TypeVar("PageType", bound=Page)


class PortalPage(BasePage):
    """A page below the home page: it knows the way down to itself."""

    class Meta:
        abstract = True

    def way_down(self) -> list[Page]:
        """The pages from home to the one above this, for the breadcrumbs."""
        return list(self.get_ancestors().filter(depth__gt=1).live())

    def get_context(self, request: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        context["crumbs"] = [
            {"title": page.title, "url": page.get_url(request)} for page in self.way_down()
        ]
        return context


def shown(model: type[Page]) -> PageQuerySet:
    """Pages of a type that anybody may see: published, and nothing above closes them.

    Says what Wagtail's `public()` says, without a query of its own for every list of a page.
    """
    closed = PageViewRestriction.objects.annotate(
        way=ExpressionWrapper(OuterRef("path"), output_field=CharField())
    ).filter(way__startswith=F("page__path"))
    return model.objects.live().filter(~Exists(closed))


def shown_in_order(model: type[PageType], keys: Iterable[int | None]) -> list[PageType]:
    """The pages with these primary keys that anybody may see, in the order of the keys."""
    wanted = list(dict.fromkeys(key for key in keys if key))
    found = {page.pk: page for page in shown(model).filter(pk__in=wanted)}
    return [found[key] for key in wanted if key in found]
