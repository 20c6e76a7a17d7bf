"""What the staff writes for the staff is read by nobody else, wherever it might have gone.

Everything that is typed for colleagues has a mark of its own; then everything is read that a family
or a partner may get, and what leaves the desk in a file: `MAKERS` names those documents.
"""

from __future__ import annotations

import io
import json
import logging
import uuid
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.http import QueryDict
from django.utils import timezone
from pypdf import PdfReader

from cms.access import Role
from desk import calendar_file, diagnosing, referring, unsent
from desk.exports.columns import COLUMNS
from desk.models import Booking, Referral
from forms import conversing, giving_out, journals, moves, sending, talk
from forms.actions import Action
from forms.models import (
    AccessLog,
    Direction,
    IntakeCase,
    InternalNote,
    Notice,
    NoticeState,
    Register,
    TalkResult,
    TalkWay,
)
from search.documents import all_sources
from tests.cms.visitors import Visitor, walker_of
from tests.cms.walk import OWN, World, addresses, routes
from tests.cms.world import world
from tests.desk import test_exports as exports
from tests.factories import UserFactory
from tests.gateway import gateway
from tests.intake import (
    FormFactory,
    QueueFactory,
    contact_steps,
    make_case,
    reached_by,
    version_of,
)
from tests.referrals import hand_over
from tests.telling import tell_count

__all__ = ["world"]

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    # Wagtail leaves the file of a rendition open until it is collected.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

OF_A_FAMILY = b"%PDF-1.4\ntrailer\n%%EOF\n"[:20]  # what a family sent in: no page can be read in it
READERS = ("family", "partner by its link", Role.PARTNER, "anonymous")


class Marks(list[str]):
    """Of each thing that is typed one word that stands nowhere else."""

    def new(self, of_what: str) -> str:
        self.append(f"{of_what}-{uuid.uuid4().hex}")
        return self[-1]


@dataclass
class Told:
    """The cases on which the staff has written, and who has."""

    world: World
    cases: list[IntakeCase]
    head: Any


def write_on(case: IntakeCase, head: Any, marks: Marks) -> None:
    """Everything that is typed for colleagues alone; the case is in work at the end."""
    other_queue = QueueFactory(centre=case.centre)
    held = conversing.Held(
        TalkWay.CALL, Direction.TO_FAMILY, timezone.now(), TalkResult.TALKED, marks.new("talk")
    )
    conversing.tell(case_id=case.pk, actor=head, held=held, writing_id=uuid.uuid4())
    typed = QueryDict(mutable=True)
    typed["text"] = marks.new("unsent")
    unsent.keep(case, head, unsent.NOTE, uuid.uuid4(), typed)
    talk.write_note(case=case, author=head, text=marks.new("note"), writing_id=uuid.uuid4())

    def move(action: Action, **more: Any) -> None:
        case.refresh_from_db()
        about = {"case_id": case.pk, "actor": head, "version": case.version}
        moves.move(action=action, text=marks.new(action.value), **about, **more)

    move(Action.ASSIGN, person=head, reason="other")
    move(Action.RELEASE, reason="other")
    move(Action.ROUTE, queue=other_queue, reason="other")
    move(Action.SET_ASIDE, outcome="withdrawn")
    move(Action.REOPEN, reason="new_facts")
    case.refresh_from_db()
    diagnosing.keep_diagnosis(case=case, actor=head, signs=[], note=marks.new("diagnosis"))
    register = Register.objects.create(
        slug=f"card-{case.pk}",
        title="Карта",
        on_case=True,
        fields=[{"name": "remark", "label": "Заметка", "type": "text"}],
    )
    values = {"remark": marks.new("register")}
    journals.save_entry(case=case, register=register, values=values, version=0, actor=head)
    # Who has looked and why is the staff's, too.
    looker = UserFactory(role=Role.HEAD, provider=case.centre, last_name=marks.new("looker"))
    AccessLog.objects.create(case=case, user=looker, what="answers", reason="call")


@pytest.fixture
def marks() -> Marks:
    return Marks()


@pytest.fixture
def told(world, marks) -> Told:
    """A case that was handed to a partner long ago, and one that goes through everything now."""
    centre = world.cases[OWN].centre
    head = world.people[Role.HEAD]
    old = world.cases[OWN]
    for referral in old.referrals.all():
        referring.recall(pk=referral.pk, actor=old_holder(old), reason=marks.new("recall"))
    write_on(old, head, marks)
    answers = reached_by("email", "sms")
    new = make_case(FormFactory(steps=contact_steps()), centre=centre, answers=answers)
    write_on(new, head, marks)
    joined = make_case(FormFactory(steps=contact_steps()), centre=centre, answers=answers)
    talk.write_note(case=joined, author=head, text=marks.new("joined"), writing_id=uuid.uuid4())
    merge = {"action": Action.MERGE, "actor": head, "other": new, "text": marks.new("merge")}
    moves.move(case_id=joined.pk, version=joined.version, **merge)
    for action, more in ((Action.ASK, {}), (Action.RESUME, {})):
        new.refresh_from_db()
        about = {"case_id": new.pk, "actor": head, "version": new.version, **more}
        moves.move(action=action, text="образец вопроса" if action == Action.ASK else "", **about)
    for case in (new, old):
        hand_over(case, head, world.providers[OWN].receiver, days=1, keys=["story"])
    world.referrals[OWN] = old.referrals.latest("sent_at")
    cases = [IntakeCase.objects.get(pk=case.pk) for case in (old, new, joined)]
    return Told(world, cases, head)


def old_holder(case: IntakeCase) -> Any:
    case.refresh_from_db()
    return case.assignee


# What leaves the desk: each maker gives named documents.
MAKERS: dict[str, Callable[[Told], Iterator[bytes]]] = {}


def maker(make: Callable[[Told], Iterator[bytes]]) -> Callable[[Told], Iterator[bytes]]:
    MAKERS[make.__name__] = make
    return make


@maker
def own_copies(told: Told) -> Iterator[bytes]:
    yield from (giving_out.archive([case]) for case in told.cases)


@maker
def packets(told: Told) -> Iterator[bytes]:
    for referral in Referral.objects.filter(case__in=told.cases):
        yield referral.case.submission.data_key.open(referral.purpose, referral.packet)


@maker
def calendars(told: Told) -> Iterator[bytes]:
    yield from (calendar_file.calendar_file(one, quiet=False) for one in Booking.objects.all())


@maker
def search_index(told: Told) -> Iterator[bytes]:
    yield from (repr(source).encode() for source in all_sources())


@maker
def papers_for_the_family(told: Told) -> Iterator[bytes]:
    walker = walker_of(Visitor(Role.HEAD), told.world)
    for case in told.cases[:2]:
        answer = walker.open(f"/admin/intake/{case.pk}/paper/", "post", {"for": "family"})
        assert answer.status_code == 200
        yield answer.raw


@maker
def journals_in_files(told: Told) -> Iterator[bytes]:
    walker = walker_of(Visitor(Role.HEAD), told.world)
    path = next(
        addresses(route, told.world, OWN)[0]
        for route in routes()
        if route.name == "intake:journal_file"
    )
    for file_format in ("csv", "xlsx", "pdf"):
        address = path.replace(".csv", f".{file_format}")
        for answer in (
            walker.client.get(address),
            walker.client.post(address, {"open_reason": "papers"}),
        ):
            assert answer.status_code == 200
            yield answer.content


@maker
def tables_of_cases(told: Told) -> Iterator[bytes]:
    """With every column that a table may have."""
    version = version_of(told.cases[1].form)
    codes = [*COLUMNS, *exports.answer_columns(version)]
    for file_format in ("csv", "xlsx"):
        more = {"columns": codes, "file_format": file_format, "open_reason": "call"}
        yield exports.content(exports.made(told.head, version, **more))


def read(content: bytes) -> str:
    """The words of a page or of a file, those of the files inside it too."""
    if content[:4] == b"%PDF" and content[:20] != OF_A_FAMILY:
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    if content[:4] == b"PK\3\4":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return "\n".join(read(packed.read(name)) for name in packed.namelist())
    return content.decode("utf-8", "replace")


def found_in(text: str, marks: Marks) -> list[str]:
    text = "".join(text.split()).lower()  # a PDF breaks long words into lines
    return [mark for mark in marks if mark.lower() in text]


def pages(told: Told) -> Iterator[tuple[str, bytes]]:
    """Every page and file that somebody gets who is no staff."""
    for name in READERS:
        walker = walker_of(Visitor(name), told.world)
        for route in routes():
            for path in addresses(route, told.world, OWN):
                if name != Role.PARTNER and path.startswith("/admin/"):
                    continue  # who has no account is led to the login
                answer = walker.open(path, "get")
                yield f"{name}: {path}", answer.raw + str(answer.headers).encode()


def test_what_is_written_for_colleagues_is_read_by_nobody_else(told, marks, settings, caplog):
    caplog.set_level(logging.DEBUG)
    read_through, faults = Counter(), []

    def look(kind: str, where: str, content: bytes) -> None:
        read_through[kind] += 1
        faults.extend(f"{where}: {mark}" for mark in found_in(read(content), marks))

    with gateway() as messages:
        settings.NAVIGATOR_SMS = {**settings.NAVIGATOR_SMS, "URL": messages.url}
        for notice in Notice.objects.filter(state=NoticeState.WAITING):
            sending.deliver(notice.pk)
    for letter in mail.outbox:
        look("letters", letter.subject, letter.message().as_bytes() + letter.body.encode())
    for message in messages.taken:
        look("SMS", "SMS", json.dumps(message).encode())
    for kind, make in MAKERS.items():
        for content in make(told):
            look(kind, kind, content)
    for where, content in pages(told):
        look("pages", where, content)
    look("logs", "log", caplog.text.encode())
    with connection.cursor() as cursor:
        cursor.execute("select args::text from procrastinate_jobs")
        for (args,) in cursor.fetchall():
            look("jobs", "job", args.encode())
    tell_count(f"{len(marks)} marks looked for in {dict(read_through)}: found {len(faults)}")
    assert not faults, "\n".join(faults)
    assert set(MAKERS) | {"letters", "SMS", "pages", "logs", "jobs"} == set(read_through)


def test_what_is_looked_for_would_be_found(told, marks):
    """The staff reads all of it; a mark is found in a PDF and in an archive, broken into lines too."""
    walker = walker_of(Visitor(Role.HEAD), told.world)
    shown = "".join(
        walker.open(f"/admin/intake/{case.pk}/", "get").content_text for case in told.cases
    )
    assert InternalNote.objects.count() >= 10
    assert len(found_in(shown, marks)) >= 12
