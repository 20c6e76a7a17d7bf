"""Where a form is used: who would notice if it changed or were taken down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Q, TextField, URLField
from django.db.models.functions import Cast
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page

from catalogue.models import Measure, Provider, Situation
from forms.models import FormDefinition, FormDraft, Register, RoutingRule, Submission

MOST_LISTED = 50


@dataclass(frozen=True)
class Usage:
    measures: list[Measure]
    situations: list[Situation]  # in which those measures help
    centres: list[Provider]
    links: list[Any]  # pages and records whose text leads to the form
    rules: list[RoutingRule]  # that name the form or its topic
    registers: list[Register]  # kept about its cases
    submissions: int
    drafts: int


def usage_of(definition: FormDefinition) -> Usage:
    measures = list(definition.measures.order_by("sort_key")[:MOST_LISTED])
    situations = Situation.objects.filter(measures__in=measures).distinct()
    rules = RoutingRule.objects.filter(Q(form=definition) | Q(form=None, topic=definition.topic))
    registers = Register.objects.filter(on_case=True)
    registers = registers.filter(Q(topics=None) | Q(topics=definition.topic)).distinct()
    return Usage(
        measures=measures,
        situations=list(situations[:MOST_LISTED]),
        centres=list(definition.centres.all()[:MOST_LISTED]),
        links=list(_linking(definition.get_absolute_url()))[:MOST_LISTED],
        rules=list(
            rules.select_related("form", "topic", "territory", "queue__centre")[:MOST_LISTED]
        ),
        registers=list(registers),
        submissions=Submission.objects.filter(version__form=definition).count(),
        drafts=FormDraft.objects.filter(version__form=definition).count(),
    )


def _linking(address: str) -> Iterator[Any]:
    """Whatever editors have written with a link to the address in it."""
    for model in apps.get_models():
        if model is FormDefinition or model._meta.abstract:
            continue
        names = [
            field.name
            for field in model._meta.local_fields
            if isinstance(field, StreamField | RichTextField | URLField)
        ]
        if not names or not (issubclass(model, Page) or hasattr(model, "snippet_viewset")):
            continue
        found = Q()
        texts = {}
        for number, name in enumerate(names):
            texts[f"text_{number}"] = Cast(name, TextField())
            found |= Q(**{f"text_{number}__contains": address})
        yield from model._default_manager.annotate(**texts).filter(found)[:MOST_LISTED]
