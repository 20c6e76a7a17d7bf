"""Addresses of the desk, under /admin/intake/."""

from __future__ import annotations

from django.urls import path

from forms.views import case
from forms.views.check import check
from forms.views.check import preview as preview_of_check
from forms.views.desk import desk
from forms.views.file import serve
from forms.views.ledger import ledger
from forms.views.ready import ready_blocks
from forms.views.reissue import new_code, sheet

app_name = "intake"
urlpatterns = [
    path("", desk, name="list"),
    path("ledger/", ledger, name="ledger"),
    path("<int:pk>/", case.case, name="case"),
    path("<int:pk>/take/", case.take, name="take"),
    path("<int:pk>/move/", case.move, name="move"),
    path("<int:pk>/files/<uuid:file>/", serve, name="file"),
    path("<int:pk>/code/", new_code, name="new_code"),
    path("<int:pk>/code/sheet.pdf", sheet, name="new_code_sheet"),
    path("<int:pk>/note/", case.note, name="note"),
    path("<int:pk>/registers/<slug:slug>/", case.register, name="register"),
    path("forms/ready/", ready_blocks, name="ready_blocks"),
    path("forms/<int:pk>/check/", check, name="check"),
    path("forms/<int:pk>/check/<slug:number>/", preview_of_check, name="check_preview"),
]
