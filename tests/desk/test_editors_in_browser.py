"""What editors and administrators type is offered to them: questions of a form, names of places."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from cms.access import Role
from desk.models import Script
from forms.models import RoutingRule
from tests.browser import violations
from tests.desk.test_scripts import block, make_script
from tests.factories import TerritoryFactory, UserFactory
from tests.forms.test_in_browser import PASSWORD, log_in
from tests.intake import FormFactory, QueueFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG = 30_000


@pytest.fixture
def as_role(browser_page):
    def log_in_as(role, path, **how):
        user = UserFactory(role=role)
        user.set_password(PASSWORD)
        user.save()
        page = browser_page("/admin/login/", **how)
        page.set_default_timeout(LONG)
        log_in(page, user.username)
        page.goto(path)
        return page

    return log_in_as


def test_a_question_of_a_script_is_chosen_by_its_words(as_role, committed_db):
    steps = [block("ask", "Как вас называть?", key="gone"), block("ask", "Что случилось?", key="")]
    script = make_script(FormFactory(), steps)
    page = as_role(Role.CHIEF_EDITOR, f"/admin/snippets/intake_desk/script/edit/{script.pk}/")
    menus = page.locator("[data-form-question] + select")
    expect(menus).to_have_count(2)
    gone, new = menus.nth(0), menus.nth(1)
    assert gone.input_value() == "gone"  # what was kept stays until another is chosen
    assert "в форме этого вопроса нет" in (gone.text_content() or "")
    new.evaluate("menu => menu.closest('[data-panel]').querySelector('button').click()")
    new.select_option(label="Вопрос story")
    page.get_by_role("button", name="Сохранить черновик").click()
    page.locator(".messages .success").wait_for()
    draft = Script.objects.get(pk=script.pk).get_latest_revision_as_object()
    assert [step.value["key"] for step in draft.steps] == ["gone", "story"]


@pytest.mark.parametrize("width", [320, 1280])
def test_a_place_is_offered_while_it_is_typed(as_role, committed_db, width):
    region = TerritoryFactory(title="Лесная область", kind="region")
    place = TerritoryFactory(title="Озёрный район", parent=region)
    queue = QueueFactory(title="Первая очередь")
    page = as_role(Role.ADMINISTRATOR, "/admin/intake/routes/new/", width=width)
    field = page.locator("[name=territory]")
    field.press_sequentially("озе")
    offered = page.locator("datalist option")
    expect(offered).to_have_attribute("value", "Озёрный район, Лесная область", timeout=LONG)
    field.fill("Озёрный район, Лесная область")
    page.select_option("[name=queue]", str(queue.pk))
    page.fill("[name=position]", "5")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [one for one in violations(page) if "route" in one] == []
    page.get_by_role("button", name="Проверить на последних").click()
    page.get_by_role("button", name="Ввести в силу").click()
    page.get_by_role("heading", name="Распределение").wait_for()
    assert RoutingRule.objects.get().territory == place
