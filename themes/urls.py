"""Addresses of this floor."""

from __future__ import annotations

from django.urls import path

from themes.views import favicon, patterns

app_name = "themes"
urlpatterns = [
    path("patterns/", patterns, name="patterns"),
    path("favicon.ico", favicon, name="favicon"),
]
