"""One tap on the page of a request: did it help?"""

from __future__ import annotations

import contextlib

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from forms.models import Score
from forms.moves import NotAllowed
from forms.opened import opened_case
from forms.rating import rate
from forms.views.pages import see_other
from forms.views.private import private


@private
@require_POST
def rate_case(request: HttpRequest, ref: str) -> HttpResponse:
    case = opened_case(request, ref)
    if case is None:
        return HttpResponseRedirect(reverse("intake_forms:status"))
    # What is no score, or comes too late, changes nothing: the page says how it stands.
    with contextlib.suppress(ValueError, NotAllowed):
        rate(case_id=case.pk, score=Score(int(request.POST.get("score", "")[:2])))
    return see_other(reverse("intake_forms:case_status", args=[case.ref]) + "#rate")
