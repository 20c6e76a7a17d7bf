"""Who may do what: the roles of the portal, and how views are closed per object.

A role is a group of permissions. Whose objects a person may touch is never a permission: each
model whose rows belong to somebody has one queryset method `visible_to(user)`, and every view
starts from it. Wagtail's generic views check permissions of the model only, so `ScopedViews`
puts that queryset in front of each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.http import Http404


class Role(StrEnum):
    """Name of a role's group, as administrators see it."""

    EDITOR = "Редактор"
    CHIEF_EDITOR = "Главный редактор"
    DISPATCHER = "Диспетчер"
    SPECIALIST = "Специалист"
    HEAD = "Руководитель центра"
    PARTNER = "Партнёр"
    ANALYST = "Аналитик"
    ADMINISTRATOR = "Администратор"


@dataclass(frozen=True)
class Rights:
    """What a role may do: permissions as `app.codename`, and on pages and files."""

    permissions: tuple[str, ...]
    pages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def crud(app: str, *models: str, actions: str = "view add change delete") -> tuple[str, ...]:
    """Names of the permissions for some actions on some models of an app."""
    return tuple(f"{app}.{action}_{model}" for model in models for action in actions.split())


_ADMIN = ("wagtailadmin.access_admin",)
_DICTIONARIES = (
    "category",
    "situation",
    "fact",
    "documenttype",
    "legalact",
    "provider",
    "office",
    "hotline",
    "territory",
)

RIGHTS: dict[Role, Rights] = {
    Role.EDITOR: Rights(
        _ADMIN
        + crud("catalogue", "measure", *_DICTIONARIES, actions="view add change")
        + ("catalogue.manage_all_measures", "catalogue.manage_all_providers"),
        pages=("add_page", "change_page"),
        files=("add", "change", "choose"),
    ),
    Role.CHIEF_EDITOR: Rights(
        _ADMIN
        + crud("catalogue", "measure", *_DICTIONARIES)
        + (
            "catalogue.manage_all_measures",
            "catalogue.manage_all_providers",
        ),
        pages=("add_page", "change_page", "publish_page", "lock_page", "unlock_page"),
        files=("add", "change", "choose"),
    ),
    Role.DISPATCHER: Rights(_ADMIN),
    Role.SPECIALIST: Rights(_ADMIN),
    Role.HEAD: Rights(_ADMIN),
    Role.PARTNER: Rights(
        _ADMIN
        + crud("catalogue", "measure", actions="view add change")
        + crud("catalogue", "provider", actions="view change"),
    ),
    Role.ANALYST: Rights(_ADMIN),
    Role.ADMINISTRATOR: Rights(
        _ADMIN
        + crud("cms", "user")
        + crud("auth", "group")
        + crud("catalogue", "membership", *_DICTIONARIES)
        + ("catalogue.manage_all_measures", "catalogue.manage_all_providers"),
        files=("add", "change", "choose"),
    ),
}


class ScopedView:
    """Mixed in front of a generic view of Wagtail: rows of others do not exist for this person."""

    def get_base_queryset(self) -> Any:
        return super().get_base_queryset() & self._visible()  # type: ignore[misc]

    def get_object(self, queryset: Any = None) -> Any:
        found = super().get_object(queryset) if queryset is not None else super().get_object()  # type: ignore[misc]
        if not self._visible().filter(pk=found.pk).exists():
            raise Http404
        return found

    def _visible(self) -> Any:
        return self.model._default_manager.visible_to(self.request.user)  # type: ignore[attr-defined]


class ScopedViews:
    """Mixed in front of a viewset of Wagtail: every view that it makes is a ScopedView."""

    def construct_view(self, view_class: type, **kwargs: Any) -> Any:
        if hasattr(view_class, "get_object") or hasattr(view_class, "get_base_queryset"):
            view_class = type(f"Scoped{view_class.__name__}", (ScopedView, view_class), {})
        return super().construct_view(view_class, **kwargs)  # type: ignore[misc]
