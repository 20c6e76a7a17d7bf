"""Editing forms in the back office: what is refused, and what is told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cms.access import Role
from forms.compiling import SchemaError, compile_form, lifted
from forms.linting.changes import changes
from forms.models import FormDefinition, ReadyBlock
from tests.builder import packed, posted
from tests.factories import UserFactory
from tests.intake import FormFactory, condition, family_steps, question, step

pytestmark = pytest.mark.django_db

BASE = "wagtailsnippets_intake_forms_formdefinition"


@pytest.fixture
def chief(client):
    client.force_login(UserFactory(role=Role.CHIEF_EDITOR))
    return client


def url(name, *args):
    return reverse(f"{BASE}:{name}", args=args)


def test_published_form_cannot_be_deleted_and_nothing_breaks(chief):
    form = FormFactory()
    answer = chief.post(url("delete", form.pk), follow=True)
    assert answer.status_code == 200
    assert FormDefinition.objects.filter(pk=form.pk).exists()


def test_published_forms_cannot_be_deleted_in_bulk(chief):
    form = FormFactory()
    bulk = reverse("wagtail_bulk_action", args=["intake_forms", "formdefinition", "delete"])
    answer = chief.post(f"{bulk}?id={form.pk}", follow=True)
    assert answer.status_code in (200, 404)
    assert FormDefinition.objects.filter(pk=form.pk).exists()


def test_draft_form_can_be_deleted(chief):
    form = FormFactory(published=False)
    chief.post(url("delete", form.pk))
    assert not FormDefinition.objects.filter(pk=form.pk).exists()


def test_form_that_went_wrong_under_review_is_not_published_and_it_is_told(chief):
    form = FormFactory(published=False)
    form.save_revision()
    user = UserFactory(is_superuser=True)
    state = form.get_workflow().start(form, user)
    state.refresh_from_db()
    form.steps = [step("Шаг", question("text", "a", label=""))]
    form.save_revision()
    chief.force_login(user)
    action = url("workflow_action", form.pk, "approve", state.current_task_state.pk)
    answer = chief.post(action, {"comment": ""}, follow=True)
    assert answer.status_code == 200
    assert "label" in answer.content.decode()
    form.refresh_from_db()
    assert not form.live


@pytest.mark.parametrize("name", ["list", "add"])
def test_editors_open_the_builder_and_specialists_do_not(client, name):
    client.force_login(UserFactory(role=Role.EDITOR))
    assert client.get(url(name)).status_code == 200
    client.force_login(UserFactory(role=Role.SPECIALIST))
    assert client.get(url(name)).status_code in (302, 403, 404)


def test_reviewer_sees_the_draft_and_families_do_not(chief, client):
    form = FormFactory(title="Опубликованная")
    form.title = "Черновая"
    form.save_revision()
    draft = form.get_latest_revision_as_object().make_preview_request()
    assert "Черновая" in draft.content.decode()
    assert "disabled" in draft.content.decode()
    assert "Черновая" not in client.get(form.get_absolute_url()).content.decode()


def test_a_step_is_looked_at_by_itself(chief):
    form = FormFactory()
    assert [mode for mode, _name in form.preview_modes] == ["", "step-1", "step-2"]
    whole = form.make_preview_request().content.decode()
    second = form.make_preview_request(preview_mode="step-2").content.decode()
    assert "a-story" in whole
    assert "a-phone" in whole
    assert 'name="a-phone"' in second
    assert 'id="id_a-story"' not in second


@pytest.mark.parametrize("mode", ["", "step-9", "step-x", "step-²", "step-99999999999"])
@pytest.mark.parametrize("steps", [[], [step("")]])
def test_an_empty_form_can_be_looked_at(steps, mode):
    form = FormFactory(published=False, steps=steps)
    assert form.make_preview_request(preview_mode=mode).status_code == 200


def test_unfinished_draft_can_be_kept_and_its_questions_get_keys():
    block = FormDefinition._meta.get_field("steps").stream_block
    unfinished = [
        question("choice", "", label="", options={"": ""}, show_if=condition("nothing", "eq", "")),
        question("number", "", label="", personal=True),
        question("longtext", "same", label="", max_length=None),
        question("text", "same", label=""),
    ]
    cleaned = block.clean_deferred(block.to_python([step("", *unfinished)]))
    kept = [one.value for one in cleaned[0].value["fields"]]
    keys = [one["key"] for one in kept]
    assert all(keys)
    assert len(set(keys)) == 4
    assert keys[2] == "same"
    assert kept[0]["options"][0]["value"]


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([], ""),
        ([step("Шаг")], "вопросы:"),
        ([step("Шаг", question("text", "a", personal=True))], "для чего:"),
        ([step("Шаг", question("text", "a", show_if=condition("b", "eq", "x")))], "сравнение 1, вопрос:"),
        (
            [step("Шаг", question("text", "a", show_if=condition("b", "eq", "x")), question("text", "b"))],
            "сравнение 1, вопрос:",
        ),
        (
            [step("Шаг", question("yesno", "a"), question("text", "b", show_if=condition("a", "eq", "да")))],
            "сравнение 1, ответ:",
        ),
        (
            [step("Шаг", question("choice", "a", options={"x": "Х"}), question("text", "b", show_if=condition("a", "in", "x, y")))],
            "сравнение 1, ответ:",
        ),
        (
            [step("Шаг", question("text", "a"), question("text", "b", show_if=condition("a", "contains", "x")))],
            "сравнение 1, условие:",
        ),
        ([step("Шаг", question("number", "a", minimum="5", maximum="1"))], "наибольшее:"),
        ([step("Шаг", question("number", "a", maximum="1e999999"))], "наибольшее:"),
        ([step("Шаг", question("number", "a", maximum="1e999999999"))], "наибольшее:"),
        (
            [step("Шаг", question("number", "a"), question("text", "b", show_if=condition("a", "eq", "nan")))],
            "сравнение 1, ответ:",
        ),
        (
            [step("Шаг", question("number", "a"), question("text", "b", show_if=condition("a", "eq", "1e999")))],
            "сравнение 1, ответ:",
        ),
        (
            [step("Шаг", question("number", "a"), question("text", "b", show_if=condition("a", "eq", "1e14")))],
            "сравнение 1, ответ:",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_cannot_be_published(steps, reason):
    form = FormFactory(published=False, steps=steps)
    with pytest.raises(SchemaError) as told:
        form.save_revision().publish()
    assert reason in str(told.value)
    assert not form.versions.exists()


def test_personal_data_needs_a_consent_unless_it_rests_on_a_law_or_a_contract():
    steps = [step("Шаг", question("text", "a", personal=True, purpose="Чтобы ответить"))]
    form = FormFactory(published=False, steps=steps)
    with pytest.raises(SchemaError, match="согласи"):
        form.save_revision().publish()
    form.refresh_from_db()
    form.basis, form.basis_text = "law", "Федеральный закон № 442-ФЗ"
    form.save_revision().publish()
    assert form.versions.get().consent_text is None


def draft_of(form):
    return FormDefinition.objects.get(pk=form.pk).get_latest_revision_as_object()


def long_form(count):
    asked = [
        question("choice", f"q{n}", label=f"Вопрос {n}", options={"a": "А", "b": "Б"})
        for n in range(count)
    ]
    steps = [step(f"Шаг {n}", *asked[n : n + 50]) for n in range(0, count, 50)]
    return FormFactory(published=False, steps=steps)


def test_that_families_choose_a_time_is_set_by_an_editor_and_told_as_a_change(chief):
    form = FormFactory()
    in_force = form.version_in_force().schema
    of_old = {key: value for key, value in in_force.items() if key != "with_time"}
    assert changes(lifted(of_old), compile_form(form)) == []
    chief.post(url("edit", form.pk), posted(form, with_time="on"))
    for before in (in_force, of_old):
        (change,) = changes(lifted(before), compile_form(draft_of(form)))
        (detail,) = change.details
        assert (detail.name, detail.before, detail.after) == ("семья выбирает время", "нет", "да")


def test_what_is_sent_as_one_field_is_the_same(chief):
    form = FormFactory(steps=family_steps())
    chief.post(url("edit", form.pk), posted(form, lead="Каждое поле"))
    apart = draft_of(form)
    chief.post(url("edit", form.pk), packed(posted(form, lead="Одно поле")))
    together = draft_of(form)
    assert [apart.lead, together.lead] == ["Каждое поле", "Одно поле"]
    assert together.steps.get_prep_value() == apart.steps.get_prep_value()
    assert compile_form(together)["steps"] == compile_form(form)["steps"]


@pytest.mark.parametrize(
    "raw",
    ["", "[", "[]", "7", '{"count": 1}', '{"count": "x"}', '{"count": ["1"]}', '{"0": {}}', '{"a":' * 100_000,
     '{"a":' * 900 + '"b"' + "}" * 900],
)  # fmt: skip
@pytest.mark.parametrize("place", ["edit", "rules"])
def test_what_cannot_be_unpacked_is_refused(chief, raw, place):
    form = FormFactory()
    address = url("edit", form.pk) if place == "edit" else reverse("intake:rules")
    answer = chief.post(address, packed(posted(form, lead="Иначе")) | {"steps-packed": raw})
    assert answer.status_code == 400
    assert draft_of(form).lead != "Иначе"


def test_the_longest_form_is_kept_and_a_longer_one_is_told_with_all_that_was_typed(chief):
    form = long_form(500)
    chief.post(url("edit", form.pk), packed(posted(form, lead="Длинная")))
    assert draft_of(form).lead == "Длинная"
    form = long_form(501)
    answer = chief.post(url("edit", form.pk), packed(posted(form, lead="Длиннее")))
    [wrong] = answer.context["form"].errors.as_data()["steps"]
    assert "не больше 500" in wrong.non_block_errors.as_text()
    assert "Длиннее" in answer.content.decode()
    assert answer.context["form"]["steps"].value()[-1].value["fields"][0].value["key"] == "q500"
    assert draft_of(form).lead != "Длиннее"


def queries_of(client, address):
    client.get(address)  # what is asked once only
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def test_a_long_list_of_forms_asks_no_more_than_a_short_one(chief):
    addresses = [url("list"), reverse("wagtailsnippets_intake_forms_readyblock:list")]
    asked = []
    for count in (2, 20):
        for number in range(count):
            FormFactory().save_revision()
            ReadyBlock.objects.create(slug=f"b{count}-{number}", title="Блок", questions=[])
        asked.append([queries_of(chief, address) for address in addresses])
    assert asked[0] == asked[1]


@pytest.mark.parametrize("number", ["1e14", "-1e400", "1e999999999", "NaN"])
def test_a_calculation_with_a_number_beyond_all_is_not_published(number):
    steps = family_steps()
    operand = {"field": "", "part": "answer", "number": Decimal(number)}
    steps[0]["value"]["fields"][2]["value"]["operands"][0]["value"] = operand
    form = FormFactory(published=False, steps=steps)
    with pytest.raises(SchemaError, match="из чего, 1, или число"):
        form.save_revision().publish()


@pytest.mark.parametrize("number", ["1e14", "1e999999999", "-1e999999999"])
def test_a_draft_with_a_number_beyond_all_can_be_looked_at(chief, number):
    steps = family_steps()
    operand = {"field": "", "part": "answer", "number": Decimal(number)}
    fields = steps[0]["value"]["fields"]
    fields[2]["value"]["operands"][0]["value"] = operand
    fields[1]["value"] |= {"minimum": Decimal(number), "maximum": Decimal(number)}
    form = FormFactory(published=False, steps=steps)
    form.save_revision()
    assert form.make_preview_request().status_code == 200
    assert chief.get(reverse("intake:check", args=[form.pk])).status_code == 200
