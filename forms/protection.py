"""How much may come at once, and what is asked of whoever comes beyond that: work, or time.

No service of others, no riddle, nobody refused for good. While a page is filled in, a script of
ours does a little work for it: a number is looked for that gives a digest many zeros. The more
comes from one address, about one phone or to one form, the more zeros are asked for. Whoever did
too little work gets a turn: from then on the same page is taken without any. Without script a
part of the pace needs neither.

Work and turn are bound to a form and to the key of its page, which makes one submission only. The
counts lie in the database, so all processes share them and a restart forgets none; addresses and
phones stand there as keyed digests, for a day.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import connection
from django.db.models import Min, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from cms.security import address_of
from forms.compiling import fields_of
from forms.inserting import insert_together
from forms.models import Arrival, FormVersion

WINDOW = datetime.timedelta(minutes=10)
KEPT = datetime.timedelta(days=1)
LIFE = datetime.timedelta(days=1)  # of a ticket

# Shares of the pace, which is that of one address at one form.
WITHOUT_WORK = 1 / 3
OF_FORM = 10
OF_CONTACT = 1 / 10
OF_KEPT = 8  # pages that are kept and not sent yet; each so many bytes count as one more
BYTES = 5 * 1024 * 1024

MORE_FOR = 4  # bits more for each time that the pace is kept over again
MOST_MORE = 6
TURNS_FROM = 3  # times the pace: from there on work alone does not do

FIRST_WAIT = 60  # seconds
BETWEEN_TURNS = 6
LONGEST_WAIT = 30 * 60

_LATELY = (
    "select key, count(*) from intake_forms_arrival where key = any(%s) and at >= %s group by key"
)
LONGEST = 400
_SIGNER = signing.TimestampSigner(salt="intake_forms.ticket")


@dataclass(frozen=True)
class Ticket:
    """What a page carries: for which form and key it may be sent, and from when without work."""

    text: str
    turn: int = 0  # seconds of the clock; 0: there is none

    @property
    def seed(self) -> str:
        """What the work is done on."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Demand:
    """What has to be done before the page is taken: so much work, or so long a wait."""

    ticket: Ticket
    bits: int  # 0: no work helps
    wait: int  # seconds


@dataclass(frozen=True)
class _Counts:
    """What came lately, as shares of the pace."""

    address: float
    without_work: float
    form: float
    contact: float
    waiting: int

    @property
    def local(self) -> float:
        return max(self.address, self.contact)

    @property
    def load(self) -> float:
        return max(self.local, self.form)


def ticket_for(version: FormVersion, key: uuid.UUID, turn: int = 0) -> Ticket:
    """A new ticket of a page."""
    return Ticket(_SIGNER.sign(f"{version.form_id}.{key}.{turn}"), turn)


def check(
    request: HttpRequest, version: FormVersion, key: uuid.UUID, answers: Mapping[str, Any]
) -> Demand | list[Arrival]:
    """Whether a page may be sent now.

    :returns: what is asked for first; or, when it may be sent, the rows that count it, to be
        written together with what is accepted.
    """
    if not settings.NAVIGATOR_FORM_PACE:
        return []
    ticket = _read(request.POST.get("ticket", ""), version, key)
    bits = _bits_of(ticket, request.POST.get("work", "")) if ticket else 0
    keys = _Keys(request, version, answers)
    counts = keys.count()
    worked = bits >= settings.NAVIGATOR_FORM_WORK
    if _has_turn(ticket) or (_is_enough(bits, counts) if worked else _is_calm(counts)):
        return keys.passed(worked=worked)
    return _demand(keys, counts, ticket, version, key)


def wait_of_api(request: HttpRequest, version: FormVersion, answers: Mapping[str, Any]) -> int:
    """Seconds that another system has to wait before it sends; it is counted when it may."""
    if not settings.NAVIGATOR_FORM_PACE:
        return 0
    keys = _Keys(request, version, answers)
    counts = keys.count()
    if counts.local < 1:
        insert_together(*keys.passed(worked=True))
        return 0
    return max(1, round(_until_free(keys.address, *keys.contacts)))


def wait_to_keep(request: HttpRequest) -> int:
    """Seconds until a page may be kept that is not sent yet, with its files; it is counted when
    it may. No family gets there: it guards the disk."""
    pace = settings.NAVIGATOR_FORM_PACE * OF_KEPT
    if not pace:
        return 0
    key = _digest(f"kept|{_network(address_of(request))}")
    if _lately(key).count() >= pace:
        return max(1, round(_until_free(key)))
    length = int(request.META.get("CONTENT_LENGTH") or 0)  # judged by cms.security
    insert_together(*_arrivals(*[key] * (1 + length // BYTES)))
    return 0


def sweep() -> int:
    """Forget what came more than a day ago."""
    return Arrival.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]


def _has_turn(ticket: Ticket | None) -> bool:
    return ticket is not None and 0 < ticket.turn <= time.time()


def _is_enough(bits: int, counts: _Counts) -> bool:
    return bits >= _asked(counts.load) and counts.local < TURNS_FROM


def _is_calm(counts: _Counts) -> bool:
    """Little enough comes that no work is needed."""
    return counts.without_work < 1 and counts.contact < 1


def _asked(load: float) -> int:
    more = int(MORE_FOR * max(0.0, load - 1))
    return int(settings.NAVIGATOR_FORM_WORK) + min(more, MOST_MORE)


def _demand(
    keys: _Keys, counts: _Counts, ticket: Ticket | None, version: FormVersion, key: uuid.UUID
) -> Demand:
    now = int(time.time())
    if ticket is None or not ticket.turn:
        wait = min(FIRST_WAIT + BETWEEN_TURNS * counts.waiting, LONGEST_WAIT)
        ticket = ticket_for(version, key, now + wait)
        insert_together(*_arrivals(keys.waiting))
    bits = _asked(counts.load) if counts.local < TURNS_FROM else 0
    return Demand(ticket, bits, max(1, ticket.turn - now))


def _read(text: str, version: FormVersion, key: uuid.UUID) -> Ticket | None:
    """A ticket of ours for this form and this key, that is not too old."""
    if not text or len(text) > LONGEST:
        return None
    try:
        form_id, page_key, turn = _SIGNER.unsign(text, max_age=LIFE).split(".")
    except signing.BadSignature:
        return None
    if (form_id, page_key) != (str(version.form_id), str(key)):
        return None
    return Ticket(text, int(turn))


def _bits_of(ticket: Ticket, work: str) -> int:
    """How many zeros the digest of the work begins with."""
    if not work.isascii() or not work.isdigit() or len(work) > 16:
        return 0
    digest = hashlib.sha256(f"{ticket.seed}{work}".encode()).digest()
    return 256 - int.from_bytes(digest, "big").bit_length()


class _Keys:
    """Under what a page is counted."""

    def __init__(
        self, request: HttpRequest, version: FormVersion, answers: Mapping[str, Any]
    ) -> None:
        form = version.form_id
        place = f"{form}|{_network(address_of(request))}"
        self.form = _digest(f"form|{form}")
        self.address = _digest(f"address|{place}")
        self.without_work = _digest(f"without work|{place}")
        self.waiting = _digest(f"waiting|{place}")
        self.contacts = [_digest(f"contact|{each}") for each in _contacts(version, answers)]

    def count(self) -> _Counts:
        keys = [self.form, self.address, self.without_work, self.waiting, *self.contacts]
        with connection.cursor() as cursor:
            cursor.execute(_LATELY, [keys, timezone.now() - WINDOW])
            found = dict(cursor.fetchall())
        pace = settings.NAVIGATOR_FORM_PACE
        return _Counts(
            address=found.get(self.address, 0) / pace,
            without_work=found.get(self.without_work, 0) / (pace * WITHOUT_WORK),
            form=found.get(self.form, 0) / (pace * OF_FORM),
            contact=max((found.get(each, 0) for each in self.contacts), default=0)
            / (pace * OF_CONTACT),
            waiting=found.get(self.waiting, 0),
        )

    def passed(self, *, worked: bool) -> list[Arrival]:
        """What counts the page, not written yet."""
        without = [] if worked else [self.without_work]
        return _arrivals(self.form, self.address, *self.contacts, *without)


def _arrivals(*keys: str) -> list[Arrival]:
    now = timezone.now()
    return [Arrival(key=key, at=now) for key in keys]


def _lately(*keys: str) -> QuerySet[Arrival]:
    return Arrival.objects.filter(key__in=keys, at__gte=timezone.now() - WINDOW)


def _until_free(*keys: str) -> float:
    """Seconds until the oldest of what is counted is counted no more."""
    now = timezone.now()
    oldest = _lately(*keys).aggregate(Min("at"))["at__min"] or now
    return float((oldest + WINDOW - now).total_seconds())


def _contacts(version: FormVersion, answers: Mapping[str, Any]) -> Iterator[str]:
    """Phones and e-mail addresses among the answers."""
    for spec in fields_of(version.schema):
        answer = answers.get(spec["key"])
        if spec["type"] in ("phone", "email") and isinstance(answer, str):
            yield answer.lower()
        elif spec["type"] == "contact" and answer:
            yield from (answer[part].lower() for part in ("phone", "email") if part in answer)


def _network(address: str) -> str:
    """One household has a whole network of new addresses: it counts as one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _digest(text: str) -> str:
    return salted_hmac("intake_forms.pace", text, algorithm="sha256").hexdigest()
