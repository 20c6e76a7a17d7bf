"""Actions on many cases: beginning one, and how far it is. A person sees its own only."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from desk import bulk
from desk.models import BulkJob, RowState
from desk.views.cases import may_look, to
from forms.models import IntakeCase
from forms.views.private import private

JOBS_SHOWN = 20
REFRESH = "3"  # seconds, while it is under way; works without a script


@private
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    user: Any = may_look(request)
    if not user.has_perm("intake_forms.take_intakecase"):
        raise Http404
    typed = bulk.BulkForm(user, request.POST)
    told, cases = "", []
    if typed.is_valid():
        cases = typed.cases(request.POST.getlist("case"))
        told = "" if cases else _("Please tick at least one case.")
    if not cases:
        # What was ticked stays ticked: nobody marks forty rows twice.
        ticked = request.POST.getlist("case")[: bulk.BulkForm.MOST]
        context = {
            "form": typed,
            "told": told,
            "ticked": [one for one in ticked if one.isdecimal()],
        }
        return render(request, "intake_desk/bulk_form.html", context, status=422)
    job = bulk.begin(
        owner=user, action=typed.cleaned_data["action"], given=typed.given(), cases=cases
    )
    return to(reverse("intake:job", args=[job.pk]))


@private
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    user = may_look(request)
    own = BulkJob.objects.filter(owner=user).annotate(**_counts("rows__"))
    return render(request, "intake_desk/jobs.html", {"jobs": own[:JOBS_SHOWN]})


@private
@require_safe
def job(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Each case with its result."""
    user = may_look(request)
    found = get_object_or_404(BulkJob, pk=pk, owner=user)
    rows = list(found.rows.select_related("case").order_by("pk"))
    keys = [row.case_id for row in rows]
    seen = IntakeCase.objects.visible_to(user).filter(pk__in=keys)
    counts = found.rows.aggregate(**_counts(""))
    context = {
        "job": found,
        "rows": rows,
        "seen": set(seen.values_list("pk", flat=True)),
        **counts,
    }
    response = render(request, "intake_desk/job.html", context)
    if counts["waiting"]:
        response.headers["Refresh"] = REFRESH
    return response


def _counts(rows: str) -> dict[str, Any]:
    name = f"{rows}pk"
    return {
        "every": Count(name),
        **{
            str(state.value): Count(name, filter=Q(**{f"{rows}state": state})) for state in RowState
        },
    }
