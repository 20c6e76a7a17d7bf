"""What the database itself refuses."""

from __future__ import annotations

import datetime
import io
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from forms.events import first_broken, record
from forms.models import (
    AccessLog,
    CaseEvent,
    ConsentGiven,
    ConsentText,
    EventKind,
    FormDefinition,
    FormVersion,
    IntakeCase,
    Queue,
    Submission,
)
from forms.routing import unrouted_queue
from tests.factories import ProviderFactory, UserFactory
from tests.intake import FormFactory, make_case, question, send, step, version_of
from tests.telling import tell_count

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    case = make_case()
    AccessLog.objects.create(case=case, user=UserFactory())
    return case


@pytest.mark.parametrize(
    ("model", "field", "value"),
    [
        (Submission, "channel", "visit"),
        (Submission, "answers", b""),
        (FormVersion, "schema", {}),
        (ConsentText, "body", "другой"),
        (ConsentGiven, "way", "phone"),
        (CaseEvent, "kind", "closed"),
        (AccessLog, "what", "nothing"),
    ],
)
def test_row_is_never_changed_or_deleted(case, model, field, value):
    for forbidden in (
        lambda: model.objects.update(**{field: value}),
        lambda: model.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            forbidden()


KEPT = """
select tgrelid::regclass::text from pg_trigger
where not tgisinternal and tgtype & 11 = 11  -- before a row is deleted
  and tgrelid::regclass::text like 'intake_%'  -- tasks that are over may go
order by 1
"""


def test_what_is_never_deleted_is_never_emptied(case):
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(KEPT)
        tables = [table for (table,) in cursor.fetchall()]
    assert {"intake_forms_caseevent", "intake_desk_journalentry"} <= set(tables)
    for table in tables:
        with (
            pytest.raises(IntegrityError, match="never changed or deleted"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"truncate {table} cascade")
    assert AccessLog.objects.exists()
    tell_count(f"{len(tables)} tables refuse to be emptied")


def test_idempotency_key_is_unique(case):
    first = case.submission
    with pytest.raises(IntegrityError), transaction.atomic():
        Submission.objects.create(
            version=first.version,
            channel="web",
            idempotency_key=first.idempotency_key,
            answers=b"x",
        )


@pytest.mark.parametrize(
    "impossible",
    [
        {"state": "in_work"},
        {"state": "waiting_family"},
        {"state": "decided"},
        {"state": "closed"},
        {"state": "closed", "closed_at": timezone.now()},
        {"outcome": "helped"},
        {"closed_at": timezone.now()},
        {"decided_at": timezone.now()},
        {"waiting_since": timezone.now()},
        {"taken_at": timezone.now()},
    ],
)
def test_impossible_case_is_refused(case, impossible):
    with pytest.raises(IntegrityError), transaction.atomic():
        IntakeCase.objects.filter(pk=case.pk).update(**impossible)


def test_a_new_case_has_no_holder_and_a_held_one_is_not_new(case):
    with pytest.raises(IntegrityError), transaction.atomic():
        IntakeCase.objects.filter(pk=case.pk).update(assignee=UserFactory())


def test_one_unrouted_queue_for_a_centre_and_one_for_all():
    centre = ProviderFactory(centre=True)
    for owner in (centre, None):
        unrouted_queue(owner)
        with pytest.raises(IntegrityError), transaction.atomic():
            Queue.objects.create(slug=str(uuid.uuid4()), title="x", centre=owner, unrouted=True)


def test_case_lies_with_the_centre_of_its_queue(case):
    with (
        pytest.raises(IntegrityError, match="centre and department of its queue"),
        transaction.atomic(),
    ):
        IntakeCase.objects.filter(pk=case.pk).update(centre=ProviderFactory(centre=True))


def test_queue_with_cases_stays_with_its_centre(case):
    centre = ProviderFactory(centre=True)
    queue = Queue.objects.get(pk=case.queue_id)
    queue.centre = centre
    with pytest.raises(ValidationError):
        queue.clean()
    with pytest.raises(IntegrityError, match="stays with its centre"), transaction.atomic():
        queue.save()


def test_publishing_makes_a_version_and_saving_a_draft_does_not():
    form = FormFactory()
    assert list(form.versions.values_list("number", flat=True)) == [1]
    form.title = "Черновик"
    form.save_revision()
    assert form.versions.count() == 1
    form.get_latest_revision().publish()
    assert version_of(form).number == 2
    assert version_of(form).schema["title"] == "Черновик"


def test_publishing_without_a_change_makes_no_version():
    form = FormFactory()
    form.save_revision().publish()
    assert form.versions.count() == 1


def test_publishing_for_a_later_day_makes_no_version_yet():
    form = FormFactory(published=False)
    form.go_live_at = timezone.now() + datetime.timedelta(days=1)
    form.save_revision().publish()
    assert form.versions.count() == 0


def test_broken_form_is_not_published_at_all():
    from forms.compiling import SchemaError

    form = FormFactory(published=False, steps=[step("Шаг", question("text", "a", label=""))])
    with pytest.raises(SchemaError, match="короткий текст 1, вопрос:"):
        form.save_revision().publish()
    form.refresh_from_db()
    assert not form.live
    assert not form.versions.exists()


def test_old_answers_keep_their_questions_after_every_edit():
    from forms.reading import as_asked

    form = FormFactory()
    case = make_case(form)
    before = as_asked(
        case.submission.version.schema, case.submission.read_answers(), case.submission.day
    )
    form.steps = [step("Иначе", question("text", "name", label="Совсем другой вопрос"))]
    form.title = "Другая"
    form.save_revision().publish()
    kept = Submission.objects.select_related("version").get(pk=case.submission_id)
    assert as_asked(kept.version.schema, kept.read_answers(), kept.day) == before


def test_form_with_submissions_cannot_be_deleted():
    from django.db.models import ProtectedError

    form = FormFactory()
    send(form)
    with pytest.raises(ProtectedError):
        FormDefinition.objects.get(pk=form.pk).delete()


def past_the_triggers(statement: str, case: IntakeCase) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute(f"{statement} where case_id = %s and seq = 2", [case.pk])
        cursor.execute("set local session_replication_role = origin")


@pytest.mark.parametrize(
    "harm",
    [
        "update intake_forms_caseevent set actor_id = null",
        "update intake_forms_caseevent set at = at + interval '1 second'",
        "delete from intake_forms_caseevent",
    ],
)
def test_events_form_a_chain_and_a_broken_link_is_found(case, harm):
    user = UserFactory()
    record(case, EventKind.NOTED, actor=user, note="1")
    record(case, EventKind.NOTED, actor=user, note="2")
    assert first_broken(case) is None
    past_the_triggers(harm, case)
    assert first_broken(case) == 2


def test_end_of_a_chain_that_was_cut_off_is_missed(case):
    record(case, EventKind.CLOSED, actor=UserFactory(), to_state="closed")
    case.state = "closed"
    assert first_broken(case) is None
    past_the_triggers("delete from intake_forms_caseevent", case)
    assert first_broken(case) == 2


def test_command_names_the_cases_whose_history_was_touched(case, django_assert_max_num_queries):
    for _number in range(5):
        record(make_case(), EventKind.NOTED, actor=UserFactory(), note="1")
    record(case, EventKind.NOTED, actor=UserFactory(), note="1")
    said = io.StringIO()
    with django_assert_max_num_queries(3):
        call_command("verify_events", stdout=said)
    assert said.getvalue() == "Истории всех обращений целы: 6.\n"
    past_the_triggers("update intake_forms_caseevent set data = '{}'", case)
    with pytest.raises(CommandError, match=r"нарушенной историей: 1\."):
        call_command("verify_events", stdout=said)
    assert f"{case.number}: событие 2" in said.getvalue()


def test_events_hold_no_personal_data(case):
    from tests.intake import NAME, PHONE, STORY

    said = str(list(case.events.values()))
    for planted in (NAME, PHONE, STORY):
        assert planted not in said
