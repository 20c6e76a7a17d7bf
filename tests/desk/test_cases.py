"""The desk: what the staff of a centre see and do, and what others never see."""

from __future__ import annotations

import datetime
import re
import uuid

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from cms.access import Role
from desk import unsent
from forms import conversing, family_moves, moves, talk
from forms.conversing import Held
from forms.erasing import erase
from forms.models import (
    AccessLog,
    CaseEvent,
    CaseMessage,
    Direction,
    IntakeCase,
    InternalNote,
    Register,
    RegisterEntry,
    State,
    SubmissionKey,
    TalkResult,
    TalkWay,
)
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_keys import key
from tests.intake import NAME, STORY, FormFactory, QueueFactory, TopicFactory, make_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client, specialist):
    client.force_login(specialist)
    return client


@pytest.fixture
def journal(db):
    return Register.objects.create(
        slug="zhurnal",
        title="Журнал приёма",
        kind="register",
        on_case=True,
        fields=[
            {"name": "no", "label": "Номер", "type": "int", "required": True},
            {"name": "date", "label": "Дата", "type": "datetime", "required": True},
            {"name": "territory", "label": "Место", "type": "ref:territory", "required": True},
            {"name": "urgent", "label": "Срочно", "type": "bool", "required": True},
            {"name": "request", "label": "Суть", "type": "text", "required": True},
            {"name": "income", "label": "Доход", "type": "money", "required": True},
            {"name": "docs", "label": "Файлы", "type": "files", "required": True},
        ],
    )


def url(name, case, *more):
    return reverse(f"intake:{name}", args=[case.pk, *more])


def taken(case, who):
    moves.take(case_id=case.pk, actor=who)
    case.refresh_from_db()
    return case


def move_data(case, action, **more):
    return {
        "action": action,
        "version": case.version,
        "writing_id": str(uuid.uuid4()),
        **more,
    }


# The list


def test_list_shows_cases_of_the_own_centre_only(staff, case):
    other = make_case(centre=ProviderFactory(centre=True))
    text = staff.get("/admin/intake/").content.decode()
    assert case.number in text
    assert other.number not in text
    assert NAME not in text


def test_tabs_count_and_hold_what_they_say(staff, specialist, centre):
    cases = [make_case(centre=centre) for _ in range(5)]
    taken(cases[1], specialist)
    taken(cases[2], specialist)
    moves.move(
        case_id=cases[2].pk,
        action=moves.Action.ASK,
        actor=specialist,
        version=cases[2].version,
        text="?",
    )
    IntakeCase.objects.filter(pk=cases[3].pk).update(
        due_at=timezone.now() - datetime.timedelta(days=1)
    )
    moves.move(
        case_id=cases[4].pk, action=moves.Action.SET_ASIDE, actor=specialist, version=1,
        text="дважды", outcome="withdrawn",
    )  # fmt: skip
    expected = {
        "mine": {1, 2}, "free": {0, 3}, "urgent": set(), "triage": set(), "overdue": {3},
        "waiting": {2}, "partner": set(), "open": {0, 1, 2, 3}, "closed": {4},
    }  # fmt: skip
    for tab, numbers in expected.items():
        answer = staff.get(f"/admin/intake/?tab={tab}")
        text = answer.content.decode()
        assert {n for n, case in enumerate(cases) if case.number in text} == numbers
        counted = {one["name"]: one["count"] for one in answer.context["tabs"]}
        assert counted == {name: len(which) for name, which in expected.items()}


def test_list_is_narrowed_by_number_topic_and_queue(staff, centre):
    topic = TopicFactory()
    wanted = make_case(FormFactory(topic=topic), centre=centre)
    other = make_case(centre=centre)
    typed = wanted.number.lower().replace("a", "а")  # a Cyrillic letter
    for query in (f"q={typed}", f"topic={topic.pk}", f"q={wanted.ref[:6]}"):
        text = staff.get(f"/admin/intake/?tab=open&{query}").content.decode()
        assert wanted.number in text
        assert other.number not in text


@pytest.mark.parametrize(
    "query",
    [
        "tab=nothing",
        "page=0",
        "page=99999999999999",
        "page=x",
        "state=x",
        "queue=x",
        "q=%00",
        "topic=-1",
        "q=" + "я" * 5000,
    ],
)
def test_nonsense_in_the_address_narrows_nothing(staff, case, query):
    assert staff.get(f"/admin/intake/?{query}").status_code == 200


def test_urgent_and_soonest_stand_first(staff, centre):
    late = make_case(centre=centre)
    soon = make_case(centre=centre)
    IntakeCase.objects.filter(pk=soon.pk).update(due_at=timezone.now())
    urgent = make_case(FormFactory(urgent=True), centre=centre)
    text = staff.get("/admin/intake/?tab=free").content.decode()
    assert text.index(urgent.number) < text.index(soon.number) < text.index(late.number)


def test_list_costs_the_same_for_few_and_many(staff, centre, django_assert_max_num_queries):
    form = FormFactory()
    counts = []
    for number in (5, 45):
        for _ in range(number):
            make_case(form, centre=centre)
        staff.get("/admin/intake/?tab=free")
        with django_assert_max_num_queries(25) as counted:
            staff.get("/admin/intake/?tab=free")
        counts.append(len(counted))
    assert counts[0] == counts[1]


# The page of a case


def test_case_is_read_with_its_questions_and_the_view_is_logged(staff, specialist, case):
    text = staff.get(url("case", case)).content.decode()
    for shown in (case.number, NAME, STORY, "Вопрос name", "+• ••• •••-••-67", "Звонок"):
        assert shown in text
    assert "+7 921 123-45-67" not in text
    view = AccessLog.objects.get()
    assert (view.case, view.user, view.what) == (case, specialist, "answers")


def test_reading_changes_nothing(staff, case, journal):
    before = IntakeCase.objects.values().get(pk=case.pk), CaseEvent.objects.count()
    for address in ("/admin/intake/", url("case", case), url("register", case, "zhurnal")):
        assert staff.get(address).status_code == 200
    for name in ("take", "move", "note"):
        assert staff.get(url(name, case)).url == url("case", case)
    assert (IntakeCase.objects.values().get(pk=case.pk), CaseEvent.objects.count()) == before


def test_page_of_a_case_costs_the_same_with_much_talk(
    staff, specialist, case, django_assert_max_num_queries
):
    taken(case, specialist)
    counts = []
    for _round in range(2):
        for _ in range(1 if not counts else 8):
            talk.write_note(case=case, author=specialist, text="x", writing_id=uuid.uuid4())
            family_moves.family_writes(case_id=case.pk, text="y", writing_id=uuid.uuid4())
            held = Held(TalkWay.CALL, Direction.FROM_FAMILY, timezone.now(), TalkResult.TALKED, "z")
            conversing.tell(case_id=case.pk, actor=specialist, held=held, writing_id=uuid.uuid4())
            typed = QueryDict("text=w")
            unsent.keep(case, specialist, unsent.NOTE, uuid.uuid4(), typed)
        staff.get(url("case", case))
        with django_assert_max_num_queries(50) as counted:
            staff.get(url("case", case))
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_taking_from_the_page(staff, specialist, case):
    assert staff.post(url("take", case)).status_code == 303
    case.refresh_from_db()
    assert (case.state, case.assignee) == (State.IN_WORK, specialist)


def test_second_taker_reads_who_was_quicker(client, specialist, centre, case):
    taken(case, specialist)
    client.force_login(UserFactory(role=Role.SPECIALIST, provider=centre))
    answer = client.post(url("take", case))
    assert answer.status_code == 409
    assert "Образец Первый" in answer.content.decode()
    assert f"{timezone.localtime(case.taken_at):%H:%M}" in answer.content.decode()


def test_answer_goes_to_the_family_and_a_note_does_not(staff, specialist, case, client):
    taken(case, specialist)
    staff.post(url("note", case), {"writing_id": str(uuid.uuid4()), "text": "тайная заметка"})
    case.refresh_from_db()
    answer = staff.post(
        url("move", case), move_data(case, "decide", text="ответ семье", outcome="advised")
    )
    assert answer.status_code == 303
    page = staff.get(url("case", case)).content.decode()
    assert "тайная заметка" in page
    assert "ответ семье" in page


def test_stale_page_gets_409_and_the_text_is_kept(staff, specialist, case):
    taken(case, specialist)
    stale = move_data(case, "ask", text="мой длинный вопрос")
    family_moves.family_writes(case_id=case.pk, text="ещё", writing_id=uuid.uuid4())
    answer = staff.post(url("move", case), stale)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "мой длинный вопрос" in text
    assert CaseMessage.objects.filter(author=specialist).count() == 0
    # Sent again from this very page, it goes.
    panel = text.partition('name="action" value="ask"')[2].partition("</form>")[0]
    version = re.search(r'name="version" value="(\d+)"', panel)[1]
    assert staff.post(url("move", case), {**stale, "version": version}).status_code == 303
    assert CaseMessage.objects.filter(author=specialist).count() == 1


@pytest.mark.parametrize(
    "spoiled",
    [
        {"text": ""},
        {"outcome": "nothing"},
        {"outcome": ""},
        {"action": "destroy"},
        {"version": "x"},
        {"version": "99999999999999999999999"},
        {"text": "x" * 6000},
        {"text": "ноль \x00"},
        {"outcome": "refused"},
        {"outcome": "refused", "reason": "away"},
        {"writing_id": "x"},
    ],
)
def test_bad_move_never_breaks_and_changes_nothing(staff, specialist, case, spoiled):
    taken(case, specialist)
    data = move_data(case, "decide", text="текст", outcome="advised") | spoiled
    assert staff.post(url("move", case), data).status_code in (409, 422)
    case.refresh_from_db()
    assert case.state == State.IN_WORK


def test_state_cannot_be_smuggled_in(staff, specialist, case):
    taken(case, specialist)
    staff.post(
        url("move", case),
        move_data(case, "answer", text="x", state="closed", assignee="1", centre="1", case_id="1"),
    )
    case.refresh_from_db()
    assert case.state == State.IN_WORK


def test_markup_in_answers_and_messages_stays_text(staff, specialist, centre):
    hostile = "<script>alert(1)</script>{{ 7|add:7 }}"
    answers = {"story": hostile, "way": "call", "name": hostile, "phone": "+79211234567"}
    case = taken(make_case(centre=centre, answers=answers), specialist)
    family_moves.family_writes(case_id=case.pk, text=hostile, writing_id=uuid.uuid4())
    text = staff.get(url("case", case)).content.decode()
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "{{ 7|add:7 }}" in text


def test_erased_case_can_still_be_looked_at(staff, specialist, case, journal):
    taken(case, specialist)
    talk.write_note(case=case, author=specialist, text="заметка", writing_id=uuid.uuid4())
    erase(case=case)
    page = staff.get(url("case", case))
    assert page.status_code == 200
    assert NAME not in page.content.decode()
    assert staff.get(url("register", case, "zhurnal")).status_code == 410
    note = {"writing_id": str(uuid.uuid4()), "text": "x"}
    assert staff.post(url("note", case), note).status_code == 409


# Journals


def test_journal_is_filled_in_from_the_case_and_kept_sealed(staff, specialist, case, journal):
    address = url("register", case, "zhurnal")
    assert case.number in staff.get(address).content.decode()
    saved = staff.post(
        address,
        {"version": "0", "r-no": "12/б", "r-urgent": "yes", "r-request": "тайная суть", "r-income": "15000,50", "r-date": "2026-11-20T10:30"},
    )  # fmt: skip
    assert saved.status_code == 303
    entry = RegisterEntry.objects.get()
    assert "тайная суть".encode() not in bytes(entry.values)
    again = staff.get(address).content.decode()
    for kept in ("12/б", "тайная суть", "15000,5", 'value="2026-11-20T10:30"'):
        assert kept in again


def test_journal_saved_by_two_keeps_the_first_and_what_the_second_typed(staff, case, journal):
    address = url("register", case, "zhurnal")
    staff.post(address, {"version": "0", "r-request": "первый"})
    second = staff.post(address, {"version": "0", "r-request": "второй"})
    assert second.status_code == 409
    assert "второй" in second.content.decode()
    assert "первый" in staff.get(address).content.decode()


def test_bad_values_in_a_journal_are_told(staff, case, journal):
    address = url("register", case, "zhurnal")
    answer = staff.post(
        address, {"version": "0", "r-income": "много", "r-date": "вчера", "r-request": "суть"}
    )
    assert answer.status_code == 422
    assert "суть" in answer.content.decode()
    assert not RegisterEntry.objects.exists()


def test_journal_of_another_topic_is_not_offered(staff, case, journal):
    journal.topics.add(TopicFactory())
    assert "Журнал приёма" not in staff.get(url("case", case)).content.decode()


# Others


def addresses(case):
    """Every address of a case, with every method."""
    data = move_data(case, "set_aside", text="x", outcome="duplicate")
    for name, more in (
        ("case", ()),
        ("take", ()),
        ("move", ()),
        ("note", ()),
        ("register", ("zhurnal",)),
    ):
        for method in ("get", "post", "put", "patch", "delete", "head", "options"):
            yield method, url(name, case, *more), data


@pytest.mark.parametrize("who", ["stranger", "partner", "editor", "analyst", "administrator"])
def test_case_of_another_centre_does_not_exist(client, request, centre, case, journal, who):
    if who == "stranger":
        user = request.getfixturevalue("stranger")
    else:
        role = {"partner": Role.PARTNER, "editor": Role.EDITOR, "analyst": Role.ANALYST,
                "administrator": Role.ADMINISTRATOR}[who]  # fmt: skip
        user = UserFactory(role=role, provider=centre)
    client.force_login(user)
    before = IntakeCase.objects.values().get(pk=case.pk)
    for method, address, data in addresses(case):
        answer = getattr(client, method)(address, data if method == "post" else None)
        assert answer.status_code in (404, 405), (method, address)
        assert NAME not in answer.content.decode()
    if who != "stranger":
        assert client.get("/admin/intake/").status_code == 404
    assert IntakeCase.objects.values().get(pk=case.pk) == before
    assert not AccessLog.objects.exists()
    assert not InternalNote.objects.exists()


def test_nobody_gets_in_without_logging_in(client, case, journal):
    for method, address, data in addresses(case):
        answer = getattr(client, method)(address, data if method == "post" else None)
        assert answer.status_code in (302, 405), (method, address)
    assert client.get("/admin/intake/").status_code == 302


@pytest.mark.parametrize("pk", [0, 999999, 99999999999999999999])
def test_case_that_is_not_there_is_not_found(staff, pk):
    assert staff.get(f"/admin/intake/{pk}/").status_code == 404


def test_dispatcher_finds_and_moves_what_no_centre_has(client, centre):
    unrouted = make_case()
    client.force_login(UserFactory(role=Role.DISPATCHER, provider=centre))
    assert unrouted.number in client.get("/admin/intake/?tab=free").content.decode()
    queue = QueueFactory(centre=centre)
    answer = client.post(
        url("move", unrouted),
        move_data(unrouted, "route", text="наш район", reason="other_place", queue=queue.pk),
    )
    assert answer.status_code == 303
    unrouted.refresh_from_db()
    assert unrouted.centre == centre


def test_menu_leads_to_the_desk_only_where_there_is_one(client, specialist, centre):
    client.force_login(specialist)
    assert "/admin/intake/" in client.get("/admin/").content.decode()
    client.force_login(UserFactory(role=Role.EDITOR, provider=centre))
    assert "/admin/intake/" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("is_lost", [True, False])
def test_case_whose_answers_do_not_open_says_so(staff, specialist, case, settings, is_lost):
    """The key of the submission is gone though nobody erased it, or that of the installation is."""
    talk.write_note(case=case, author=specialist, text=STORY, writing_id=case.submission_id)
    if is_lost:
        SubmissionKey.objects.all().delete()
    else:
        settings.NAVIGATOR_DATA_KEYS = [key()]
    page = staff.get(url("case", case))
    assert page.status_code == 200
    assert "ответы не открываются" in page.content.decode()
    assert "Личные сведения удалены" not in page.content.decode()
    assert STORY not in page.content.decode()
    assert staff.post(url("take", case)).status_code == 303


def test_erased_case_says_so_and_offers_no_journals(staff, case, journal):
    assert journal.title in staff.get(url("case", case)).content.decode()
    erase(case=case)
    page = staff.get(url("case", case)).content.decode()
    assert "Личные сведения удалены" in page
    assert journal.title not in page
