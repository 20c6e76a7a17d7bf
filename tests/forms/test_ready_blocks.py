"""Ready blocks: what the builder is given, who is, and what the loader makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from cms.access import Role
from cms.loading import Report
from forms.compiling import compile_form
from forms.loading import load
from forms.models import FormDefinition, ReadyBlock
from tests.factories import UserFactory
from tests.intake import FormFactory, compare, question, rows, step

pytestmark = pytest.mark.django_db

DATASET = Path(__file__).resolve().parents[2] / "catalogue" / "dataset"
FIVE = ["Заявитель", "Ребёнок", "Адрес", "Согласие", "Документы"]


@pytest.fixture
def loaded():
    load(DATASET, Report(), lambda words: None)
    return list(ReadyBlock.objects.all())


def test_five_come_with_the_data_and_editors_keep_what_they_changed(loaded):
    assert [block.title for block in loaded] == FIVE
    ReadyBlock.objects.filter(title="Адрес").update(title="Где живёт семья")
    load(DATASET, Report(), lambda words: None)
    assert ReadyBlock.objects.filter(title="Где живёт семья").exists()
    assert ReadyBlock.objects.count() == 5


def test_a_form_of_all_five_can_be_published_as_it_is(loaded, client):
    client.force_login(UserFactory(role=Role.EDITOR))
    told = client.get(reverse("intake:ready_blocks")).json()["blocks"]
    assert [block["title"] for block in told] == FIVE
    steps = [
        step(block.title, *block.questions.get_prep_value())
        for block in (*loaded[:3], *loaded[4:], loaded[3])
    ]
    form = FormDefinition(slug="f", title="Форма", steps=steps)
    compiled = compile_form(form)
    assert [step["title"] for step in compiled["steps"]][-1] == "Согласие"
    address = compiled["steps"][2]["fields"]
    assert address[2]["show_if"] == {"op": "eq", "field": "registered_there", "value": False}


def test_the_builder_gets_the_states_of_questions(loaded, client):
    client.force_login(UserFactory(role=Role.EDITOR))
    blocks = client.get(reverse("intake:ready_blocks")).json()["blocks"]
    child = blocks[1]["questions"][0]
    assert child["type"] == "repeat"
    assert child["value"]["fields"][0]["value"]["key"] == "child_name"


@pytest.mark.parametrize("role", [Role.SPECIALIST, Role.PARTNER, Role.ANALYST])
def test_who_builds_no_forms_gets_no_blocks(client, role):
    client.force_login(UserFactory(role=role))
    assert client.get(reverse("intake:ready_blocks")).status_code in (302, 403)


def cleaned(*questions):
    block = ReadyBlock._meta.get_field("questions").stream_block
    return block.clean(block.to_python(list(questions)))


def test_conditions_of_a_block_look_at_its_own_questions():
    with pytest.raises(ValidationError):
        cleaned(question("text", "b", show_if=compare("a", "eq", "x")))
    kept = cleaned(
        question("text", "a"),
        question("text", "a"),
        question("text", "b", show_if=compare("a", "eq", "x")),
    )
    keys = [one.value["key"] for one in kept]
    assert keys[0] == "a"
    assert len(set(keys)) == 3


@pytest.fixture
def form():
    return FormFactory(
        published=False,
        steps=[
            step("Пустой"),
            step(
                "Бумаги",
                question("yesno", "has", label="Есть справка"),
                question("file", "paper", label="Справка", show_if=compare("has", "eq", "yes")),
                rows("kids", question("text", "kid", label="Имя"), label="Дети"),
            ),
        ],
    )


def chosen(form, *keys):
    form.save_revision()
    draft = form.get_latest_revision_as_object()
    blocks = [block for each in draft.steps for block in each.value["fields"]]
    return [block.id for block in blocks if block.value["key"] in keys]


def save(client, form, ids, **more):
    client.force_login(UserFactory(role=Role.EDITOR))
    typed = {"title": "Справка от врача", "help": "Есть ли и файл", "chosen": ids, **more}
    return client.post(reverse("intake:form_ready", args=[form.pk]), typed)


def test_questions_of_a_form_become_a_block_in_their_order(client, form):
    ids = chosen(form, "has", "paper", "kids")
    answer = save(client, form, list(reversed(ids)))
    assert answer.status_code == 302
    block = ReadyBlock.objects.get()
    assert (block.title, block.help, block.slug) == (
        "Справка от врача",
        "Есть ли и файл",
        "spravka-ot-vracha",
    )
    assert [one.value["key"] for one in block.questions] == ["has", "paper", "kids"]
    assert block.questions[2].value["fields"][0].value["label"] == "Имя"
    told = client.get(reverse("intake:ready_blocks")).json()["blocks"]
    assert told[0]["title"] == "Справка от врача"
    save(client, form, ids)
    assert [block.slug for block in ReadyBlock.objects.order_by("pk")] == [
        "spravka-ot-vracha",
        "spravka-ot-vracha-2",
    ]


@pytest.mark.parametrize(
    ("keys", "more", "words"),
    [
        ([], {}, "Выберите хотя бы один вопрос"),
        (["paper"], {}, "Справка"),  # looks at a question that stays behind
        (["has"], {"title": ""}, "error-message"),
        (["has"], {"title": "<script>alert(1)</script>" * 9}, "error-message"),
    ],
)
def test_what_makes_no_block_is_told_and_what_was_typed_stays(client, form, keys, more, words):
    answer = save(client, form, chosen(form, *keys), **more)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert words in text
    assert text.count(" checked") == len(keys)
    assert "<script>alert(1)" not in text
    assert "Есть ли и файл" in text
    assert not ReadyBlock.objects.exists()


def test_questions_of_another_form_are_no_choice(client, form):
    other = FormFactory(published=False, steps=[step("Шаг", question("text", "secret"))])
    assert save(client, form, chosen(other, "secret")).status_code == 200
    assert not ReadyBlock.objects.exists()


@pytest.mark.parametrize("role", [Role.SPECIALIST, Role.PARTNER, Role.ANALYST, Role.HEAD])
def test_who_builds_no_forms_makes_no_block(client, form, role):
    client.force_login(UserFactory(role=role))
    address = reverse("intake:form_ready", args=[form.pk])
    assert client.get(address).status_code in (302, 403)
    answer = client.post(address, {"title": "Б", "chosen": chosen(form, "has")})
    assert answer.status_code in (302, 403)
    assert not ReadyBlock.objects.exists()
