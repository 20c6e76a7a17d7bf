"""Robots are asked for work or time; families behind one address, with script or without, are not."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from types import SimpleNamespace

import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from forms import protection
from forms.inserting import insert_together
from forms.models import Arrival, FormDraft, IntakeCase, UploadedFile
from forms.protection import WINDOW, Demand, Ticket, ticket_for
from tests.browser import violations
from tests.factories import TerritoryFactory
from tests.forms.test_files import PDF
from tests.forms.test_form_page import draft_of, typed
from tests.intake import FormFactory, family_steps, question, step, version_of
from tests.telling import tell_count

PACE, WORK = 60, 6


@pytest.fixture(autouse=True)
def _on(settings):
    settings.NAVIGATOR_FORM_PACE = PACE
    settings.NAVIGATOR_FORM_WORK = WORK


@pytest.fixture
def form(db):
    TerritoryFactory(slug="rajon", kind="district", parent=TerritoryFactory(kind="region"))
    return FormFactory(slug="vopros")


def value(page, name: str) -> str:
    return page.content.decode().split(f'name="{name}" value="')[1].split('"')[0]


def work_on(ticket: str, bits: int) -> tuple[str, int]:
    """The number that a script would find, and how many it would try."""
    held = Ticket(ticket)
    for number in itertools.count():
        if protection._bits_of(held, str(number)) >= bits:
            return str(number), number + 1
    raise AssertionError


def answers_of(number: int) -> dict[str, str]:
    return typed(**{"a-phone": f"8 921 {number:07d}"})


def fill(number: int, *, bits: int = 0, address: str = "192.0.2.1"):
    """A family on its own device opens the form and sends it: the answer, and its browser."""
    client = Client(REMOTE_ADDR=address)
    page = client.get("/forms/vopros/")
    ticket = value(page, "ticket")
    work = work_on(ticket, bits)[0] if bits else ""
    sent = {"draft": draft_of(page), "ticket": ticket, "work": work, **answers_of(number)}
    return client.post("/forms/vopros/", sent), client, sent


def later(monkeypatch, seconds: float) -> None:
    monkeypatch.setattr(
        protection, "time", SimpleNamespace(time=lambda: time.time() + seconds, __name__="time")
    )


@pytest.mark.parametrize("bits", [WORK, 0], ids=["with script", "without"])
def test_thirty_families_of_one_school_all_get_through(form, monkeypatch, bits):
    waiting = []
    for number in range(30):
        answer, client, sent = fill(number, bits=bits)
        if answer.status_code == 429:
            waiting.append((answer, client, sent))
        else:
            assert answer.status_code == 303
    assert len(waiting) == (0 if bits else 30 - PACE / 3)
    longest = 0
    for answer, client, sent in waiting:
        wait = int(answer.headers["Retry-After"])
        longest = max(longest, wait)
        with monkeypatch.context() as clock:
            later(clock, wait - 30)
            again = sent | {"ticket": value(answer, "ticket"), "draft": draft_of(answer)}
            assert client.post("/forms/vopros/", again).status_code == 429
            later(clock, wait + 1)
            assert client.post("/forms/vopros/", again).status_code == 303
    assert longest <= 180
    assert IntakeCase.objects.count() == 30
    tell_count(f"30 families, {len(waiting)} of them waited, the longest {longest} s")


def test_who_has_to_wait_loses_nothing_and_is_told_in_words(form, settings):
    settings.NAVIGATOR_FORM_PACE = 3
    fill(1)
    answer, _client, _sent = fill(2)
    text = answer.content.decode().replace("\u00a0", " ")
    assert answer.status_code == 429
    assert "образец вопроса: где получить справку" in text
    assert "0000002" in text
    assert "Подождите 1 минуту" in text
    assert "Ваши ответы на месте" in text
    assert 'aria-invalid="true"' not in text


def test_steps_wait_on_the_page_of_all_answers(form, settings, client):
    settings.NAVIGATOR_FORM_PACE = 3
    FormFactory(slug="shagi", steps=family_steps(), layout="steps")
    born = {
        "a-children.rows": "1",
        "a-children.0.child": "Образец",
        "a-children.0.born": "2024-01-01",
    }

    def go():
        visitor = Client()
        page = visitor.get("/forms/shagi/")
        first = {"draft": draft_of(page), "step": value(page, "step"), **born}
        page = visitor.post("/forms/shagi/", first, follow=True)
        sent = {name: value(page, name) for name in ("draft", "step", "ticket")}
        return visitor.post("/forms/shagi/", sent)

    assert go().status_code == 303
    answer = go()
    assert answer.status_code == 429
    assert "Проверьте ответы" in answer.content.decode()
    assert answer.headers["Retry-After"]


# Robots.


def check(*args) -> Demand | None:
    """What is asked for; nothing when the page is taken, which is counted as accepting counts."""
    verdict = protection.check(*args)
    if isinstance(verdict, Demand):
        return verdict
    insert_together(*verdict)
    return None


def knock(version, number: int, address: str, bits: int = 0):
    """One sending at the level of the function, to do a thousand of them."""
    key = uuid.uuid4()
    ticket = ticket_for(version, key).text
    work, tries = work_on(ticket, bits) if bits else ("", 0)
    request = RequestFactory(REMOTE_ADDR=address).post("/", {"ticket": ticket, "work": work})
    return check(request, version, key, {"phone": f"+7921{number:07d}"}), tries


def test_a_robot_without_work_gets_a_third_of_the_pace(form):
    version = version_of(form)
    refused = [d for n in range(1000) if (d := knock(version, n, "192.0.2.1")[0])]
    tell_count(
        f"1000 sent by a robot, {1000 - len(refused)} taken; the last waits {refused[-1].wait} s"
    )
    assert 1000 - len(refused) == PACE / 3
    assert refused[-1].wait == protection.LONGEST_WAIT
    # The neighbours: another address, and a family with script at the same one.
    assert knock(version, 5000, "192.0.2.2")[0] is None
    assert knock(version, 5001, "192.0.2.1", WORK)[0] is None


def test_a_robot_that_works_pays_more_and_more_and_then_waits(form):
    version = version_of(form)
    taken, tries, asked = 0, 0, [WORK]
    for number in range(1000):
        demand, spent = knock(version, number, "192.0.2.1", asked[-1])
        tries += spent
        taken += demand is None
        if demand:
            asked.append(demand.bits)
    tell_count(f"1000 sent by a robot that works, {taken} taken after {tries} tries, then it waits")
    more = WORK + protection.MOST_MORE
    assert asked[: protection.MOST_MORE + 1] == [*range(WORK, more + 1)]
    assert set(asked[protection.MOST_MORE + 1 :]) == {0}
    assert taken >= PACE * protection.TURNS_FROM
    assert taken <= PACE * (protection.TURNS_FROM + protection.WITHOUT_WORK)
    # A family at the same address is taken when its turn has come.
    demand, _tries = knock(version, 5000, "192.0.2.1")
    assert demand.wait <= protection.LONGEST_WAIT


def test_many_addresses_at_one_form_make_the_work_harder_and_shut_nobody_out(form, settings):
    settings.NAVIGATOR_FORM_PACE = 3
    version = version_of(form)
    demands = [knock(version, n, f"192.0.2.{n}", WORK)[0] for n in range(80)]
    asked = [demand.bits for demand in demands if demand]
    assert asked
    assert min(asked) > WORK
    assert knock(version, 5000, "203.0.113.1")[0] is None  # without script


def test_one_phone_from_many_addresses_is_slowed(form):
    version = version_of(form)
    taken = [knock(version, 7, f"192.0.2.{n}")[0] for n in range(30)]
    assert sum(demand is None for demand in taken) == PACE / 10
    assert knock(version, 8, "192.0.2.1")[0] is None


def test_counts_survive_a_restart_and_end_with_their_window(form, settings):
    settings.NAVIGATOR_FORM_PACE = 3
    version = version_of(form)
    assert knock(version, 1, "192.0.2.1")[0] is None
    for cache in caches.all():
        cache.clear()
    assert knock(version, 2, "192.0.2.1")[0]
    Arrival.objects.update(at=Arrival.objects.earliest("at").at - WINDOW)
    assert knock(version, 3, "192.0.2.1")[0] is None
    Arrival.objects.update(at=Arrival.objects.earliest("at").at - protection.KEPT)
    assert protection.sweep() > 0
    assert not Arrival.objects.exists()


def test_the_disk_cannot_be_filled_with_what_is_never_sent(form, settings, store):
    """A robot that begins forms and adds files; a family with its papers is far from there."""
    settings.NAVIGATOR_FORM_PACE = 2
    papers = question("file", "papers", most_files=3, most_megabytes=20, accepts="papers")
    FormFactory(slug="bumagi", steps=[step("Шаг", question("text", "name"), papers)])
    large = PDF[:9] + b"%" + b"x" * (6 * 1024 * 1024) + b"\n" + PDF[9:]
    statuses = []
    for _ in range(20):
        client = Client()
        sent = {"draft": draft_of(client.get("/forms/bumagi/")), "a-name": "Образец имени"}
        paper = SimpleUploadedFile("x.pdf", large)
        answer = client.post("/forms/bumagi/", {**sent, "a-papers": paper, "do": "attach"})
        statuses.append(answer.status_code)
    most = 2 * protection.OF_KEPT // 2  # each page counts twice: itself, and five megabytes
    tell_count(f"20 pages of 6 MB, {statuses.count(200)} kept")
    assert statuses == [200] * most + [429] * (20 - most)
    assert UploadedFile.objects.count() == FormDraft.objects.count() == most
    text = answer.content.decode()
    assert "Образец имени" in text
    assert 0 < int(answer.headers["Retry-After"]) <= WINDOW.total_seconds()
    elsewhere = Client(REMOTE_ADDR="192.0.2.99")
    page = elsewhere.get("/forms/bumagi/")
    kept = {"draft": draft_of(page), "a-name": "x", "do": "save"}
    assert elsewhere.post("/forms/bumagi/", kept).status_code == 303


# Tickets that are not one's own.


def test_work_is_good_for_its_form_its_key_and_its_day_only(form, settings, monkeypatch):
    settings.NAVIGATOR_FORM_PACE = 3
    version, key = version_of(form), uuid.uuid4()
    own = ticket_for(version, key).text
    other_form = ticket_for(version_of(FormFactory()), key).text
    other_key = ticket_for(version, uuid.uuid4()).text
    due = protection._SIGNER.sign(f"{version.form_id}.{key}.1")
    with monkeypatch.context() as clock:
        clock.setattr("time.time", lambda: 1_700_000_000.0)
        old = ticket_for(version, key).text
    knock(version, 1, "192.0.2.1")  # the pace without work is used up
    forged = {
        "of another form": other_form,
        "of another key": other_key,
        "of an older day": old,
        "changed turn": due.replace(".1:", ".2:"),
        "with another signature": own[:-4] + "AAAA",
        "nonsense": "x.y.z",
        "empty": "",
        "long": own + "x" * 5000,
        "NUL": own + "\0",
    }
    refused = 0
    for name, ticket in forged.items():
        work = work_on(ticket, WORK + 8)[0]
        request = RequestFactory().post("/", {"ticket": ticket, "work": work})
        request.META["REMOTE_ADDR"] = "192.0.2.1"
        assert check(request, version, key, {}), name
        refused += 1
    for work in ("", "-1", "1e9", "٣", "9" * 17, "0x1", "\0"):
        request = RequestFactory().post("/", {"ticket": own, "work": work})
        request.META["REMOTE_ADDR"] = "192.0.2.1"
        assert check(request, version, key, {}), work
        refused += 1
    tell_count(f"{refused} forged tickets and works refused")
    good = {"ticket": own, "work": work_on(own, WORK)[0]}
    request = RequestFactory(REMOTE_ADDR="192.0.2.1").post("/", good)
    assert check(request, version, key, {}) is None


def test_the_same_work_sent_again_is_the_same_case(form):
    answer, client, sent = fill(1, bits=WORK)
    again = [client.post("/forms/vopros/", sent) for _ in range(5)]
    assert {each.headers["Location"] for each in again} == {answer.headers["Location"]}
    assert IntakeCase.objects.count() == 1


def test_what_others_write_into_the_header_of_a_proxy_does_not_count(form, settings):
    settings.NAVIGATOR_FORM_PACE = 3
    version = version_of(form)

    def comes(seen: str, **more) -> bool:
        request = RequestFactory(REMOTE_ADDR="10.0.0.1").post(
            "/", headers={"X-Forwarded-For": seen}
        )
        return check(request, version, uuid.uuid4(), more) is None

    assert [comes(f"203.0.113.{n}") for n in range(3)] == [True, False, False]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert [comes(f"203.0.113.{n}, 192.0.2.7") for n in range(3)] == [True, False, False]
    assert comes("192.0.2.8")
    one_house = [f"2001:db8:1:1::{n:x}" for n in range(3)]
    assert [comes(address) for address in one_house] == [True, False, False]
    assert comes("::ffff:192.0.2.9")
    assert not comes("192.0.2.9")


# Other systems.


def test_api_has_the_same_pace_and_says_when_to_come_again(form, settings, client):
    settings.NAVIGATOR_FORM_PACE = 5

    def post(key, number):
        answers = {
            "story": "образец",
            "way": "call",
            "name": "Образец",
            "phone": f"8921{number:07d}",
            "place": "rajon",
            "consent": True,
        }
        return client.post(
            "/api/v1/forms/vopros/submissions",
            json.dumps({"number": 1, "answers": answers}),
            content_type="application/json",
            headers={"Idempotency-Key": str(key)},
        )

    keys = [uuid.uuid4() for _ in range(8)]
    answers = [post(key, number) for number, key in enumerate(keys)]
    assert [each.status_code for each in answers] == [201] * 5 + [429] * 3
    assert 0 < int(answers[-1].headers["Retry-After"]) <= WINDOW.total_seconds()
    assert "Слишком много" in answers[-1].json()["detail"]
    assert post(keys[0], 0).json() == answers[0].json()  # a repeat is nothing new
    assert IntakeCase.objects.count() == 5


# In a browser.


@pytest.fixture
def portal(committed_db):
    TerritoryFactory(slug="rajon", kind="district", parent=TerritoryFactory(kind="region"))
    return FormFactory(slug="vopros")


def fill_in(page, number: int) -> None:
    page.get_by_label("Вопрос story").fill("образец вопроса")
    page.get_by_label("Звонок").check()
    page.get_by_label("Вопрос name").fill("Образец")
    page.get_by_label("Телефон").fill(f"8921{number:07d}")
    page.get_by_label("Где вы живёте").select_option("rajon")
    page.get_by_label("Разрешаю").check()


@pytest.mark.browser
def test_script_does_the_work_unseen(portal, browser_page, settings):
    settings.NAVIGATOR_FORM_WORK = 12
    for number in range(3):
        page = browser_page("/forms/vopros/")
        assert page.locator("[data-working]").inner_text() == ""
        fill_in(page, number)
        page.get_by_role("button", name="Отправить").click()
        page.wait_for_url("**/receipts/**")
    # It was done and not forgiven.
    plain = protection._digest(f"without work|{portal.pk}|127.0.0.1")
    assert Arrival.objects.filter(key=plain).count() == 0
    assert Arrival.objects.count() == 9


@pytest.mark.browser
def test_more_work_is_asked_and_done_while_one_waits_with_everything_kept(
    portal, browser_page, settings, monkeypatch
):
    settings.NAVIGATOR_FORM_WORK, settings.NAVIGATOR_FORM_PACE = 4, 4
    # So much more that the little work done before the answer is not enough by luck.
    monkeypatch.setattr(protection, "MORE_FOR", 20)
    monkeypatch.setattr(protection, "MOST_MORE", 10)
    for number in range(6):  # the pace and a half
        assert knock_at(portal, number) is None
    page = browser_page("/forms/vopros/")
    fill_in(page, 77)
    with page.expect_response(lambda each: each.request.method == "POST") as told:
        page.get_by_role("button", name="Отправить").click()
    assert told.value.status == 429
    page.wait_for_load_state()
    assert page.get_by_text("на этот раз это займёт на несколько секунд больше").is_visible()
    assert not page.get_by_text("Подождите").is_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Отправить").click()
    page.wait_for_url("**/receipts/**")


def knock_at(form, number: int):
    demand, _tries = knock(version_of(form), number, "127.0.0.1", 14)
    return demand


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_without_script_the_page_says_how_long_to_wait(portal, browser_page, settings, width):
    settings.NAVIGATOR_FORM_PACE = 3
    for number in range(2):
        page = browser_page("/forms/vopros/", javascript=False, width=width)
        fill_in(page, number)
        page.get_by_role("button", name="Отправить").click()
        page.wait_for_load_state()
    assert page.get_by_text("Подождите 1 минуту").is_visible()
    assert not page.get_by_text("на несколько секунд больше").is_visible()
    assert page.get_by_label("Вопрос story").input_value() == "образец вопроса"
    width_of_page = "document.documentElement.scrollWidth"
    assert page.evaluate(width_of_page) <= width
