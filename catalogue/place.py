"""The place that a family has chosen: kept in a cookie, shown on every page, changed on its own.

The cookie holds the slug of a territory and nothing about the person.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Exists, F, Func, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Concat, Lower, Replace
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from catalogue.models import Territory
from catalogue.models.territory import TerritoryKind
from cms.page_cache import PLACE

COOKIE = "territory"
YEAR = 365 * 24 * 3600
LONGEST_WORDS = 100
MOST_FOUND = 40
LONGEST_WAY = 1000


def chosen_territory(request: HttpRequest) -> Territory | None:
    """The territory that the family has chosen. Anything else in the cookie is nothing."""
    if not hasattr(request, "_chosen_territory"):
        slug = request.COOKIES.get(COOKIE, "")
        request._chosen_territory = _territory(slug)  # type: ignore[attr-defined]
    return request._chosen_territory  # type: ignore[attr-defined]


def place(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `place` in every template, asked of the database only where used."""
    return {"place": SimpleLazyObject(lambda: chosen_territory(request))}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def territory(request: HttpRequest) -> HttpResponse:
    """Choose a region, then a district in it. Works with links and buttons alone."""
    if request.method == "POST":
        slug = request.POST.get("territory", "")
        if not slug or _territory(slug):
            return _keep(request, slug)
    return _choices(request, refused=request.method == "POST")


def _keep(request: HttpRequest, slug: str) -> HttpResponse:
    """Remembers the choice, or forgets it when there is none, and goes back."""
    response = HttpResponseRedirect(_way_back(request, request.POST.get("next", "")))
    if not slug:
        response.delete_cookie(COOKIE, samesite="Lax")
        return response
    response.set_cookie(
        COOKIE,
        slug,
        max_age=YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _choices(request: HttpRequest, *, refused: bool) -> HttpResponse:
    words = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_WORDS]
    inside = request.GET.get("inside", "")
    around = None
    if inside and not words:
        around = get_object_or_404(Territory, slug=inside if PLACE.fullmatch(inside) else "")
    context = {
        "words": words,
        "around": around,
        "above": list(Territory.objects.around(around).exclude(pk=around.pk)) if around else [],
        "found": _found(words) if words else _inside(around),
        "next": _way_back(request, request.POST.get("next") or request.GET.get("next", "")),
        "refused": refused,
    }
    return render(request, "catalogue/territory.html", context, status=400 if refused else 200)


def _inside(around: Territory | None) -> QuerySet[Territory]:
    rows = _with_parts()
    if around:
        return rows.filter(parent=around)
    return rows.filter(kind=TerritoryKind.REGION)


def _found(words: str) -> QuerySet[Territory]:
    found = called(words, _with_parts()).exclude(kind=TerritoryKind.COUNTRY)
    return found.select_related("parent")[:MOST_FOUND]


def called(words: str, among: QuerySet[Territory]) -> QuerySet[Territory]:
    """Those whose name, or what people call it, holds the words; ё and е are one letter."""
    aliases = Func(F("aliases"), Value(" "), function="array_to_string", output_field=TextField())
    named = Replace(
        Lower(Concat("title", Value(" "), aliases, output_field=TextField())),
        Value("ё"),
        Value("е"),
        output_field=TextField(),
    )
    return among.annotate(called=named).filter(called__contains=folded(words))


def folded(words: str) -> str:
    return words.lower().replace("ё", "е")


def _with_parts() -> QuerySet[Territory]:
    return Territory.objects.annotate(
        has_parts=Exists(Territory.objects.filter(parent=OuterRef("pk")))
    )


def _territory(slug: str) -> Territory | None:
    return Territory.objects.filter(slug=slug).first() if PLACE.fullmatch(slug) else None


def _way_back(request: HttpRequest, wanted: str) -> str:
    """A page of this site to return to; anything else leads home."""
    own = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if own and wanted.startswith("/") and len(wanted) < LONGEST_WAY else "/"
