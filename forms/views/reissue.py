"""A new code for a family that stands at the counter, and the sheet that it takes home."""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from forms import paper
from forms.accept import receipt_of
from forms.models import AccessLog, Erased, IntakeCase
from forms.moves import NotAllowed, StaleCase
from forms.references import grouped
from forms.reissuing import Document, may_print, reissue
from forms.views.attachment import attachment
from forms.views.pages import see_other
from forms.views.private import private


class DocumentForm(forms.Form):
    use_required_attribute = False
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput())
    document = forms.ChoiceField(
        label=gettext_lazy("By what have you made sure who it is?"),
        choices=Document.choices,
        widget=forms.RadioSelect(),
        error_messages={"required": gettext_lazy("Please choose the document.")},
    )


@private
@require_http_methods(["GET", "HEAD", "POST"])
def new_code(request: HttpRequest, pk: int) -> HttpResponse:
    case = _visible(request, pk)
    if request.method != "POST":
        return _page(request, case, DocumentForm(initial={"version": case.version}))
    typed = DocumentForm(request.POST)
    if not typed.is_valid():
        return _page(request, case, typed, status=422)
    try:
        reissue(case_id=case.pk, actor=request.user, **typed.cleaned_data)
    except StaleCase:
        case = _visible(request, pk)
        blank = DocumentForm(initial={"version": case.version})
        told = _("The case has changed meanwhile. Look whether a new code is still needed.")
        return _page(request, case, blank, told=told, status=409)
    except (NotAllowed, Erased):
        return _page(request, case, typed, told=_("This cannot be done now."), status=409)
    return see_other(reverse("intake:new_code", args=[case.pk]))


@private
@require_safe
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Number, code and address on a page of paper: neither a name nor what it is about."""
    case = _visible(request, pk)
    if not may_print(case, request.user):
        raise Http404
    try:
        given = receipt_of(case)
    except Erased as error:
        raise Http404 from error
    AccessLog.objects.create(case=case, user_id=request.user.pk, what="receipt")
    status_page = reverse("intake_forms:case_status", args=[case.ref])
    content = paper.receipt_pdf(
        title=_("Your new code"),
        number=given.number,
        secret=grouped(given.secret),
        address=request.build_absolute_uri(status_page),
    )
    return attachment(content, "application/pdf", f"{given.number}.pdf")


def _visible(request: HttpRequest, pk: int) -> IntakeCase:
    cases = IntakeCase.objects.visible_to(request.user).select_related("submission__key")
    case = get_object_or_404(cases, pk=pk)
    if not request.user.has_perm("intake_forms.reissue_receipt"):
        raise Http404
    return case


def _page(
    request: HttpRequest,
    case: IntakeCase,
    typed: DocumentForm,
    *,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "case": case,
        "form": typed,
        "told": told,
        "may_print": may_print(case, request.user),
    }
    return render(request, "intake_forms/admin/new_code.html", context, status=status)
