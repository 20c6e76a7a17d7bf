"""Every route of the portal."""

from __future__ import annotations

from django.urls import include, path, re_path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from cms.api import api
from cms.api_errors import unknown_address

urlpatterns = [
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("api/v1/", api.urls),
    re_path("^api/", unknown_address),
    path("", include("catalogue.urls")),
    path("", include("search.urls")),
    path("", include("forms.urls")),
    path("", include(wagtail_urls)),
]
