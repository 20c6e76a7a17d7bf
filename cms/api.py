"""The public API: the floors' routers under one address, one document, one kind of error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ninja import NinjaAPI
from ninja.operation import Operation
from ninja.renderers import JSONRenderer

from catalogue.api import router as catalogue
from cms.api_errors import handle_errors_of
from content.api import router as content
from forms.api import router as forms
from search.api import router as search


class ReadableRenderer(JSONRenderer):
    """Russian as letters, not as escapes: a third of the bytes, and people can read it."""

    json_dumps_params: Mapping[str, Any] = {"ensure_ascii": False}


class PortalAPI(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The name of the function, without the module: code moves, the contract does not."""
        return operation.view_func.__name__


api = PortalAPI(
    title="Навигатор",
    version="1",
    description="Меры поддержки семей, жизненные ситуации, поиск и обращения.",
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url="/docs",
    renderer=ReadableRenderer(),
)

handle_errors_of(api)
for floor in (search, catalogue, content, forms):
    api.add_router("", floor)
