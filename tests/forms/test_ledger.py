"""The sweeper finds what is lost, mends what it can; the ledger counts every day."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import uuid
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import override
from procrastinate.contrib.django.models import ProcrastinateJob

from cms.access import Role
from forms import crypto, ledger
from forms.crypto import new_key
from forms.erasing import erase
from forms.events import first_broken
from forms.files import place_of
from forms.ledger import days
from forms.ledger.days import Counts
from forms.ledger.findings import CHECKS
from forms.models import (
    CaseEvent,
    Channel,
    ConsentGiven,
    Department,
    Finding,
    FormDraft,
    IntakeCase,
    LedgerRow,
    Loss,
    Queue,
    RoutingRule,
    Scan,
    Submission,
    SubmissionKey,
    Sweep,
    UploadedFile,
)
from forms.references import new_reference
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.intake import (
    FormFactory,
    QueueFactory,
    RuleFactory,
    make_case,
    sample_answers,
    send,
    version_of,
)

pytestmark = pytest.mark.django_db

HOUR = datetime.timedelta(hours=1)


@pytest.fixture(autouse=True)
def private_files(settings, tmp_path):
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path
    return tmp_path


def found() -> set[tuple[str, str]]:
    return {(str(kind), key) for kind, key in ledger.findings()}


def kinds() -> list[str]:
    return sorted(kind for kind, _key in found())


def past_the_database(statement: str, *values) -> None:
    """As an administrator might who forgets that the rows are immutable."""
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("set local session_replication_role = origin")


def bare_submission(territory=None) -> Submission:
    """A submission with its key, and nothing else of what acceptance leaves."""
    version = version_of(FormFactory())
    submission = Submission(version=version, channel=Channel.WEB, idempotency_key=uuid.uuid4())
    key = new_key(submission.pk)
    submission.answers = key.seal("answers", json.dumps(sample_answers(territory)).encode())
    submission.save(force_insert=True)
    newest = crypto.newest_key_id()
    SubmissionKey.objects.create(
        submission=submission, wrapped=crypto.wrap(key), wrapped_by=newest, marked_by=newest
    )
    return submission


def test_what_is_accepted_makes_no_finding():
    send(territory=TerritoryFactory())
    make_case(centre=ProviderFactory(centre=True))
    assert found() == set()


def test_submission_without_a_case_gets_it_by_the_same_routing():
    territory = TerritoryFactory()
    centre = ProviderFactory(centre=True)
    rule = RuleFactory(territory=territory, queue=QueueFactory(centre=centre))
    submission = bare_submission(territory)
    assert found() == {("no_case", str(submission.pk)), ("no_consent", str(submission.pk))}
    ledger.sweep()
    case = IntakeCase.objects.get(submission=submission)
    assert (case.queue, case.routed_by, case.centre) == (rule.queue, rule, centre)
    assert case.created_at == submission.received_at
    event = case.events.get()
    assert event.kind == "accepted"
    assert event.data["mended"] is True
    assert first_broken(case) is None
    assert ConsentGiven.objects.get(submission=submission).field == "consent"
    assert found() == set()
    assert set(Finding.objects.filter(mended=True).values_list("kind", flat=True)) == {"no_case"}
    ledger.sweep()
    assert Finding.objects.count() == 1


def test_submission_that_nobody_can_read_gets_a_case_too():
    submission = bare_submission()
    SubmissionKey.objects.filter(submission=submission).delete()
    ledger.sweep()
    case = IntakeCase.objects.get(submission=submission)
    assert case.queue.unrouted
    assert {finding.kind for finding in ledger.open_findings()} == {"no_key", "no_consent"}


def test_case_that_was_never_recorded_is_recorded():
    case = make_case(territory=TerritoryFactory())
    past_the_database("delete from intake_forms_caseevent where case_id = %s", case.pk)
    assert kinds() == ["no_event"]
    ledger.sweep()
    assert found() == set()
    assert first_broken(case) is None


def test_case_recorded_twice_stays_a_finding_until_it_is_put_right():
    case = make_case()
    last = case.events.get()
    CaseEvent.objects.create(case=case, seq=2, kind="accepted", prev_hash=last.hash, hash="0" * 64)
    ledger.sweep()
    finding = ledger.open_findings().get(kind="many_events")
    assert finding.key == str(case.pk)
    ledger.sweep()
    assert ledger.open_findings().filter(kind="many_events").get() == finding
    past_the_database("delete from intake_forms_caseevent where seq = 2")
    ledger.sweep()
    finding.refresh_from_db()
    assert finding.ended_at
    assert not finding.mended


def test_case_of_an_organisation_without_a_desk_is_found():
    centre = ProviderFactory(centre=True)
    case = make_case(centre=centre)
    centre.is_centre = False
    centre.save()
    assert found() == {("unseen", str(case.pk))}


def test_case_that_nobody_may_see_is_found():
    centre, other = (ProviderFactory(centre=True) for _ in range(2))
    case, elsewhere = make_case(centre=centre), make_case(centre=other)
    unrouted = make_case()
    assert found() == set()  # nobody works here yet: it is being set up
    specialist = UserFactory(role=Role.SPECIALIST, provider=centre)
    assert found() == {("nobody", str(elsewhere.pk)), ("nobody", str(unrouted.pk))}
    dispatcher = UserFactory(role=Role.DISPATCHER, provider=other)
    assert found() == set()
    part = Department.objects.create(centre=centre, title="Отдел")
    Queue.objects.filter(pk=case.queue_id).update(department=part)
    assert found() == {("nobody", str(case.pk))}
    part.people.add(specialist)
    assert found() == set()
    IntakeCase.objects.filter(pk=elsewhere.pk).update(secret=True)
    assert found() == {("nobody", str(elsewhere.pk))}
    elsewhere.queue.confidants.add(dispatcher)
    assert found() == set()
    dispatcher.is_active = False
    dispatcher.save()
    assert ("nobody", str(elsewhere.pk)) in found()
    IntakeCase.objects.filter(pk=elsewhere.pk).update(curator=specialist)
    assert ("nobody", str(elsewhere.pk)) not in found()


def test_answers_without_a_key_are_found_but_not_those_that_were_erased(settings):
    erased, lost, foreign = (make_case() for _ in range(3))
    erase(case=erased)
    SubmissionKey.objects.filter(submission=lost.submission).delete()
    SubmissionKey.objects.filter(submission=foreign.submission).update(wrapped_by="0" * 16)
    assert found() == {
        ("no_key", str(lost.submission_id)),
        ("no_key", str(foreign.submission_id)),
    }


def test_consent_that_was_not_recorded_is_recorded_from_the_answers():
    case = make_case()
    past_the_database("delete from intake_forms_consentgiven")
    assert kinds() == ["no_consent"]
    ledger.sweep()
    given = ConsentGiven.objects.get()
    assert (given.submission_id, given.field) == (case.submission_id, "consent")
    assert given.given_at == given.submission.received_at
    assert found() == set()


def a_file(submission: Submission, *, lies: bool = True, **more) -> UploadedFile:
    values = {"scan": Scan.UNSCANNED, "kind": "application/pdf", "path": "paper", **more}
    file = UploadedFile.objects.create(
        submission=submission, size=3, sha256="0" * 64, key=b"", name=b"", **values
    )
    if lies:
        place_of(file.pk).parent.mkdir(parents=True, exist_ok=True)
        place_of(file.pk).write_bytes(b"abc")
    return file


def test_files_are_compared_with_the_disk(private_files):
    submission = make_case().submission
    kept = a_file(submission)
    gone = a_file(submission, lies=False)
    a_file(submission, lies=False, scan=Scan.INFECTED)
    strange, fresh = uuid.uuid4(), uuid.uuid4()
    for name in (strange, fresh):
        place_of(name).parent.mkdir(parents=True, exist_ok=True)
        place_of(name).write_bytes(b"abc")
    before = timezone.now().timestamp() - 2 * 3600
    for name in (strange, kept.pk):
        os.utime(place_of(name), (before, before))
    assert found() == {("no_file", str(gone.pk)), ("no_row", str(strange))}
    assert not CHECKS[Loss.NO_ROW].grave


def test_a_scan_that_never_comes_is_found():
    submission = make_case().submission
    late = a_file(submission, scan=Scan.PENDING, uploaded_at=timezone.now() - 2 * HOUR)
    a_file(submission, scan=Scan.PENDING)
    assert found() == {("not_scanned", str(late.pk))}


def test_a_task_that_nobody_does_is_found():
    from forms.tasks import sweep_drafts

    sweep_drafts.configure(queueing_lock="one").defer(timestamp=0)
    sweep_drafts.configure(queueing_lock="two", schedule_in={"hours": 5}).defer(timestamp=0)
    assert found() == set()
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_events set at = now() - interval '2 hours'")
    assert found() == {("late_task", "intake_forms.sweep_drafts")}
    assert ProcrastinateJob.objects.count() == 2


def test_a_draft_that_was_sent_is_removed_unless_it_has_files():
    receipts = [send() for _ in range(2)]
    drafts = []
    for receipt in receipts:
        submission = Submission.objects.get(case__ref=receipt.ref)
        past_the_database(
            "update intake_forms_submission set received_at = received_at - interval '3 hours'"
            " where id = %s",
            submission.pk,
        )
        drafts.append(
            FormDraft.objects.create(
                pk=submission.idempotency_key,
                ref=new_reference(),
                version=submission.version,
                typed=b"",
                wrapped=b"",
                expires_at=timezone.now() + HOUR,
            )
        )
    UploadedFile.objects.create(
        draft=drafts[0], size=3, sha256="0" * 64, key=b"", name=b"", scan=Scan.INFECTED, path="a"
    )
    assert found() == {("sent_draft", str(draft.pk)) for draft in drafts}
    ledger.sweep()
    assert FormDraft.objects.get() == drafts[0]
    assert ledger.open_findings().get().key == str(drafts[0].pk)


def test_one_failure_to_mend_stops_nobody_else(monkeypatch):
    first, second = (bare_submission() for _ in range(2))
    check = CHECKS[Loss.NO_CASE]

    def fails(key: str) -> bool:
        if key == str(first.pk):
            raise DatabaseError("broken on purpose")
        return check.mend(key)

    monkeypatch.setitem(CHECKS, Loss.NO_CASE, dataclasses.replace(check, mend=fails))
    monkeypatch.setitem(
        CHECKS, Loss.NO_CONSENT, dataclasses.replace(CHECKS[Loss.NO_CONSENT], mend=None)
    )
    ledger.sweep()
    assert IntakeCase.objects.get().submission_id == second.pk
    assert Finding.objects.get(kind="no_case", mended=True).key == str(second.pk)
    assert ledger.open_findings().get(kind="no_case").key == str(first.pk)


# The ledger


def move_submissions(days_back: int) -> None:
    past_the_database(
        "update intake_forms_submission set received_at = received_at - make_interval(days => %s)",
        days_back,
    )


def test_every_day_that_is_over_is_written_once():
    for channel in (Channel.WEB, Channel.WEB, Channel.API):
        send(channel=channel)
    move_submissions(3)
    send()
    assert ledger.write_days() >= 2
    assert ledger.write_days() == 0
    day = timezone.localdate() - datetime.timedelta(days=3)
    rows = {
        row.channel: (row.receipts, row.submissions, row.cases)
        for row in LedgerRow.objects.filter(day=day)
    }
    assert rows["web"] == (2, 2, 2)
    assert rows["api"] == (1, 1, 1)
    assert rows["visit"] == (0, 0, 0)
    assert set(rows) == set(Channel)
    assert days.first_broken() is None
    assert not LedgerRow.objects.filter(day=timezone.localdate()).exists()


def test_yesterday_is_written_an_hour_after_midnight():
    send()
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    midnight += datetime.timedelta(days=1)
    assert days.write_days(midnight + datetime.timedelta(minutes=50)) == 0
    assert days.missing_day(midnight + 4 * HOUR) == timezone.localdate()
    assert days.write_days(midnight + datetime.timedelta(minutes=70)) == 1
    assert days.missing_day(midnight + 4 * HOUR) is None


@pytest.mark.parametrize("zone", ["Asia/Kamchatka", "Europe/Moscow", "Europe/Berlin"])
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-02-28"])
def test_every_moment_belongs_to_one_day_of_the_portal(settings, zone, day):
    settings.TIME_ZONE = zone  # Berlin has days of 23 and of 25 hours
    midnight = datetime.datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    next_one = midnight + datetime.timedelta(days=1)  # by the clock on the wall
    tick = datetime.timedelta(microseconds=1)
    before, first, last, after = (
        moment.astimezone(datetime.UTC)
        for moment in (
            midnight.astimezone(datetime.UTC) - tick,
            midnight,
            next_one.astimezone(datetime.UTC) - tick,
            next_one,
        )
    )
    for moment in (before, first, last, after):
        submission = make_case().submission_id
        past_the_database(
            "update intake_forms_submission set received_at = %s where id = %s", moment, submission
        )
    assert days.write_days(next_one + datetime.timedelta(days=2)) >= 3
    written = {str(row.day): row.submissions for row in LedgerRow.objects.filter(channel="web")}
    here = datetime.date.fromisoformat(day)
    around = [str(here + datetime.timedelta(days=step)) for step in (-1, 0, 1)]
    assert [written[each] for each in around] == [1, 2, 1]
    assert days.first_broken() is None


def test_the_database_refuses_to_change_the_ledger():
    send()
    move_submissions(2)
    ledger.write_days()
    row = LedgerRow.objects.first()
    for act in (lambda: LedgerRow.objects.filter(pk=row.pk).update(cases=9), row.delete):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            act()


@pytest.mark.parametrize(
    "change",
    [
        "update intake_forms_ledgerrow set cases = 2, receipts = 2, submissions = 2 where id = %s",
        "delete from intake_forms_ledgerrow where id = %s",
    ],
)
def test_a_ledger_changed_past_the_portal_is_found(change):
    send()
    move_submissions(3)
    ledger.write_days()
    past_the_database(change, LedgerRow.objects.order_by("day", "channel")[3].pk)
    assert days.first_broken() is not None
    assert "broken_chain" in kinds()


def test_days_tell_what_was_written_and_what_there_is_now():
    send()
    move_submissions(2)
    submission = bare_submission()
    move_submissions(2)  # yesterday is not written in the first hour of a day
    ledger.write_days()
    by_state = {day.state: day for day in ledger.last_days() if day.total.submissions}
    assert set(by_state) == {"even", "uneven"}
    assert by_state["uneven"].total == Counts(receipts=0, submissions=1, cases=0)
    assert ("uneven_day", str(by_state["uneven"].day)) in found()
    ledger.sweep()
    assert IntakeCase.objects.filter(submission=submission).exists()
    assert {day.state for day in ledger.last_days() if day.total.submissions} == {"even", "mended"}
    ledger.sweep()
    assert not ledger.open_findings().exists()
    send()
    move_submissions(1)  # as if a copy of the database had been restored
    assert "changed" in {day.state for day in ledger.last_days()}
    assert "uneven_day" in kinds()


def test_erased_cases_are_no_loss():
    case = make_case()
    move_submissions(2)
    ledger.write_days()
    erase(case=case)
    ledger.sweep()
    assert not Finding.objects.exists()
    assert ledger.last_days()[2].state == "even"


def test_a_missing_day_is_written_by_the_sweeper():
    send()
    move_submissions(3)
    assert kinds() == ["no_day"]
    ledger.sweep()
    assert found() == set()
    assert days.missing_day() is None


def test_nobody_looking_is_noticed():
    assert ledger.is_stale()
    ledger.sweep()
    assert not ledger.is_stale()
    Sweep.objects.update(at=timezone.now() - HOUR)
    assert ledger.is_stale()


# The page


def test_page_is_for_those_who_answer_for_cases(client):
    for role in Role:
        client.force_login(UserFactory(role=role, provider=ProviderFactory(centre=True)))
        expected = 200 if role in (Role.HEAD, Role.ADMINISTRATOR) else 404
        assert client.get("/admin/intake/ledger/").status_code == expected, role


def test_page_tells_differences_and_what_to_do(client, django_assert_max_num_queries):
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    page = client.get("/admin/intake/ledger/").text
    assert "никто не проверяет" in page
    send()
    move_submissions(2)
    ledger.sweep()
    page = client.get("/admin/intake/ledger/").text
    assert "ничего не потеряно" in page
    assert "всё сходится" in page
    SubmissionKey.objects.all().delete()
    ledger.sweep()
    with django_assert_max_num_queries(30):
        page = client.get("/admin/intake/ledger/").text
    assert "NAVIGATOR_DATA_KEYS" in page
    bare_submission()
    move_submissions(1)
    assert "не сходится" in client.get("/admin/intake/ledger/").text


def test_page_does_not_say_that_all_adds_up_beside_figures_that_do_not(client):
    send()
    move_submissions(2)
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    ledger.write_days()
    assert "всё сходится" in client.get("/admin/intake/ledger/").content.decode()
    past_the_database("update intake_forms_ledgerrow set cases = 9 where channel = 'web'")
    assert "всё сходится" not in client.get("/admin/intake/ledger/").content.decode()


def test_every_finding_says_what_to_do_in_russian():
    assert set(CHECKS) == set(Loss)
    for kind, check in CHECKS.items():
        with override("en"):
            english = (str(kind.label), str(check.advice))
        with override("ru"):
            russian = (str(kind.label), str(check.advice))
        assert all(one != other for one, other in zip(english, russian, strict=True)), kind


def test_rules_and_queues_are_untouched_by_the_sweeper():
    RuleFactory()
    before = (Queue.objects.count(), RoutingRule.objects.count())
    ledger.sweep()
    assert (Queue.objects.count(), RoutingRule.objects.count()) == before
