"""Makes forms, queues and cases for tests, through the ways that the portal itself uses."""

from __future__ import annotations

import uuid
from typing import Any

import factory
from factory.django import DjangoModelFactory

from forms.accept import Receipt, accept
from forms.models import FormDefinition, FormVersion, IntakeCase, Queue, RoutingRule, Topic

NAME = "образец Анфиса Планетова"
PHONE = "+79211234567"
EMAIL = "obrazec@example.org"
STORY = "образец вопроса: где получить справку"


class TopicFactory(DjangoModelFactory):
    class Meta:
        model = Topic

    slug = factory.Sequence(lambda n: f"topic-{n}")
    title = factory.Sequence(lambda n: f"Тема {n}")


class QueueFactory(DjangoModelFactory):
    class Meta:
        model = Queue

    slug = factory.Sequence(lambda n: f"queue-{n}")
    title = factory.Sequence(lambda n: f"Очередь {n}")


class RuleFactory(DjangoModelFactory):
    class Meta:
        model = RoutingRule

    queue = factory.SubFactory(QueueFactory)


def question(kind: str, key: str, **value: Any) -> dict[str, Any]:
    """A question as it lies in an editor's stream."""
    options = value.pop("options", None)
    raw = {"label": f"Вопрос {key}", "key": key, "required": True, **value}
    if options:
        raw["options"] = [
            {"type": "item", "id": str(uuid.uuid4()), "value": {"value": one, "label": label}}
            for one, label in options.items()
        ]
    return {"type": kind, "id": str(uuid.uuid4()), "value": raw}


def step(title: str, *questions: dict[str, Any], **value: Any) -> dict[str, Any]:
    return {
        "type": "step",
        "id": str(uuid.uuid4()),
        "value": {"title": title, "fields": list(questions), **value},
    }


def rows(key: str, *questions: dict[str, Any], **value: Any) -> dict[str, Any]:
    """A repeating group."""
    raw = {"label": f"Группа {key}", "key": key, "row_title": "Ребёнок", **value}
    return {
        "type": "repeat",
        "id": str(uuid.uuid4()),
        "value": {**raw, "fields": list(questions)},
    }


def compare(field: str, op: str, value: str = "", **more: str) -> list[dict[str, Any]]:
    """A block of conditions of one comparison."""
    raw = {"field": field, "op": op, "value": value, **more}
    return [{"type": "test", "id": str(uuid.uuid4()), "value": raw}]


def family_steps() -> list[dict[str, Any]]:
    """A form with a repeating group, a step that hangs on it, and a calculated value."""
    return [
        step(
            "Дети",
            rows(
                "children",
                question("text", "child", label="Имя"),
                question("birth_date", "born", label="Дата рождения"),
                question(
                    "text",
                    "garden",
                    label="Какой сад",
                    required=False,
                    show_if=compare("born", "lt", "7", part="age"),
                ),
                minimum=1,
                maximum=4,
            ),
            question("money", "income", label="Доход в месяц", required=False),
            {
                "type": "calc",
                "id": str(uuid.uuid4()),
                "value": {
                    "label": "На ребёнка",
                    "key": "each",
                    "operation": "quotient",
                    "operands": [
                        {"type": "item", "id": str(uuid.uuid4()), "value": operand}
                        for operand in (
                            {"field": "income", "part": "answer"},
                            {"field": "children", "part": "count"},
                        )
                    ],
                    "unit": "₽",
                    "shown": True,
                },
            },
        ),
        step(
            "Много детей",
            question("yesno", "paper", label="Есть удостоверение многодетной семьи"),
            show_if=compare("children", "ge", "3", part="count"),
        ),
    ]


def condition(field: str, op: str, value: str) -> dict[str, str]:
    return {"field": field, "op": op, "value": value}


def simple_steps() -> list[dict[str, Any]]:
    """A small form with one of each thing that matters: condition, place, phone, consent."""
    return [
        step(
            "О чём вопрос",
            question("longtext", "story", personal=True, purpose="Чтобы ответить"),
            question(
                "choice", "way", label="Как ответить", options={"call": "Звонок", "mail": "Почта"}
            ),
        ),
        step(
            "Как с вами связаться",
            question("text", "name", personal=True, purpose="Чтобы обратиться по имени"),
            question(
                "phone",
                "phone",
                label="Телефон",
                personal=True,
                purpose="Чтобы позвонить",
                show_if=condition("way", "eq", "call"),
            ),
            question("territory", "place", label="Где вы живёте"),
            question("consent", "consent", label="Разрешаю"),
        ),
    ]


class FormFactory(DjangoModelFactory):
    """A form, published unless `published=False`."""

    class Meta:
        model = FormDefinition
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda n: f"form-{n}")
    title = factory.Sequence(lambda n: f"Форма {n}")
    topic = factory.SubFactory(TopicFactory)
    live = False
    steps = factory.LazyFunction(simple_steps)

    @factory.post_generation
    def published(self, create: bool, extracted: bool | None, **kwargs: Any) -> None:
        if create and extracted is not False:
            self.save_revision().publish()
            self.refresh_from_db()


def contact_steps() -> list[dict[str, Any]]:
    """A form that asks how the family may be reached."""
    return [
        step(
            "О чём вопрос",
            question("longtext", "story", personal=True, purpose="Чтобы ответить"),
            question(
                "contact", "contact", label="Как связаться", personal=True, purpose="Чтобы ответить"
            ),
            question("consent", "consent", label="Разрешаю"),
        )
    ]


def reached_by(*ways: str, **more: Any) -> dict[str, Any]:
    """Answers to that form: the ways that are allowed, and what they need."""
    contact: dict[str, Any] = {"ways": list(ways), **more}
    if {"call", "sms"} & set(ways):
        contact.setdefault("phone", PHONE)
    if "email" in ways:
        contact.setdefault("email", EMAIL)
    return {"story": STORY, "contact": contact, "consent": True}


def version_of(form: FormDefinition) -> FormVersion:
    version = form.version_in_force()
    assert version is not None
    return version


def sample_answers(territory: Any = None) -> dict[str, Any]:
    """Valid answers to the simple form, as forms.answers leaves them."""
    answers = {
        "story": STORY,
        "way": "call",
        "name": NAME,
        "phone": PHONE,
        "consent": True,
    }
    if territory is not None:
        answers["place"] = {"slug": territory.slug, "title": territory.title}
    return answers


def send(form: FormDefinition | None = None, territory: Any = None, **kwargs: Any) -> Receipt:
    """A family sends the form."""
    form = form or FormFactory()
    kwargs.setdefault("idempotency_key", uuid.uuid4())
    kwargs.setdefault("answers", sample_answers(territory))
    return accept(version=version_of(form), **kwargs)


def make_case(
    form: FormDefinition | None = None, *, centre: Any = None, territory: Any = None, **kwargs: Any
) -> IntakeCase:
    """A case in the queue of a centre, or wherever routing puts it."""
    case = IntakeCase.objects.get(ref=send(form, territory, **kwargs).ref)
    if centre is not None:
        from forms.routing import unrouted_queue

        case.queue, case.centre = unrouted_queue(centre), centre
        case.save(update_fields=["queue", "centre"])
    return case
