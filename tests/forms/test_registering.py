"""Requests that staff types in: the same acceptance, with what is known of the contact."""

from __future__ import annotations

import datetime
import io
import uuid
import zipfile
import zoneinfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from forms import alarms, keeping
from forms.accept import accept, complete
from forms.answers import AnswerForm
from forms.calendars import calendar_of
from forms.drafts import issue, read
from forms.giving_out import archive
from forms.ledger import sweep
from forms.models import (
    BY_STAFF,
    AlarmKind,
    CentreClock,
    Channel,
    ConsentGiven,
    Finding,
    FormDraft,
    IntakeCase,
    Loss,
    Permission,
    Registration,
    Teller,
)
from forms.reading import as_asked
from forms.registering import MOST_BACK, Registered
from tests.factories import ProviderFactory, UserFactory
from tests.intake import (
    FormFactory,
    QueueFactory,
    family_steps,
    question,
    rows,
    sample_answers,
    step,
    version_of,
)

pytestmark = pytest.mark.django_db


def register(by, *, form=None, channel=Channel.PHONE, answers=None, **told):
    form = form or FormFactory()
    told.setdefault("contacted_at", timezone.now())
    told.setdefault("teller", Teller.PERSON)
    chosen = {name: told.pop(name) for name in ("urgent", "queue") if name in told}
    contact = Registered(by=by, **told)
    receipt = accept(
        version=version_of(form),
        answers=sample_answers() if answers is None else answers,
        idempotency_key=uuid.uuid4(),
        channel=channel,
        registered=contact,
        contact_at=contact.contacted_at,
        **chosen,
    )
    return IntakeCase.objects.get(ref=receipt.ref)


@pytest.mark.parametrize("channel", BY_STAFF)
def test_every_channel_makes_a_case_that_knows_how_it_came(specialist, channel):
    case = register(
        specialist, channel=channel, teller=Teller.RELATIVE, permission=Permission.SPOKEN
    )
    kept = case.submission.registration
    assert (case.channel, case.submission.channel) == (channel, channel)
    assert (kept.teller, kept.registered_by) == (Teller.RELATIVE, specialist)
    event = case.events.get()
    assert (event.actor, event.data["channel"]) == (specialist, channel)
    assert ConsentGiven.objects.get(submission=case.submission).way == "spoken"


def test_registration_costs_no_query(specialist):
    version = version_of(FormFactory())
    counts = []
    told = Registered(by=specialist, contacted_at=timezone.now(), teller=Teller.PERSON)
    for how in (None, None, None, told):  # the first finds the rules
        with CaptureQueriesContext(connection) as queries:
            accept(version=version, answers=sample_answers(), idempotency_key=uuid.uuid4(), registered=how)  # fmt: skip
        counts.append(len(queries))
    assert Registration.objects.count() == 1
    assert counts[-2] == counts[-1]


def test_registration_never_changes(specialist):
    kept = register(specialist).submission.registration
    for change in (
        lambda: Registration.objects.update(teller=Teller.ORGANISATION),
        lambda: Registration.objects.filter(pk=kept.pk).delete(),
    ):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()


def test_no_contact_lies_in_the_future(specialist):
    later = timezone.now() + datetime.timedelta(hours=1)
    with pytest.raises(IntegrityError, match="not_in_the_future"), transaction.atomic():
        register(specialist, contacted_at=later)


def test_term_of_a_letter_counts_from_the_day_when_it_came(specialist):
    came = timezone.now() - datetime.timedelta(days=3)
    case = register(specialist, channel=Channel.POST, contacted_at=came)
    assert case.due_at == calendar_of(case.centre_id).due_after(came, case.topic.answer_days)
    assert case.created_at > came  # the ledger counts it on the day when it was accepted


def test_term_of_old_paper_counts_from_its_own_day(specialist):
    came = timezone.now() - MOST_BACK - datetime.timedelta(days=400)
    case = register(specialist, contacted_at=came, from_paper=True)
    calendar = calendar_of(case.centre_id)
    assert case.due_at == calendar.due_after(came, case.topic.answer_days)
    assert case.contact_at == case.submission.registration.contacted_at == came


def test_old_paper_that_was_late_already_alarms_nobody(specialist):
    long_ago = timezone.now() - datetime.timedelta(days=400)
    paper = register(specialist, channel=Channel.POST, contacted_at=long_ago, from_paper=True)
    letter = register(specialist, channel=Channel.POST, contacted_at=long_ago)
    recent = register(specialist, contacted_at=timezone.now(), from_paper=True)
    IntakeCase.objects.filter(pk=recent.pk).update(due_at=timezone.now())
    alarms.raise_alarms()
    late = alarms.open_alarms().filter(kind=AlarmKind.LATE)
    assert {alarm.case_id for alarm in late} == {letter.pk, recent.pk}
    assert not alarms.open_alarms().filter(case=paper).exists()


def test_staff_may_find_it_urgent_and_keep_it(specialist):
    queue = QueueFactory()
    case = register(specialist, urgent=True, queue=queue)
    assert (case.urgent, case.queue, case.routed_by) == (True, queue, None)
    assert case.route_note


# Not asked


def filled(schema, unasked=(), **typed):
    data = {f"a-{name.replace('__', '.')}": value for name, value in typed.items()}
    form = AnswerForm(schema, data=data, unasked=unasked)
    form.is_valid()
    return form


def test_what_was_not_asked_is_not_demanded_and_differs_from_no_answer():
    schema = version_of(FormFactory()).schema
    typed = {"story": "образец", "way": "call", "consent": "on"}
    assert set(filled(schema, **typed).errors) == {"name", "phone", "place"}
    form = filled(schema, {"name", "place"}, **typed)
    assert set(form.errors) == {"phone"}
    form = filled(schema, {"name", "place", "phone"}, **typed)
    assert not form.errors
    assert form.not_asked == ["name", "phone", "place"]
    steps = as_asked(schema, form.answers, form.day, form.not_asked)
    marks = {each.label: each.unasked for part in steps for each in part.answers}
    assert marks["Телефон"] is True
    assert marks["Вопрос story"] is False


def test_an_answer_takes_the_mark_off_and_a_slip_is_told_all_the_same():
    schema = version_of(FormFactory()).schema
    form = filled(schema, {"name", "phone"}, story="образец", way="call", name="Образец", phone="12", consent="on")  # fmt: skip
    assert form.not_asked == ["phone", "place"][:1]
    assert "phone" in form.errors


def test_a_question_that_is_not_asked_for_these_answers_bears_no_mark():
    schema = version_of(FormFactory()).schema
    form = filled(schema, {"phone"}, story="образец", way="mail", name="Образец", consent="on")
    assert form.not_asked == []


def test_marks_in_rows_follow_the_rows_that_are_kept():
    schema = version_of(FormFactory(steps=family_steps())).schema
    form = filled(
        schema,
        {"children.2.born"},
        children__rows="3",
        children__0__child="Первый",
        children__0__born="2020-02-29",
        children__2__child="Второй",
    )
    assert not form.errors
    assert form.not_asked == ["children.1.born"]  # the empty row between them is gone
    assert form.answers["children"][1] == {"child": "Второй"}


def test_a_whole_group_of_rows_may_be_left_unasked():
    steps = [step("Дети", rows("children", question("text", "child"), minimum=1, maximum=3))]
    schema = version_of(FormFactory(steps=steps)).schema
    form = filled(schema, {"children"}, children__rows="1")
    assert not form.errors
    assert form.answers == {}
    assert form.not_asked == ["children"]
    [part] = as_asked(schema, form.answers, form.day, form.not_asked)
    assert part.answers[0].unasked is True


def test_the_familys_copy_says_what_was_not_asked(specialist):
    case = register(specialist, unasked=["place"], permission=Permission.SIGNED)
    packed = zipfile.ZipFile(io.BytesIO(archive([case])))
    page = packed.read(f"{case.number}/заявка.html").decode()
    assert "не спрошено" in page
    assert "подписано на бумаге" in page
    assert specialist.username not in page


# Life in danger: nobody was asked for a consent


def test_without_consent_where_life_is_in_danger_nothing_is_missed(specialist):
    answers = {**sample_answers(), "consent": False}
    case = register(specialist, answers=answers, permission=Permission.VITAL)
    assert not complete(case.submission_id)
    sweep()
    assert not ConsentGiven.objects.exists()
    assert not Finding.objects.filter(kind=Loss.NO_CONSENT).exists()


def test_a_lost_consent_is_recorded_as_it_was_given(specialist):
    case = register(specialist, permission=Permission.SIGNED)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table intake_forms_consentgiven disable trigger user")
        cursor.execute("delete from intake_forms_consentgiven")
        cursor.execute("alter table intake_forms_consentgiven enable trigger user")
    assert complete(case.submission_id)
    assert ConsentGiven.objects.get(submission=case.submission).way == "signed"


# What has been typed so far


def test_a_draft_of_staff_holds_what_stands_around_the_questions_and_is_its_authors(specialist):
    version = version_of(FormFactory())
    page = read(issue(version.pk))
    posted = {"a-story": ["образец"], "r-channel": ["phone"]}
    around = {"r-channel": ["phone"], "n": ["name"]}
    keeping.keep(page=page, version=version, step=None, posted=posted, author=specialist, around=around)  # fmt: skip
    draft = FormDraft.objects.get()
    assert draft.author == specialist
    assert draft.read_typed() == {"a-story": ["образец"], **around}
    keeping.keep(page=page, version=version, step=None, posted=posted, author=specialist, around={})
    assert FormDraft.objects.get().read_typed() == {"a-story": ["образец"]}
    for other in (None, UserFactory()):
        with pytest.raises(keeping.AlreadySent):
            keeping.keep(page=page, version=version, step=None, posted={}, author=other)


def test_the_family_reads_the_day_of_its_letter_by_the_clocks_of_the_centre(client, specialist):
    centre = ProviderFactory(centre=True)
    CentreClock.objects.create(centre=centre, time_zone="Asia/Irkutsk")
    came = datetime.datetime(2026, 11, 20, tzinfo=zoneinfo.ZoneInfo("Asia/Irkutsk"))
    case = register(
        specialist, channel=Channel.POST, contacted_at=came, queue=QueueFactory(centre=centre)
    )
    session = client.session
    session["intake_cases"] = {case.ref: 0}
    session.save()
    page = (
        client.get(reverse("intake_forms:own_data", args=[case.ref]))
        .content.decode()
        .replace("\xa0", " ")
    )
    assert "20 ноября" in page
    assert "19 ноября" not in page
    with zipfile.ZipFile(io.BytesIO(archive([case]))) as packed:
        copy = packed.read(f"{case.number}/заявка.html").decode().replace("\xa0", " ")
    assert "20 ноября" in copy
    assert "19 ноября" not in copy


def test_the_family_reads_who_typed_it_in_and_what_was_not_asked(client, specialist):
    case = register(specialist, unasked=["place"], teller=Teller.RELATIVE)
    session = client.session
    session["intake_cases"] = {case.ref: 0}
    session.save()
    page = client.get(reverse("intake_forms:own_data", args=[case.ref])).content.decode()
    assert "Записал сотрудник центра: звонок" in page
    assert "родственник или близкий" in page
    assert "Вас не спросили: Где вы живёте" in page
    assert specialist.username not in page
