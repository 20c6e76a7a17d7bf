"""The base of operational registers: plain tables without personal data, over wagtail-modeladmin.

Nothing else of the portal knows wagtail-modeladmin, so that it can be replaced in one place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, Model
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from wagtail_modeladmin.helpers import PermissionHelper
from wagtail_modeladmin.options import ModelAdmin, ModelAdminGroup, modeladmin_register

from cms.access import visible


class RegisterRights(PermissionHelper):
    """Who may look at rows opens the register; a right to add alone belongs to other pages."""

    def user_can_list(self, user: Any) -> bool:
        return self.user_has_specific_permission(user, self.get_perm_codename("view"))


class ReadOnlyRights(RegisterRights):
    """Rows are written by the portal itself; people look at them."""

    def user_can_create(self, user: Any) -> bool:
        return False

    def user_can_edit_obj(self, user: Any, obj: Any) -> bool:
        return False

    def user_can_delete_obj(self, user: Any, obj: Any) -> bool:
        return False


class NoNewRowsRights(RegisterRights):
    """Rows come with the data set; people change some of what stands in them."""

    def user_can_create(self, user: Any) -> bool:
        return False

    def user_can_delete_obj(self, user: Any, obj: Any) -> bool:
        return False


class Register(ModelAdmin):
    """A register. Rows that belong to somebody are those of `visible_to`.

    :cvar read_only: rows can be looked at only.
    """

    list_display: tuple[str, ...] = ("__str__",)
    read_only = False
    permission_helper_class = RegisterRights
    history_view_enabled = False
    index_template_name = "cms/register.html"
    list_per_page = 50

    def __init__(self, parent: Any = None) -> None:
        if self.read_only:
            self.inspect_view_enabled = True
            self.permission_helper_class = ReadOnlyRights
        super().__init__(parent)
        self.list_display = tuple(self._column(name) for name in self.list_display)
        # Filters ask it for the order of related rows; Django's own admin is not installed.
        self.admin_site = AdminSite()

    def _column(self, name: str) -> str:
        """A column of flags says "yes" or "no": the pictures of Django's own admin are not here."""
        field = self.opts.get_field(name) if name in _field_names(self.model) else None
        if not isinstance(field, BooleanField):
            return name

        def in_words(row: Model) -> str:
            return str(_("yes") if getattr(row, name) else _("no"))

        in_words.short_description = field.verbose_name  # type: ignore[attr-defined]
        in_words.admin_order_field = name  # type: ignore[attr-defined]
        setattr(self, f"{name}_in_words", in_words)
        return f"{name}_in_words"

    def get_menu_label(self) -> str:
        return str(self.menu_label or capfirst(self.opts.verbose_name_plural))

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        if hasattr(self.model._default_manager, "visible_to"):
            own = self.model._default_manager.visible_to(request.user)
            rows = rows.filter(pk__in=own.values("pk"))
        return rows

    def get_admin_urls_for_registration(self) -> Any:
        urls = super().get_admin_urls_for_registration()
        if not self.read_only:
            return urls
        writing = {self.url_helper.get_action_url_name(a) for a in ("create", "edit", "delete")}
        return tuple(url for url in urls if url.name not in writing)

    def edit_view(self, request: HttpRequest, instance_pk: str) -> HttpResponse:
        return self._of_row(super().edit_view, request, instance_pk)

    def delete_view(self, request: HttpRequest, instance_pk: str) -> HttpResponse:
        return self._of_row(super().delete_view, request, instance_pk)

    def inspect_view(self, request: HttpRequest, instance_pk: str) -> HttpResponse:
        return self._of_row(super().inspect_view, request, instance_pk)

    def _of_row(
        self, view: Callable[..., HttpResponse], request: HttpRequest, key: str
    ) -> HttpResponse:
        if not _exists(self.model, request.user, key):
            raise Http404
        return view(request, key)


def _field_names(model: type[Model]) -> set[str]:
    return {field.name for field in model._meta.get_fields()}


def _exists(model: type[Model], user: Any, key: str) -> bool:
    if hasattr(model._default_manager, "visible_to"):
        return visible(model, user, [key])
    try:
        model._meta.pk.to_python(key)
    except ValidationError:
        return False
    return True


def register_registers(registers: list[type[Register]]) -> None:
    """Put the floors' registers under one heading of the menu."""
    group = type(
        "Registers",
        (ModelAdminGroup,),
        {
            "menu_label": _("Registers"),
            "menu_icon": "list-ul",
            "menu_order": 700,
            "items": tuple(registers),
        },
    )
    modeladmin_register(group)
