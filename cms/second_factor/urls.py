"""Addresses of the second step, under /admin/second-factor/."""

from __future__ import annotations

from django.urls import path

from cms.second_factor import views

app_name = "second_factor"
urlpatterns = [
    path("", views.mine, name="mine"),
    path("code/", views.verify, name="verify"),
    path("set-up/", views.set_up, name="set_up"),
    path("spare-codes/", views.spare_codes, name="spare_codes"),
    path("people/", views.people, name="people"),
    path("people/<int:pk>/reset/", views.reset, name="reset"),
]
