"""The public API: the floors' routers under one address, one document, one kind of error."""

from __future__ import annotations

from ninja import NinjaAPI

from catalogue.api import router as catalogue
from cms.api_errors import handle_errors_of
from content.api import router as content
from forms.api import router as forms
from search.api import router as search

api = NinjaAPI(
    title="Навигатор",
    version="1",
    description="Меры поддержки семей, жизненные ситуации, поиск и обращения.",
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url="/docs",
)

handle_errors_of(api)
for floor in (search, catalogue, content, forms):
    api.add_router("", floor)
