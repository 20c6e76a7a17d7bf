"""A letter becomes a case, or is added to one; what it cannot become is told to people.

All of it happens in one transaction, under an id that is made of the letter itself: the same letter
once more, after a kill or delivered twice, changes nothing.
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from desk.mail import form, threads
from desk.mail.history import without_history
from desk.mail.reading import Attached, Mail
from desk.models import Fate, Mailbox, Reason, ReceivedMail
from forms import files, lookup, papers, sending, talk
from forms.accept import accept
from forms.detecting import Refused
from forms.events import record
from forms.family_moves import family_writes
from forms.models import (
    Channel,
    EventKind,
    IntakeCase,
    Queue,
    State,
    UploadedFile,
)
from forms.routing import unrouted_queue

NAMESPACE = uuid.UUID("7f3e7e0e-2f0b-4d0e-9a53-5f7c3d1f6b1a")
RECEIVED = "received"  # the kind of the letter that tells the number
MOST_LETTERS = (10, 40)  # of one sender that become cases: in a quarter of an hour, in a day
MOST_REPLIES = (2, 5)  # that one sender gets by itself
MOST_MESSAGES = 20  # into which the words of one letter are cut
MOST_FILES = 20


class NoForm(Exception):
    """The form of the mailbox has no question that takes a letter."""


@dataclass(frozen=True)
class Place:
    """Where a letter lies."""

    uid_validity: int
    uid: int
    size: int = 0
    came_at: datetime.datetime | None = None


@transaction.atomic
def take_in(box: Mailbox, mail: Mail, place: Place) -> Fate:
    """:raises NoForm: nothing is kept, and no letter is lost.
    :raises forms.files.NoRoom: the same.
    """
    key = _key(box, mail, place)
    known = ReceivedMail.objects.select_for_update().filter(pk=key).first()
    here = _row_at(box, place)
    if known is not None and known.fate != Fate.AGAIN:
        known.uid_validity, known.uid = place.uid_validity, place.uid
        known.save(update_fields=["uid_validity", "uid"])
        return Fate(known.fate)
    row = known or ReceivedMail(pk=key, mailbox=box)
    if here is not None and here.pk != key:  # it was left before anybody could read it
        row.forced = here.forced
        here.delete()
    row.uid_validity, row.uid, row.size = place.uid_validity, place.uid, place.size
    row.came_at, row.read_at = place.came_at or timezone.now(), timezone.now()
    row.mark = threads.mark(mail.message_id) if mail.message_id else ""
    row.reason = ""
    _decide(row, mail)
    row.save()
    return Fate(row.fate)


def leave(box: Mailbox, place: Place, reason: Reason) -> Fate:
    """Tell people of a letter that is not even read."""
    row = _row_at(box, place) or ReceivedMail(pk=_key(box, Mail(), place), mailbox=box)
    row.uid_validity, row.uid, row.size = place.uid_validity, place.uid, place.size
    row.came_at, row.read_at = place.came_at or timezone.now(), timezone.now()
    row.fate, row.reason = Fate.UNSORTED, reason
    row.save()
    return Fate.UNSORTED


def _row_at(box: Mailbox, place: Place) -> ReceivedMail | None:
    rows = ReceivedMail.objects.filter(
        mailbox=box, uid_validity=place.uid_validity, uid=place.uid, case=None
    )
    return rows.first()


def _key(box: Mailbox, mail: Mail, place: Place) -> uuid.UUID:
    """A letter is known by what its writer has made of it; without a name, by where it lies."""
    if mail.message_id:
        made_of = f"{mail.message_id}|{mail.sender}|{mail.digest}"
    else:
        made_of = f"{place.uid_validity}|{place.uid}|{mail.digest}"
    return uuid.uuid5(NAMESPACE, f"{box.pk}|{made_of}")


def _decide(row: ReceivedMail, mail: Mail) -> None:
    if mail.bounce is not None:
        _take_bounce(row, mail)
        return
    reason = None if row.forced else _written_by_program(mail)
    if reason is not None:
        row.fate = Fate.UNSORTED if reason == Reason.GENERATED else Fate.AUTOMATIC
        row.reason = reason
        return
    reason = _cannot_be_taken(row, mail)
    if reason is not None:
        row.fate, row.reason = Fate.UNSORTED, reason
        return
    about = threads.case_of(mail)
    if about is not None and threads.is_of_family(about, mail) and _add(row, about, mail):
        return
    if not row.forced and _comes_too_often("mail case", mail.sender, *MOST_LETTERS):
        row.fate, row.reason = Fate.UNSORTED, Reason.TOO_MANY
        return
    _make_case(row, mail, about)


def _take_bounce(row: ReceivedMail, mail: Mail) -> None:
    bounce = mail.bounce
    assert bounce is not None
    ours = [one for one in bounce.ids if threads.is_ours(one)]
    row.fate = Fate.BOUNCE if ours else Fate.AUTOMATIC
    row.reason = "" if ours else Reason.BOUNCED
    if ours and bounce.is_final:
        sending.bounced(ours[0], bounce.status)
    elif ours:
        row.reason = Reason.DELAYED


def _written_by_program(mail: Mail) -> Reason | None:
    """Who answers to a program begins a talk that never ends."""
    own = {address.casefold() for address in _own_addresses()}
    if mail.sender.casefold() in own or threads.is_ours(mail.message_id):
        return Reason.OWN
    found = {"reply": Reason.REPLY, "list": Reason.LIST, "generated": Reason.GENERATED}
    return found.get(mail.written_by)


def _own_addresses() -> Iterator[str]:
    yield parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    yield from Mailbox.objects.values_list("address", flat=True)


def _cannot_be_taken(row: ReceivedMail, mail: Mail) -> Reason | None:
    if not (mail.subject or mail.text or mail.files):
        return Reason.EMPTY
    return None if mail.sender or row.forced else Reason.NO_SENDER


def _comes_too_often(what: str, sender: str, most: int, a_day: int) -> bool:
    try:
        lookup.count(f"{what}|{sender.casefold()}", most, a_day)
    except lookup.TooManyAttempts:
        return True
    return False


# Into a case that is there


def _add(row: ReceivedMail, case: IntakeCase, mail: Mail) -> bool:
    """The family goes on with its case, or with the one that it was joined to; False when that is
    closed, and a new one is needed."""
    case = IntakeCase.objects.locked(case.duplicate_of_id or case.pk)
    if case.state == State.CLOSED:
        return False
    texts = list(_messages(without_history(mail.text)))
    for number, text in enumerate(texts):
        family_writes(case_id=case.pk, writing_id=uuid.uuid5(row.pk, str(number)), text=text)
    refused = _Refusals(mail)
    for file in refused.taken():
        try:
            family_writes(
                case_id=case.pk, writing_id=uuid.uuid5(row.pk, "file"), received=[_received(file)]
            )
        except Refused as reason:
            refused.note(file, reason)
    if not texts and refused.count == len(mail.files):  # who wrote has to be heard all the same
        said = _("(A letter without words.)")
        family_writes(case_id=case.pk, writing_id=uuid.uuid5(row.pk, "0"), text=said)
    row.fate, row.case = Fate.ADDED, case
    row.head = _head(case, mail, refused)
    return True


def _messages(text: str) -> Iterator[str]:
    """Its words in messages that are not too long; the rest of a book stays in the mailbox."""
    for _number in range(MOST_MESSAGES):
        piece, text = _cut(text, talk.MAX_TEXT)
        if piece:
            yield piece


def _cut(text: str, longest: int) -> tuple[str, str]:
    """The first words, and the others; between lines, or between words, where that can be."""
    text = text.strip()
    if len(text) <= longest:
        return text, ""
    places = (text.rfind(sign, longest // 2, longest) for sign in ("\n", " "))
    place = next((found for found in places if found > 0), longest)
    return text[:place].rstrip(), text[place:]


# Into a new one


def _make_case(row: ReceivedMail, mail: Mail, about: IntakeCase | None) -> None:
    version = row.mailbox.form.version_in_force()
    if version is None or not form.fits(row.mailbox.form):
        raise NoForm
    schema, centre = version.schema, row.mailbox.centre
    text = mail.text or mail.subject or _("(A letter without words.)")
    begins, goes_on = _cut(text, form.longest(schema))
    receipt = accept(
        version=version,
        answers=form.answers_of(schema, mail, begins, centre),
        idempotency_key=row.pk,
        channel=Channel.EMAIL,
        contact_at=row.came_at,
        queue=_queue(row.mailbox, schema),
    )
    case = IntakeCase.objects.locked(IntakeCase.objects.get(ref=receipt.ref).pk)
    for number, rest in enumerate(_messages(goes_on)):
        family_writes(case_id=case.pk, writing_id=uuid.uuid5(row.pk, str(number)), text=rest)
    refused = _Refusals(mail)
    _keep_files(case, refused)
    row.fate, row.case, row.about = Fate.CASE, case, about
    row.head = _head(case, mail, refused)
    if _may_be_answered(mail):
        accepted = case.events.get(kind=EventKind.ACCEPTED)
        accepted.case = case
        sending.tell_family(accepted, RECEIVED)


def _queue(box: Mailbox, schema: dict[str, object]) -> Queue | None:
    """A form that does not ask for the centre cannot tell the rules of it."""
    if box.centre is None or "provider" in form.questions_of(schema):
        return None
    return unrouted_queue(box.centre)


def _may_be_answered(mail: Mail) -> bool:
    return (
        bool(mail.sender)
        and not mail.written_by
        and not mail.wants_no_reply
        and not mail.is_forged
        and not _comes_too_often("mail reply", mail.sender, *MOST_REPLIES)
    )


# What is attached


class _Refusals:
    """Files of a letter that are not taken, with the reason for each."""

    def __init__(self, mail: Mail) -> None:
        self.mail = mail
        self.said: list[list[str]] = []

    @property
    def count(self) -> int:
        return len(self.said)

    def taken(self) -> Iterator[Attached]:
        """Those that are tried; of the others it is told that they are too many."""
        for number, file in enumerate(self.mail.files):
            if number < MOST_FILES:
                yield file
            else:
                self.note(file, Refused(_("Not more than %(most)s files.") % {"most": MOST_FILES}))

    def note(self, file: Attached, reason: Refused) -> None:
        said = str(reason)
        if file.name.lower() == "winmail.dat":
            said = _("Outlook has packed the files of the letter: ask to send them as they are.")
        self.said.append([files.said_name(file.name), said])


def _keep_files(case: IntakeCase, refused: _Refusals) -> None:
    """Those of a letter that begins a case: each by itself, so that one bad file harms no other."""
    kept, submission = [], case.submission
    for file in refused.taken():
        held = files.Held.of(UploadedFile.objects.filter(submission=submission))
        try:
            one = files.keep(
                received=_received(file), spec=papers.SPEC, path=papers.ADDED, held=held,
                owner=submission.data_key, submission=submission,
            )  # fmt: skip
        except Refused as reason:
            refused.note(file, reason)
        else:
            kept += [str(one.pk)] if one is not None else []
    if kept:
        record(case, EventKind.PAPER_ADDED, from_state=case.state, to_state=case.state, files=kept)


def _received(file: Attached) -> SimpleUploadedFile:
    return SimpleUploadedFile(file.name or _("file"), file.content)


def _head(case: IntakeCase, mail: Mail, refused: _Refusals) -> bytes:
    """What is needed to answer in the thread, and to tell which files were not taken."""
    head = {
        "from": mail.sender,
        "ids": [*mail.answers[-9:], mail.message_id] if mail.message_id else [],
        "refused": refused.said[:50],
        "left_out": mail.left_out + max(0, refused.count - 50),
        "forged": mail.is_forged,
    }
    return case.submission.data_key.seal(ReceivedMail.PURPOSE, json.dumps(head).encode())
