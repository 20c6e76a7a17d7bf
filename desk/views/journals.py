"""The journals of a centre: which there are, a year of one, its paper and its table; a card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from catalogue.exchange.files import FORMATS, write
from catalogue.models import Provider
from desk import journal_paper, masks
from desk.days import DayField
from desk.journal_lines import columns, read, values_of
from desk.known import related
from desk.models import JournalEntry
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


class PeriodForm(forms.Form):
    use_required_attribute = False
    since = DayField(label=gettext_lazy("From"))
    until = DayField(label=gettext_lazy("to"))

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
    """A line on the page. Of what this person may not see only the number and the day stand there."""

    line: JournalEntry
    values: dict[str, str]  # by name of column
    state: str  # empty: it is shown; `closed`, `erased`

    @property
    def cells(self) -> list[tuple[str, str]]:
        """Heads and texts of what stands beside the number, with phones and addresses masked."""
        kinds = {spec["name"]: spec["type"] for spec in self.line.register.fields}
        _number, *rest = columns(self.line.register)
        return [
            (label, masks.of_register(kinds.get(name, ""), self.values.get(name, "")))
            for name, label in rest
        ]


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
    register, of_centre, lines = _journal(request, slug, centre, year)
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
            "further": found[ON_PAGE - 1].number if len(found) > ON_PAGE else 0,
        }
        return render(request, "intake_desk/journal.html", context)


@private
@require_safe
def journal_file(
    request: HttpRequest, slug: str, centre: int, year: int, file_format: str
) -> HttpResponse:
    """The lines of a period on paper or as a table."""
    register, of_centre, lines = _journal(request, slug, centre, year)
    if file_format not in ("pdf", *FORMATS):
        raise Http404
    found = list(PeriodForm(request.GET).narrow(lines).order_by("number")[: MOST_ON_PAPER + 1])
    if len(found) > MOST_ON_PAPER:
        told = _("More than %(most)s lines: please choose a shorter period.")
        context = {"told": told % {"most": MOST_ON_PAPER}, "register": register}
        return render(request, "intake_desk/journal_long.html", context, status=422)
    heads = columns(register)
    with clock_of(of_centre.pk):
        rows = [one.values for one in _shown(request, register, found)]
        name = f"{register.slug}-{year}.{file_format}"
        if file_format != "pdf":
            content = write(journal_paper.table(heads, rows), file_format)
            return attachment(content, FORMATS[file_format], name)
        content = journal_paper.pdf(
            register, centre=str(of_centre), period=str(year), columns=heads, lines=rows
        )
        return attachment(content, "application/pdf", name)


@private
@require_safe
def card(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """What a register holds of one case, as a sheet to sign."""
    found = page.visible(request, pk)
    register = get_object_or_404(Register, slug=slug, on_case=True)
    lines = JournalEntry.objects.filter(register=register, case=found, centre=found.centre_id)
    line = lines.select_related("register", "help__author").first()
    with clock_of(found.centre_id):
        try:
            if line is not None:
                line.case = found  # as it was read with everything that a page needs
            values = read(line) if line else values_of(register, found)
        except (Erased, CryptoError):
            told = _("The personal data have been erased.")
            return page.show(request, found, told=told, status=410)
        page.log(request, found, f"register:{register.pk}")
        heads = [head for head in columns(register) if head[0] in values]
        content = journal_paper.card(
            register,
            centre=operator_of(found.centre),
            case=f"{_('Case')} {found.number}, {timezone.localtime(found.contact_at):%d.%m.%Y}",
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
    register = get_object_or_404(Register, slug=slug, numbered_since__isnull=False)
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


def _shown(request: HttpRequest, register: Register, lines: list[JournalEntry]) -> list[Shown]:
    """The lines in words; that they were read is written down, case by case."""
    user: Any = request.user
    cases = {line.case_id for line in lines}
    visible = IntakeCase.objects.visible_to(user).filter(pk__in=cases)
    seen = set(visible.values_list("pk", flat=True))
    shown = [_line(line, line.case_id in seen) for line in lines]
    looked = {one.line.case_id for one in shown if not one.state}
    AccessLog.objects.bulk_create(
        [AccessLog(case_id=case, user=user, what=f"journal:{register.pk}") for case in looked]
    )
    return shown


def _line(line: JournalEntry, is_seen: bool) -> Shown:
    bare = {"no": str(line.number), "date": f"{line.day:%d.%m.%Y}"}
    if not is_seen:
        return Shown(line, bare, "closed")
    try:
        return Shown(line, read(line), "")
    except (Erased, CryptoError):
        return Shown(line, bare, "erased")
