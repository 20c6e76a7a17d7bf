"""Addresses of the exchange, under the back office."""

from __future__ import annotations

from django.urls import path

from catalogue.exchange.views import BatchView, ExchangeView, ExportView

app_name = "catalogue_exchange"
urlpatterns = [
    path("", ExchangeView.as_view(), name="index"),
    path("export/<slug:kind>.<slug:file_format>", ExportView.as_view(), name="export"),
    path("<uuid:pk>/", BatchView.as_view(), name="batch"),
]
