"""Every page that a family meets around a request, in a real browser: narrow, wide, dark, with
script and without; files on their way; leaving quickly."""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path

import pytest
from django.core import mail
from procrastinate.contrib.django.models import ProcrastinateJob

from catalogue.models import Hotline, Territory
from cms.access import Role
from forms import moves, quarantine
from forms.models import FormDraft, IntakeCase, UploadedFile
from forms.moves import Action
from forms.references import folded
from forms.tasks import send_recovery_code
from tests.browser import violations
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.forms.test_files import PDF, picture
from tests.intake import EMAIL, FormFactory, QueueFactory, RuleFactory, question, rows, step

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("SHOTS")  # a folder for pictures, when somebody wants to look
WITHOUT_SCRIPT = (768,)
LOOKS = [(320, "light", True), (768, "light", False), (1280, "dark", True)]


def form_steps():
    return [
        step(
            "О чём вопрос",
            question("longtext", "story", label="Что случилось", personal=True, purpose="Помочь"),
            question(
                "file", "papers", label="Справки", required=False, most_files=3, most_megabytes=1,
                accepts="photos", personal=True, purpose="Чтобы проверить",
            ),
            rows(
                "children",
                question("text", "child", label="Имя ребёнка", personal=True, purpose="Помочь"),
                question("birth_date", "born", label="Дата рождения", required=False),
                label="Дети",
                minimum=0,
            ),
        ),
        step(
            "Как с вами связаться",
            question("name", "name", label="Ваше имя", personal=True, purpose="Обратиться"),
            question(
                "contact", "contact", label="Как с вами связаться", help="Отметьте всё, что подходит",
                personal=True, purpose="Чтобы ответить",
            ),
            question("consent", "consent", label="Разрешаю использовать мои ответы"),
        ),
    ]  # fmt: skip


@pytest.fixture
def portal(live_portal, settings, tmp_path):
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path / "private"
    country = TerritoryFactory(slug="rossiya", kind="country")
    centre = ProviderFactory(centre=True, territories=[country])
    RuleFactory(territory=None, queue=QueueFactory(centre=centre))
    FormFactory(slug="celaya", title="Вопрос в центр", steps=form_steps(), layout="one")
    FormFactory(slug="shagi", title="Помощь с бумагами", steps=form_steps(), layout="steps")
    FormFactory(
        slug="tihaya", title="Срочная помощь", steps=form_steps(), layout="one", urgent=True
    )
    return centre


@pytest.fixture
def specialist(portal):
    return UserFactory(role=Role.SPECIALIST, provider=portal)


def keep(page, name):
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{name}-{page.viewport_size['width']}.png", full_page=True)


def look(page, name):
    """It fits, and axe, which is a script itself, finds nothing."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    keep(page, name)
    if page.viewport_size["width"] not in WITHOUT_SCRIPT:
        assert violations(page) == []


def press(page, name):
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).last.click()


def fill_contact(page, way="email"):
    page.fill("[name=a-name_family]", "Образец")
    page.fill("[name=a-name_given]", "Анфиса")
    page.check(f"[name=a-contact_ways][value={way}]")
    page.fill(f"[name=a-contact_{'email' if way == 'email' else 'phone'}]",
              EMAIL if way == "email" else "8 921 123-45-67")  # fmt: skip
    page.check("[name=a-consent]")


def send_whole(page):
    page.fill("[name=a-story]", "образец: где взять справку?")
    fill_contact(page)
    press(page, "Отправить")
    page.wait_for_selector(".receipt__code")
    return page.locator(".receipt__code").all_inner_texts()


@pytest.mark.parametrize(("width", "scheme", "script"), LOOKS)
def test_pages_of_filling_in(browser_page, portal, width, scheme, script):
    page = browser_page("/forms/celaya/", width=width, javascript=script, scheme=scheme)
    look(page, "form")
    press(page, "Отправить")
    look(page, "form-errors")
    page.goto("/forms/shagi/")
    look(page, "step")
    press(page, "Добавить: ребёнок")
    page.fill("[name='a-children.0.child']", "Образец")
    page.fill("[name=a-story]", "образец: где взять справку?")
    look(page, "step-rows")
    press(page, "Дальше")
    press(page, "Дальше")
    look(page, "step-errors")
    fill_contact(page)
    look(page, "step-contact")
    press(page, "Дальше")
    look(page, "check")
    press(page, "Сохранить и продолжить позже")
    look(page, "kept")
    page.goto("/drafts/")
    look(page, "come-back")


@pytest.mark.parametrize(("width", "scheme", "script"), LOOKS)
def test_pages_after_sending(browser_page, portal, specialist, width, scheme, script):
    page = browser_page("/forms/celaya/", width=width, javascript=script, scheme=scheme)
    number, _secret = send_whole(page)
    look(page, "receipt")
    case = IntakeCase.objects.get(ref=folded(number))
    moves.take(case_id=case.pk, actor=specialist)
    page.goto(f"/status/{case.ref}/")
    look(page, "status")
    page.set_input_files(
        "[name=papers]", {"name": "справка.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    page.fill("[name=text]", "образец: вот справка")
    press(page, "Отправить")
    page.wait_for_selector(".form-files")
    quarantine.destroy(UploadedFile.objects.get().pk)
    case.refresh_from_db()
    moves.move(
        case_id=case.pk, action=Action.ASK, actor=specialist, version=case.version,
        text="Образец вопроса: какой у вас адрес?",
    )  # fmt: skip
    page.reload()
    look(page, "status-asked")
    press(page, "Отправить")
    look(page, "status-errors")
    with page.expect_navigation():
        page.get_by_role("link", name="Изменить").click()
    look(page, "contact")
    page.check("[name=contact_ways][value=sms]")
    press(page, "Сохранить")
    look(page, "contact-errors")
    page.fill("[name=contact_phone]", "8 921 123-45-67")
    press(page, "Сохранить")
    assert "по СМС, по почте" in page.inner_text("main")
    with page.expect_navigation():
        page.get_by_role("link", name="Отозвать заявку").click()
    look(page, "withdraw")
    press(page, "Отозвать заявку")
    look(page, "status-closed")
    page.goto("/status/")
    look(page, "lookup-opened")
    press(page, "Скрыть заявку на этом устройстве")
    look(page, "lookup")
    with page.expect_navigation():
        page.get_by_role("link", name="Получить одноразовый код").click()
    look(page, "lost")
    page.fill("[name=contact]", EMAIL)
    press(page, "Прислать код")
    look(page, "lost-code")
    for job in ProcrastinateJob.objects.filter(task_name="intake_forms.send_recovery_code"):
        send_recovery_code(**job.args)
    page.fill("[name=code]", "000000")
    press(page, "Показать мои заявки")
    look(page, "lost-code-errors")
    page.fill("[name=code]", re.search(r"\d{6}", mail.outbox[-1].body)[0])
    press(page, "Показать мои заявки")
    assert number in page.inner_text("main")


@pytest.mark.parametrize(("width", "scheme", "script"), LOOKS)
def test_sensitive_pages(browser_page, portal, width, scheme, script):
    page = browser_page("/forms/tihaya/", width=width, javascript=script, scheme=scheme)
    look(page, "urgent-form")
    send_whole(page)
    look(page, "urgent-receipt")
    assert page.title() == "Навигатор"


def test_step_is_told_by_a_line_on_a_phone_and_by_the_list_where_there_is_room(
    browser_page, portal
):
    for width, line in ((320, True), (1280, False)):
        page = browser_page("/forms/shagi/", width=width)
        page.fill("[name=a-story]", "образец: где взять справку?")
        press(page, "Дальше")
        now, steps = page.locator(".form-steps__now"), page.locator(".form-steps li")
        assert now.text_content() == "Шаг 2 из 3"
        assert (now.is_visible(), steps.first.is_visible()) == (line, not line)
        title = page.get_by_role("heading", name="Как с вами связаться", level=2)
        assert title.bounding_box()["y"] < 300  # nothing has to be scrolled to know where one is
    page = browser_page("/forms/shagi/", width=320)
    assert page.locator(".form-steps__now").inner_text() == "Шаг 1 из 3"


def test_phones_stand_before_every_step_and_take_little_room_on_later_ones(browser_page, portal):
    FormFactory(
        slug="tihie-shagi", title="Беда", steps=form_steps(), layout="steps", sensitive=True
    )
    Hotline.objects.create(
        slug="112", title="Экстренные", phone="112", kind="emergency", publish=True,
        territory=Territory.objects.get(slug="rossiya"),
    )  # fmt: skip
    page = browser_page("/forms/tihie-shagi/", width=320)
    assert page.locator(".phones .phone").count() == 1
    page.fill("[name=a-story]", "образец: где взять справку?")
    press(page, "Дальше")
    look(page, "quiet-step")
    assert page.locator(".phones").count() == 0
    phone = page.locator(".urgent-line .phone").bounding_box()
    assert phone["height"] >= 44
    assert phone["y"] < page.locator("[name=a-name_family]").bounding_box()["y"] < 700
    fill_contact(page)
    press(page, "Дальше")
    look(page, "quiet-check")
    assert page.locator(".urgent-line .phone").inner_text() == "112"


def test_contact_asks_only_what_the_ticked_ways_need(browser_page, portal):
    page = browser_page("/forms/celaya/", width=320, javascript=False)
    phone, email = page.locator("[name=a-contact_phone]"), page.locator("[name=a-contact_email]")
    assert not phone.is_visible()
    assert not email.is_visible()
    page.check("[name=a-contact_ways][value=sms]")
    assert phone.is_visible()
    assert not page.locator("[name=a-contact_time]").is_visible()
    page.check("[name=a-contact_ways][value=call]")
    assert page.locator("[name=a-contact_time]").is_visible()


def test_chosen_file_goes_at_once_and_wrong_ones_do_not(browser_page, portal):
    page = browser_page("/forms/shagi/", width=320)
    page.fill("[name=a-story]", "образец: где взять справку?")
    page.set_input_files(
        "[name=a-papers]",
        [
            {"name": "справка.pdf", "mimeType": "application/pdf", "buffer": PDF},
            {"name": "снимок.jpeg", "mimeType": "image/jpeg", "buffer": picture()},
            {"name": "вирус.exe", "mimeType": "application/octet-stream", "buffer": b"MZ"},
        ],
    )
    page.wait_for_selector("text=снимок.jpg")
    assert page.locator("[data-file-of=papers]").count() == 2
    assert "вирус.exe: Такие файлы мы не принимаем" in page.inner_text(".field__error")
    look(page, "files")
    big = {"name": "большой.pdf", "mimeType": "application/pdf", "buffer": PDF + b"0" * 2**20}
    page.set_input_files("[name=a-papers]", big)
    page.wait_for_selector("text=большой.pdf: Файл слишком большой")
    fake = {"name": "подделка.pdf", "mimeType": "application/pdf", "buffer": b"<html>"}
    page.set_input_files("[name=a-papers]", fake)
    page.wait_for_selector("text=подделка.pdf")  # the server looks inside
    assert UploadedFile.objects.count() == 2
    assert FormDraft.objects.count() == 1
    page.locator("button[value^=detach]").first.click()
    assert page.locator("[data-file-of=papers]").count() == 1
    press(page, "Дальше")
    fill_contact(page)
    press(page, "Дальше")
    press(page, "Отправить")
    page.wait_for_selector(".receipt__code")
    assert IntakeCase.objects.get().submission.files.count() == 1


def test_progress_is_shown_and_sending_can_be_stopped(browser_page, portal):
    page = browser_page("/forms/shagi/", width=320)
    page.fill("[name=a-story]", "образец")
    held = []
    page.route("**/forms/shagi/", lambda route: held.append(route))  # a line that hangs
    page.set_input_files(
        "[name=a-papers]", {"name": "справка.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    page.wait_for_selector("progress")
    keep(page, "upload")
    assert "Отправляем: справка.pdf" in page.inner_text(".upload")
    page.get_by_role("button", name="Остановить").click()
    page.wait_for_selector("progress", state="detached")
    assert not UploadedFile.objects.exists()
    page.unroute("**/forms/shagi/")
    page.set_input_files(
        "[name=a-papers]", {"name": "справка.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    page.wait_for_selector("[data-file-of=papers]")
    assert page.input_value("[name=a-story]") == "образец"


def test_conflict_keeps_the_files_that_were_chosen(browser_page, portal):
    one = browser_page("/forms/shagi/", width=320, javascript=False)
    one.fill("[name=a-story]", "первый рассказ")
    press(one, "Дальше")
    one.go_back()
    one.goto(one.url)
    draft = FormDraft.objects.get()
    one.goto(f"/drafts/{draft.ref}/1/")
    two = one.context.new_page()
    two.goto(f"/drafts/{draft.ref}/1/")
    two.fill("[name=a-story]", "второй рассказ")
    press(two, "Дальше")
    one.fill("[name=a-story]", "третий рассказ")
    one.set_input_files(
        "[name=a-papers]", {"name": "справка.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    press(one, "Дальше")
    text = one.inner_text("main")
    assert "второй рассказ" in text
    assert one.input_value("[name=a-story]") == "третий рассказ"
    assert "справка.pdf" in text
    press(one, "Дальше")
    assert UploadedFile.objects.count() == 1


def test_leaving_quickly_leaves_nothing_open(browser_page, portal, settings):
    from wagtail.models import Site

    from cms.models import SiteSettings

    words = SiteSettings.for_site(Site.objects.get(is_default_site=True))
    words.quick_exit_url = f"http://127.0.0.1:{portal_port(browser_page)}/territory/"
    words.save()
    page = browser_page("/territory/")
    page.goto("/forms/tihaya/")
    number, _secret = send_whole(page)
    for _ in range(3):
        page.keyboard.press("Escape")
    page.wait_for_url("**/territory/")
    page.go_back()
    assert number not in page.content()
    page.goto(f"/status/{IntakeCase.objects.get().ref}/")
    assert page.url.endswith("/status/")
    without = browser_page("/forms/tihaya/", javascript=False)
    without.click("[data-quick-exit]")
    assert without.url.endswith("/territory/")


def portal_port(browser_page):
    page = browser_page("/territory/")
    return page.url.split(":")[2].split("/")[0]


def test_ids_of_writing_are_valid(browser_page, portal):
    page = browser_page("/forms/celaya/", javascript=False)
    number, _secret = send_whole(page)
    page.goto(f"/status/{folded(number)}/")
    assert uuid.UUID(page.locator("[name=writing_id]").input_value())
