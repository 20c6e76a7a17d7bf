"""Public addresses of this floor."""

from __future__ import annotations

from django.urls import path

from catalogue.place import territory

app_name = "catalogue"
urlpatterns = [path("territory/", territory, name="territory")]
