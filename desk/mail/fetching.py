"""Reading a mailbox: each letter is taken in, then leaves for the folder of those that are done.

A letter is never deleted. One that could not be taken in stays where it is, with a flag; what has
been decided about it is remembered by its number in the folder. Whoever is killed between taking a
letter in and moving it finds it taken in.
"""

from __future__ import annotations

import datetime
import imaplib
import logging
import re
import traceback
from collections import Counter

from django.db import DatabaseError
from django.db.models import Case, F, Value, When
from django.utils import timezone
from imap_tools import AND, BaseMailBox, MailMessageFlags
from imap_tools.errors import MailboxFolderStatusError, UnexpectedCommandStatusError

from desk.mail import taking_in
from desk.mail.connection import NotRead, connected
from desk.mail.reading import parse
from desk.mail.taking_in import Place
from desk.models import DONE, Fate, Mailbox, Reason, ReceivedMail, Trouble
from forms.files import MEGABYTE, NoRoom

MOST_AT_ONCE = 50  # letters of one round: the next comes in a minute
LARGEST = 40 * MEGABYTE
MOST_READINGS = 5  # of a letter whose reader never came to an end
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_DATE = re.compile(rb'INTERNALDATE "([^"]+)"')

logger = logging.getLogger(__name__)


class NotGiven(imaplib.IMAP4.error):
    """The server refuses to give a letter that it has: now, or for ever."""


def read(mailbox: str) -> Counter[Fate]:
    """Take in what is new in a mailbox, and tell what has become of it. May run twice.

    :raises django.db.DatabaseError: the next round goes on.
    """
    box = Mailbox.objects.select_related("centre", "form").filter(pk=mailbox, active=True).first()
    if box is None:
        return Counter()
    try:
        with connected(box) as server:
            going = _Round(box, server)
            found = going.run()
    except NotRead as failure:
        box.was_not_read(failure.trouble)
        return Counter()
    except NoRoom:
        box.was_not_read(Trouble.NO_ROOM)
        return Counter()
    except taking_in.NoForm:
        box.was_not_read(Trouble.NO_FORM)
        return Counter()
    box.was_read(Trouble.NO_MOVING if going.is_read_only else "")
    return found


class _Round:
    """One look into the folder."""

    def __init__(self, box: Mailbox, server: BaseMailBox) -> None:
        self.box, self.server = box, server
        self.found: Counter[Fate] = Counter()
        self.has_done_folder = self.is_read_only = False

    def run(self) -> Counter[Fate]:
        uids = [int(uid) for uid in self.server.uids(AND(date_gte=self.box.since))]
        validity = self._validity()
        known = self._known(validity, uids)
        for uid in uids:
            fate = known.get(uid)
            if fate in (None, Fate.AGAIN):
                if sum(self.found.values()) >= MOST_AT_ONCE:
                    break
                fate = self._take_in(validity, uid)
                if fate is None:  # somebody has moved it meanwhile
                    continue
                self.found[fate] += 1
                self._flag(uid, fate)
            if fate in DONE:
                self._put_away(uid)
        return self.found

    def _validity(self) -> int:
        status = self.server.folder.status(self.box.folder, ["UIDVALIDITY"])
        return int(status["UIDVALIDITY"])

    def _known(self, validity: int, uids: list[int]) -> dict[int, Fate]:
        rows = ReceivedMail.objects.filter(mailbox=self.box, uid_validity=validity, uid__in=uids)
        return {uid: Fate(fate) for uid, fate in rows.values_list("uid", "fate")}

    def _take_in(self, validity: int, uid: int) -> Fate | None:
        begun = self._begin(uid)
        try:
            fate = self._read(validity, uid, is_given_up=begun > MOST_READINGS)
        except (DatabaseError, NotGiven):
            raise  # counts like a kill: one that is never taken, or never given, ends somewhere
        except BaseException:
            self._end()
            raise
        self._end()
        return fate

    def _read(self, validity: int, uid: int, *, is_given_up: bool) -> Fate | None:
        try:
            place = self._place(validity, uid)
        except NotGiven:
            if not is_given_up:
                raise
            place = Place(validity, uid)
        if place is None:
            return None
        if place.size > LARGEST:
            return taking_in.leave(self.box, place, Reason.TOO_LARGE)
        if is_given_up:
            return taking_in.leave(self.box, place, Reason.DEADLY)
        raw = self._content(uid)
        return None if raw is None else self._judge(place, raw)

    def _judge(self, place: Place, raw: bytes) -> Fate:
        try:
            return taking_in.take_in(self.box, parse(raw), place)
        except (DatabaseError, NoRoom, taking_in.NoForm):
            raise
        except OSError as error:  # of our disk: the next round may find it mended
            raise NoRoom from error
        except Exception as error:  # of no other letter's concern
            last = traceback.extract_tb(error.__traceback__)[-1]
            logger.error(
                "A letter could not be taken in: %s at %s:%s",
                type(error).__name__,
                last.filename,
                last.lineno,
            )
            return taking_in.leave(self.box, place, Reason.ERROR)

    def _begin(self, uid: int) -> int:
        """Write down that this letter is being read; how often it is, without coming to an end."""
        again = Case(When(reading=uid, then=F("readings") + 1), default=Value(1))
        Mailbox.objects.filter(pk=self.box.pk).update(readings=again, reading=uid)
        return int(Mailbox.objects.values_list("readings", flat=True).get(pk=self.box.pk))

    def _end(self) -> None:
        Mailbox.objects.filter(pk=self.box.pk).update(readings=0)

    def _place(self, validity: int, uid: int) -> Place | None:
        said = self._fetch(uid, "(RFC822.SIZE INTERNALDATE)")
        line = b" ".join(part for part in said if isinstance(part, bytes))
        size, date = _SIZE.search(line), _DATE.search(line)
        if size is None:
            return None
        return Place(validity, uid, int(size[1]), _moment(date[1].decode()) if date else None)

    def _content(self, uid: int) -> bytes | None:
        said = self._fetch(uid, "(BODY.PEEK[])")
        return next((bytes(part[1]) for part in said if isinstance(part, tuple)), None)

    def _fetch(self, uid: int, what: str) -> list[bytes | tuple[bytes, bytes]]:
        status, said = self.server.client.uid("FETCH", str(uid), what)
        if status != "OK":
            raise NotGiven("FETCH")
        return [part for part in said if part]

    def _flag(self, uid: int, fate: Fate) -> None:
        """For who looks into the mailbox with a program of theirs."""
        flag = MailMessageFlags.FLAGGED if fate == Fate.UNSORTED else MailMessageFlags.SEEN
        try:
            self.server.flag(str(uid), flag, True)
        except UnexpectedCommandStatusError:
            self.is_read_only = True

    def _put_away(self, uid: int) -> None:
        """A server that cannot move, or may not, keeps it where it is: copying would double it, and
        end in deleting what others have marked."""
        if self.is_read_only or "MOVE" not in self.server.client.capabilities:
            return
        try:
            if not self.has_done_folder:
                self._make_folder(self.box.done_folder)
            self.server.move(str(uid), self.box.done_folder)
        except UnexpectedCommandStatusError:
            self.is_read_only = True

    def _make_folder(self, name: str) -> None:
        try:
            self.server.folder.status(name, ["MESSAGES"])
        except MailboxFolderStatusError:
            self.server.folder.create(name)
        self.has_done_folder = True


def _moment(said: str) -> datetime.datetime | None:
    """When the server got the letter; never later than now."""
    try:
        found = datetime.datetime.strptime(said.strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return None
    return min(found, timezone.now())
