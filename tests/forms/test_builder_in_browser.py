"""The builder in a real browser: copies keep apart, ready blocks go in, rules are read back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from cms.access import Role
from forms.models import FormDefinition, ReadyBlock
from tests.browser import open_menu, pick, sign_in, violations
from tests.factories import UserFactory
from tests.intake import FormFactory, compare, question, rows, simple_steps, step, version_of

pytestmark = pytest.mark.browser

PASSWORD = "образец-пароля-для-проверки"


@pytest.fixture
def builder(browser_page, live_portal, settings):
    """Opens the builder on the draft of a form, as a chief editor."""
    settings.WAGTAIL_AUTOSAVE_INTERVAL = 0
    user = UserFactory(username="glavred", role=Role.CHIEF_EDITOR)
    user.set_password(PASSWORD)
    user.save()

    def open_builder(form):
        edit = f"/admin/snippets/intake_forms/formdefinition/edit/{form.pk}/"
        page = browser_page(f"/admin/login/?next={edit}", height=1600)
        sign_in(page, "glavred", PASSWORD)
        page.locator(".form-question").first.wait_for(state="attached")
        return page

    return open_builder


def drafted(**more):
    form = FormFactory(published=False, **more)
    form.save_revision()
    return form


def save(page):
    page.locator("footer [type=submit]").first.click()
    page.locator(".messages .success").wait_for()


def kept(form):
    """The questions of the newest draft, by step."""
    draft = FormDefinition.objects.get(pk=form.pk).get_latest_revision_as_object()
    return [[block.value for block in step.value["fields"]] for step in draft.steps]


def block_of(page, label):
    """The block of a question, found by its summary; blocks around it come before."""
    summary = page.locator(f"[data-panel-heading-text]:text-is('{label}')")
    return page.locator("[data-streamfield-child]").filter(has=summary).last


def test_copies_get_keys_of_their_own_and_their_conditions_follow(builder):
    form = drafted(
        steps=[
            step(
                "Шаг",
                question("choice", "way", label="Как", options={"call": "Звонок", "mail": "Почта"}),
                question("text", "when", label="Когда", show_if=compare("way", "eq", "call")),
            )
        ]
    )
    page = builder(form)
    copy = page.locator("[data-streamfield-action=DUPLICATE]")
    copy.first.click()  # the step, with what is in it
    expect(page.locator(".form-step")).to_have_count(2)
    page.locator("[name=steps-1-value-title]").fill("Ещё шаг")
    save(page)
    first, second = kept(form)
    assert [one["key"] for one in first] == ["way", "when"]
    keys = [one["key"] for one in second]
    assert not set(keys) & {"way", "when"}
    assert second[1]["show_if"][0].value["field"] == keys[0]
    assert [option["value"] for option in second[0]["options"]] == ["call", "mail"]
    assert second[1]["show_if"][0].value["value"] == "call"


def test_a_copied_answer_is_another_answer_and_moving_changes_no_key(builder):
    form = drafted(
        steps=[
            step(
                "Шаг",
                question("choice", "way", label="Как", options={"call": "Звонок", "mail": "Почта"}),
                question("text", "when", label="Когда"),
            )
        ]
    )
    page = builder(form)
    block = block_of(page, "Как")
    copy = block.locator("[data-contentpath=options] [data-streamfield-action=DUPLICATE]").first
    open_menu(block.locator("[data-panel-toggle]").first, copy).click()
    expect(block.locator(".form-option")).to_have_count(3)
    block_of(page, "Когда").locator("[data-streamfield-action=MOVE_UP]").first.click()
    save(page)
    [asked] = kept(form)
    assert [one["key"] for one in asked] == ["when", "way"]
    values = [option["value"] for option in asked[1]["options"]]
    assert values[0] == "call"
    assert values[2] == "mail"
    assert len(set(values)) == 3


def test_a_ready_block_goes_in_with_one_choice_twice_and_its_rules_are_told(builder):
    ReadyBlock.objects.create(
        slug="papers",
        title="Бумаги",
        questions=[
            question("yesno", "has", label="Есть бумаги"),
            rows(
                "papers",
                question("text", "paper", label="Какая"),
                show_if=compare("has", "eq", "yes"),
            ),
        ],
    )
    form = drafted(steps=[step("Шаг", question("text", "a", label="Первый"))])
    page = builder(form)
    for count in (3, 6):
        menu = page.locator("[data-contentpath=fields] button.c-sf-add-button:visible").last
        added = page.locator(".form-question").nth(count)
        pick(menu, page.get_by_role("option", name="Бумаги", exact=True), added)
        expect(page.locator(".form-question")).to_have_count(1 + count)
    page.locator("[data-side-panel-toggle=rules]").click()
    told = page.locator(".form-rules li")
    expect(told).to_have_count(2)
    assert "если на вопрос «Есть бумаги» ответ – «да»" in told.first.inner_text()
    told.last.locator("a").click()
    assert page.url.rpartition("#")[2].startswith("block-")
    save(page)
    [asked] = kept(form)
    keys = [one["key"] for one in asked]
    assert keys[:3] == ["a", "has", "papers"]
    assert len(set(keys)) == 5
    assert asked[4]["show_if"][0].value["field"] == keys[3]
    assert asked[4]["fields"][0].value["key"] != "paper"


def test_what_changes_is_seen_before_the_publish_button_publishes(builder):
    form = FormFactory(steps=simple_steps())
    page = builder(form)
    page.locator("[name=lead]").fill("Теперь отвечаем за день.")
    actions = page.locator("footer .w-dropdown__toggle").last
    open_menu(actions, page.locator("[name=action-publish]")).click()
    page.wait_for_url("**/check/**")
    assert "Теперь отвечаем за день." in page.inner_text(".check-changes")
    assert version_of(form).number == 1
    for width in (320, 768, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(400)  # the message slides in
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".check-publish button").click()
    page.wait_for_url("**/formdefinition/")
    assert version_of(form).number == 2


MANY_INPUTS = """() => {
    const form = document.querySelector("form[data-edit-form]");
    for (let number = 0; number < 8000; number += 1) {
        form.append(Object.assign(document.createElement("input"), {type: "hidden", name: `more-${number}`}));
    }
}"""


@pytest.mark.parametrize("many", [False, True])
def test_the_blocks_of_a_long_form_are_sent_as_one_field(builder, many):
    asked = [question("text", f"q{n}", label=f"Вопрос {n}") for n in range(5)]
    form = drafted(steps=[step("Шаг", *asked)])
    page = builder(form)
    if many:
        page.evaluate(MANY_INPUTS)
    title = """Шаг - «один» & "два" <3>"""
    page.locator("[name=steps-0-value-title]").fill(title)
    with page.expect_request(lambda sent: sent.method == "POST" and "/edit/" in sent.url) as sent:
        save(page)
    body = sent.value.post_data_buffer
    assert (b'name="steps-packed"' in body) == many
    assert (b'name="steps-0-value-title"' in body) != many
    draft = FormDefinition.objects.get(pk=form.pk).get_latest_revision_as_object()
    assert draft.steps[0].value["title"] == title
    assert [one["key"] for one in kept(form)[0]] == [f"q{n}" for n in range(5)]
