"""What search engines of the world may find: pages and measures, and what they leave alone."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from wagtail.contrib.sitemaps import Sitemap as PagesSitemap
from wagtail.contrib.sitemaps.views import sitemap

from catalogue.models import Measure
from cms.methods import read_only

CLOSED = ("/admin/", "/api/", "/search/", "/territory/", "/status/", "/receipts/", "/patterns/")


class MeasuresSitemap(Sitemap):
    def items(self) -> QuerySet[Measure]:
        return Measure.objects.public().only("slug", "last_published_at")

    def lastmod(self, item: Measure) -> datetime.datetime | None:
        return item.last_published_at


@read_only
def robots(request: HttpRequest) -> HttpResponse:
    """A demonstration is closed to search engines: its data are not for families."""
    closed = ["/"] if settings.NAVIGATOR_DEMO else CLOSED
    lines = ["User-agent: *", *(f"Disallow: {way}" for way in closed)]
    lines.append(f"Sitemap: {request.build_absolute_uri('/sitemap.xml')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


urlpatterns = [
    path("robots.txt", robots),
    path(
        "sitemap.xml", sitemap, {"sitemaps": {"pages": PagesSitemap, "measures": MeasuresSitemap}}
    ),
]
