"""Erasing meets everything else that is done with a case at the same moment: nothing stays behind,
and nobody is told that something was kept which is gone."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.http import QueryDict
from django.utils import timezone

from cms.access import Role
from desk import unsent
from forms import (
    consents,
    conversing,
    journals,
    moves,
    quarantine,
    reissuing,
    retention,
    rotation,
    talk,
)
from forms.erasing import erase
from forms.models import (
    BlindMark,
    Channel,
    Conversation,
    Direction,
    Erased,
    HoldReason,
    IntakeCase,
    InternalNote,
    LegalHold,
    Register,
    RegisterEntry,
    SubmissionKey,
    TalkResult,
    TalkWay,
    Unsent,
    UploadedFile,
)
from forms.moves import Action
from forms.reissuing import Document
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_keys import key, with_file
from tests.forms.test_retention import close
from tests.intake import make_case

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("committed_db", "store")]
PATIENCE = 20.0  # seconds


def meet(first: Callable[[], Any], second: Callable[[], Any], then: Callable[[], Any] = int) -> Any:
    """What the second gives or raises, when it begins after the first and before its commit.

    The first does `then`, and commits, once the second waits for it or is over.
    """
    began, go, said = threading.Event(), threading.Event(), {}

    def run(name: str, work: Callable[[], Any]) -> None:
        try:
            said[name] = work()
        except Exception as error:
            said[name] = error
        finally:
            began.set()
            connections.close_all()

    def held_back() -> None:
        with transaction.atomic():
            first()
            began.set()
            assert go.wait(PATIENCE)
            then()

    earlier = threading.Thread(target=run, args=("first", held_back))
    earlier.start()
    assert began.wait(PATIENCE)
    later = threading.Thread(target=run, args=("second", second))
    later.start()
    until = time.monotonic() + PATIENCE
    while later.is_alive() and not somebody_waits():
        assert time.monotonic() < until
        time.sleep(0.01)
    go.set()
    earlier.join(PATIENCE)
    later.join(PATIENCE)
    assert said["first"] is None
    return said["second"]


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock')"
        )
        return cursor.fetchone()[0]


@pytest.fixture
def head():
    return UserFactory(role=Role.HEAD, provider=ProviderFactory(centre=True))


@pytest.fixture
def closed(head) -> IntakeCase:
    return close(make_case(centre=head.memberships.get().provider))


def note(case, by):
    talk.write_note(case=case, author=by, text="заметка", writing_id=case.submission_id)


def reopen(case, by):
    moves.move(
        case_id=case.pk,
        action=Action.REOPEN,
        actor=by,
        version=case.version,
        text="заметка",
        reason="new_facts",
    )


def entry(case, by):
    register = Register.objects.create(
        slug="j", title="Журнал", fields=[{"name": "no", "label": "№", "type": "int"}]
    )
    journals.save_entry(case=case, register=register, values={"no": "1"}, version=0, actor=by)


def new_code(case, by):
    reissuing.reissue(case_id=case.pk, actor=by, version=case.version, document=Document.PASSPORT)


def hold(case, by):
    retention.hold(case=case, reason=HoldReason.COURT, until=None, actor=by)


def talked(case, by):
    now = timezone.now()
    held = conversing.Held(
        TalkWay.CALL, Direction.FROM_FAMILY, now, TalkResult.TALKED, "образец разговора"
    )
    conversing.tell(case_id=case.pk, actor=by, held=held, writing_id=uuid.uuid4())


def typed(case, by):
    unsent.keep(case, by, unsent.NOTE, uuid.uuid4(), QueryDict("text=образец"))


def withdraw(case, by):
    consents.withdraw(case=case, way=Channel.VISIT, actor=by)


@pytest.mark.parametrize("late", [note, reopen, entry, new_code, hold, talked, typed])
def test_what_comes_while_a_case_is_erased_is_refused(closed, head, late):
    loaded = IntakeCase.objects.select_related("submission__key").get(pk=closed.pk)
    assert isinstance(meet(lambda: erase(case=closed), lambda: late(loaded, head)), Erased)
    assert [event.kind for event in closed.events.all()] == ["accepted", "erased"]
    closed.refresh_from_db()
    assert closed.state == "closed"
    for model in (InternalNote, RegisterEntry, LegalHold, Conversation, Unsent):
        assert not model.objects.exists()


def test_consent_is_not_withdrawn_while_the_case_is_erased(closed, head):
    said = meet(lambda: erase(case=closed), lambda: withdraw(closed, head))
    assert isinstance(said, consents.NothingToWithdraw)


def test_hold_that_comes_first_keeps_the_case(closed, head):
    case = close(closed, ago=400)
    meet(lambda: hold(case, head), retention.erase_due)
    assert retention.erase_due() == 0
    assert SubmissionKey.objects.filter(pk=case.submission_id).exists()


def test_marks_made_anew_do_not_outlive_the_case(closed, settings):
    settings.NAVIGATOR_DATA_KEYS = [key(), *settings.NAVIGATOR_DATA_KEYS]
    assert BlindMark.objects.exists()
    said = meet(lambda: next(rotation.rotate()), lambda: erase(case=closed))
    assert said == 0
    assert not SubmissionKey.objects.exists()
    assert not BlindMark.objects.exists()


def test_rotation_and_erasing_do_not_wait_for_each_other_in_a_circle(settings):
    first, second = sorted(
        (close(make_case()) for _ in range(2)), key=lambda case: case.submission_id
    )
    settings.NAVIGATOR_DATA_KEYS = [key(), *settings.NAVIGATOR_DATA_KEYS]
    done = meet(
        lambda: erase(case=second),
        lambda: sum(rotation.rotate()),
        then=lambda: erase(case=first),
    )
    assert done == 1
    for model in (SubmissionKey, BlindMark):
        assert not model.objects.exists()


def test_virus_found_while_a_case_is_erased_stops_neither(store):
    submission = with_file()
    file = UploadedFile.objects.get()
    said = meet(
        lambda: IntakeCase.objects.select_for_update().get(submission=submission),
        lambda: quarantine.destroy(file.pk),
        then=lambda: erase(case=submission.case),
    )
    assert said is None
    assert not UploadedFile.objects.exists()
    assert [each for each in store.rglob("*") if each.is_file()] == []
    assert [event.kind for event in submission.case.events.all()] == ["accepted", "erased"]
