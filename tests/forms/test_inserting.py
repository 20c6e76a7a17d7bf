"""Rows of several tables go in by one statement: the same values as Django's own inserts write."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, transaction

from forms import ledger
from forms.accept import accept
from forms.inserting import insert_together
from forms.models import CaseEvent, FormDraft, IntakeCase, Queue, Submission, Topic
from tests.factories import TerritoryFactory
from tests.intake import FormFactory, sample_answers, send, version_of


@pytest.mark.django_db
def test_values_are_those_that_django_writes():
    made = Topic.objects.create(slug="by-django", title="Ёлки и семьи", answer_days=7)
    ours = [Topic(slug=f"ours-{n}", title="Ёлки и семьи", answer_days=7) for n in range(2)]
    insert_together(*ours, Queue(slug="q", title="Очередь"))
    written = Topic.objects.filter(slug__startswith="ours").values(
        "title", "sort_key", "answer_days"
    )
    assert list(written) == [
        {"title": made.title, "sort_key": made.sort_key, "answer_days": 7} for _ in ours
    ]
    assert Queue.objects.get(slug="q").sort_key == "очередь"


@pytest.mark.django_db
def test_all_or_none():
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_together(Topic(slug="one", title="Раз"), Topic(slug="one", title="Два"))
    assert not Topic.objects.filter(slug="one").exists()


def test_acceptance_is_one_statement_and_the_draft_goes_with_it(
    committed_db, django_assert_num_queries, settings, tmp_path
):
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path  # where no other test has left a file
    place = TerritoryFactory()
    version = version_of(FormFactory())
    for _rules_are_read in range(2):  # «Нераспределённые» are made first
        send(version.form, place)
    key = uuid.uuid4()
    FormDraft.objects.create(
        pk=key,
        ref="22222222222",
        version=version,
        typed=b"",
        wrapped=b"",
        expires_at="2100-01-01 00:00Z",
    )
    with django_assert_num_queries(4) as seen:
        receipt = accept(version=version, answers=sample_answers(place), idempotency_key=key)
    writing = [query["sql"] for query in seen.captured_queries if "insert into" in query["sql"]]
    assert len(writing) == 1
    assert not FormDraft.objects.exists()
    case = IntakeCase.objects.get(ref=receipt.ref)
    assert case.submission.consents.count() == 1
    assert CaseEvent.objects.get(case=case).kind == "accepted"
    assert list(ledger.findings()) == []


@pytest.mark.django_db
def test_repeat_gives_the_same_receipt():
    key = uuid.uuid4()
    version = version_of(FormFactory())
    first, second = (
        accept(version=version, answers=sample_answers(), idempotency_key=key) for _ in range(2)
    )
    assert first == second
    assert Submission.objects.count() == 1
