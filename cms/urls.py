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
    path("", include("themes.urls")),
    path("", include("catalogue.urls")),
    path("", include("search.urls")),
    path("", include("forms.urls")),
    path("", include("content.sitemap")),
    path("", include(wagtail_urls)),
]

handler400 = "cms.errors.bad_request"
handler403 = "cms.errors.permission_denied"
handler404 = "cms.errors.page_not_found"
handler500 = "cms.errors.server_error"
