"""The catalogue's registers: legal acts, agreements, who works for whom, files brought in."""

from __future__ import annotations

from catalogue.models import Agreement, ImportBatch, LegalAct, Membership
from cms.registers import Register


class LegalActs(Register):
    model = LegalAct
    menu_icon = "doc-full"
    list_display = ("title", "kind", "number", "date")
    list_filter = ("kind",)
    search_fields = ("title", "number")


class Agreements(Register):
    model = Agreement
    menu_icon = "form"
    list_display = ("provider", "subject", "number", "signed_on", "valid_to")
    list_select_related = ("provider",)
    search_fields = ("subject", "number", "provider__short_name")


class Memberships(Register):
    model = Membership
    menu_icon = "group"
    list_display = ("user", "provider")
    list_select_related = ("user", "provider")
    search_fields = ("user__username", "user__last_name", "provider__short_name")


class Imports(Register):
    model = ImportBatch
    menu_icon = "table"
    read_only = True
    list_display = (
        "file_name",
        "kind",
        "user",
        "state",
        "created",
        "changed",
        "refused",
        "created_at",
    )
    list_filter = ("kind", "state")
    list_select_related = ("user",)
    search_fields = ("file_name",)
    inspect_view_fields_exclude = ["report"]


REGISTERS = [LegalActs, Agreements, Memberships, Imports]
