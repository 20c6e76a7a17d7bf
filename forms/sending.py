"""The one place from which anything leaves to a family: neutral notices and one-time codes.

The family's wishes are asked at the moment of sending, and what they do not allow is not sent.
What is sent names no subject, no centre and nobody: the phone may lie in other hands.
"""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from forms import sms
from forms.consents import withdrawal_of
from forms.contacts import EMAIL, SMS, Wishes, wishes_of
from forms.models import CaseEvent, Erased, EventKind, IntakeCase, Notice, NoticeState

# What a family is told of; everything else it sees when it looks.
TOLD = (
    EventKind.ANSWERED,
    EventKind.ASKED,
    EventKind.DECIDED,
    EventKind.SET_ASIDE,
    EventKind.MERGED,
    EventKind.REOPENED,
    EventKind.INFECTED,
)


class NotSent(Exception):
    """It has not left; `str` says why, in a few words without anybody's data."""


def announce(case: IntakeCase, event: CaseEvent) -> None:
    """Tell the family that there is something new, if it may be told.

    In the transaction of the event: the notice and the task come with it or not at all.
    """
    if event.kind not in TOLD or _way(_wishes(case)) is None:
        return
    from forms.tasks import send_notice

    notice = Notice.objects.create(case=case, event=event)
    send_notice.defer(notice=notice.pk)


def deliver(notice_id: int) -> None:
    """Send a notice; one that was sent is not sent again.

    :raises NotSent: the row says so, the staff sees it, and the task tries again.
    """
    with transaction.atomic():
        notice = _locked(notice_id)
        if notice is None:
            return
        notice.tries += 1
        notice.changed_at = timezone.now()
        failed = _deliver(notice)
        notice.save()
    if failed:
        raise NotSent(failed)


def reachable(wishes: Wishes | None, kind: str, contact: str) -> tuple[str, str] | None:
    """The way in which a message may be sent to this phone or e-mail, and where it goes.

    :param kind: `phone` or `email`.
    """
    way = {"phone": SMS, "email": EMAIL}[kind]
    for allowed, address in wishes.addresses() if wishes else ():
        if allowed == way and address.casefold() == contact.casefold():
            return way, address
    return None


def send_code(*, case: IntakeCase, kind: str, contact: str, code: str, key: str) -> None:
    """A one-time code to a contact that this case allows.

    :raises NotSent: the case does not allow it, or it could not be sent.
    """
    found = reachable(wishes_of(case), kind, contact)
    if found is None:
        raise NotSent("not allowed")
    text = _("Your code: %(code)s. It is good for 10 minutes. Tell it to nobody.")
    _send(*found, _("Your code"), text % {"code": code}, key)


def way_of_notices(wishes: Wishes | None) -> str:
    """How this family is told that there is something new: sms, email or, when it is not, empty."""
    way = _way(wishes)
    return way[0] if way else ""


def _locked(notice_id: int) -> Notice | None:
    waiting = Notice.objects.filter(pk=notice_id).exclude(
        state__in=(NoticeState.SENT, NoticeState.REFUSED)
    )
    return (
        waiting.select_for_update(of=("self",))
        .select_related(
            "case__submission__key",
            "case__submission__version",
            "case__submission__contact_now",
        )
        .first()
    )


def _deliver(notice: Notice) -> str:
    """What went wrong; nothing when it was sent or must not be."""
    try:
        found = _way(_wishes(notice.case))
    except Erased:
        found = None
    if found is None:
        notice.state, notice.problem = NoticeState.REFUSED, ""
        return ""
    notice.way, address = found
    text = _(
        "There is something new about your request. Look at its page, where you can answer, too."
    )
    try:
        _send(notice.way, address, _("Something new"), text, f"notice-{notice.pk}")
    except NotSent as failure:
        notice.state, notice.problem = NoticeState.FAILED, str(failure)
        return str(failure)
    notice.state, notice.problem = NoticeState.SENT, ""
    return ""


def _wishes(case: IntakeCase) -> Wishes | None:
    """None for a family that has taken its consent back: it looks at its page by itself."""
    return None if withdrawal_of(case) else wishes_of(case)


def _way(wishes: Wishes | None) -> tuple[str, str] | None:
    """The first way that is allowed and can be gone; an allowed one that cannot, when no other."""
    allowed = list(wishes.addresses()) if wishes else []
    open_ways = [each for each in allowed if each[0] != SMS or sms.is_set_up()]
    return next(iter(open_ways), None)


def _send(way: str, address: str, subject: str, text: str, key: str) -> None:
    if way == SMS:
        try:
            sms.send(phone=address, text=text, key=key)
        except sms.NotTaken as failure:
            raise NotSent(str(failure)) from None
        return
    try:
        EmailMessage(subject, text, to=[address]).send()
    # Errors of smtplib are OSErrors; a domain that no network can have is a UnicodeError. The texts
    # of both may hold the address.
    except (OSError, UnicodeError) as error:
        problem = f"mail: {type(error).__name__}"
    else:
        return
    raise NotSent(problem)
