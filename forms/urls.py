"""Public addresses of this floor."""

from __future__ import annotations

from django.urls import path

from forms.views.form import form
from forms.views.receipt import receipt
from forms.views.status import case_status, leave, status

app_name = "intake_forms"
urlpatterns = [
    path("forms/<slug:slug>/", form, name="form"),
    path("receipts/<str:ref>/", receipt, name="receipt"),
    path("status/", status, name="status"),
    path("status/leave/", leave, name="leave"),
    path("status/<str:ref>/", case_status, name="case_status"),
]
