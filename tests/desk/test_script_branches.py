"""Steps of a script that are shown only with an answer to an earlier fork."""

from __future__ import annotations

import html
import json

import pytest
from django.core.exceptions import ValidationError

from cms.access import Role
from desk.models import ScriptRun
from desk.passed_over import passed_over
from desk.talk import TalkForm
from desk.views.scripts import preview
from tests.desk.test_registering import form, place, staff, token_of, typed, url
from tests.desk.test_scripts import answers, block, ids, make_script, talk
from tests.factories import UserFactory
from tests.intake import version_of

__all__ = ["form", "place", "staff"]
pytestmark = pytest.mark.django_db


def only(fork, *wanted):
    return {"fork": fork, "answers": "\n".join(wanted)}


def branching(form, **values):
    """A talk of two paths that come together again; one has a fork of its own."""
    return make_script(
        form,
        [
            block("branch", "Кто звонит?", mark="кто", answers=answers(("Ребёнок", ""), ("Взрослый", ""))),
            block("phrase", "Ты молодец, что позвонил.", only_if=only("кто", "Ребёнок")),
            block("branch", "Ты один?", mark="один", answers=answers(("Да", ""), ("Нет", "")), only_if=only("кто", "Ребёнок")),
            block("action", "Не кладите трубку", only_if=only("один", "Да")),
            block("ask", "Кем вы приходитесь ребёнку?", key="", only_if=only("кто", "Взрослый")),
            block("action", "Повторите главное"),
        ],
        **values,
    )  # fmt: skip


# What stays on the page for which answers, by the places of the steps.
PATHS = [
    ({}, []),
    ({0: "0"}, [4]),
    ({0: "1"}, [1, 2, 3]),
    ({0: "0", 2: "0"}, [4]),
    ({0: "0", 2: "1"}, [3, 4]),
    ({0: "1", 2: "0"}, [1, 2, 3]),  # a fork on another path was not asked, whatever was ticked
    ({2: "1"}, [3]),
]


@pytest.mark.parametrize(("chosen", "expected"), PATHS)
def test_each_answer_has_its_own_steps(form, chosen, expected):
    script = branching(form)
    names = ids(script)
    specs = script.version_in_force().content["steps"]
    found = passed_over(specs, {names[place]: answer for place, answer in chosen.items()})
    assert found == {names[place] for place in expected}


def test_a_jump_still_passes_over_what_lies_between(form):
    script = make_script(
        form,
        [
            block("branch", "Опасно?", mark="опасно", answers=answers(("Да", ""), ("Нет", "дальше"))),
            block("phrase", "Звоните 112"),
            block("phrase", "Рассказывайте", mark="дальше"),
            block("phrase", "Помощь едет", only_if=only("опасно", "Да")),
        ],
    )  # fmt: skip
    fork, between, _goal, helped = ids(script)
    specs = script.version_in_force().content["steps"]
    assert passed_over(specs, {fork: "1"}) == {between, helped}
    assert passed_over(specs, {fork: "0"}) == set()


FORK = ("branch", "Кто?", answers(("Мама", ""), ("Папа", "")))
WRONG = [
    (only("нет-такой", "Мама"), "Выше нет развилки с именем «нет-такой»."),
    (only("кто", "Бабушка"), "У развилки нет ответа «Бабушка». Есть: «Мама», «Папа»."),
    (only("кто"), "Впишите, при каких ответах показать шаг."),
    (only("", "Мама"), "Впишите имя развилки."),
    (only("позже", "Мама"), "Выше нет развилки с именем «позже»."),
    (only("фраза", "Мама"), "Выше нет развилки с именем «фраза»."),
]


@pytest.mark.parametrize(("condition", "told"), WRONG)
def test_a_condition_that_cannot_be_is_refused(form, condition, told):
    kind, text, choices = FORK
    with pytest.raises(ValidationError) as refused:
        make_script(
            form,
            [
                block("phrase", "Здравствуйте", mark="фраза"),
                block(kind, text, mark="кто", answers=choices),
                block("phrase", "Слушаю вас", only_if=condition),
                block(kind, text, mark="позже", answers=choices),
            ],
        )
    [message] = refused.value.messages
    assert message.endswith(told)
    assert "3" in message  # the step is named


def test_the_editors_page_shows_the_refusal_and_keeps_what_was_typed(client, form):
    script = branching(form)
    client.force_login(UserFactory(role=Role.CHIEF_EDITOR))
    edit = f"/admin/snippets/intake_desk/script/edit/{script.pk}/"
    sent = {
        "title": script.title, "slug": script.slug, "lead": "", "form": form.pk,
        "steps-count": 1, "steps-0-deleted": "", "steps-0-order": 0, "steps-0-type": "phrase",
        "steps-0-id": "", "steps-0-value-text": "Слушаю вас", "steps-0-value-mark": "",
        "steps-0-value-only_if-fork": "ошибка", "steps-0-value-only_if-answers": "Да",
        "action-publish": "yes",
    }  # fmt: skip
    answer = client.post(edit, sent)
    assert answer.status_code == 200
    page = html.unescape(answer.content.decode())
    for words in ("Выше нет развилки с именем «ошибка».", "Слушаю вас"):
        assert json.dumps(words)[1:-1] in page
    assert script.version_in_force().number == 1


def test_what_was_answered_on_another_path_is_no_part_of_the_record(staff, form, place):
    script = branching(form)
    who, _say, alone, stay, _kin, repeat = ids(script)
    data = typed(place, d=[stay, repeat], **{f"x-{who}": "1", f"x-{alone}": "0"})
    assert talk(staff, form, script, data).status_code == 303
    run = ScriptRun.objects.get()
    assert run.read_answers() == {who: "Взрослый"}
    assert [step for step, _at in run.done] == [stay, repeat]  # what was done was done


def test_without_scripts_of_the_page_the_words_say_when_a_step_is_for(staff, form, place):
    script = branching(form)
    page = staff.get(url(form), {"script": script.slug})
    text = page.content.decode()
    assert "Только если на вопрос «Кто звонит» ответ – «Ребёнок»." in text
    assert "is-skipped" not in text
    kept = {"draft": token_of(page), "script": script.version_in_force().pk, "do": "keep"}
    again = staff.post(url(form), {**typed(place), **kept, f"x-{ids(script)[0]}": "0"})
    shown = {step.spec["text"]: step.is_skipped for step in again.context["steps"]}
    assert [text for text, is_skipped in shown.items() if is_skipped] == [
        "Кем вы приходитесь ребёнку?"
    ]
    assert again.content.decode().count("is-skipped") == 1


def test_a_draft_that_names_what_is_not_there_is_previewed(client, form):
    script = branching(form)
    client.force_login(UserFactory(role=Role.CHIEF_EDITOR))
    script.steps = script.steps.stream_block.to_python(
        [block("phrase", "Слушаю вас", only_if=only("нет", "Да"))]
    )
    text = preview(client.get("/admin/").wsgi_request, script).render().content.decode()
    assert "Слушаю вас" in text
    assert "Только если" not in text


def test_scripts_without_conditions_are_compiled_as_before(form):
    script = make_script(form)
    steps = script.version_in_force().content["steps"]
    assert all("show_if" not in step for step in steps)
    talk_form = TalkForm(script.version_in_force(), version_of(form).schema)
    assert not any(step.only_if or step.is_skipped for step in talk_form.steps())
