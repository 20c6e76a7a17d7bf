"""«Передачи нам»: referrals to the organisations of a person, and nothing else of any case."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from desk import answering
from desk.answering import AlreadyAnswered, Over, Who
from desk.models import AWAITED, Referral, ReferralState, Way
from desk.views.answer_form import Page, typed_in_vain
from desk.views.packet_file import given_file
from forms.files import NoRoom
from forms.models import AccessLog
from forms.views.pages import see_other
from forms.views.private import private

ON_PAGE = 50
LONGEST_PAGE_NUMBER = 6


@private
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if not user.has_perm("intake_desk.answer_referral"):
        raise Http404
    referrals = Referral.objects.visible_to(user).select_related("case__centre", "provider")
    is_done = request.GET.get("tab") == "done"
    awaited = (*AWAITED, ReferralState.SILENT)
    shown = referrals.exclude(state__in=awaited) if is_done else referrals.filter(state__in=awaited)
    order = "-sent_at" if is_done else "due_at"
    page = Paginator(shown.order_by(order, "pk").defer("packet"), ON_PAGE).get_page(
        request.GET.get("page", "1")[:LONGEST_PAGE_NUMBER]
    )
    context = {"page": page, "is_done": is_done, "tab": "done" if is_done else "awaited"}
    return render(request, "intake_desk/inbox.html", context)


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def inbox_referral(request: HttpRequest, referral: uuid.UUID) -> HttpResponse:
    user: Any = request.user
    found = _found(request, referral)
    page = Page(found, Who(Way.ACCOUNT, user))
    try:
        if request.method == "POST":
            if page.take(request):
                return see_other(reverse("intake:inbox_referral", args=[found.pk]))
        elif not answering.is_answered(found):
            answering.opened(found.pk, page.who)
            AccessLog.objects.create(case_id=found.case_id, user=user, what="referral")
    except AlreadyAnswered:
        found.refresh_from_db(fields=["state"])
    except Over:
        return _over(request, found)
    except NoRoom:
        context = {"no_room": True, "lost": typed_in_vain(request)}
        return render(request, "intake_desk/inbox_over.html", context, status=503)
    if answering.is_over(found, Way.ACCOUNT):
        return _over(request, found)
    return render(request, "intake_desk/inbox_referral.html", page.context(), status=page.status)


@private
@require_safe
def inbox_file(request: HttpRequest, referral: uuid.UUID, file: uuid.UUID) -> HttpResponse:
    user: Any = request.user
    found = _found(request, referral)
    if answering.is_over(found, Way.ACCOUNT) or answering.is_answered(found):
        raise Http404
    answer = given_file(found, file)
    AccessLog.objects.create(case_id=found.case_id, user=user, what="file")
    return answer


def _over(request: HttpRequest, found: Referral) -> HttpResponse:
    """It was theirs, so they are told; the packet is not shown any more."""
    context = {"referral": found, "no_room": False, "lost": typed_in_vain(request)}
    return render(request, "intake_desk/inbox_over.html", context, status=410)


def _found(request: HttpRequest, key: uuid.UUID) -> Referral:
    referrals = Referral.objects.visible_to(request.user).select_related(
        "provider", "case__centre", "case__submission__key", "case__submission__version"
    )
    return get_object_or_404(referrals, pk=key)
