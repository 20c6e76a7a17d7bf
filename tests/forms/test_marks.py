"""Submissions of a person are found by what names the person, and nothing of it is stored."""

from __future__ import annotations

import base64
import secrets

import pytest
from django.db import connection

from forms import crypto, marks
from forms.erasing import erase
from forms.models import BlindMark, IntakeCase, MarkKind, Submission
from tests.intake import FormFactory, make_case, question, rows, send, step

PERSON = {"family": "Планетова-Звёздная", "given": "Алёна", "patronymic": "Образцовна"}
CHILD = {"family": "Планетов", "given": "Егор"}
SNILS = "11223344595"
ANSWERS = {
    "name": PERSON,
    "born": "1990-05-17",
    "phone": "+79211234567",
    "mail": "Obrazets@Example.ru",
    "children": [
        {"child": CHILD, "birth": "2019-04-30", "number": SNILS},
        {"child": {**CHILD, "given": "Пётр"}, "birth": "2019-04-30"},
    ],
}


def key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def personal(kind: str, name: str) -> dict:
    return question(kind, name, personal=True, purpose="Чтобы помочь")


def full_form():
    group = {
        "type": "group",
        "id": "8d1c2c7e-6f4e-4f2f-9d5e-1f2f3a4b5c6d",
        "value": {
            "label": "Заявитель",
            "key": "who",
            "fields": [personal("name", "name"), personal("birth_date", "born")],
        },
    }
    return FormFactory(
        steps=[
            step(
                "Кто",
                group,
                personal("phone", "phone"),
                personal("email", "mail"),
                rows(
                    "children",
                    personal("name", "child"),
                    personal("birth_date", "birth"),
                    {**personal("snils", "number")},
                    maximum=4,
                ),
                question("consent", "consent"),
            )
        ]
    )


def found(kind: str, value: str) -> set:
    return set(marks.submissions_with(kind, value).values_list("pk", flat=True))


@pytest.fixture
def submission(db) -> Submission:
    receipt = send(full_form(), answers={**ANSWERS, "consent": True})
    return IntakeCase.objects.get(ref=receipt.ref).submission


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("phone", "8 (921) 123-45-67"),
        ("phone", "+7 921 1234567"),
        ("email", " obrazets@EXAMPLE.RU "),
        ("snils", "112-233-445 95"),
        ("person", "планетова звездная|АЛЕНА|1990-05-17"),
        ("person", "Планетов|Егор|2019-04-30"),
        ("person", "планетов|Петр|2019-04-30"),
    ],
)
def test_person_is_found_however_the_value_is_typed(submission, kind, typed):
    assert found(kind, typed) == {submission.pk}


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("phone", "8 921 123-45-68"),
        ("phone", "не телефон"),
        ("email", "obrazets"),
        ("snils", "112-233-445 96"),
        ("person", "Планетов|Егор|1990-05-17"),  # the date of birth of somebody else
        ("person", "Планетов||2019-04-30"),
        ("person", "|"),
        ("phone", ""),
    ],
)
def test_what_was_not_given_finds_nobody(submission, kind, typed):
    assert found(kind, typed) == set()


def test_kinds_do_not_answer_for_each_other(submission):
    digests = {bytes(row.digest): row.kind for row in BlindMark.objects.all()}
    assert sorted(digests.values()) == ["email", "person", "person", "person", "phone", "snils"]
    assert marks.mark("phone", SNILS) != marks.mark("snils", SNILS)


def test_nothing_but_digests_is_stored(submission):
    with connection.cursor() as cursor:
        cursor.execute("select row_to_json(t)::text, digest from intake_forms_blindmark t")
        rows_kept = cursor.fetchall()
    assert len(rows_kept) == 6
    for text, digest in rows_kept:
        assert len(bytes(digest)) == 32
        for planted in ("Планетов", "9211234567", "Obrazets", "obrazets", SNILS, "1990", "2019-04"):
            assert planted not in text
            assert planted.encode() not in bytes(digest)


def test_another_key_makes_other_digests_and_both_are_asked(submission, settings):
    old = settings.NAVIGATOR_DATA_KEYS[0]
    [before] = marks.mark("phone", "+79211234567")
    settings.NAVIGATOR_DATA_KEYS = [key()]
    [alone] = marks.mark("phone", "+79211234567")
    assert alone != before
    assert found("phone", "+79211234567") == set()
    settings.NAVIGATOR_DATA_KEYS = [settings.NAVIGATOR_DATA_KEYS[0], old]
    assert marks.mark("phone", "+79211234567") == [alone, before]
    assert found("phone", "+79211234567") == {submission.pk}


def test_digest_is_not_made_with_the_key_that_wraps(settings):
    [wrapping] = crypto._installation_keys().values()
    [derived] = crypto.derived_keys(marks.PURPOSE).values()
    [other] = crypto.derived_keys("another purpose").values()
    assert len({wrapping, derived, other}) == 3


def test_twins_and_shared_phones_stay_apart(submission):
    form = full_form()
    other = make_case(
        form,
        answers={"phone": ANSWERS["phone"], "name": CHILD, "born": "2019-04-30", "consent": True},
    )
    assert found("phone", ANSWERS["phone"]) == {submission.pk, other.submission_id}
    assert IntakeCase.objects.count() == Submission.objects.count() == 2
    twins = {given: found("person", f"Планетов|{given}|2019-04-30") for given in ("Егор", "Пётр")}
    assert twins == {"Егор": {submission.pk, other.submission_id}, "Пётр": {submission.pk}}


def test_erasing_takes_the_marks(submission):
    erase(case=submission.case)
    assert not BlindMark.objects.exists()
    assert found("phone", ANSWERS["phone"]) == set()


def test_marks_cost_one_query_and_none_when_there_is_nothing_to_mark(db, django_assert_num_queries):
    form = full_form()
    submission = IntakeCase.objects.get(ref=send(form, answers={"consent": True}).ref).submission
    assert submission.version.schema
    with django_assert_num_queries(0):
        marks.put(submission, {"consent": True})
    with django_assert_num_queries(1):
        marks.put(submission, ANSWERS)
    assert BlindMark.objects.filter(kind=MarkKind.PERSON).count() == 3
