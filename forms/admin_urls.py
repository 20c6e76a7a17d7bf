"""Addresses of forms and of what families sent, under /admin/intake/ (see desk.admin_urls)."""

from __future__ import annotations

from django.urls import path

from forms.views import carry
from forms.views.check import check
from forms.views.check import preview as preview_of_check
from forms.views.data_register import data_register, data_register_file
from forms.views.erasure import act, act_log, act_paper, acts_of_erasure, hold, lift, withdraw
from forms.views.file import serve
from forms.views.ledger import ledger
from forms.views.person import person
from forms.views.publish import publish
from forms.views.ready import ready_blocks, save_ready
from forms.views.reissue import new_code, sheet
from forms.views.rules import rules

urlpatterns = [
    path("ledger/", ledger, name="ledger"),
    path("person/", person, name="person"),
    path("data/", data_register, name="data_register"),
    path("data/register.<slug:file_format>", data_register_file, name="data_register_file"),
    path("acts/", acts_of_erasure, name="acts"),
    path("acts/<int:pk>/", act, name="act"),
    path("acts/<int:pk>/act.pdf", act_paper, name="act_paper"),
    path("acts/<int:pk>/log.csv", act_log, name="act_log"),
    path("<int:pk>/files/<uuid:file>/", serve, name="file"),
    path("<int:pk>/code/", new_code, name="new_code"),
    path("<int:pk>/code/sheet.pdf", sheet, name="new_code_sheet"),
    path("<int:pk>/hold/", hold, name="hold"),
    path("<int:pk>/lift/", lift, name="lift"),
    path("<int:pk>/withdraw/", withdraw, name="withdraw"),
    path("forms/from-file/", carry.arrive, name="form_arrive"),
    path("forms/from-file/take-in/", carry.take_in, name="form_take_in"),
    path("forms/<int:pk>/file/", carry.export, name="form_file"),
    path("forms/<int:pk>/copy/", carry.copy, name="form_copy"),
    path("forms/<int:pk>/usage/", carry.usage, name="form_usage"),
    path("forms/<int:pk>/ready/", save_ready, name="form_ready"),
    path("forms/ready/", ready_blocks, name="ready_blocks"),
    path("forms/rules/", rules, name="rules"),
    path("forms/<int:pk>/check/", check, name="check"),
    path("forms/<int:pk>/publish/", publish, name="publish"),
    path("forms/<int:pk>/check/<slug:number>/", preview_of_check, name="check_preview"),
]
