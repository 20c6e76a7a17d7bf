"""The sign of an open page: who has it open, and whether something is being written."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from desk import presence
from forms.models import IntakeCase
from forms.views.private import private


@private
@require_POST
def here(request: HttpRequest, pk: int) -> HttpResponse:
    """Answers with the line that stands on the page about the others."""
    found = get_object_or_404(IntakeCase.objects.visible_to(request.user), pk=pk)
    presence.here(found, request.user, writing=request.POST.get("writing") == "1")
    context = {"others": presence.others(found, request.user)}
    return render(request, "intake_desk/others.html", context)
