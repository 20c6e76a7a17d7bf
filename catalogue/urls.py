"""Public addresses of this floor."""

from __future__ import annotations

from django.urls import path

from catalogue.place import territory
from catalogue.views import measure

app_name = "catalogue"
urlpatterns = [
    path("measures/<slug:slug>/", measure, name="measure"),
    path("territory/", territory, name="territory"),
]
