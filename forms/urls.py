"""Public addresses of this floor."""

from __future__ import annotations

from django.urls import path

from forms.views.contact import own_contact
from forms.views.drafts import draft_page, form_begun
from forms.views.form import form
from forms.views.own_data import own_consent, own_copy, own_data
from forms.views.rate import rate_case
from forms.views.receipt import receipt, receipt_paper
from forms.views.recovery import lost, lost_code
from forms.views.status import case_status, leave, quick_exit, status, withdraw

app_name = "intake_forms"
urlpatterns = [
    path("forms/<slug:slug>/", form, name="form"),
    path("drafts/", form_begun, name="forms_begun"),
    path("drafts/<str:ref>/", form_begun, name="form_begun"),
    path("drafts/<str:ref>/<str:place>/", draft_page, name="draft_page"),
    path("receipts/<str:ref>/", receipt, name="receipt"),
    path("receipts/<str:ref>/receipt.pdf", receipt_paper, name="receipt_paper"),
    path("status/", status, name="status"),
    path("status/leave/", leave, name="leave"),
    path("status/lost/", lost, name="lost"),
    path("status/lost/code/", lost_code, name="lost_code"),
    path("status/<str:ref>/", case_status, name="case_status"),
    path("status/<str:ref>/withdraw/", withdraw, name="withdraw"),
    path("status/<str:ref>/contact/", own_contact, name="own_contact"),
    path("status/<str:ref>/rate/", rate_case, name="rate"),
    path("away/", quick_exit, name="quick_exit"),
    path("status/<str:ref>/data/", own_data, name="own_data"),
    path("status/<str:ref>/data/copy.zip", own_copy, name="own_copy"),
    path("status/<str:ref>/consent/", own_consent, name="own_consent"),
]
