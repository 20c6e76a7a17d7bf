"""Addresses of the desk, under /admin/intake/; those of the floor below stand beside them."""

from __future__ import annotations

from django.urls import path

from desk.views import case
from desk.views.cases import cases
from forms import admin_urls as forms

app_name = "intake"
urlpatterns = [
    path("", cases, name="list"),
    path("<int:pk>/", case.case, name="case"),
    path("<int:pk>/take/", case.take, name="take"),
    path("<int:pk>/move/", case.move, name="move"),
    path("<int:pk>/note/", case.note, name="note"),
    path("<int:pk>/registers/<slug:slug>/", case.register, name="register"),
    *forms.urlpatterns,
]
