"""Public addresses of this floor."""

from __future__ import annotations

from django.urls import path

from search.views import click, results

app_name = "search"
urlpatterns = [
    path("search/", results, name="results"),
    path("search/click/", click, name="click"),
]
