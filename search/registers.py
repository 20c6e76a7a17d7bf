"""The register of searches by day, as they are counted; the desk shows them grouped."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cms.registers import Register
from search.models import SearchEvent


class Found(SimpleListFilter):
    title = _("found")
    parameter_name = "found"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("nothing", _("nothing")), ("something", _("something"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "nothing":
                return queryset.filter(results=0)
            case "something":
                return queryset.filter(results__gt=0)
        return queryset


class Searches(Register):
    model = SearchEvent
    menu_icon = "search"
    read_only = True
    list_display = ("query", "results", "times", "day", "filters")
    list_filter = (Found, "day")
    search_fields = ("query",)
    inspect_view_fields = ("query", "filters", "results", "times", "day")


REGISTERS: list[type[Register]] = [Searches]
