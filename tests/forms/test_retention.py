"""Personal data goes when its term is over, never before, and leaves proof that names nobody."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from forms import consents, family_moves, files, journals, ledger, marks, moves, retention, talk
from forms.events import broken_chains
from forms.models import (
    AnonymousAnswers,
    BlindMark,
    CaseMessage,
    Channel,
    ConsentWithdrawn,
    Erased,
    Erasure,
    ErasureAct,
    Finding,
    FormVersion,
    HoldReason,
    IntakeCase,
    InternalNote,
    LegalHold,
    Register,
    RegisterEntry,
    Submission,
    SubmissionKey,
    UploadedFile,
)
from forms.moves import Action
from forms.tasks import erase_due
from tests.factories import TerritoryFactory
from tests.forms.test_keys import production, store, with_file
from tests.intake import (
    NAME,
    PHONE,
    STORY,
    FormFactory,
    make_case,
    question,
    rows,
    sample_answers,
    step,
)
from tests.telling import tell_count

__all__ = ["store"]
DAY = datetime.timedelta(days=1)
ROOT = Path(__file__).resolve().parents[2]
ERASE = """
import django
django.setup()
from forms.retention import erase_due
print("starts", flush=True)
erase_due(batch=1)
"""


def close(case: IntakeCase, ago: int = 0) -> IntakeCase:
    """A case that was closed some days ago."""
    when = timezone.now() - ago * DAY
    IntakeCase.objects.filter(pk=case.pk).update(
        state="closed", outcome="withdrawn", closed_at=when, decided_at=None, waiting_since=None
    )
    case.refresh_from_db()
    return case


def is_erased(case: IntakeCase) -> bool:
    return not SubmissionKey.objects.filter(pk=case.submission_id).exists()


def form_kept(days: int = 30, **more):
    return FormFactory(retention_days=days, **more)


@pytest.mark.django_db
def test_goes_when_the_term_after_closing_is_over_and_not_a_day_before():
    form = form_kept(30)
    over, not_yet, still_open = (make_case(form) for _ in range(3))
    close(over, ago=30)
    close(not_yet, ago=29)
    assert retention.erase_due() == 1
    assert [is_erased(one) for one in (over, not_yet, still_open)] == [True, False, False]
    assert retention.erase_at(still_open) is None
    assert retention.erase_at(not_yet) == not_yet.closed_at + 30 * DAY


@pytest.mark.django_db
def test_term_is_that_of_the_version_that_was_answered():
    form = form_kept(10)
    case = close(make_case(form), ago=20)
    form.retention_days = 3650
    form.save_revision().publish()
    assert FormVersion.objects.count() == 2
    assert retention.erase_due() == 1
    assert is_erased(case)


@pytest.mark.django_db
def test_case_opened_again_is_kept_and_its_term_starts_anew(specialist, centre):
    case = close(make_case(form_kept(1), centre=centre), ago=5)
    moves.move(
        case_id=case.pk,
        action=Action.REOPEN,
        actor=specialist,
        version=case.version,
        text="снова",
        reason="new_facts",
    )
    assert retention.erase_due() == 0
    close(case, ago=0)
    assert retention.erase_due() == 0
    assert retention.erase_due(timezone.now() + DAY) == 1


@pytest.mark.django_db
def test_everything_of_a_person_goes_and_the_rest_stays(
    store, specialist, centre, django_capture_on_commit_callbacks
):
    paper = with_file().case
    case = make_case(form_kept(1), centre=centre)
    talk.write_note(case=case, author=specialist, text=NAME, writing_id=case.submission_id)
    family_moves.family_writes(case_id=case.pk, text=STORY, writing_id=case.submission_id)
    journal = Register.objects.create(
        slug="j", title="Журнал", fields=[{"name": "no", "label": "№", "type": "int"}]
    )
    journals.save_entry(
        case=case, register=journal, values={"no": NAME}, version=0, actor=specialist
    )
    before = list(case.events.values_list("kind", flat=True))
    close(case, ago=2)
    close(paper, ago=400)
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.erase_due() == 2
    for model in (BlindMark, CaseMessage, InternalNote, RegisterEntry, UploadedFile, SubmissionKey):
        assert not model.objects.exists(), model
    assert [each for each in store.rglob("*") if each.is_file()] == []
    assert not marks.submissions_with("phone", PHONE).exists()
    with pytest.raises(Erased):
        Submission.objects.get(pk=case.submission_id).read_answers()
    case.refresh_from_db()
    assert (case.ref, case.due_at) == (IntakeCase.objects.get(pk=case.pk).ref, case.due_at)
    assert list(case.events.values_list("kind", flat=True)) == [*before, "erased"]
    assert Submission.objects.count() == IntakeCase.objects.count() == 2
    row = Erasure.objects.get(case=paper)
    assert (row.rule, row.method, row.files) == ("term", "delete", 1)


@pytest.mark.django_db
def test_task_may_run_twice(django_assert_max_num_queries):
    case = close(make_case(form_kept(1)), ago=2)
    erase_due(0)
    erase_due(0)
    assert Erasure.objects.count() == ErasureAct.objects.count() == 1
    assert list(case.events.values_list("kind", flat=True)) == ["accepted", "erased"]
    with django_assert_max_num_queries(1):
        assert retention.erase_due() == 0


@pytest.mark.slow
def test_two_runs_at_once_erase_each_case_once(committed_db):
    form = form_kept(1)
    for _ in range(30):
        close(make_case(form), ago=2)
    barrier, done, faults = threading.Barrier(3), [], []

    def run():
        barrier.wait()
        try:
            done.append(retention.erase_due(batch=4))
        except Exception as error:
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert faults == []
    retention.erase_due()
    assert Erasure.objects.count() == 30
    assert not SubmissionKey.objects.exists()
    assert ErasureAct.objects.count() == 1
    assert [case for case in IntakeCase.objects.all() if case.events.count() != 2] == []
    tell_count(f"three runs at once erased {done} of 30 cases, each once")


@pytest.mark.slow
def test_killed_erasing_leaves_each_case_whole_or_gone_and_the_next_run_ends_it(
    committed_db, store, tmp_path
):
    cases = [close(with_file().case, ago=400) for _ in range(12)]
    erasing = subprocess.Popen(
        [sys.executable, "-c", ERASE],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            **production(django_settings.NAVIGATOR_DATA_KEYS[0]),
            "NAVIGATOR_HOME": str(tmp_path),  # where the files of `store` lie
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert erasing.stdout.readline()
    while not Erasure.objects.exists():
        assert erasing.poll() is None
    erasing.kill()
    erasing.wait()
    erasing.stdout.close()
    for case in cases:
        proofs = (
            Erasure.objects.filter(case=case).exists(),
            is_erased(case),
            case.events.filter(kind="erased").exists(),
        )
        assert len(set(proofs)) == 1
    gone = Erasure.objects.count()
    assert retention.erase_due() == 12 - gone
    files.sweep(time.time() + 2 * files.UNOWNED_SECONDS)
    assert [each for each in store.rglob("*") if each.is_file()] == []
    tell_count(f"killed after {gone} of 12 cases; the next run erased the others")


@pytest.mark.django_db
def test_hold_keeps_until_it_is_lifted(specialist):
    case = close(make_case(form_kept(1)), ago=9)
    retention.hold(case=case, reason=HoldReason.COURT, until=None, actor=specialist)
    assert retention.erase_due() == 0
    with pytest.raises(retention.AlreadyHeld):
        retention.hold(case=case, reason=HoldReason.OTHER, until=None, actor=specialist)
    assert retention.lift(case=case, actor=specialist)
    assert not retention.lift(case=case, actor=specialist)
    assert retention.erase_due() == 1
    kinds = list(case.events.values_list("kind", flat=True))
    assert kinds == ["accepted", "held", "freed", "erased"]
    assert case.events.filter(data__has_key="reason").get().data == {"reason": "court", "until": ""}


@pytest.mark.django_db
def test_holds_and_withdrawals_keep_the_chain_of_events_whole(specialist):
    case = make_case()
    retention.hold(case=case, reason=HoldReason.COURT, until=None, actor=specialist)
    retention.lift(case=case, actor=specialist)
    consents.withdraw(case=case, way=Channel.VISIT, actor=specialist)
    assert case.events.count() == 4
    assert list(broken_chains()) == []


@pytest.mark.django_db
def test_hold_with_a_day_ends_with_that_day(specialist):
    case = close(make_case(form_kept(1)), ago=9)
    today = timezone.localdate()
    retention.hold(case=case, reason=HoldReason.INSPECTION, until=today, actor=specialist)
    assert retention.erase_due() == 0
    assert retention.erase_due(timezone.now() + DAY) == 1


@pytest.mark.django_db
def test_hold_whose_day_is_over_gives_way_to_a_new_one(specialist):
    case = make_case()
    LegalHold.objects.create(
        case=case, reason="court", until=timezone.localdate() - DAY, placed_by=specialist
    )
    retention.hold(case=case, reason=HoldReason.COURT, until=None, actor=specialist)
    assert LegalHold.objects.standing().count() == 1


@pytest.mark.django_db
def test_erased_case_is_no_lost_one():
    close(make_case(form_kept(1)), ago=2)
    make_case()
    retention.erase_due()
    ledger.sweep()
    assert not Finding.objects.exists()


@pytest.mark.slow
def test_disk_that_refuses_stops_no_erasing(committed_db, store, monkeypatch, caplog):
    cases = [close(with_file().case, ago=400) for _ in range(3)]

    def refused(place, missing_ok=False):
        raise PermissionError(f"refused: {place.name}")

    with monkeypatch.context() as disk:
        disk.setattr(Path, "unlink", refused)
        assert retention.erase_due(batch=1) == 3
    assert [is_erased(case) for case in cases] == [True] * 3
    assert caplog.text.count("PermissionError: refused") == 3
    assert len([each for each in store.rglob("*") if each.is_file()]) == 3
    assert files.sweep(time.time() + 2 * files.UNOWNED_SECONDS) == 3
    assert [each for each in store.rglob("*") if each.is_file()] == []


@pytest.mark.django_db
def test_what_is_kept_past_its_term_is_found(specialist):
    def found():
        return [key for kind, key in ledger.findings() if kind == "not_erased"]

    missed, fresh, held = (make_case(form_kept(30)) for _ in range(3))
    close(missed, ago=33)
    close(fresh, ago=31)  # the next night takes it
    retention.hold(case=close(held, ago=90), reason=HoldReason.COURT, until=None, actor=specialist)
    still_open, in_time, by_law = make_case(), make_case(), make_case()
    for case, days in ((still_open, -1), (in_time, 0), (by_law, None)):
        day = None if days is None else timezone.localdate() + days * DAY
        ConsentWithdrawn.objects.create(submission=case.submission, way="web", erase_by=day)
    assert found() == [missed.number, still_open.number]
    ledger.sweep()
    # Two of them lie where nobody works; that is found, too.
    assert {finding.kind for finding in ledger.open_findings()} == {"not_erased", "nobody"}
    close(still_open)
    assert retention.erase_due() == 3
    assert found() == []


# Anonymous answers.


def counted_form(**more):
    return FormFactory(
        retention_days=1,
        retention_method="anonymise",
        steps=[
            step(
                "О чём",
                question("text", "note", label="Не отмечено как личное"),
                question("choice", "way", options={"call": "Звонок", "mail": "Почта"}),
                question("yesno", "ill", personal=True, purpose="Чтобы помочь"),
                question("territory", "place"),
                rows(
                    "children",
                    question("text", "child"),
                    question("birth_date", "born"),
                    question("yesno", "school"),
                    maximum=3,
                ),
                question("phone", "phone", personal=True, purpose="Чтобы позвонить"),
                question("consent", "consent"),
            )
        ],
        **more,
    )


@pytest.mark.django_db
def test_anonymous_answers_are_closed_ones_that_are_not_personal_and_point_to_nobody():
    place = TerritoryFactory()
    answers = {
        "note": NAME,
        "way": "call",
        "ill": True,
        "place": {"slug": place.slug, "title": place.title},
        "children": [
            {"child": NAME, "born": "2019-04-30", "school": True},
            {"child": NAME, "born": "2020-04-30", "school": False},
        ],
        "phone": PHONE,
        "consent": True,
    }
    case = make_case(counted_form(), answers=answers)
    close(case, ago=2)
    assert retention.erase_due() == 1
    assert is_erased(case)
    kept = AnonymousAnswers.objects.get()
    assert kept.answers == {
        "way": "call",
        "children": [{"school": True}, {"school": False}],
    }
    assert kept.month.day == 1
    named = {field.name for field in AnonymousAnswers._meta.get_fields()}
    assert named == {"id", "version", "month", "answers"}
    assert Erasure.objects.get().method == "anonymise"


@pytest.mark.django_db
def test_delete_keeps_no_answers():
    close(make_case(form_kept(1)), ago=2)
    retention.erase_due()
    assert not AnonymousAnswers.objects.exists()


@pytest.mark.django_db
def test_case_that_does_not_open_stops_no_other(settings, caplog):
    from tests.forms.test_keys import key

    lost = close(make_case(counted_form(), answers={"way": "call", "consent": True}), ago=2)
    settings.NAVIGATOR_DATA_KEYS = [key()]
    other = close(make_case(form_kept(1)), ago=2)
    assert retention.erase_due(batch=1) == 1
    assert (is_erased(lost), is_erased(other)) == (False, True)
    assert NAME not in caplog.text


# Withdrawal of a consent.


@pytest.mark.django_db
def test_withdrawn_consent_gives_thirty_days_though_the_form_keeps_longer():
    case = make_case(form_kept(3650))
    written = consents.withdraw(case=case, way=Channel.WEB)
    assert written.erase_by == timezone.localdate() + 30 * DAY
    assert consents.withdraw(case=case, way=Channel.VISIT) == written
    assert case.events.latest("seq").kind == "withdrawn"
    assert case.events.count() == 2
    assert retention.erase_due(timezone.now() + 31 * DAY) == 0  # still open
    close(case)
    assert retention.erase_due(timezone.now() + 28 * DAY) == 0
    assert retention.erase_due(timezone.now() + 31 * DAY) == 1
    assert Erasure.objects.get().rule == "withdrawn"


@pytest.mark.django_db
def test_what_is_kept_by_law_stays_after_a_withdrawal():
    form = form_kept(100, basis="law", basis_text="442-ФЗ, ст. 7")
    case = close(make_case(form))
    assert consents.withdraw(case=case, way=Channel.WEB).erase_by is None
    assert retention.erase_due(timezone.now() + 60 * DAY) == 0
    assert retention.erase_due(timezone.now() + 100 * DAY) == 1
    assert Erasure.objects.get().rule == "term"


@pytest.mark.django_db
def test_shorter_term_wins_over_a_withdrawal():
    case = close(make_case(form_kept(3)))
    consents.withdraw(case=case, way=Channel.WEB)
    assert retention.erase_due(timezone.now() + 4 * DAY) == 1


@pytest.mark.django_db
def test_nothing_to_withdraw_without_consent_or_after_erasure():
    form = FormFactory(steps=[step("Вопрос", question("choice", "way", options={"a": "А"}))])
    no_consent = make_case(form, answers={"way": "a"})
    with pytest.raises(consents.NothingToWithdraw):
        consents.withdraw(case=no_consent, way=Channel.WEB)
    gone = close(make_case(form_kept(1)), ago=2)
    retention.erase_due()
    with pytest.raises(consents.NothingToWithdraw):
        consents.withdraw(case=gone, way=Channel.WEB)


@pytest.mark.django_db
@pytest.mark.parametrize("model", [ConsentWithdrawn, Erasure])
def test_proof_is_never_changed(model):
    case = make_case(form_kept(1))
    consents.withdraw(case=case, way=Channel.WEB)
    close(case, ago=2)
    retention.erase_due()
    row = model.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.filter(pk=row.pk).update(at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.filter(pk=row.pk)._raw_delete("default")


@pytest.mark.django_db
def test_version_cut_before_there_was_a_choice_is_deleted_on_consent():
    version = make_case().submission.version
    old = {
        key: value
        for key, value in version.schema.items()
        if key not in ("retention_method", "basis", "basis_text")
    }
    rule = retention.rule_of(old)
    assert (rule.days, rule.method, rule.basis) == (365, "delete", "consent")
    assert retention.countable(old, sample_answers()) == {"way": "call"}
