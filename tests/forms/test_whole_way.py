"""From an empty builder to the status page: an editor clicks a form together, a family fills it in.

The editor's pages run in the real builder of Wagtail; the family has a phone without script.
"""

from __future__ import annotations

import io

import pytest
from django.utils.translation import gettext
from PIL import Image
from playwright.sync_api import expect

from cms.access import Role
from forms.models import FormDefinition, IntakeCase, ReadyBlock, UploadedFile
from tests.browser import open_menu, pick, sign_in
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.intake import QueueFactory, RuleFactory, TopicFactory, question, version_of

pytestmark = pytest.mark.browser

PASSWORD = "образец-пароля-для-проверки"
PHONE = 360


@pytest.fixture
def portal(live_portal, settings):
    settings.WAGTAIL_AUTOSAVE_INTERVAL = 0
    country = TerritoryFactory(slug="rossiya", kind="country")
    region = TerritoryFactory(kind="region", parent=country, title="Лесная область")
    district = TerritoryFactory(slug="rajon", parent=region, title="Озёрный район")
    centre = ProviderFactory(centre=True, territories=[district])
    RuleFactory(territory=district, queue=QueueFactory(centre=centre))
    TopicFactory(title="Летний отдых")
    ReadyBlock.objects.create(
        slug="soglasie",
        title="Согласие",
        questions=[question("consent", "consent", label="Разрешаю использовать мои ответы")],
    )
    user = UserFactory(username="glavred", role=Role.CHIEF_EDITOR)
    user.set_password(PASSWORD)
    user.save()


class Builder:
    """Clicks a form together as an editor does."""

    def __init__(self, page):
        self.page = page

    def choose(self, button, name, appears):
        pick(button, self.page.get_by_role("option", name=name, exact=True), appears)

    def step(self, title):
        """A new step, the last one."""
        count = self.page.locator(".form-step").count()
        # The menu of a stream with one kind of block adds it at once.
        self.page.locator("[data-contentpath=steps] button.c-sf-add-button").last.click()
        steps = self.page.locator(".form-step")
        expect(steps).to_have_count(count + 1)
        steps.last.locator("[data-contentpath=title] input").fill(title)
        return self.pinned(steps.last)

    def pinned(self, block):
        """The block by its id: it stays the same one, whatever is added after it."""
        child = block.locator("xpath=ancestor::*[@data-streamfield-child][1]")
        key = child.get_attribute("data-contentpath")
        return self.page.locator(f'[data-streamfield-child][data-contentpath="{key}"]')

    def ask(self, within, kind, label):
        """A new question, the last of a step or of a repeating group."""
        own = within.locator("[data-contentpath=fields]").first
        questions = own.locator(".form-question")
        count = questions.count()
        self.choose(self._last_plus(own), gettext(kind), questions.nth(count))
        expect(questions).to_have_count(count + 1)
        # What was added last in a stream comes last in the page.
        block = questions.last
        block.locator("[data-contentpath=label]").first.locator("input, textarea").fill(label)
        return self.pinned(block)

    def _last_plus(self, stream):
        """The button behind the last block of this very stream, not of one within."""
        container = stream.locator("[data-streamfield-stream-container]").first
        return container.locator(":scope > div:last-child > button.c-sf-add-button")

    def settings(self, block):
        block.locator("[data-streamfield-action=SETTINGS]").first.click()
        return block

    def personal(self, block, purpose):
        self.settings(block)
        block.locator("[data-contentpath=personal] input").check()
        block.locator("[data-contentpath=purpose] input").fill(purpose)

    def only_if(self, block, asked, answer):
        conditions = block.locator("[data-contentpath=show_if]").first
        plus = conditions.locator("button.c-sf-add-button").last
        tests = conditions.locator(".form-condition")
        self.choose(plus, gettext("comparison"), tests.nth(tests.count()))
        menus = conditions.locator(".form-condition").last.locator("select:not([name]):visible")
        menus.first.focus()
        menus.first.select_option(label=asked)
        menus.nth(1).select_option(answer)

    def publish(self):
        actions = self.page.locator("footer .w-dropdown__toggle").last
        open_menu(actions, self.page.locator("[name=action-publish]")).click()


def built(browser_page):
    """Three steps: children in rows, a file that hangs on an answer, contacts and a consent."""
    page = browser_page(
        "/admin/login/?next=/admin/snippets/intake_forms/formdefinition/add/", height=1800
    )
    sign_in(page, "glavred", PASSWORD)
    page.locator("[name=title]").fill("Путёвка в лагерь")
    builder = Builder(page)

    children = builder.step("Дети")
    group = builder.ask(children, "repeating group", "Кто поедет")
    group.locator("[data-contentpath=row_title] input").fill("Ребёнок")
    group.locator("[data-contentpath=minimum] input").fill("1")
    builder.ask(group, "short text", "Имя ребёнка")
    builder.ask(group, "date of birth", "Дата рождения")

    papers = builder.step("Бумаги")
    builder.ask(papers, "yes or no", "Есть справка от врача")
    file = builder.settings(builder.ask(papers, "file", "Справка от врача"))
    builder.only_if(file, "Есть справка от врача", "yes")

    contact = builder.step("Как связаться")
    builder.personal(builder.ask(contact, "phone", "Телефон"), "Чтобы перезвонить")
    builder.ask(contact, "territory", "Где вы живёте")
    questions = contact.locator(".form-question")
    fields = contact.locator("[data-contentpath=fields]").first
    builder.choose(builder._last_plus(fields), "Согласие", questions.nth(2))
    expect(questions).to_have_count(3)

    page.get_by_role("tab", name=gettext("Settings")).click()
    page.select_option("[name=topic]", label="Летний отдых")
    page.select_option("[name=layout]", "steps")
    expect(page.locator("[name=slug]")).to_have_value("putyovka-v-lager")
    page.get_by_role("tab", name=gettext("Questions")).click()
    return builder, file


def test_editor_builds_family_fills_in_and_reads_the_status(browser_page, portal):
    builder, file = built(browser_page)
    page = builder.page
    # The mistake: the file is wanted if there is a paper and if there is none.
    builder.only_if(file, "Есть справка от врача", "no")
    builder.publish()
    page.wait_for_url("**/check/**")
    mistake = page.locator(".check-finding--error").first
    assert "Справка от врача" in mistake.inner_text()
    mistake.locator("summary").click()
    assert mistake.locator("dl dt").count() > 0  # the answers that show it
    form = FormDefinition.objects.get(slug="putyovka-v-lager")
    assert not form.live

    page.get_by_role("link", name=gettext("Back to the builder")).click()
    page.locator(".form-condition").last.wait_for(state="attached")
    wrong = builder.pinned(page.locator(".form-condition").last)
    header = builder.pinned(page.locator(".form-question").filter(has=wrong).last)
    remove = wrong.locator("[data-streamfield-action=DELETE]").first
    open_menu(header.locator("[data-panel-toggle]").first, header.locator("[name$=-label]").first)
    open_menu(header.locator("[data-streamfield-action=SETTINGS]").first, remove).click()
    builder.publish()
    page.wait_for_url("**/formdefinition/")
    form.refresh_from_db()
    assert form.live
    assert [step["title"] for step in version_of(form).schema["steps"]] == [
        "Дети",
        "Бумаги",
        "Как связаться",
    ]

    number, code = family_begins(browser_page)
    receipt, secret = family_sends(browser_page, number, code)

    elsewhere = browser_page("/status/", width=PHONE, javascript=False)
    elsewhere.fill("[name=number]", receipt)
    elsewhere.fill("[name=secret]", secret)
    elsewhere.click("main form button")
    assert receipt in elsewhere.inner_text("main")
    case = IntakeCase.objects.get()
    answers = list(case.submission.read_answers().values())
    assert len(answers[0]) == 2
    assert UploadedFile.objects.get().submission_id == case.submission_id


def go_on(page):
    page.click(".intake-form .buttons button:not([name])")
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


def family_begins(browser_page):
    """The first step and a paper on a phone; then life comes between."""
    page = browser_page("/forms/putyovka-v-lager/", width=PHONE, javascript=False)
    page.locator(".form-row input[type=text]").first.fill("Образец первый")
    page.locator(".form-row input[type=date]").first.fill("2015-02-01")
    page.click("[name=do][value^='add:']")
    page.locator(".form-row").nth(1).locator("input[type=text]").first.fill("Образец второй")
    page.locator(".form-row").nth(1).locator("input[type=date]").first.fill("2017-03-02")
    go_on(page)
    page.get_by_label("Да", exact=True).check()
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(picture, "PNG")
    page.set_input_files(
        "input[type=file]",
        {"name": "образец.png", "mimeType": "image/png", "buffer": picture.getvalue()},
    )
    go_on(page)
    assert "Как связаться" in page.inner_text("main")
    page.click("[name=do][value=save]")
    return page.locator(".receipt__code").all_inner_texts()


def family_sends(browser_page, number, code):
    """Another device: back by number and code, the last step, the check, sending."""
    page = browser_page("/drafts/", width=PHONE, javascript=False)
    page.fill("[name=number]", number)
    page.fill("[name=secret]", code)
    page.click("main form button")
    page.fill("input[type=tel]", "8 921 123-45-67")
    page.select_option("main select", "rajon")
    page.locator("main input[type=checkbox]").last.check()
    go_on(page)
    text = page.inner_text("main")
    for words in ("Образец первый", "Образец второй", "образец.png", "Озёрный район"):
        assert words in text
    page.click(".intake-form .buttons button:not([name])")
    page.wait_for_url("**/receipts/**")
    return page.locator(".receipt__code").all_inner_texts()
