"""The rules of a form, read back to the editor as sentences."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from cms.access import Role
from forms.compiling import compile_form
from forms.models import FormDefinition
from forms.rules import rules_of
from forms.views.rules import told
from tests.factories import UserFactory
from tests.intake import FormFactory, compare, family_steps, question, step

pytestmark = pytest.mark.django_db


def sentences(*steps):
    return [
        rule.sentence
        for rule in rules_of(compile_form(FormDefinition(steps=list(steps)), strict=False))
    ]


def known(answer, *condition):
    item = {"value": answer, "conditions": compare(*condition)}
    return [{"type": "item", "id": str(uuid.uuid4()), "value": item}]


def test_rules_of_steps_rows_and_sums():
    assert sentences(*family_steps()) == [
        "Вопрос «Какой сад» задаём, если возраст по ответу «Дата рождения» меньше 7.",
        "«На ребёнка» считаем так: «Доход в месяц» ÷ сколько в «Группа children».",
        "Шаг «Много детей» показываем, если в «Группа children» не меньше 3.",
    ]


def test_rules_that_need_an_answer_and_that_know_it():
    told = sentences(
        step(
            "Шаг",
            question("yesno", "children", label="Есть дети?"),
            question("choice", "who", label="Кто вы", options={"m": "Мама", "f": "Папа"}),
            question(
                "number",
                "age",
                label="Возраст ребёнка",
                required=False,
                require_if=compare("who", "in", "m, f"),
                show_if=compare("children", "eq", "yes"),
            ),
            question("yesno", "has", label="Мама есть", set=known("yes", "who", "eq", "m")),
        )
    )
    assert told == [
        "Вопрос «Возраст ребёнка» задаём, если на вопрос «Есть дети» ответ – «да».",
        "Ответ на вопрос «Возраст ребёнка» обязателен, если на вопрос «Кто вы» ответ – «Мама» или «Папа».",
        "«Мама есть» не спрашиваем: ответ – «да», если на вопрос «Кто вы» ответ – «Мама».",
    ]  # fmt: skip


def test_each_sentence_leads_to_its_block():
    form = FormDefinition(steps=family_steps())
    first = told(form, "/edit/")[0]
    garden = form.steps[0].value["fields"][0].value["fields"][2]
    assert first["url"] == f"/edit/#block-{garden.id}-section"


def posted(*questions):
    """What the builder's page sends: one step with these questions."""
    data = {
        "steps-count": "1",
        "steps-0-deleted": "",
        "steps-0-order": "0",
        "steps-0-type": "step",
        "steps-0-id": "s",
        "steps-0-value-title": "Шаг",
        "steps-0-value-show_if-count": "0",
        "steps-0-value-fields-count": str(len(questions)),
    }
    for number, (kind, key, condition) in enumerate(questions):
        start = f"steps-0-value-fields-{number}"
        data |= {
            f"{start}-deleted": "",
            f"{start}-order": str(number),
            f"{start}-type": kind,
            f"{start}-id": f"b{number}",
            f"{start}-value-label": f"Вопрос {key}",
            f"{start}-value-key": key,
            f"{start}-value-help": "",
            f"{start}-value-purpose": "",
            f"{start}-value-max_length": "о",
            f"{start}-value-require_if-count": "0",
            f"{start}-value-set-count": "0",
            f"{start}-value-show_if-count": str(len(condition)),
        }
        for name, value in condition.items():
            data[f"{start}-value-show_if-0-{name}"] = value
    return data


def test_the_panel_tells_of_what_is_not_saved_yet(client):
    client.force_login(UserFactory(role=Role.EDITOR))
    test = {
        "deleted": "",
        "order": "0",
        "type": "test",
        "id": "t",
        "value-field": "a",
        "value-rows": "some",
        "value-part": "answer",
        "value-op": "eq",
        "value-value": "no",
    }
    data = posted(("yesno", "a", {}), ("text", "b", test))
    data["steps-0-value-fields-1-value-show_if-count"] = "1"
    answer = client.post(reverse("intake:rules"), data)
    text = answer.content.decode()
    assert "Вопрос «Вопрос b» задаём, если на вопрос «Вопрос a» ответ – «нет»." in text
    assert 'href="#block-b1-section"' in text


@pytest.mark.parametrize("data", [{}, {"steps-count": "x"}, {"steps-count": "999999999"}])
def test_what_no_builder_sends_is_refused(client, data):
    client.force_login(UserFactory(role=Role.EDITOR))
    assert client.post(reverse("intake:rules"), data).status_code == 400


def test_who_builds_no_forms_is_told_no_rules(client):
    client.force_login(UserFactory(role=Role.SPECIALIST))
    assert client.post(reverse("intake:rules"), {}).status_code in (302, 403)


def test_the_check_tells_the_rules_with_ways_to_the_builder(client):
    form = FormFactory(published=False, steps=family_steps())
    form.save_revision()
    client.force_login(UserFactory(role=Role.EDITOR))
    text = client.get(reverse("intake:check", args=[form.pk])).content.decode()
    assert "Шаг «Много детей» показываем" in text
    assert f"/edit/{form.pk}/#block-" in text
