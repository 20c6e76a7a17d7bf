"""Registers what this floor adds to the back office."""

from __future__ import annotations

from django.urls import URLPattern, path
from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSet, ViewSetGroup
from wagtail.snippets.models import register_snippet

from catalogue.dictionaries import Dictionaries
from catalogue.form_fields import register_list_fields
from catalogue.place_field import places
from catalogue.viewsets import MeasureViewSet, OfficeViewSet, ProviderViewSet

register_list_fields()
register_snippet(MeasureViewSet)


@hooks.register("register_admin_urls")
def place_names() -> list[URLPattern]:
    return [path("places/", places, name="catalogue_places")]


@hooks.register("register_admin_viewset")
def viewsets() -> list[ViewSet | ViewSetGroup]:
    return [ProviderViewSet(), OfficeViewSet(), Dictionaries()]
