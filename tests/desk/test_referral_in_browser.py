"""In a real browser: a case is handed over, the partner answers on a phone, the family sees it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from cms.access import Role
from desk.models import Referral
from forms.accept import receipt_of
from forms.models import IntakeCase
from forms.references import grouped
from tests.browser import violations
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_in_browser import PASSWORD, log_in
from tests.intake import NAME, STORY
from tests.referrals import MESSAGE, NOTE, ReceiverFactory, taken_case

pytestmark = pytest.mark.browser

ANSWER = "образец ответа: вещи переданы, в среду придёт психолог"


@pytest.fixture
def case(live_portal):
    centre = ProviderFactory(centre=True, short_name="Центр-образец")
    user = UserFactory(username="specialist", role=Role.SPECIALIST, provider=centre)
    user.set_password(PASSWORD)
    user.save()
    ReceiverFactory(
        provider=ProviderFactory(short_name="Помощь-образец", full_name="Организация «Помощь»"),
        email="",
        answer_days=3,
    )
    return taken_case(centre, user)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_whole_way(browser_page, case, javascript):
    desk = browser_page(f"/admin/intake/{case.pk}/")
    log_in(desk, "specialist")
    desk.goto(f"/admin/intake/{case.pk}/")
    desk.get_by_role("link", name="Передать партнёру").click()
    desk.locator("select[name=receiver]").select_option(label="Помощь-образец")
    desk.fill("[name=days]", "3")
    desk.check("[name=answers][value=story]")
    desk.fill("[name=message]", MESSAGE)
    desk.click("text=Передать >> nth=-1")
    desk.locator(".error-message").first.wait_for()  # whose word is it?
    assert desk.input_value("[name=message]") == MESSAGE
    assert desk.is_checked("[name=answers][value=story]")
    desk.locator("select[name=consent_way]").select_option(value="visit")
    today = timezone.localdate(IntakeCase.objects.get(pk=case.pk).created_at).isoformat()
    desk.fill("[name=consent_on]", today)
    desk.locator("form.refer button[type=submit]").click()
    code = desk.locator(".refer-code__code").inner_text()
    link = desk.locator(".refer-code__link").inner_text()

    phone = browser_page("/partner/" + link.split("/partner/")[1], width=320, javascript=javascript)
    assert violations(phone) == [] if javascript else True
    assert STORY not in phone.content()
    phone.fill("[name=code]", code)
    phone.click("main form button[type=submit]")
    phone.locator(".packet").wait_for()
    text = phone.content()
    assert STORY in text
    assert MESSAGE in text
    assert NAME not in text
    assert NOTE not in text
    assert phone.evaluate("document.documentElement.scrollWidth <= 320") if javascript else True
    phone.click("text=Берёмся")
    phone.locator("text=Вы взялись помочь").wait_for()
    phone.check("[name=result][value=helped]")
    phone.fill("[name=text]", ANSWER)
    if javascript:
        assert violations(phone) == []
    phone.click("text=Отправить ответ")
    phone.locator("text=Ваш ответ сохранён").wait_for()
    assert ANSWER in phone.content()
    assert STORY not in phone.content()

    family = browser_page("/status/", width=320, javascript=javascript)
    given = receipt_of(case)
    family.fill("[name=number]", given.number)
    family.fill("[name=secret]", grouped(given.secret))
    family.click("main form button[type=submit]")
    family.locator("text=Организация «Помощь»").wait_for()
    assert "Ответ есть" in family.inner_text("main")
    assert ANSWER not in family.content()
    if javascript:
        assert violations(family) == []

    desk.goto(f"/admin/intake/{case.pk}/referrals/{Referral.objects.get().pk}/")
    assert ANSWER in desk.inner_text(".desk")
    again = browser_page("/partner/" + link.split("/partner/")[1], width=320)
    assert "нечего открывать" in again.inner_text("main")
