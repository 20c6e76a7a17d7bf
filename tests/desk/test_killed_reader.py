"""The reader of a mailbox is killed at each point, and again and again: as many cases as letters."""

from __future__ import annotations

import os
import random
import time
from collections import Counter

import pytest
from django.db import connection

from desk.models import Fate, Mailbox, ReceivedMail
from desk.tasks import ask_to_read
from forms import ledger
from forms.events import broken_chains
from forms.models import IntakeCase, Notice, UploadedFile
from tests.factories import ProviderFactory
from tests.forms.test_files import PDF
from tests.letters import letter
from tests.mailboxes import make_box
from tests.telling import tell_count
from tests.workers import Worker

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("TORTURE_ACCEPT", "60")) // 10
LETTERS = 30
TWICE = 5
POINTS = {
    "before it is fetched": ("desk.mail.fetching:_Round._content", "before"),
    "when it is fetched": ("desk.mail.fetching:_Round._content", "after"),
    "when it is understood": ("desk.mail.fetching:parse", "after"),
    "when the case is made": ("desk.mail.taking_in:accept", "after"),
    "when the files are kept": ("desk.mail.taking_in:_keep_files", "after"),
    "before that is committed": ("forms.sending:tell_family", "after"),
    "when it is taken in": ("desk.mail.taking_in:take_in", "after"),
    "before it is moved": ("desk.mail.fetching:_Round._put_away", "before"),
    "when it is moved": ("desk.mail.fetching:_Round._put_away", "after"),
}


@pytest.fixture
def box(committed_db, dovecot, tmp_path, settings) -> Mailbox:
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path / "private"
    return make_box(dovecot, ProviderFactory(centre=True))


def read_again(box: Mailbox) -> None:
    """What a dead worker left is given back, as cms.tasks does it a minute later; or asked anew."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_workers")
        cursor.execute("update procrastinate_jobs set status = 'todo' where status = 'doing'")
    ask_to_read(str(box.pk))


def subjects() -> Counter[str]:
    return Counter(
        case.submission.read_answers()["subject"]
        for case in IntakeCase.objects.select_related("submission__key")
    )


def nothing_lost(dovecot, wanted: set[str], copies: int) -> str:
    found = subjects()
    assert set(found) == wanted
    assert set(found.values()) == {1}
    assert ReceivedMail.objects.filter(fate=Fate.CASE).count() == len(wanted)
    assert Notice.objects.filter(kind="received").count() == len(wanted)
    assert UploadedFile.objects.count() == len(wanted)
    assert (dovecot.count(), dovecot.count("Обработано")) == (0, copies)
    assert list(broken_chains()) == []
    assert set(ledger.findings()) == set()
    return f"{copies} letters, {len(wanted)} of them different: {sum(found.values())} cases, none twice"


def test_reader_killed_at_each_point(box, dovecot, tmp_path, settings):
    given = {"MAIL_CA": settings.MAIL_CA, "NAVIGATOR_PRIVATE_FILES": str(tmp_path / "private")}
    for point, (where, when) in POINTS.items():
        dovecot.deliver(
            letter(subject=point, files={"a.pdf": PDF}, sender=_sender(point)).as_bytes()
        )
        read_again(box)
        worker = Worker(tmp_path, given, dies=where, when=when)
        assert worker.ends() == -9, (point, worker.log.read_text())
        read_again(box)
        assert Worker(tmp_path, given).ends() == 0
    tell_count(
        f"{len(POINTS)} kills, one at each point: {nothing_lost(dovecot, set(POINTS), len(POINTS))}"
    )


def _sender(name: object) -> str:
    """Each letter from an address of its own: who writes very much is another matter."""
    return f"obrazec-{abs(hash(name))}@example.org"


def test_reader_killed_at_any_moment(box, dovecot, tmp_path, settings):
    given = {"MAIL_CA": settings.MAIL_CA, "NAVIGATOR_PRIVATE_FILES": str(tmp_path / "private")}
    wanted = {f"Письмо {number}" for number in range(LETTERS)}
    for number, subject in enumerate(sorted(wanted)):
        one = letter(subject=subject, files={"a.pdf": PDF}, sender=_sender(subject)).as_bytes()
        for _ in range(2 if number < TWICE else 1):  # a mail server may deliver twice, too
            dovecot.deliver(one)
    killed, done = 0, []
    while killed < KILLS and IntakeCase.objects.count() < LETTERS:
        before = IntakeCase.objects.count()
        read_again(box)
        worker = Worker(tmp_path, given)
        _wait_for_case(before)
        time.sleep(random.uniform(0, 0.25))
        worker.kill()
        killed += worker.ends() == -9
        done.append(IntakeCase.objects.count())
    read_again(box)
    assert Worker(tmp_path, given).ends() == 0
    assert killed >= 2
    tell_count(
        f"{killed} kills, after {done} cases: {nothing_lost(dovecot, wanted, LETTERS + TWICE)}"
    )


def _wait_for_case(known: int) -> None:
    until = time.monotonic() + 60
    while IntakeCase.objects.count() == known:
        assert time.monotonic() < until, "nothing is taken in"
        time.sleep(0.01)
