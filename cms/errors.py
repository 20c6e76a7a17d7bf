"""Answers to requests that went wrong, as pages for people."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A POST without a valid token: tell how to send again, keep nothing."""
    return render(request, "403_csrf.html", status=403)
