"""The page of a request: whose turn it is, adding papers, taking it back, a new code, quick exit."""

from __future__ import annotations

import datetime
import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cms.access import Role
from forms import family_moves, files, moves, papers, quarantine
from forms.accept import receipt_of
from forms.erasing import erase
from forms.events import first_broken
from forms.models import CaseEvent, CaseMessage, Channel, IntakeCase, State, UploadedFile
from forms.moves import Action
from forms.reissuing import reissue
from forms.stage import stage_of
from forms.terms import OFFICE_WEEK, Calendar
from tests.factories import UserFactory
from tests.forms.test_files import PDF, picture
from tests.intake import (
    FormFactory,
    contact_steps,
    make_case,
    question,
    reached_by,
    simple_steps,
)
from tests.intake import step as survey_step

pytestmark = pytest.mark.django_db

QUERIES = {"/status/…/": 11, "/receipts/…/": 7, "/status/…/withdraw/": 5, "/status/": 5}
FORM_QUERIES, CHECK_QUERIES = 8, 5
MOSCOW = datetime.timezone(datetime.timedelta(hours=3))


@pytest.fixture(autouse=True)
def store(settings, tmp_path):
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path / "private"
    return settings.NAVIGATOR_PRIVATE_FILES


@pytest.fixture
def opened(client, case):
    given = receipt_of(case)
    client.post("/status/", {"number": given.number, "secret": given.secret})
    return client


@pytest.fixture
def url(case):
    return f"/status/{case.ref}/"


def write(client, url, text="", *received, writing_id=None):
    data = {"writing_id": str(writing_id or uuid.uuid4()), "text": text}
    return client.post(url, {**data, "papers": list(received)})


def pdf(name="справка.pdf", content=PDF, extra=b""):
    return SimpleUploadedFile(name, content.replace(b"%%EOF", extra + b"\n%%EOF"))


def step(case, action, actor, **more):
    case.refresh_from_db()
    more.setdefault("text", "образец вопроса" if moves.MOVES[action].text else "")
    return moves.move(case_id=case.pk, action=action, actor=actor, version=case.version, **more)


# Where it stands


def test_page_says_whose_turn_it_is_in_every_state(opened, url, case, specialist):
    def page():
        return opened.get(url).content.decode()

    assert "Следующий шаг за центром: специалист прочитает" in page()
    moves.take(case_id=case.pk, actor=specialist)
    assert "Следующий шаг за центром: специалист ответит" in page()
    step(case, Action.ASK, specialist)
    asked = page()
    assert "Следующий шаг за вами" in asked
    assert asked.index("образец вопроса") < asked.index('name="text"')
    step(case, Action.DECIDE, specialist, outcome="advised")
    assert "Больше ничего делать не нужно. Если что-то осталось неясно" in page()
    step(case, Action.CLOSE, specialist)
    closed = page()
    assert "заявка закрыта" in closed
    assert 'name="text"' not in closed


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ((2026, 11, 20, 12), "осталось 3 рабочих дня"),
        ((2026, 11, 22, 12), "осталось 3 рабочих дня"),  # Sunday
        ((2026, 11, 24, 12), "остался 1 рабочий день"),
        ((2026, 11, 25, 12), "Ответим сегодня"),
        ((2026, 11, 26, 12), "опаздываем"),
    ],
)
def test_term_is_told_in_working_days(case, now, until):
    case.due_at = datetime.datetime(2026, 11, 25, 23, 59, tzinfo=MOSCOW)
    stage = stage_of(case, datetime.datetime(*now, tzinfo=MOSCOW))
    assert until in stage.until
    assert stage.is_late == ("опаздываем" in until)


@pytest.mark.parametrize(
    ("now", "week", "day"),
    [
        ((2026, 11, 20, 10), None, 20),
        ((2026, 11, 20, 19), None, 23),  # Friday evening
        ((2026, 11, 21, 10), None, 23),
        ((2026, 11, 21, 10), {"sa": "10:00-14:00"}, 21),
        ((2026, 11, 21, 15), {"sa": "10:00-14:00"}, 28),
        ((2026, 11, 21, 15), {"mo": ""}, 23),  # hours that open on no day
        ((2026, 11, 3, 19), OFFICE_WEEK, 5),  # the fourth is a holiday
    ],
)
def test_receipt_tells_on_which_day_it_is_read(now, week, day):
    calendar = Calendar(week=week or OFFICE_WEEK)
    assert calendar.next_open(datetime.datetime(*now, tzinfo=MOSCOW)).day == day


def test_working_days_are_counted_without_today():
    friday = datetime.datetime(2026, 11, 20, 12, tzinfo=MOSCOW)
    assert Calendar().working_days_until(friday, friday) == 0
    assert Calendar().working_days_until(friday + datetime.timedelta(days=3), friday) == 1


# Papers


def test_added_paper_is_sealed_and_staff_gets_it(opened, url, case, specialist, store, client):
    answer = write(opened, url, "", pdf(extra=b"planted"))
    assert answer.status_code == 303
    assert "справка.pdf" in opened.get(url).content.decode()
    [stored] = [path for path in store.rglob("*") if path.is_file()]
    assert b"planted" not in stored.read_bytes()
    event = CaseEvent.objects.get(kind="paper_added")
    file = UploadedFile.objects.get()
    assert event.data == {"files": [str(file.pk)]}
    assert first_broken(case) is None
    desk = Client()
    desk.force_login(specialist)
    page = desk.get(reverse("intake:case", args=[case.pk])).content.decode()
    assert "справка.pdf" in page
    assert "добавила семья" in page
    served = desk.get(reverse("intake:file", args=[case.pk, file.pk]))
    assert b"planted" in served.content
    assert served.headers["Content-Disposition"].startswith("attachment")


def test_words_and_papers_go_together_once(opened, url, case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    step(case, Action.ASK, specialist)
    for _click in range(2):
        answer = write(opened, url, "вот", pdf(), writing_id=uuid.UUID(int=7))
        assert answer.status_code == 303
    assert CaseMessage.objects.filter(direction="in").count() == 1
    assert UploadedFile.objects.count() == 1
    case.refresh_from_db()
    assert case.state == State.IN_WORK
    assert first_broken(case) is None


def test_refused_paper_keeps_the_words_and_takes_nothing(opened, url, case, store):
    html = SimpleUploadedFile("x.pdf", b"<html><script>alert(1)</script></html>")
    answer = write(opened, url, "важные слова", pdf(), html)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "важные слова" in text
    assert "x.pdf" in text
    assert not UploadedFile.objects.exists()
    assert not CaseMessage.objects.exists()
    files.sweep(now=2 * timezone.now().timestamp())
    assert not [path for path in store.rglob("*") if path.is_file()]


def test_papers_of_a_day_and_of_a_case_are_limited(opened, url, monkeypatch):
    ten = [pdf(f"{n}.pdf", extra=str(n).encode()) for n in range(papers.MOST_A_DAY)]
    assert write(opened, url, "", *ten).status_code == 303
    more = write(opened, url, "", pdf(extra=b"more"))
    assert more.status_code == 422
    assert "добавьте завтра" in more.content.decode()
    UploadedFile.objects.update(uploaded_at=timezone.now() - datetime.timedelta(days=2))
    assert write(opened, url, "", pdf(extra=b"more")).status_code == 303
    monkeypatch.setitem(papers.SPEC, "most_files", 11)
    assert write(opened, url, "", pdf(extra=b"last")).status_code == 422


def test_paper_that_is_too_large_is_refused(opened, url, monkeypatch):
    monkeypatch.setitem(papers.SPEC, "most_megabytes", 0)
    answer = write(opened, url, "", pdf())
    assert answer.status_code == 422
    assert not UploadedFile.objects.exists()


def test_closed_case_takes_no_paper(opened, url, case):
    family_moves.family_withdraws(case_id=case.pk, writing_id=uuid.uuid4())
    assert write(opened, url, "", pdf()).status_code == 409
    assert not UploadedFile.objects.exists()


def test_disk_that_is_full_is_told_honestly(opened, url, monkeypatch):
    def full(*args):
        raise files.NoRoom

    monkeypatch.setattr(files, "_write", full)
    answer = write(opened, url, "слова", pdf())
    assert answer.status_code == 503
    assert not UploadedFile.objects.exists()
    assert not CaseMessage.objects.exists()


def test_infected_paper_is_told_in_plain_words_with_a_place_for_another(settings, centre, client):
    case = make_case(FormFactory(steps=contact_steps()), centre=centre, answers=reached_by("email"))
    given = receipt_of(case)
    client.post("/status/", {"number": given.number, "secret": given.secret})
    write(client, f"/status/{case.ref}/", "", pdf("заразная.pdf"))
    quarantine.destroy(UploadedFile.objects.get().pk)
    page = client.get(f"/status/{case.ref}/").content.decode()
    assert "В файле вирус" in page
    assert "заразная.pdf" in page
    assert 'name="papers"' in page
    assert case.notices.get().event.kind == "infected"
    again = write(client, f"/status/{case.ref}/", "", pdf("заразная.pdf"))
    assert again.status_code == 422


def test_papers_go_with_the_key_when_the_case_is_erased(opened, url, case, store):
    write(opened, url, "", pdf())
    erase(case=case)
    assert not UploadedFile.objects.exists()
    assert opened.get(url).status_code == 200


def test_other_browser_can_add_and_take_back_nothing(case, url):
    for address in (url, f"{url}withdraw/"):
        answer = write(Client(), address, "слова", pdf())
        assert (answer.status_code, answer.headers["Location"]) == (302, "/status/")
    assert not UploadedFile.objects.exists()
    case.refresh_from_db()
    assert case.state == State.NEW


# Taking back


def test_family_takes_its_request_back_once(opened, url, case, specialist):
    assert f"{url}withdraw/" in opened.get(url).content.decode()
    assert "Отозвать заявку?" in opened.get(f"{url}withdraw/").content.decode()
    for _click in range(2):
        answer = opened.post(
            f"{url}withdraw/", {"writing_id": str(uuid.UUID(int=3)), "text": "решилось само"}
        )
        assert answer.status_code == 303
    case.refresh_from_db()
    assert (case.state, case.outcome) == (State.CLOSED, "withdrawn")
    assert CaseEvent.objects.filter(case=case, kind="taken_back").count() == 1
    assert first_broken(case) is None
    assert "Вы отозвали заявку" in opened.get(url).content.decode()
    assert opened.get(f"{url}withdraw/").status_code == 302
    desk = Client()
    desk.force_login(specialist)
    page = desk.get(reverse("intake:case", args=[case.pk])).content.decode()
    assert "Семья отозвала заявку" in page
    assert "решилось само" in page


@pytest.mark.parametrize("text", ["", "x" * 6000, "\0"])
def test_reason_may_be_left_out_and_has_limits(opened, url, case, text):
    answer = opened.post(f"{url}withdraw/", {"writing_id": "x", "text": text})
    case.refresh_from_db()
    assert (answer.status_code == 303) == (text == "") == (case.state == State.CLOSED)


def test_what_is_decided_or_closed_is_not_taken_back(opened, url, case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    step(case, Action.DECIDE, specialist, outcome="helped")
    assert opened.post(f"{url}withdraw/", {"text": ""}).status_code == 409
    step(case, Action.CLOSE, specialist)
    assert opened.post(f"{url}withdraw/", {"text": ""}).status_code == 409
    case.refresh_from_db()
    assert case.outcome == "helped"


def test_case_that_somebody_holds_is_taken_back_too(opened, url, case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    step(case, Action.ASK, specialist)
    assert opened.post(f"{url}withdraw/", {"text": ""}).status_code == 303
    case.refresh_from_db()
    assert case.state == State.CLOSED


# A new code


def test_new_code_at_the_counter_kills_the_old_one(opened, url, case, specialist):
    old = receipt_of(case)
    desk = Client()
    desk.force_login(specialist)
    address = reverse("intake:new_code", args=[case.pk])
    sheet = reverse("intake:new_code_sheet", args=[case.pk])
    assert desk.get(sheet).status_code == 404  # nobody prints what nobody gave out
    page = desk.get(address).content.decode()
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    assert desk.post(address, {"version": version}).status_code == 422
    sent = {"version": version, "document": "passport"}
    assert desk.post(address, sent).status_code == 303
    assert desk.post(address, sent).status_code == 409  # pressed twice
    case = IntakeCase.objects.get(pk=case.pk)
    new = receipt_of(case)
    assert (case.secret_round, new.ref) == (1, old.ref)
    assert new.secret != old.secret
    event = CaseEvent.objects.get(kind="reissued")
    assert (event.actor, event.data) == (specialist, {"document": "passport", "round": 1})
    assert opened.get(url).status_code == 302  # what the old code has opened is closed
    assert (
        Client().post("/status/", {"number": old.number, "secret": old.secret}).status_code == 422
    )
    assert (
        Client().post("/status/", {"number": new.number, "secret": new.secret}).status_code == 303
    )
    printed = desk.get(sheet)
    assert printed.content.startswith(b"%PDF")
    assert case.views.filter(what="receipt", user=specialist).count() == 1
    page = desk.get(address).content.decode()
    assert new.secret not in page.replace("-", "")


def test_sheet_is_printed_by_who_gave_it_out_and_only_now(case, specialist, centre):
    reissue(case_id=case.pk, actor=specialist, version=case.version, document="passport")
    sheet = reverse("intake:new_code_sheet", args=[case.pk])
    other = UserFactory(role=Role.SPECIALIST, provider=centre)
    for user, status in ((other, 404), (specialist, 200)):
        desk = Client()
        desk.force_login(user)
        assert desk.get(sheet).status_code == status


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ANALYST, Role.PARTNER])
def test_who_has_no_right_gives_out_no_code(case, centre, role):
    desk = Client()
    desk.force_login(UserFactory(role=role, provider=centre))
    for name in ("new_code", "new_code_sheet"):
        assert desk.get(reverse(f"intake:{name}", args=[case.pk])).status_code in (302, 403, 404)


def test_stranger_gives_out_no_code(case, stranger):
    desk = Client()
    desk.force_login(stranger)
    answer = desk.post(
        reverse("intake:new_code", args=[case.pk]), {"version": 1, "document": "passport"}
    )
    assert answer.status_code == 404
    case.refresh_from_db()
    assert case.secret_round == 0


# What a form is, sensitive subjects, quick exit


def test_every_form_and_receipt_say_what_it_is_not(client):
    form = FormFactory(slug="obychnaya")
    assert "не обращение по закону №\u00a059-ФЗ" in client.get("/forms/obychnaya/").content.decode()
    case = make_case(form)
    given = receipt_of(case)
    client.post("/status/", {"number": given.number, "secret": given.secret})
    assert "59-ФЗ" in client.get(f"/receipts/{case.ref}/").content.decode()


def test_editor_strengthens_what_the_form_is_and_the_version_keeps_it(client):
    form = FormFactory(slug="svoya", about="Это образец своих слов.")
    old = form.version_in_force()
    assert old.schema["about"] == "Это образец своих слов."
    form.about = ""
    form.save_revision().publish()
    assert form.version_in_force().number == old.number + 1
    assert "59-ФЗ" in form.version_in_force().schema["about"]


@pytest.mark.parametrize(
    ("kind", "quiet"), [({"urgent": True}, True), ({"sensitive": True}, True), ({}, False)]
)
def test_sensitive_pages_have_a_neutral_title_and_a_way_out(client, kind, quiet):
    form = FormFactory(slug="tihaya", title="Кризисная помощь", steps=simple_steps(), **kind)
    case = make_case(form)
    given = receipt_of(case)
    client.post("/status/", {"number": given.number, "secret": given.secret})
    for address in ("/forms/tihaya/", f"/receipts/{case.ref}/", f"/status/{case.ref}/"):
        page = client.get(address).content.decode()
        title = re.search(r"<title>(.*?)</title>", page)[1]
        assert ("data-quick-exit" in page) is quiet
        assert ("themes/js/page.js" in page) is quiet
        assert (title == "Навигатор") is quiet


def test_quick_exit_is_a_link_that_closes_everything_opened_here(opened, url):
    answer = opened.get("/away/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "https://www.gosuslugi.ru/"
    assert "no-store" in answer.headers["Cache-Control"]
    assert opened.get(url).status_code == 302
    assert "intake_cases" not in opened.session


# How much it costs


def test_pages_of_a_family_cost_a_fixed_number_of_queries(opened, url, case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    step(case, Action.ASK, specialist)

    def costs():
        counted = {}
        for address in (url, f"/receipts/{case.ref}/", f"{url}withdraw/", "/status/"):
            opened.get(address)
            with CaptureQueriesContext(connection) as captured:
                assert opened.get(address).status_code == 200
            counted[address.replace(case.ref, "…")] = len(captured)
        return counted

    write(opened, url, "слово", pdf())
    first = costs()
    for number in range(5):
        write(opened, url, f"слово {number}", pdf(f"{number}.pdf", extra=bytes([65 + number])))
    assert costs() == first
    assert first == QUERIES


@pytest.mark.parametrize("questions", [20, 60])
def test_form_and_check_cost_the_same_however_many_questions(client, questions):
    steps = [
        survey_step(f"Шаг {n}", *(question("text", f"q{n}x{k}") for k in range(questions // 2)))
        for n in range(2)
    ]
    form = FormFactory(slug="dlinnaya", steps=steps, layout="steps")
    version = form.version_in_force()
    costs = []
    with CaptureQueriesContext(connection) as captured:
        page = client.get("/forms/dlinnaya/").content.decode()
    costs.append(len(captured))
    for n, step_of in enumerate(version.schema["steps"]):
        token = re.search(r'name="draft" value="([^"]+)"', page)[1]
        sent = {f"a-q{n}x{k}": "ответ" for k in range(questions // 2)}
        answer = client.post(
            "/forms/dlinnaya/", {"draft": token, "step": step_of["id"], **sent}, follow=True
        )
        page = answer.content.decode()
    assert "Проверьте ответы" in page
    address = answer.redirect_chain[-1][0]
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    costs.append(len(captured))
    assert costs == [FORM_QUERIES, CHECK_QUERIES]


def test_channel_makes_no_difference_to_the_family(centre, client):
    case = make_case(centre=centre, channel=Channel.PHONE)
    given = receipt_of(case)
    answer = client.post("/status/", {"number": given.number, "secret": given.secret})
    assert client.get(answer.headers["Location"]).status_code == 200
    assert picture()  # photos are papers, too
    photo = SimpleUploadedFile("снимок.jpeg", picture())
    assert write(client, f"/status/{case.ref}/", "", photo).status_code == 303
