"""The one place from which anything leaves: notices to families, letters to staff and partners.

What is told is a row (forms.models.Notice), made in the transaction of what it is about. Its words
and its address are made when it is sent: a family's wishes are asked at that moment, and what they
do not allow is not sent. What a family gets names no subject, no centre and nobody: the phone may
lie in other hands.

A row says that it is leaving before the wire is touched. Whoever finds it so, since a worker was
killed, cannot know whether it has left: it is sent again under the same Message-ID, and marked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.models import User
from forms import sms
from forms.consents import withdrawal_of
from forms.contacts import EMAIL, SMS, Wishes, wishes_of
from forms.models import (
    FAMILY,
    CaseEvent,
    Erased,
    EventKind,
    IntakeCase,
    Notice,
    NoticeState,
    read_along,
)
from forms.models.notices import OVER
from forms.wire import Letter, NotSent, carry, domain

__all__ = ["Letter", "NotSent", "announce", "composers", "deliver", "tell", "tell_staff"]

# What a family is told of; everything else it sees when it looks.
TOLD = (
    EventKind.ANSWERED,
    EventKind.ASKED,
    EventKind.DECIDED,
    EventKind.SET_ASIDE,
    EventKind.MERGED,
    EventKind.REOPENED,
    EventKind.INFECTED,
    EventKind.REFERRED,
    EventKind.REFERRAL_ACCEPTED,
    EventKind.REFERRAL_ANSWERED,
)
NEWS = "news"
MOST_TRIES = 8  # with the waits of the task that is more than a day

Compose = Callable[[Notice], Letter | None]
# By the kind of what is told: the letter as it is right now, or that none may be sent any more.
composers: dict[str, Compose] = {}
# Those that know what the letters to a family belong to: they may send it into that thread.
threads: list[Callable[[Notice, Letter], Letter]] = []


def tell(
    *,
    kind: str,
    recipient: str,
    event: CaseEvent | None = None,
    occasion: str = "",
    case: IntakeCase | None = None,
    way: str = EMAIL,
) -> Notice:
    """Have somebody told of an event, or on an occasion; the same a second time tells nothing new.

    In the transaction of what it is about: the message comes with it or not at all.

    :param kind: of `composers`, which makes the words.
    :param recipient: `family`, or a kind and a key: `user:5`, `referral:17`.
    :param occasion: the same text for the same thing, when there is no event; codes and ids only.
    """
    from forms.tasks import send_notice

    notice, made = Notice.objects.get_or_create(
        event=event,
        occasion="" if event else occasion,
        recipient=recipient,
        way=way,
        defaults={
            "kind": kind,
            "case": case or (event.case if event else None),
            "message_id": f"<{uuid4().hex}@{domain()}>",
        },
    )
    if made:
        send_notice.defer(notice=notice.pk)
    return notice


def tell_staff(user: User, kind: str, **about: Any) -> Notice:
    """Have one of the staff told; `composers[kind]` makes the words with `to_user`."""
    return tell(kind=kind, recipient=f"user:{user.pk}", **about)


def to_user(notice: Notice, subject: str, text: str) -> Letter | None:
    """The letter to the user of a notice; none to who has left, or has no address."""
    user = User.objects.filter(pk=notice.key, is_active=True).exclude(email="").first()
    return Letter(EMAIL, user.email, subject, text) if user else None


def announce(case: IntakeCase, event: CaseEvent) -> None:
    """Tell the family that there is something new, if it may be told.

    In the transaction of the event: the notice and the task come with it or not at all.
    """
    if event.kind in TOLD:
        tell_family(event, NEWS)


def tell_family(event: CaseEvent, kind: str) -> None:
    """Tell the family of an event in the way that it allows; in none, when it allows none."""
    way = _way(_wishes(event.case))
    if way is not None:
        tell(kind=kind, recipient=FAMILY, event=event, way=way[0])


def to_family(notice: Notice, subject: str, text: str) -> Letter | None:
    """The letter to the family of a notice, in the way that it allows now; none, when it does not."""
    assert notice.case is not None
    try:
        found = _way(_wishes(notice.case))
    except Erased:
        found = None
    if found is None:
        return None
    letter = Letter(*found, subject, text)
    for put in threads:
        letter = put(notice, letter)
    return letter


def deliver(notice_id: int) -> None:
    """Send a message; one that was sent, or given up, is not sent again.

    :raises NotSent: the row says so, the staff sees it, and the task tries again.
    """
    claimed = _claim(notice_id)
    if claimed is None:
        return
    notice, letter = claimed
    try:
        carry(letter, message_id=notice.message_id, repeated=notice.repeated)
    except NotSent as failure:
        given_up = failure.for_good or notice.tries >= MOST_TRIES
        state = NoticeState.UNKNOWN if failure.unknown else NoticeState.FAILED
        _settle(notice, state, problem=str(failure), given_up=given_up)
        if not given_up:
            raise
    else:
        _settle(notice, NoticeState.SENT)


def bounced(message_id: str, status: str) -> Notice | None:
    """A mail server on the way says that a letter of ours has not arrived and never will.

    :param status: of RFC 3463, as 5.1.1.
    """
    with transaction.atomic():
        notice = Notice.objects.select_for_update().filter(message_id=message_id).first()
        if notice is not None:
            notice.state, notice.given_up = NoticeState.FAILED, True
            notice.problem, notice.changed_at = f"mail: bounced {status}"[:60], timezone.now()
            notice.save()
    return notice


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

    :param key: the same for the same code: whoever is sent it twice knows it again.
    :raises NotSent: the case does not allow it, or it could not be sent.
    """
    found = reachable(wishes_of(case), kind, contact)
    if found is None:
        raise NotSent("not allowed")
    text = _("Your code: %(code)s. It is good for 10 minutes. Tell it to nobody.")
    letter = Letter(*found, _("Your code"), text % {"code": code})
    carry(letter, message_id=f"<{key}@{domain()}>")


def way_of_notices(wishes: Wishes | None) -> str:
    """How this family is told that there is something new: sms, email or, when it is not, empty."""
    way = _way(wishes)
    return way[0] if way else ""


@transaction.atomic
def _claim(notice_id: int) -> tuple[Notice, Letter] | None:
    """Write down that it leaves now, and what; None when it need not or must not."""
    notice = (
        Notice.objects.filter(pk=notice_id, given_up=False)
        .exclude(state__in=OVER)
        .select_for_update(of=("self",))
        .select_related("event", *read_along("case"))
        .first()
    )
    if notice is None:
        return None
    letter = composers[notice.kind](notice)
    may_have_left = notice.state in (NoticeState.SENDING, NoticeState.UNKNOWN)
    notice.changed_at = timezone.now()
    if letter is None:
        notice.state = NoticeState.UNKNOWN if may_have_left else NoticeState.REFUSED
        notice.problem, notice.given_up = "", may_have_left
        notice.save()
        return None
    notice.state, notice.way = NoticeState.SENDING, letter.way
    notice.tries += 1
    notice.repeated = notice.repeated or may_have_left
    notice.save()
    return notice, letter


def _settle(
    notice: Notice, state: NoticeState, *, problem: str = "", given_up: bool = False
) -> None:
    """What became of this try; a later one of another worker has its own say."""
    mine = Notice.objects.filter(pk=notice.pk, state=NoticeState.SENDING, tries=notice.tries)
    mine.update(state=state, problem=problem[:60], given_up=given_up, changed_at=timezone.now())


def _wishes(case: IntakeCase) -> Wishes | None:
    """None for a family that has taken its consent back: it looks at its page by itself."""
    return None if withdrawal_of(case) else wishes_of(case)


def _way(wishes: Wishes | None) -> tuple[str, str] | None:
    """The first way that is allowed and can be gone; an allowed one that cannot, when no other."""
    allowed = list(wishes.addresses()) if wishes else []
    open_ways = [each for each in allowed if each[0] != SMS or sms.is_set_up()]
    return next(iter(open_ways), None)


def _news(notice: Notice) -> Letter | None:
    text = _(
        "There is something new about your request. Look at its page, where you can answer, too."
    )
    return to_family(notice, _("Something new"), text)


composers[NEWS] = _news
