"""From what was typed to answers, question by question."""

from __future__ import annotations

import datetime

import pytest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import strategies as st

from forms.answers import AnswerForm


def spec(kind, key="q", **more):
    own = {
        "text": {"max_length": 20},
        "longtext": {"max_length": 50},
        "number": {"minimum": 0, "maximum": 100, "whole": True, "unit": ""},
        "money": {"minimum": 0, "maximum": None},
        "date": {"when": "any", "precision": "day"},
        "birth_date": {"unborn": False},
        "inn": {"whose": "any"},
        "repeat": {"row_title": "Ребёнок", "minimum": 0, "maximum": 3},
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
    step = {"id": "1", "title": "Шаг", "show_if": None, "fields": list(fields)}
    return {"format": 2, "steps": [step]}


class NoLists:
    """Lists of no database."""

    territories = (("Область", [("rajon", "Район")]),)
    measures = ()
    centres = ()
    providers = ()

    def place(self, slug):
        titles = {"rajon": "Район"}
        return titles.get(slug) and {
            "slug": slug,
            "title": titles[slug],
            "around": ["oblast", slug],
        }


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
        ("territory", "rajon", {"slug": "rajon", "title": "Район", "around": ["oblast", "rajon"]}),
        ("time", "09:30", "09:30"),
        ("time", "9.05", "09:05"),
        ("time", "23:59:59", "23:59"),
        ("time", "24:00", None),
        ("time", "утром", None),
        ("money", "12 500", 12500),
        ("money", "12\u202f500,50 ₽", 12500.5),
        ("money", "1 500 руб.", 1500),
        ("money", "-5", None),
        ("birth_date", "01.02.2020", "2020-02-01"),
        ("birth_date", "01.02.2099", None),
        ("snils", "112-233-445 95", "11223344595"),
        ("snils", "11223344595", "11223344595"),
        ("snils", "112-233-445 96", None),
        ("snils", "112-233-445", None),
        ("snils", "00100199800", "00100199800"),
        ("inn", "7707083893", "7707083893"),
        ("inn", "77 07 083893", "7707083893"),
        ("inn", "7707083894", None),
        ("inn", "500100732259", "500100732259"),
        ("inn", "12345", None),
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


def children(**more):
    fields = [
        spec("text", "name", required=True),
        spec("birth_date", "born"),
        spec(
            "text",
            "garden",
            required=True,
            show_if={"op": "lt", "field": "born", "part": "age", "value": 7},
        ),
    ]
    return spec("repeat", "children", fields=fields, **more)


def sent(*specs, day=datetime.date(2026, 11, 22), **data):
    typed = {f"a-{key.replace('__', '.')}": value for key, value in data.items()}
    return AnswerForm(schema(*specs), data=typed, choosers=NoLists(), day=day)


def test_rows_of_a_repeating_group_are_answered_each_by_itself():
    form = sent(
        children(),
        children__rows="3",
        children__0__name="Образец",
        children__0__born="01.02.2024",
        children__0__garden="Ромашка",
        children__2__name="Пример",
        children__2__born="01.02.2010",
        children__2__garden="не спрашивали",
    )
    assert form.is_valid()
    assert form.answers == {
        "children": [
            {"name": "Образец", "born": "2024-02-01", "garden": "Ромашка"},
            {"name": "Пример", "born": "2010-02-01"},
        ]
    }


def test_what_is_wrong_in_a_row_is_told_beside_its_field():
    form = sent(
        children(),
        children__rows="2",
        children__1__name="Образец",
        children__1__born="вчера",
    )
    assert not form.is_valid()
    assert list(form.errors) == ["children.1.born"]
    form = sent(children(), children__rows="2", children__1__born="01.02.2024")
    assert not form.is_valid()
    assert sorted(form.errors) == ["children.1.garden", "children.1.name"]


def test_row_is_told_in_the_summary_of_errors():
    form = sent(children(), children__rows="2", children__1__born="01.02.2024")
    text = render_to_string("components/error_summary.html", {"form": form})
    assert "Ребёнок 2. " in text
    assert "Ребёнок 1" not in text


@pytest.mark.parametrize("hint", ["", "Фото или PDF", "Фото или PDF."])
def test_limits_of_files_stand_beside_the_hint_of_the_editor(hint):
    node = spec("file", help=hint, most_files=2, most_megabytes=7, accepts="photos")
    told = str(AnswerForm(schema(node), choosers=NoLists()).fields["q"].help_text)
    assert told.startswith("Фото или PDF. " if hint else "Файлов")
    assert "Файлов – до 2, каждый до 7 МБ" in told
    assert ".." not in told


def test_rows_that_are_needed_have_to_be_filled_in():
    form = sent(children(minimum=1), children__rows="0")
    assert not form.is_valid()
    assert list(form.errors) == ["children.0.name"]
    assert sent(children(), children__rows="0").is_valid()


@pytest.mark.parametrize("rows", ["999999", "-1", "x", "", "²"])
def test_number_of_rows_is_bounded(rows):
    form = sent(children(minimum=1), children__rows=rows)
    form.is_valid()
    assert form.rows_of(form.schema["steps"][0]["fields"][0]) in (1, 3)


def test_name_and_address_are_typed_in_parts():
    form = sent(
        spec("name", "who"),
        spec("address", "home"),
        who_family="Образцова",
        who_given="Анфиса",
        home_place="rajon",
        home_street="ул. Примерная, 1",
    )
    assert form.is_valid(), form.errors
    assert form.answers == {
        "who": {"family": "Образцова", "given": "Анфиса"},
        "home": {
            "slug": "rajon",
            "title": "Район",
            "around": ["oblast", "rajon"],
            "street": "ул. Примерная, 1",
        },
    }
    form = sent(spec("name", "who"), spec("address", "home"), who_family="Я", home_place="rajon")
    assert sorted(form.errors) == ["home", "who"]


def test_known_answers_stand_in_the_form_as_they_were_typed():
    answers = {
        "who": {"family": "Образцова", "given": "Анфиса"},
        "home": {"slug": "rajon", "title": "Район", "street": "ул. Примерная, 1"},
        "pay": 12500.5,
        "agree": True,
        "born": "2020-02-01",
        "children": [{"name": "Образец"}, {"name": "Пример"}],
    }
    specs = [
        spec("name", "who"),
        spec("address", "home"),
        spec("money", "pay"),
        spec("yesno", "agree"),
        spec("birth_date", "born"),
        children(),
    ]
    page = str(AnswerForm(schema(*specs), known=answers, choosers=NoLists()))
    for text in ("Образцова", "Анфиса", "ул. Примерная, 1", "12500", "Пример", "2020-02-01"):
        assert text in page
    assert 'value="rajon" selected' in page
    assert 'value="yes"' in page
    assert "checked" in page


def test_answer_may_be_needed_because_of_another():
    reason = {"op": "eq", "field": "ill", "value": True}
    specs = [spec("yesno", "ill"), spec("text", "how", require_if=reason)]
    assert sent(*specs, ill="no").is_valid()
    assert list(sent(*specs, ill="yes").errors) == ["how"]


def test_known_answer_is_not_asked_and_cannot_be_sent():
    rule = {"if": {"op": "eq", "field": "first", "value": True}, "value": "a"}
    specs = [spec("yesno", "first"), spec("choice", "kind", required=True, set=[rule])]
    form = sent(*specs, first="yes", kind="b")
    assert form.is_valid()
    assert form.answers == {"first": True, "kind": "a"}
    form = sent(*specs, first="no", kind="b")
    assert form.is_valid()
    assert form.answers == {"first": False, "kind": "b"}


def test_calculated_values_stand_among_the_answers():
    total = {"op": "sum", "of": [{"field": "pay"}, {"field": "more"}]}
    specs = [
        spec("money", "pay"),
        spec("money", "more"),
        spec("calc", "all", formula=total, unit="₽", shown=True),
    ]
    form = sent(*specs, pay="100", more="50,5", all="9")
    assert form.is_valid()
    assert form.answers == {"pay": 100, "more": 50.5, "all": 150.5}


def test_consent_that_another_answer_demands_has_to_be_given():
    reason = {"op": "eq", "field": "told", "value": True}
    specs = [spec("yesno", "told"), spec("consent", "agree", require_if=reason)]
    assert sent(*specs, told="no").is_valid()
    assert list(sent(*specs, told="yes").errors) == ["agree"]
    assert sent(*specs, told="yes", agree="on").is_valid()
