"""A whole day of a centre, through the pages alone: from the first call to the journal.

Everybody sits at a browser of their own, the portal's worker runs beside as a process, and letters
are read where a real mail server has taken them.
"""

from __future__ import annotations

import email.policy
import re
import time
from email import message_from_bytes

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from cms.access import Role
from desk.planning import plan
from desk.tasks import count_figures, write_journals
from forms.models import Register
from tests.appointments import make_hours, make_kind, make_room
from tests.browser import sign_in
from tests.desk.test_scripts import answers, block, make_script, phones
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.intake import FormFactory, QueueFactory, RuleFactory, TopicFactory, question, step
from tests.processes import LONG
from tests.referrals import ReceiverFactory
from tests.smtp import smtp
from tests.workers import working

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "obrazec-parolya-1"
FAMILY, PARTNER = "semya@family.example", "pomosch@partner.example"
CALLER, MOTHER = "Образец звонка", "Образец заявки"
STORY = "образец: родился третий ребёнок, не хватает вещей"
QUESTION = "Образец вопроса: сколько лет старшим?"
REPLY = "образец ответа семьи: шесть и девять"
REQUEST = "Просим помочь с вещами для малыша (образец)"
HELPED = "образец ответа партнёра: вещи переданы"
DECISION = "Образец ответа: вещи вам передали, выплата назначена."
WAIT = LONG * 1000  # of a page, in milliseconds
PHONE = {"width": 320, "height": 640, "touch": True}


@pytest.fixture
def mail():
    with smtp() as server:
        yield server


@pytest.fixture
def centre(committed_db):
    """A centre in a district: a script, two queues, a journal, hours, a partner with a mailbox."""
    district = TerritoryFactory(slug="rajon", title="Озёрный район", parent=TerritoryFactory())
    centre = ProviderFactory(centre=True, short_name="Центр-образец", territories=[district])
    reception = QueueFactory(title="Приём", centre=centre)
    QueueFactory(title="Вещи и выплаты", centre=centre)
    RuleFactory(territory=district, queue=reception)
    form = _form()
    _script(form)
    Register.objects.create(
        slug="zhurnal",
        title="Журнал приёма семей",
        kind="register",
        on_case=True,
        fields=[
            {"name": "no", "label": "Номер", "type": "int", "required": True},
            {"name": "date", "label": "Дата и время", "type": "datetime", "required": True},
            {"name": "channel", "label": "Канал", "type": "choice", "required": True},
            {"name": "applicant", "label": "Кто обратился", "type": "ref:person", "required": True},
        ],
        numbered_since="2026-01-01T00:00:00+03:00",
    )
    partner = ProviderFactory(short_name="Помощь-образец", full_name="Организация «Помощь»")
    ReceiverFactory(provider=partner, email=PARTNER, answer_days=3)
    people = {role: _account(role, centre) for role in ("dispatcher", "specialist", "head")}
    kind = make_kind(centre, title="Приём специалиста")
    make_hours(centre, people["specialist"], kind, room=make_room(centre))
    plan(centre=centre)
    return centre


def _form():
    return FormFactory(
        slug="vopros",
        title="Вопрос в центр",
        topic=TopicFactory(title="Вопрос", answer_days=10),
        steps=[
            step(
                "О чём вопрос",
                question("longtext", "story", label="Что случилось?", personal=True, purpose="Чтобы ответить"),
                question("text", "name", label="Как вас называть?", personal=True, purpose="Чтобы обратиться"),
                question("territory", "place", label="Где вы живёте?"),
                question("contact", "contact", label="Как связаться", personal=True, purpose="Чтобы ответить"),
                question("consent", "consent", label="Разрешаю"),
            )
        ],
    )  # fmt: skip


def _script(form):
    steps = [
        block("phrase", "Здравствуйте, слушаю вас."),
        block("branch", "Опасно прямо сейчас?", answers=answers(("Да", ""), ("Нет", "дальше"))),
        block("warning", "Звоните 112", urgent=True, phones=phones("112")),
        block("ask", "Что у вас случилось?", key="story", mark="дальше"),
        block("ask", "Как к вам обращаться?", key="name"),
        block("ask", "Где вы живёте сейчас?", key="place"),
        block("action", "Повторите главное"),
    ]
    make_script(form, steps, slug="beda", title="Не хватает денег")


def _account(role, centre):
    user = UserFactory(username=role, role=Role[role.upper()], provider=centre)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def desk(browser_page):
    """Opens the desk as one of the staff."""

    def log_in(username):
        page = browser_page("/admin/login/?next=/admin/intake/")
        page.set_default_timeout(WAIT)
        sign_in(page, username, PASSWORD)
        return page

    return log_in


def test_a_whole_day(centre, desk, browser_page, mail, tmp_path):
    with working(tmp_path, mail.settings):
        dispatcher = desk("dispatcher")
        called = register_a_call(dispatcher)
        book_a_visit(dispatcher)

        phone = browser_page("/forms/vopros/", **PHONE)
        phone.set_default_timeout(WAIT)
        sent, secret = send_from_the_phone(phone)
        triage(dispatcher, sent)

        specialist = desk("specialist")
        take(specialist, sent)
        ask(specialist)
        answer_from_the_phone(phone, mail, sent, secret)
        refer(specialist)
        answer_as_partner(browser_page, specialist, mail)
        see_the_referral(phone)
        decide_and_close(specialist)
        rate(phone)
        see_the_schedule(specialist, called)
        head = desk("head")
        print_the_journal(head, [called, sent])
        see_the_figures(head)


# The dispatcher


def register_a_call(page: Page) -> str:
    page.get_by_role("link", name="Зарегистрировать", exact=True).first.click()
    page.get_by_role("link", name="Не хватает денег").click()
    page.get_by_label("Нет", exact=True).check()
    page.fill("[name=s-story]", "образец: третий день без продуктов")
    page.fill("[name=s-name]", CALLER)
    page.select_option("[name=s-place]", "rajon")
    page.get_by_text("Повторите главное").click()
    expect(page.locator("[name=a-story]")).to_have_value(
        "образец: третий день без продуктов", timeout=WAIT
    )
    page.check("[name=a-contact_ways][value=page]")
    page.check("[name=a-consent]")
    page.get_by_role("button", name="Зарегистрировать", exact=True).click()
    page.locator("#handed").wait_for()
    return page.locator("h1 .desk-list__number").inner_text()


def book_a_visit(page: Page) -> None:
    page.get_by_role("link", name="Записать на приём").click()
    page.locator(".free-slot").first.click()
    page.get_by_text("Приём специалиста").first.wait_for()


def triage(page: Page, number: str) -> None:
    page.goto("/admin/intake/?tab=free")
    page.get_by_role("link", name=number).click()
    page.get_by_role("button", name="Взять на разбор").click()
    panel = _open(page, "Передать в другую очередь")
    panel.locator("[name=queue]").select_option(label="Центр-образец: Вещи и выплаты")
    panel.locator("[name=reason]").select_option(index=1)
    panel.locator("textarea").fill("образец: о вещах")
    panel.get_by_role("button", name="Передать в другую очередь").click()
    page.get_by_text("Вещи и выплаты").first.wait_for()


# The family


def send_from_the_phone(phone: Page) -> list[str]:
    """Returns number and code."""
    phone.fill("[name=a-story]", STORY)
    phone.fill("[name=a-name]", MOTHER)
    phone.select_option("[name=a-place]", "rajon")
    phone.locator("[name=a-contact_ways][value=email]").tap()
    phone.fill("[name=a-contact_email]", FAMILY)
    phone.locator("[name=a-consent]").tap()
    phone.get_by_role("button", name="Отправить", exact=True).tap()
    phone.wait_for_url("**/receipts/**", timeout=WAIT)
    _fits(phone)
    return phone.locator(".receipt__code").all_inner_texts()


def answer_from_the_phone(phone: Page, mail, number: str, secret: str) -> None:
    """A letter says that there is something, and nothing else; number and code open the page."""
    letter = _letter(mail, FAMILY)
    assert "Есть новое" in letter
    assert STORY not in letter
    assert QUESTION not in letter
    phone.context.clear_cookies()
    phone.goto("/status/")
    phone.fill("[name=number]", number)
    phone.fill("[name=secret]", secret)
    phone.locator("main form button").tap()
    phone.get_by_text(QUESTION).wait_for()
    _fits(phone)
    phone.fill("main textarea", REPLY)
    phone.get_by_role("button", name="Отправить", exact=True).tap()
    phone.get_by_text(REPLY).wait_for()


def see_the_referral(phone: Page) -> None:
    phone.reload()
    phone.get_by_text("Организация «Помощь»").first.wait_for()
    assert HELPED not in phone.content()
    _fits(phone)


def rate(phone: Page) -> None:
    phone.reload()
    phone.get_by_text(DECISION).wait_for()
    phone.locator(".rate__score").first.tap()
    phone.get_by_text("Спасибо").wait_for()
    _fits(phone)


# The specialist


def take(page: Page, number: str) -> None:
    page.goto("/admin/intake/?tab=free")
    page.get_by_role("button", name=f"Взять {number}").click()
    page.get_by_text(STORY).first.wait_for()


def ask(page: Page) -> None:
    panel = _open(page, "Спросить семью и ждать")
    panel.locator("textarea").fill(QUESTION)
    panel.get_by_role("button", name="Спросить семью и ждать").click()
    page.locator(".writing--message", has_text=QUESTION).wait_for()


def refer(page: Page) -> None:
    page.reload()
    page.locator(".writing--message", has_text=REPLY).wait_for()
    page.get_by_role("link", name="Передать партнёру").click()
    page.locator("[name=receiver]").select_option(label="Помощь-образец")
    page.fill("[name=days]", "3")
    page.check("[name=answers][value=story]")
    page.fill("[name=message]", REQUEST)
    page.locator("[name=consent_way]").select_option(value="phone")
    page.fill("[name=consent_on]", timezone.localdate().isoformat())
    page.get_by_role("button", name="Передать", exact=True).click()
    page.locator(".refer-code__code").wait_for()


def answer_as_partner(browser_page, specialist: Page, mail) -> None:
    """With the link of the letter and the code that the specialist says over the phone."""
    code = specialist.locator(".refer-code__code").inner_text()
    letter = _letter(mail, PARTNER)
    assert STORY not in letter
    partner = browser_page(_path(letter, "/partner/"), width=768)
    partner.set_default_timeout(WAIT)
    partner.fill("[name=code]", code)
    partner.get_by_role("button", name="Открыть").click()
    partner.get_by_text(STORY).wait_for()
    assert REQUEST in partner.content()
    partner.get_by_role("button", name="Берёмся").click()
    partner.get_by_text("Вы взялись помочь").wait_for()
    partner.check("[name=result][value=helped]")
    partner.fill("[name=text]", HELPED)
    partner.get_by_role("button", name="Отправить ответ").click()
    partner.get_by_text("Ваш ответ сохранён").wait_for()


def decide_and_close(page: Page) -> None:
    page.reload()
    page.get_by_text(HELPED).wait_for()
    page.get_by_role("link", name="К обращению").click()
    panel = _open(page, "Дать ответ")
    panel.locator("[name=outcome]").select_option("helped")
    panel.locator("textarea").fill(DECISION)
    panel.get_by_role("button", name="Дать ответ").click()
    page.locator(".writing--message", has_text=DECISION).wait_for()
    panel = _open(page, "Закрыть")
    panel.get_by_role("button", name="Закрыть").click()
    page.locator("h1 .mark--closed").wait_for()


def see_the_schedule(page: Page, called: str) -> None:
    """The visit that was booked in the call stands on its day, without a name."""
    page.goto("/admin/intake/schedule/?view=week")
    if not page.get_by_role("link", name=called).count():
        page.get_by_role("link", name="Вперёд").click()
    page.get_by_role("link", name=called).wait_for()


# The head


def print_the_journal(page: Page, numbers: list[str]) -> None:
    """Both cases stand there in their order. What the worker does every five minutes it does now."""
    write_journals.defer(timestamp=0)
    deadline = time.monotonic() + LONG
    page.goto("/admin/intake/journals/")
    while not page.get_by_role("link", name="Журнал приёма семей").count():
        assert time.monotonic() < deadline, "no line in the journal"
        page.wait_for_timeout(500)
        page.reload()
    page.get_by_role("link", name="Журнал приёма семей").click()
    lines = page.locator("tbody .desk-list__number")
    expect(lines).to_have_text(numbers[::-1], timeout=WAIT)
    with page.expect_download() as download:
        page.get_by_role("button", name="Напечатать (PDF)").click()
    text = "".join(sheet.extract_text() for sheet in PdfReader(download.value.path()).pages)
    assert re.search(rf"^1 .*звонок {CALLER} сам человек; внесено:", text, re.MULTILINE), text
    assert re.search(rf"^2 .*портал {MOTHER} семья сама", text, re.MULTILINE), text


def see_the_figures(page: Page) -> None:
    """The day stands in the figures of the month: two requests, one answer in time, one tap."""
    count_figures.defer(timestamp=0)
    deadline = time.monotonic() + LONG
    page.goto("/admin/")
    page.get_by_role("link", name="Показатели").first.click()
    while _figure(page, "Пришло обращений") != "2" or _figure(page, "Довольны") != "100 %":
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        page.wait_for_timeout(500)
        page.reload()
    assert _figure(page, "Решено в срок") == "100 %"
    shown = page.locator("main").inner_text()
    assert not [name for name in (CALLER, MOTHER) if name in shown]


# What is done at many steps


def _figure(page: Page, title: str) -> str:
    """A number of the page, without what it was before."""
    one = page.locator(".figure").filter(has=page.get_by_text(title, exact=True)).first
    text: str = one.locator(".figure__number").evaluate("node => node.firstChild.textContent")
    return text.replace("\N{NO-BREAK SPACE}", " ").strip()


def _open(page: Page, title: str):
    panel = page.locator("details.case-panel").filter(
        has=page.locator("summary", has_text=re.compile(f"^{title}$"))
    )
    panel.locator("summary").click()
    return panel


def _letter(mail, to: str) -> str:
    """The text of the letter that somebody got, as soon as the worker has sent it."""
    deadline = time.monotonic() + LONG
    while True:
        for letter in mail.taken:
            if letter["To"] == to:
                parsed = message_from_bytes(letter.as_bytes(), policy=email.policy.default)
                body = parsed.get_body(("plain",))
                assert body is not None
                return body.get_content()
        assert time.monotonic() < deadline, f"no letter to {to}"
        time.sleep(0.2)


def _path(letter: str, begins: str) -> str:
    found = re.search(rf"https?://[^/\s]+({begins}\S*)", letter)
    assert found, letter
    return found[1]


def _fits(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
