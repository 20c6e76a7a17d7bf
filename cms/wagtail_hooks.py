"""Registers what the ground floor adds to the back office, and what no floor has alone."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from catalogue import registers as catalogue
from catalogue.exchange.views import may_exchange
from cms import scheduled, start
from cms.registers import register_registers
from cms.second_factor import devices, panel
from desk import registers as desk
from forms import registers as forms

hooks.register("construct_homepage_panels", start.only_today)
hooks.register("construct_main_menu", start.trim_menu)

register_registers([*catalogue.REGISTERS, *forms.REGISTERS, *desk.REGISTERS])


@hooks.register("register_log_actions")
def log_actions(actions: Any) -> None:
    actions.register_action(scheduled.NOT_PUBLISHED)(scheduled.NotPublished)
    actions.register_action(
        devices.RESET,
        _("Take the second step off"),
        _("The second step of the login was taken off"),
    )


hooks.register("register_account_settings_panel", panel.SecondFactorPanel)


class SecondFactorMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm("cms.change_user")


@hooks.register("register_settings_menu_item")
def second_factor_menu_item() -> MenuItem:
    return SecondFactorMenuItem(
        _("Second step of the login"),
        reverse("second_factor:people"),
        name="second-factor",
        icon_name="key",
        order=700,
    )


@hooks.register("insert_global_admin_css")
def portal_name() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("cms/brand.css"))


class ExchangeMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return may_exchange(request.user)


@hooks.register("register_admin_urls")
def exchange_urls() -> list[URLPattern | URLResolver]:
    return [
        path("exchange/", include("catalogue.exchange.urls")),
        path("second-factor/", include("cms.second_factor.urls")),
    ]


@hooks.register("register_admin_menu_item")
def exchange_menu_item() -> MenuItem:
    return ExchangeMenuItem(
        _("Exchange"), reverse("catalogue_exchange:index"), icon_name="table", order=650
    )
