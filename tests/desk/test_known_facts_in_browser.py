"""In a real browser: a specialist with the family on the phone asks what is open, and reads why."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from catalogue.models import Fact
from cms.access import Role
from tests.browser import violations
from tests.desk.test_measures import measure
from tests.factories import ProviderFactory
from tests.forms.test_in_browser import _account, log_in
from tests.intake import FormFactory, make_case, question, step

pytestmark = pytest.mark.browser


@pytest.fixture
def case(live_portal):
    born = Fact.objects.create(
        field="child_birth_date", type="date", title="День рождения", question="Когда родился ребёнок?", per_child=True
    )  # fmt: skip
    facts = {
        "child_birth_date": born,
        "age": Fact.objects.create(
            field="age", type="number", title="Возраст", question="Сколько лет?", per_child=True,
            derived_from=born, words="Ребёнку {}", unit_forms="год, года, лет",
        ),
        "danger": Fact.objects.create(
            field="danger", type="bool", title="Опасность", question="Вам угрожают?", words="Вам угрожают"
        ),
    }  # fmt: skip
    asked = step(
        "О семье",
        question("repeat", "kids", label="Дети", row_title="Ребёнок", required=False, fields=[
            question("birth_date", "child_birth_date", label="Когда родился", required=False),
        ]),
        question("consent", "consent", label="Разрешаю"),
    )  # fmt: skip
    form = FormFactory(steps=[asked])
    form.measures.set([
        measure(facts, [("age", "lt", 3), ("danger", "eq", True)], title="Убежище для мам с малышами"),
        measure(facts, [("age", "gte", 30)], title="Выплата взрослым детям"),
    ])  # fmt: skip
    form.save()
    centre = ProviderFactory(centre=True)
    kids = [{"child_birth_date": "2010-05-05"}, {"child_birth_date": "2026-05-05"}]
    made = make_case(form, centre=centre, answers={"kids": kids, "consent": True})
    _account("dispatcher", Role.DISPATCHER, centre)
    return made


@pytest.mark.parametrize("width", [320, 1280])
def test_what_is_open_is_asked_and_the_page_says_why(browser_page, case, width):
    page = browser_page("/admin/login/", width=width)
    log_in(page, "dispatcher")
    page.goto(f"/admin/intake/{case.pk}/")
    measures = page.locator(".case-measures")
    expect(measures).to_contain_text("Пока неизвестно: Ребёнок 2")
    expect(measures).to_contain_text("Нужно, а у семьи не так:")
    page.get_by_role("link", name="Спросить и записать").click()
    page.wait_for_selector("h1")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [each for each in violations(page) if "wagtail-sidebar" not in each] == []
    page.get_by_role("group", name="Вам угрожают?").get_by_label("Да").check()
    page.get_by_role("button", name="Записать и пересчитать").click()
    expect(measures).to_contain_text("Подходит: Ребёнок 2")
    page.get_by_text("Почему подходит").click()
    expect(measures).to_contain_text("«Вам угрожают?»")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [each for each in violations(page) if "wagtail-sidebar" not in each] == []
