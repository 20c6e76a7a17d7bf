"""Registers what this floor adds to the back office."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem
from wagtail.snippets.models import register_snippet

from forms.viewsets import FormDefinitionViewSet, ReadyBlockViewSet

register_snippet(FormDefinitionViewSet)
register_snippet(ReadyBlockViewSet)


class LedgerMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm("intake_forms.view_ledgerrow")


@hooks.register("register_admin_menu_item")
def ledger_menu_item() -> MenuItem:
    return LedgerMenuItem(
        _("Ledger"), reverse("intake:ledger"), name="ledger", icon_name="check", order=660
    )


class GuardedMenuItem(MenuItem):
    """Shown to those who have the right."""

    def __init__(self, label: Any, url: str, *, right: str, **kwargs: Any) -> None:
        super().__init__(label, url, **kwargs)
        self.right = right

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.right)


@hooks.register("register_admin_menu_item")
def personal_data_menu_item() -> MenuItem:
    """Upper floors add theirs through `register_personal_data_item`."""
    items = [
        GuardedMenuItem(
            label,
            reverse(name),
            right=f"intake_forms.{right}",
            name=name,
            icon_name=icon,
            order=order,
        )
        for order, (label, name, right, icon) in enumerate(
            [
                (_("Register of data"), "intake:data_register", "view_data_register", "list-ul"),
                (_("Give out to a person"), "intake:person", "export_person", "download"),
                (_("Acts of erasure"), "intake:acts", "view_erasureact", "bin"),
            ]
        )
    ]
    menu = Menu(register_hook_name="register_personal_data_item", items=items)
    return SubmenuMenuItem(
        _("Data of people"), menu, name="personal-data", icon_name="lock", order=670
    )
