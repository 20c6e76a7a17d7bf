"""The register of what families searched for, and how much they found."""

from __future__ import annotations

from cms.registers import Register
from search.models import SearchEvent


class Searches(Register):
    model = SearchEvent
    menu_icon = "search"
    read_only = True
    list_display = ("query", "results", "times", "day", "filters")
    list_filter = ("day",)
    search_fields = ("query",)
    inspect_view_fields = ("query", "filters", "results", "times", "day")


REGISTERS: list[type[Register]] = [Searches]
