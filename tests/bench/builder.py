"""Prints, as JSON, seconds of the builder with a form of 200 questions; run in an installation.

Everything happens in a transaction that is taken back.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.dev")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from wagtail.blocks import ListBlock, StreamBlock, StructBlock  # noqa: E402

from forms.models import FormDefinition, Topic  # noqa: E402

QUESTIONS, STEPS, ROUNDS = 200, 10, 5
BASE = "wagtailsnippets_intake_forms_formdefinition"


def main() -> None:
    with transaction.atomic():
        print(json.dumps(figures()))
        transaction.set_rollback(True)


def figures() -> dict[str, float]:
    user, _made = get_user_model().objects.get_or_create(
        username="bench-editor", defaults={"is_superuser": True}
    )
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    form = FormDefinition(
        slug="bench-200", title="200", topic=Topic.objects.all()[0], steps=list(steps()), live=False
    )
    form.save()
    form.save_revision()
    sent = {
        "title": "200",
        "slug": "bench-200",
        "minutes": "60",
        "topic": str(form.topic_id),
        "retention_days": "365",
        "retention_method": "delete",
        "basis": "consent",
        "consent_text": "Разрешаю",
        "layout": "auto",
        **dict(posted(form.steps.stream_block, form.steps, "steps")),
    }
    preview = reverse(f"{BASE}:preview_on_edit", args=[form.pk])

    def send() -> None:
        answer = client.post(preview, sent)
        assert answer.json()["is_valid"], answer.content[:500]

    def show() -> None:
        text = client.get(preview).content.decode()
        assert text.count("data-question") >= QUESTIONS or text.count("a-k") >= QUESTIONS

    def edit() -> None:
        assert client.get(reverse(f"{BASE}:edit", args=[form.pk])).status_code == 200

    def rules() -> None:
        assert client.post(reverse("intake:rules"), sent).status_code == 200

    def save() -> None:
        answer = client.post(reverse(f"{BASE}:edit", args=[form.pk]), sent)
        assert answer.status_code == 302, answer.status_code

    return {
        "fields sent": float(len(sent)),
        "preview, sent": seconds(send),
        "preview, shown": seconds(show),
        "page of the builder": seconds(edit),
        "rules in words": seconds(rules),
        "draft saved": seconds(save),
    }


def seconds(work: Callable[[], None]) -> float:
    """The middle of several rounds, after one that warms up."""
    work()
    taken = []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return round(statistics.median(taken), 3)


def steps() -> Iterator[dict[str, Any]]:
    """Choices, texts, numbers and days, every fourth with a condition."""
    each = QUESTIONS // STEPS
    for number in range(STEPS):
        fields = [question(number * each + place) for place in range(each)]
        yield {"type": "step", "value": {"title": f"Шаг {number + 1}", "fields": fields}}


def question(number: int) -> dict[str, Any]:
    kind = ("choice", "text", "number", "date")[number % 4]
    value: dict[str, Any] = {
        "key": f"k{number}",
        "label": f"Вопрос {number + 1}: что нужно знать о семье",
        "help": "Пример: как написано в документе",
        "required": True,
    }
    if kind == "choice":
        value["options"] = [
            {
                "type": "item",
                "id": f"{number}-{place}",
                "value": {"value": f"v{place}", "label": f"Ответ {place}"},
            }
            for place in range(4)
        ]
    elif kind == "text":
        test = {"field": f"k{number - 1}", "op": "eq", "value": "v1"}
        value["show_if"] = [{"type": "test", "value": test}]
    return {"type": kind, "value": value}


def posted(block: Any, value: Any, prefix: str) -> Iterator[tuple[str, str]]:
    """What the page of the builder sends for a block."""
    if isinstance(block, StreamBlock | ListBlock):
        children = list(value) if isinstance(block, StreamBlock) else list(value.bound_blocks)
        yield f"{prefix}-count", str(len(children))
        for place, child in enumerate(children):
            start = f"{prefix}-{place}"
            yield f"{start}-deleted", ""
            yield f"{start}-order", str(place)
            if isinstance(block, StreamBlock):
                yield f"{start}-type", child.block_type
            yield f"{start}-id", str(child.id or "")
            yield from posted(child.block, child.value, f"{start}-value")
    elif isinstance(block, StructBlock):
        for name, inner in block.child_blocks.items():
            yield from posted(inner, value.get(name), f"{prefix}-{name}")
    elif value is not False:
        yield prefix, "on" if value is True else str("" if value is None else value)


main()
