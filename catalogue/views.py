"""Public pages of the catalogue."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from catalogue.measure_page import published_page
from catalogue.models import Measure
from cms.methods import read_only
from cms.page_cache import same_for_everybody


@read_only
@same_for_everybody
def measure(request: HttpRequest, slug: str) -> HttpResponse:
    """A measure of support: what it is, who gets it, how and where to get it."""
    found = get_object_or_404(Measure.objects.public(), slug=slug)
    return render(request, "catalogue/measure.html", published_page(request, found))
