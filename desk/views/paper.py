"""A case on paper: for the family, or for the file of the centre."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from desk import masks
from desk.amending import corrections
from desk.answered import ShownStep, shown
from desk.timeline import Happened, timeline
from desk.views.page import files_of, labels_of, log, show, visible
from forms import talk
from forms.calendars import clock_of
from forms.crypto import CryptoError
from forms.models import Direction, Erased, IntakeCase, LookReason
from forms.views.private import private

FAMILY = "family"


@private
@require_POST
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """What the family gets has its answers and the messages, and nothing that colleagues wrote;
    what stays in the centre has everything, masked as on the page."""
    found = visible(request, pk)
    for_family = request.POST.get("for") == FAMILY
    opened = {masks.EVERYTHING} if for_family else masks.opened(request, found.pk)
    with clock_of(found.centre_id):
        try:
            answers = found.submission.read_answers()
            steps = shown(found, answers, opened, corrections(found))
            messages = [
                {
                    "at": one.at,
                    "ours": one.direction == Direction.TO_FAMILY,
                    "text": talk.read(one, found),
                }
                for one in found.messages.all()
            ]
        except (Erased, CryptoError):
            return show(request, found, told=_("The personal data have been erased."), status=410)
        context = {
            "case": found,
            "steps": steps,
            "registration": getattr(found.submission, "registration", None),
            "for_family": for_family,
            "messages": messages if for_family else [],
            "timeline": [] if for_family else _happened(found, steps),
            "files": [file for file in files_of(found) if file["is_served"]],
            "form_title": found.submission.version.schema["title"],
            "printed_at": timezone.now(),
        }
        reason = LookReason.PAPERS.value if for_family else ""
        log(request, found, "paper" if for_family else "answers", reason)
        return render(request, "intake_desk/paper.html", context)


def _happened(found: IntakeCase, steps: list[ShownStep]) -> list[Happened]:
    return timeline(found, [], labels_of(steps), found.referrals.select_related("provider"))
