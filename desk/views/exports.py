"""«Выгрузить»: choosing what stands in the table, how far it is, the file, who has had tables made."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalogue.exchange.files import FORMATS
from desk import counting
from desk.exports import asking, giving
from desk.exports.columns import Chosen
from desk.models import CaseExport, ExportFile, ExportState, ExportStep
from desk.models.exports import KEPT
from desk.views.cases import to
from forms.views.private import private

ON_PAGE = 50
LONGEST_PAGE_NUMBER = 6
REFRESH = "3"  # seconds, while it is being made; works without a script


@private
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Which cases stands in the address as on the list; the rest is chosen here."""
    user = _exporter(request)
    given = request.POST if request.method == "POST" else request.GET
    selection = asking.Selection.of(user, request.GET.urlencode())
    version = asking.VersionForm(given).chosen
    form = asking.ExportForm(version, given if request.method == "POST" else None)
    cases = selection.cases(version)
    count = counting.capped({"cases": cases}, asking.MOST)["cases"]
    told, status = "", 200
    if request.method == "POST":
        status = 422
        if 0 < count <= asking.MOST and form.is_valid():
            try:
                made = asking.ask(selection, version=version, given=form.given())
                return to(reverse("intake:export", args=[made.pk]))
            except asking.TooManyWaiting:
                told = _("Three tables are being made for you. Wait until one of them is ready.")
    context = {
        "form": form,
        "versions": asking.VersionForm({"version": version.pk if version else ""}),
        "version": version,
        "query": selection.query,
        "words": list(selection.in_words()),
        "kept": [(name, value) for name, value in request.GET.items() if name != "version"],
        "count": count,
        "most": asking.MOST,
        "days": KEPT.days,
        "told": told,
    }
    return render(request, "intake_desk/export_new.html", context, status=status)


@private
@require_safe
def exports(request: HttpRequest) -> HttpResponse:
    """Own tables, and for the head those of the colleagues: what they asked for, never the file."""
    user = _exporter(request)
    rows = CaseExport.objects.filter(pk__in=CaseExport.objects.visible_to(user).values("pk"))
    taken = Count("events", filter=Q(events__step=ExportStep.TAKEN))
    found = rows.select_related("owner", "version").annotate(taken=taken).order_by("-asked_at")
    page = Paginator(found, ON_PAGE).get_page(request.GET.get("page", "1")[:LONGEST_PAGE_NUMBER])
    return render(request, "intake_desk/exports.html", {"page": page})


@private
@require_safe
def export(request: HttpRequest, export: uuid.UUID) -> HttpResponse:
    """How far it is; what was asked for, and what happened to it."""
    return _shown(request, _visible(request, export))


@private
@require_POST
def file(request: HttpRequest, export: uuid.UUID) -> Any:
    """The file, for its owner alone. Each giving out is written down, so it takes a button."""
    user = _exporter(request)
    found = get_object_or_404(CaseExport, pk=export, owner=user)
    try:
        pieces = giving.give(found, user)
    except giving.NotGiven as not_given:
        return _shown(request, found, str(not_given), 410)
    response = StreamingHttpResponse(pieces, content_type=FORMATS[found.file_format])
    name = f"обращения-{timezone.localtime(found.asked_at):%Y-%m-%d-%H%M}.{found.file_format}"
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or ""
    response.headers["Content-Length"] = str(found.file.size)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@private
@require_POST
def delete(request: HttpRequest, export: uuid.UUID) -> HttpResponse:
    """The owner needs it no more."""
    user = _exporter(request)
    found = get_object_or_404(CaseExport, pk=export, owner=user)
    giving.delete(found, user)
    return to(reverse("intake:export", args=[found.pk]))


def _exporter(request: HttpRequest) -> Any:
    user: Any = request.user
    if not asking.may_export(user):
        raise Http404
    return user


def _visible(request: HttpRequest, key: uuid.UUID) -> CaseExport:
    rows = CaseExport.objects.visible_to(_exporter(request))
    found: CaseExport = get_object_or_404(rows.select_related("owner", "version"), pk=key)
    return found


def _anew(found: CaseExport) -> str:
    """Where the same cases and answers are asked for once more."""
    answers = f"&version={found.version_id}" if found.version_id else ""
    return f"{reverse('intake:export_new')}?{found.query}{answers}"


def _shown(
    request: HttpRequest, found: CaseExport, told: str = "", status: int = 200
) -> HttpResponse:
    user = _exporter(request)
    schema = found.version.schema if found.version else None
    is_own = found.owner_id == user.pk
    context = {
        "export": found,
        "query": found.query,
        "is_own": is_own,
        "why_not": giving.why_not(found, user) if is_own else "",
        "anew": _anew(found),
        "words": list(asking.Selection.of(user, found.query).in_words()),
        "heads": Chosen.of(found.columns, schema, is_open=found.is_open).heads(),
        "events": list(found.events.select_related("actor").order_by("pk")),
        "size": ExportFile.objects.filter(pk=found.pk).values_list("size", flat=True).first(),
        "told": told,
        "most": asking.MOST,
    }
    response = render(request, "intake_desk/export.html", context, status=status)
    if found.state == ExportState.WAITING:
        response.headers["Refresh"] = REFRESH
    return response
