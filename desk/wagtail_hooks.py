"""Registers what the desk adds to the back office."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem
from wagtail.admin.viewsets.base import ViewSet, ViewSetGroup
from wagtail.snippets.models import register_snippet

from desk import admin_urls
from desk.arrangement import Arrangement
from desk.figures.asking import may_look
from desk.figures.choosing import CountedAsViewSet
from desk.figures.plans import PlanViewSet
from desk.hours_viewsets import VIEWSETS
from desk.viewsets import ScriptViewSet
from forms.wagtail_hooks import GuardedMenuItem

register_snippet(ScriptViewSet)


class CasesMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm("intake_forms.view_intakecase")


class AbsencesMenuItem(CasesMenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        takes = request.user.has_perm("intake_forms.take_intakecase")
        return takes and super().is_shown(request)


class InboxMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm("intake_desk.answer_referral")


@hooks.register("register_admin_urls")
def desk_urls() -> list[URLPattern | URLResolver]:
    return [path("intake/", include(admin_urls))]


@hooks.register("register_admin_menu_item")
def cases_menu_item() -> MenuItem:
    return CasesMenuItem(
        _("Cases"), reverse("intake:list"), name="cases", icon_name="tasks", order=100
    )


@hooks.register("register_admin_menu_item")
def letters_menu_item() -> MenuItem:
    return GuardedMenuItem(
        _("Letters"),
        reverse("intake:letters"),
        right="intake_desk.sort_mail",
        name="letters",
        icon_name="mail",
        order=110,
    )


@hooks.register("register_admin_menu_item")
def mailboxes_menu_item() -> MenuItem:
    return GuardedMenuItem(
        _("Mailboxes"),
        reverse("intake:mailboxes"),
        right="intake_desk.change_mailbox",
        name="mailboxes",
        icon_name="mail",
        order=665,
    )


@hooks.register("register_admin_viewset")
def arrangement() -> ViewSetGroup:
    return Arrangement()


class RoutesMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm("intake_forms.view_routingrule")


@hooks.register("register_admin_menu_item")
def routes_menu_item() -> MenuItem:
    return RoutesMenuItem(
        _("Routing"), reverse("intake:routes"), name="routes", icon_name="redirect", order=645
    )


@hooks.register("register_admin_menu_item")
def inbox_menu_item() -> MenuItem:
    return InboxMenuItem(
        _("Referred to us"), reverse("intake:inbox"), name="inbox", icon_name="login", order=115
    )


class RegisterMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        user = request.user  # who has no centre cannot; a superuser seldom has one
        return user.has_perm("intake_forms.register_intakecase") and not user.is_superuser


@hooks.register("register_admin_menu_item")
def register_menu_item() -> MenuItem:
    return RegisterMenuItem(
        _("Register"), reverse("intake:new"), name="register", icon_name="plus", order=101
    )


@hooks.register("register_personal_data_item")
def looks_menu_item() -> MenuItem:
    return GuardedMenuItem(
        _("Who has looked"),
        reverse("intake:looks"),
        right="intake_forms.view_accesslog",
        name="looks",
        icon_name="view",
        order=-1,
    )


@hooks.register("register_admin_viewset")
def hours_viewsets() -> list[ViewSet]:
    return list(VIEWSETS)


@hooks.register("register_admin_menu_item")
def appointments_menu_item() -> MenuItem:
    """The schedule, and for those who tend them the hours that it is made from."""
    schedule = CasesMenuItem(
        _("Schedule"), reverse("intake:schedule"), name="schedule", icon_name="date", order=1
    )
    items = [schedule, *(one.get_menu_item(order) for order, one in enumerate(VIEWSETS, start=2))]
    return SubmenuMenuItem(
        _("Reception"), Menu(items=items), name="appointments", icon_name="date", order=120
    )


@hooks.register("register_admin_menu_item")
def absences_menu_item() -> MenuItem:
    return AbsencesMenuItem(
        _("Absences"), reverse("intake:absences"), name="absences", icon_name="user", order=125
    )


class JournalsMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm("intake_forms.view_whole_centre")


@hooks.register("register_admin_menu_item")
def journals_menu_item() -> MenuItem:
    return JournalsMenuItem(
        _("Journals"), reverse("intake:journals"), name="journals", icon_name="list-ol", order=130
    )


class FiguresMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return may_look(request.user)


@hooks.register("register_admin_menu_item")
def figures_menu_item() -> MenuItem:
    return FiguresMenuItem(
        _("Figures"), reverse("intake:figures"), name="figures", icon_name="table", order=650
    )


@hooks.register("register_admin_viewset")
def plans_viewset() -> ViewSet:
    return PlanViewSet()


@hooks.register("register_admin_viewset")
def counted_as_viewset() -> ViewSet:
    return CountedAsViewSet()
