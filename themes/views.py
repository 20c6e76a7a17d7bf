"""The patterns page, for those who build pages, and the icon that browsers ask for unasked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.cache import cache_control

from cms.methods import read_only
from themes.patterns import samples


@read_only
def patterns(request: HttpRequest) -> HttpResponse:
    return render(request, "themes/patterns.html", samples())


@read_only
@cache_control(public=True, max_age=86_400)
def favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(static("themes/favicon.ico"))
