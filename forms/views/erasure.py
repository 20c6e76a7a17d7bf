"""At the desk: what keeps personal data, what ends it, and the acts that prove the end."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalogue.exchange.files import FORMATS, write
from forms import acts, consents, retention
from forms.models import Channel, Erased, ErasureAct, HoldReason, IntakeCase
from forms.views.attachment import attachment
from forms.views.private import private
from forms.views.term import COUNTER, HoldForm

ON_PAGE = 50


@private
@require_POST
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Nothing of the case is erased until the hold is lifted."""
    case = _case(request, pk, "intake_forms.hold_intakecase")
    typed = HoldForm(request.POST)
    if not typed.is_valid():
        context = {"case": case, "form": typed}
        return render(request, "intake_forms/admin/hold.html", context, status=422)
    try:
        retention.hold(
            case=case,
            reason=HoldReason(typed.cleaned_data["reason"]),
            until=typed.cleaned_data["until"],
            actor=request.user,
        )
    except retention.AlreadyHeld:
        messages.warning(request, _("It is held already."))
    except Erased:
        messages.error(request, _("The personal data have been erased."))
    return _back_to(case)


@private
@require_POST
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    case = _case(request, pk, "intake_forms.hold_intakecase")
    retention.lift(case=case, actor=request.user)
    return _back_to(case)


@private
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody came, called or wrote: the consent is taken back."""
    case = _case(request, pk, "intake_forms.take_intakecase")
    way = request.POST.get("way", "")
    if way not in COUNTER:
        messages.error(request, _("Please say how it was withdrawn."))
        return _back_to(case)
    try:
        consents.withdraw(case=case, way=Channel(way), actor=request.user)
    except consents.NothingToWithdraw:
        messages.error(request, _("There is no consent to withdraw."))
    return _back_to(case)


@private
@require_safe
def acts_of_erasure(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("intake_forms.view_erasureact"):
        raise Http404
    found = ErasureAct.objects.visible_to(request.user).select_related("centre")
    pages = Paginator(found.annotate(cases=Count("rows")).order_by("-day", "-pk"), ON_PAGE)
    context = {"page": pages.get_page(request.GET.get("page", "1")[:6])}
    return render(request, "intake_forms/admin/acts.html", context)


@private
@require_safe
def act(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "intake_forms/admin/act.html", {"told": acts.told(_act(request, pk))})


@private
@require_safe
def act_paper(request: HttpRequest, pk: int) -> HttpResponse:
    found = _act(request, pk)
    return attachment(acts.pdf(found), "application/pdf", f"акт-{found.pk}.pdf")


@private
@require_safe
def act_log(request: HttpRequest, pk: int) -> HttpResponse:
    found = _act(request, pk)
    content = write(acts.extract(found), "csv")
    return attachment(content, FORMATS["csv"], f"акт-{found.pk}.csv")


def _act(request: HttpRequest, pk: int) -> ErasureAct:
    rows = ErasureAct.objects.visible_to(request.user).select_related("centre")
    return get_object_or_404(rows, pk=pk)


def _case(request: HttpRequest, pk: int, right: str) -> IntakeCase:
    case = get_object_or_404(IntakeCase.objects.visible_to(request.user), pk=pk)
    if not request.user.has_perm(right):
        raise Http404
    return case


def _back_to(case: IntakeCase) -> HttpResponse:
    response = HttpResponseRedirect(reverse("intake:case", args=[case.pk]))
    response.status_code = 303
    return response
