"""Registers what this floor adds to the back office."""

from __future__ import annotations

from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSet

from search.viewsets import SynonymViewSet


@hooks.register("register_admin_viewset")
def viewsets() -> list[ViewSet]:
    return [SynonymViewSet()]
