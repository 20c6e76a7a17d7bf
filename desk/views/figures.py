"""«Показатели»: for the head those of the own centre, for the analyst those of all of them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from desk import plots
from desk.figures import paper, table
from desk.figures.asking import FiguresForm, may_look
from desk.figures.naming import span
from desk.figures.summary import Summary, summary
from forms.calendars import clock_of
from forms.views.attachment import attachment
from forms.views.private import private

_FILES = {
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", table.xlsx),
    "pdf": ("application/pdf", paper.pdf),
}


@private
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    asked = _asked(request)
    if not asked.is_valid():
        return render(request, "intake_desk/figures.html", {"form": asked}, status=422)
    found = _summary(asked)
    context = {
        "form": asked,
        "found": found,
        "span": span(found.period),
        "span_before": span(found.before),
        "query": request.GET.urlencode(),
        "plot": plots.columns(found.series.names, found.series.received, found.series.decided),
    }
    with clock_of(None):
        return render(request, "intake_desk/figures.html", context)


@private
@require_safe
def figures_file(request: HttpRequest, file_format: str) -> HttpResponse:
    """The page as it is seen, as a table or on paper."""
    asked = _asked(request)
    if file_format not in _FILES:
        raise Http404
    if not asked.is_valid():
        return render(request, "intake_desk/figures.html", {"form": asked}, status=422)
    found = _summary(asked)
    kind, made = _FILES[file_format]
    days = f"{found.period.first:%Y%m%d}-{found.period.last:%Y%m%d}"
    return attachment(made(found), kind, f"pokazateli-{days}.{file_format}")


def _asked(request: HttpRequest) -> FiguresForm:
    if not may_look(request.user):
        raise Http404
    return FiguresForm(request.user, request.GET)


def _summary(asked: FiguresForm) -> Summary:
    centre = asked.centre_asked
    return summary(
        asked.where(),
        asked.period_asked,
        whose=str(centre) if centre else _whose(asked),
        narrowed=asked.narrowed(),
        centre=centre.pk if centre else None,
        by_centre=centre is None,
    )


def _whose(asked: FiguresForm) -> str:
    return _("all centres") if asked.centres is None else _("all your centres")
