"""The patterns page: every component in every state, for those who build pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from themes.patterns import samples


@require_safe
def patterns(request: HttpRequest) -> HttpResponse:
    return render(request, "themes/patterns.html", samples())
