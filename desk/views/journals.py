"""The journals of a centre: which there are, a year of one, its paper and its table; a card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from catalogue.exchange.files import FORMATS, write
from catalogue.models import Provider
from desk import journal_paper, masks
from desk.days import DayField
from desk.journal_lines import columns, corrected, kinds_of, read, values_of
from desk.known import related, told_at
from desk.models import JournalEntry
from desk.opening_form import OpenForm
from desk.views import page
from forms.calendars import clock_of
from forms.crypto import CryptoError
from forms.models import AccessLog, Erased, IntakeCase, Register
from forms.models.cases import read_along
from forms.operators import operator_of
from forms.views.attachment import attachment
from forms.views.private import private
from forms.visibility import scope_of

ON_PAGE = 50
MOST_ON_PAPER = 3000
LONGEST_NUMBER = 9
CASE, MARKS = "_case", "_marks"
CLOSED, MOVED, ERASED = "closed", "moved", "erased"


class PeriodForm(forms.Form):
    use_required_attribute = False
    since = DayField(label=gettext_lazy("From"))
    until = DayField(label=gettext_lazy("to"))

    def query(self) -> str:
        """The days for an address; empty: the whole year."""
        given = self.cleaned_data if self.is_valid() else {}
        return urlencode({name: day for name, day in given.items() if day})

    def said(self) -> str:
        """The days in words; empty: the whole year."""
        given = self.cleaned_data if self.is_valid() else {}
        words = {"since": _("from %(day)s"), "until": _("to %(day)s")}
        return " ".join(
            text % {"day": f"{given[name]:%d.%m.%Y}"}
            for name, text in words.items()
            if given.get(name)
        )

    def narrow(self, lines: QuerySet[JournalEntry]) -> QuerySet[JournalEntry]:
        self.is_valid()
        given = self.cleaned_data
        if given.get("since"):
            lines = lines.filter(day__gte=given["since"])
        if given.get("until"):
            lines = lines.filter(day__lte=given["until"])
        return lines


@dataclass(frozen=True)
class Shown:
    """A line as it is shown. Of what this person may not see only the number and the day stand
    there.

    :ivar values: by name of column.
    :ivar later: what the case says otherwise since the line was sealed, by name of column.
    :ivar state: empty: it is shown.
    """

    line: JournalEntry
    values: dict[str, str]
    state: str = ""
    later: dict[str, str] = field(default_factory=dict)

    @property
    def cells(self) -> list[tuple[str, str, str]]:
        """Heads, texts and corrections of what stands beside the number."""
        _number, *rest = columns(self.line.register)
        return [
            (label, self.values.get(name, ""), self.later.get(name, "")) for name, label in rest
        ]

    @property
    def number(self) -> str:
        """That of the case, for those who may see it."""
        return "" if self.state in (CLOSED, MOVED) else self.line.case.number

    @property
    def marks(self) -> str:
        """What is to be known of the line, on paper and in a table."""
        return "; ".join(self._marks())

    def _marks(self) -> Iterator[str]:
        if self.line.from_paper:
            yield _("from paper")
        if self.state:
            yield str(_STATES[self.state])
        elif not self.line.frozen_at:
            yield _("not closed yet")
        elif self.line.case.closed_at is None:
            yield _("opened again")
        heads = dict(columns(self.line.register))
        for name, text in self.later.items():
            yield _("corrected later: %(head)s – %(text)s") % {"head": heads[name], "text": text}


_STATES = {
    CLOSED: gettext_lazy("secret"),
    MOVED: gettext_lazy("handed to another centre"),
    ERASED: gettext_lazy("[erased]"),
}


@private
@require_safe
def journals(request: HttpRequest) -> HttpResponse:
    """Journals of the own centres, by year."""
    lines = _lines(request)
    counts = (
        lines.order_by()
        .values("register", "centre", "year")
        .annotate(count=Count("pk"))
        .order_by("-year")
    )
    registers = Register.objects.in_bulk()
    centres = Provider.objects.in_bulk(scope_of(request.user).centres)
    rows = [
        {
            "register": registers[row["register"]],
            "centre": centres[row["centre"]],
            "year": row["year"],
            "count": row["count"],
        }
        for row in counts
    ]
    rows.sort(key=lambda row: (-row["year"], row["register"].sort_key, row["centre"].pk))
    return render(request, "intake_desk/journals.html", {"rows": rows})


@private
@require_safe
def journal(request: HttpRequest, slug: str, centre: int, year: int) -> HttpResponse:
    """A year of a journal, the newest line first."""
    return _page(request, _journal(request, slug, centre, year), year)


def _page(
    request: HttpRequest,
    of_year: tuple[Register, Provider, QuerySet[JournalEntry]],
    year: int,
    status: int = 200,
) -> HttpResponse:
    register, of_centre, lines = of_year
    period = PeriodForm(request.GET, auto_id="journal-%s")
    lines = period.narrow(lines)
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) <= LONGEST_NUMBER:
        lines = lines.filter(number__lt=int(before))
    with clock_of(of_centre.pk):
        found = list(lines.order_by("-number")[: ON_PAGE + 1])
        shown = _shown(request, register, found[:ON_PAGE])
        context = {
            "register": register,
            "centre": of_centre,
            "year": year,
            "heads": [label for _name, label in columns(register)],
            "lines": shown,
            "period": period,
            "opening": OpenForm.of(request),
            "query": period.query(),
            "further": found[ON_PAGE - 1].number if len(found) > ON_PAGE else 0,
        }
        return render(request, "intake_desk/journal.html", context, status=status)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def journal_file(
    request: HttpRequest, slug: str, centre: int, year: int, file_format: str
) -> HttpResponse:
    """The lines of a period on paper or as a table; with a reason nothing of them is hidden."""
    of_year = register, of_centre, lines = _journal(request, slug, centre, year)
    if file_format not in ("pdf", *FORMATS):
        raise Http404
    opening, period = OpenForm.of(request), PeriodForm(request.GET)
    if not period.is_valid() or (opening.is_bound and not opening.is_valid()):
        return _page(request, of_year, year, status=422)
    found = list(period.narrow(lines).order_by("number")[: MOST_ON_PAPER + 1])
    if len(found) > MOST_ON_PAPER:
        told = _("More than %(most)s lines: please choose a shorter period.")
        context = {"told": told % {"most": MOST_ON_PAPER}, "register": register}
        return render(request, "intake_desk/journal_long.html", context, status=422)
    number, *rest = columns(register)
    heads = [number, (CASE, _("Case")), *rest, (MARKS, _("Marks"))]
    with clock_of(of_centre.pk):
        shown = _shown(request, register, found, opening.reason)
        rows = [{**one.values, CASE: one.number, MARKS: one.marks} for one in shown]
        name = f"{register.slug}-{year}.{file_format}"
        if file_format != "pdf":
            content = write(journal_paper.table(heads, rows), file_format)
            return attachment(content, FORMATS[file_format], name)
        content = journal_paper.pdf(
            register,
            centre=str(of_centre),
            by=str(request.user),
            period=" ".join(filter(None, [str(year), period.said()])),
            columns=heads,
            lines=rows,
        )
        return attachment(content, "application/pdf", name)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def card(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """What a register holds of one case, as a sheet to sign; with a reason nothing is hidden."""
    found = page.visible(request, pk)
    reason = OpenForm.of(request).reason
    register = get_object_or_404(Register, slug=slug, on_case=True)
    lines = JournalEntry.objects.filter(register=register, case=found, centre=found.centre_id)
    line = lines.select_related("register", "help__author").first()
    with clock_of(found.centre_id):
        try:
            if line is not None:
                line.case = found  # as it was read with everything that a page needs
            values = read(line) if line else values_of(register, found)
            later = corrected(line, values) if line else {}
        except (Erased, CryptoError):
            told = _("The personal data have been erased.")
            return page.show(request, found, told=told, status=410)
        page.log(request, found, f"register:{register.pk}", reason)
        if not reason:
            values, later = _masked(register, values), _masked(register, later)
        if line:
            values[MARKS] = Shown(line, values, later=later).marks
        heads = [head for head in columns(register) if head[0] in values]
        heads += [(MARKS, _("Marks"))] if values.get(MARKS) else []
        content = journal_paper.card(
            register,
            centre=operator_of(found.centre),
            case=f"{_('Case')} {found.number}, {timezone.localtime(told_at(found)):%d.%m.%Y}",
            columns=heads,
            line=values,
        )
    return attachment(content, "application/pdf", f"{register.slug}-{found.number}.pdf")


def _lines(request: HttpRequest) -> QuerySet[JournalEntry]:
    """Lines of the own centres; for those who may see the whole of them."""
    user: Any = request.user
    if not (
        user.has_perm("intake_forms.view_intakecase")
        and user.has_perm("intake_forms.view_whole_centre")
    ):
        raise Http404
    return JournalEntry.objects.filter(centre__in=scope_of(user).centres)


def _journal(
    request: HttpRequest, slug: str, centre: int, year: int
) -> tuple[Register, Provider, QuerySet[JournalEntry]]:
    lines = _lines(request)
    if centre not in scope_of(request.user).centres:
        raise Http404
    register = get_object_or_404(Register, slug=slug)  # numbers may have been stopped since
    of_centre = get_object_or_404(Provider, pk=centre)
    rows = lines.filter(register=register, centre=of_centre, year=year).select_related(
        "register",
        "help__author",
        *read_along("case"),
        "case__form",
        "case__topic",
        "case__territory",
        "case__assignee",
        "case__curator",
    )
    return (
        register,
        of_centre,
        rows.prefetch_related("help__kinds", "case__entries", *related("case__")),
    )


def _shown(
    request: HttpRequest, register: Register, lines: list[JournalEntry], reason: str = ""
) -> list[Shown]:
    """The lines in words; that they were read is written down, case by case.

    :param reason: why phones and addresses are opened; without one they are hidden.
    """
    user: Any = request.user
    cases = {line.case_id for line in lines}
    visible = IntakeCase.objects.visible_to(user).filter(pk__in=cases)
    seen = set(visible.values_list("pk", flat=True))
    shown = [_line(line, line.case_id in seen, is_open=bool(reason)) for line in lines]
    looked = {one.line.case_id for one in shown if not one.state}
    AccessLog.objects.bulk_create(
        [
            AccessLog(case_id=case, user=user, what=f"journal:{register.pk}", reason=reason)
            for case in looked
        ]
    )
    return shown


def _line(line: JournalEntry, is_seen: bool, *, is_open: bool) -> Shown:
    bare = {"no": str(line.number), "date": f"{line.day:%d.%m.%Y}"}
    if not is_seen:
        is_moved = line.case.centre_id != line.centre_id and not line.case.secret
        return Shown(line, bare, MOVED if is_moved else CLOSED)
    try:
        values = read(line)
        later = corrected(line, values)
    except (Erased, CryptoError):
        return Shown(line, bare, ERASED)
    if is_open:
        return Shown(line, values, later=later)
    return Shown(line, _masked(line.register, values), later=_masked(line.register, later))


def _masked(register: Register, values: Mapping[str, str]) -> dict[str, str]:
    """With phones, addresses and other identifiers hidden."""
    kinds = kinds_of(register)
    return {name: masks.of_register(kinds.get(name, ""), text) for name, text in values.items()}
