"""The patterns page: every component in every state, for those who build pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cms.methods import read_only
from themes.patterns import samples


@read_only
def patterns(request: HttpRequest) -> HttpResponse:
    return render(request, "themes/patterns.html", samples())
