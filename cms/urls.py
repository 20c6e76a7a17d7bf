"""Every route of the portal."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.static import serve as serve_file
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls
from wagtail.urls import serve_pattern
from wagtail.views import authenticate_with_password
from wagtail.views import serve as serve_page

from cms.api import api
from cms.api_errors import unknown_address
from cms.healthz import healthz, web

urlpatterns = [
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("api/v1/", api.urls),
    re_path("^api/", unknown_address),
    path("healthz", healthz, name="healthz"),
    path("healthz/web", web, name="healthz_web"),
    path("", include("themes.urls")),
    path("", include("catalogue.urls")),
    path("", include("search.urls")),
    path("", include("forms.urls")),
    path("", include("desk.urls")),
    path("", include("content.sitemap")),
    # Pictures in the sizes that pages show; documents go through their own view.
    path(
        "media/images/<path:path>",
        serve_file,
        {"document_root": settings.MEDIA_ROOT / "images"},
        name="picture",
    ),
    # Wagtail's own routes without its login: families have none.
    path(
        "_util/authenticate_with_password/<int:page_view_restriction_id>/<int:page_id>/",
        authenticate_with_password,
        name="wagtailcore_authenticate_with_password",
    ),
    # Pages are for reading: another method is refused as such, whatever token it bears.
    re_path(serve_pattern, csrf_exempt(serve_page), name="wagtail_serve"),
]

handler400 = "cms.errors.bad_request"
handler403 = "cms.errors.permission_denied"
handler404 = "cms.errors.page_not_found"
handler500 = "cms.errors.server_error"
