"""From what was typed to answers, question by question."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import strategies as st

from forms.answers import AnswerForm
from forms.conditions import holds, shown_fields


def spec(kind, key="q", **more):
    own = {
        "text": {"max_length": 20},
        "longtext": {"max_length": 50},
        "number": {"minimum": 0, "maximum": 100, "whole": True, "unit": ""},
        "date": {"when": "any"},
        "choice": {"options": [{"value": "a", "label": "А"}, {"value": "b", "label": "Б"}]},
        "multichoice": {"options": [{"value": "a", "label": "А"}, {"value": "b", "label": "Б"}]},
    }
    return {
        "key": key,
        "type": kind,
        "label": "Вопрос",
        "help": "",
        "required": False,
        "personal": False,
        "purpose": "",
        "show_if": None,
        **own.get(kind, {}),
        **more,
    }


def schema(*fields):
    return {"steps": [{"id": "1", "title": "Шаг", "fields": list(fields)}]}


class NoLists:
    """Lists of no database."""

    territories = (("Область", [("rajon", "Район")]),)
    measures = ()
    centres = ()
    providers = ()


def answer(field, value):
    form = AnswerForm(schema(field), data={"a-q": value}, choosers=NoLists())
    return form.answers.get("q") if form.is_valid() else None


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", "  Анна  ", "Анна"),
        ("text", "x" * 21, None),
        ("longtext", "раз\r\nдва", "раз\nдва"),
        ("longtext", "колокол\x07", "колокол"),
        ("longtext", "ноль\x00", None),
        ("number", "7", 7),
        ("number", " 42 ", 42),
        ("number", "-1", None),
        ("number", "101", None),
        ("number", "3,5", None),
        ("number", "NaN", None),
        ("number", "1e5", None),
        ("number", "семь", None),
        ("date", "2027-02-01", "2027-02-01"),
        ("date", "01.02.2027", "2027-02-01"),
        ("date", "31.02.2027", None),
        ("date", "01.02.0027", None),
        ("choice", "a", "a"),
        ("choice", "c", None),
        ("multichoice", ["a", "b"], ["a", "b"]),
        ("multichoice", ["a", "c"], None),
        ("yesno", "yes", True),
        ("yesno", "no", False),
        ("yesno", "maybe", None),
        ("phone", "8 921 123-45-67", "+79211234567"),
        ("phone", "+7(921)1234567", "+79211234567"),
        ("phone", "921 123 45 67", "+79211234567"),
        ("phone", "+375 29 123-45-67", "+375291234567"),
        ("phone", "12", None),
        ("phone", "позвоните мне", None),
        ("email", "anna@mail.ru", "anna@mail.ru"),
        ("email", "anna@", None),
        ("consent", "on", True),
        ("territory", "rajon", {"slug": "rajon", "title": "Район"}),
        ("territory", "selo", None),
    ],
)
def test_each_kind_of_question(kind, value, expected):
    assert answer(spec(kind), value) == expected


def test_number_with_a_fraction_where_it_is_allowed():
    field = spec("number", whole=False)
    assert answer(field, "3,5") == 3.5
    assert answer(field, "3.5") == 3.5


@pytest.mark.parametrize(
    ("when", "shift", "fits"),
    [("past", 1, False), ("past", -1, True), ("future", -1, False), ("future", 1, True)],
)
def test_day_before_or_after_today(when, shift, fits):
    day = (timezone.localdate() + datetime.timedelta(days=shift)).isoformat()
    assert (answer(spec("date", when=when), day) == day) == fits


@pytest.mark.parametrize(
    ("op", "value", "given_answer", "expected"),
    [
        ("eq", "a", "a", True),
        ("eq", "a", "b", False),
        ("eq", True, True, True),
        ("eq", "rajon", {"slug": "rajon", "title": "Р"}, True),
        ("ne", "a", "b", True),
        ("ne", "a", None, True),
        ("ne", "a", "a", False),
        ("in", ["a", "b"], "b", True),
        ("in", ["a", "b"], None, False),
        ("contains", "a", ["a", "b"], True),
        ("contains", "c", ["a", "b"], False),
        ("contains", "a", None, False),
        ("contains", "a", "a", False),
    ],
)
def test_conditions(op, value, given_answer, expected):
    answers = {} if given_answer is None else {"q": given_answer}
    assert holds({"field": "q", "op": op, "value": value}, answers) is expected


def test_condition_on_a_hidden_question_is_false():
    fields = [
        spec("yesno", "first"),
        spec("yesno", "second", show_if={"field": "first", "op": "eq", "value": True}),
        spec("text", "third", show_if={"field": "second", "op": "ne", "value": True}),
    ]
    assert shown_fields(fields, {"first": False, "second": False}) == {"first"}
    assert shown_fields(fields, {"first": True, "second": False}) == {"first", "second", "third"}


@given(
    st.dictionaries(
        st.sampled_from(
            [
                f"a-{kind}"
                for kind in (
                    "text",
                    "number",
                    "date",
                    "choice",
                    "phone",
                    "email",
                    "multichoice",
                    "yesno",
                )
            ]
        ),
        st.lists(st.text(max_size=60), max_size=3),
    )
)
def test_no_input_breaks_the_form(data):
    kinds = ("text", "number", "date", "choice", "phone", "email", "multichoice", "yesno")
    form = AnswerForm(
        schema(*[spec(kind, kind) for kind in kinds]), data=MultiValueDict(data), choosers=NoLists()
    )
    if form.is_valid():
        assert set(form.answers) <= set(kinds)
    list(form.sections())
    str(form)
