"""Registers what this floor adds to the back office."""

from __future__ import annotations

from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSet
from wagtail.snippets.models import register_snippet

from catalogue.viewsets import MeasureViewSet, OfficeViewSet, ProviderViewSet

register_snippet(MeasureViewSet)


@hooks.register("register_admin_viewset")
def viewsets() -> list[ViewSet]:
    return [ProviderViewSet(), OfficeViewSet()]
