"""The letter that tells an organisation of a referral: that there is one, until when, and the link.

Nothing about the family stands in it: the mailbox of an organisation is read by many.
"""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from desk import partner_link
from desk.models import Receiver, Referral
from forms import sending
from forms.calendars import clock_of
from forms.contacts import EMAIL
from forms.models import CaseEvent, Erased, Notice
from forms.sending import Letter

KIND = "referral"


def tell(event: CaseEvent) -> Notice:
    """Have the organisation told that a case was referred to it.

    :param event: that of the hand-over; it names the referral and the organisation.
    """
    return sending.tell(kind=KIND, recipient=f"provider:{event.data['provider']}", event=event)


def letter(notice: Notice) -> Letter | None:
    """The letter as it is right now; none, when nobody waits for an answer any more."""
    assert notice.event is not None
    awaited = Referral.objects.awaited().select_related("case__centre", "case__submission__key")
    referral = awaited.filter(pk=notice.event.data["referral"]).first()
    receiver = Receiver.objects.filter(provider=int(notice.key)).exclude(email="").first()
    if referral is None or receiver is None:
        return None
    try:
        return Letter(EMAIL, receiver.email, _("A family needs your help"), _text(referral))
    except Erased:
        return None


def of_referral(referral: Referral) -> Notice | None:
    """What became of the letter."""
    notices = Notice.objects.filter(kind=KIND, case=referral.case_id)
    return notices.filter(event__data__referral=str(referral.pk)).first()


def _text(referral: Referral) -> str:
    said = {
        "referral": referral,
        "centre": referral.case.centre,
        "link": "" if referral.is_to_centre else partner_link.address_of_link(referral),
        "inbox": settings.WAGTAILADMIN_BASE_URL.rstrip("/") + reverse("intake:inbox"),
    }
    with clock_of(referral.case.centre_id):
        return render_to_string("intake_desk/mail/referral.txt", said)
