"""Conditions read as Russians speak."""

import datetime
import json
import re

import pytest

from catalogue.loading import rows
from catalogue.models import Measure
from catalogue.rules import Rule
from catalogue.words import (
    FactWords,
    Place,
    Vocabulary,
    describe,
    published_rules,
    spoken,
    vocabulary,
)
from tests.catalogue.conftest import DATASET

NBSP = "\N{NO-BREAK SPACE}"
SAID = rows.WordsFile.model_validate(json.loads((DATASET / "words.json").read_text()))
ROWS = [
    rows.FactRow.model_validate(row) for row in json.loads((DATASET / "facts.json").read_text())
]


def fact_words(row):
    said = SAID.facts[row.field]
    return FactWords(
        row.field,
        row.type.value,
        row.title,
        said.words or "",
        said.no or "",
        said.counted.value,
        tuple(form.strip() for form in (said.units or ",,").split(",")),
        {each.value: (each.label, said.options.get(each.value, "")) for each in row.options or []},
    )


WORDS = Vocabulary(
    {row.field: fact_words(row) for row in ROWS},
    {
        "leningradskaya-oblast": Place("Ленинградская область", "в Ленинградской области", 1),
        "berdsk": Place("Бердск", "в Бердске", 2),
        "gde-to": Place("Где-то"),
    },
)


def test_every_fact_has_words_of_its_own():
    assert {row.field for row in ROWS} == set(SAID.facts)
    for row in ROWS:
        said = SAID.facts[row.field]
        assert said.words, row.field
        assert "?" not in said.words
        if row.type == "bool":
            assert said.no
        else:
            assert said.words.count("{}") == 1
        assert set(said.options) == {option.value for option in row.options or []}


@pytest.mark.parametrize(
    ("fact", "operator", "value", "text"),
    [
        ("children_count", "gte", 3, "Трое или больше детей"),
        ("children_count", "gte", 1, "Хотя бы один ребёнок"),
        ("children_count", "eq", 0, "Нет детей"),
        ("children_count", "eq", 2, "Двое детей"),
        ("children_count", "eq", 1, "Один ребёнок"),
        ("children_count", "lte", 2, "Не больше двоих детей"),
        ("children_count", "lt", 2, "Не больше одного ребёнка"),
        ("children_count", "gt", 9, "10 или больше детей"),
        ("children_count", "between", [2, 4], "От 2 до 4 детей"),
        ("minor_children_count", "gte", 6, "Шестеро или больше детей младше 18 лет"),
        ("birth_order", "eq", 1, "Этот ребёнок в семье – первый"),
        ("birth_order", "gte", 3, "Этот ребёнок в семье – третий или следующий"),
        ("birth_order", "gte", 1, "Этот ребёнок в семье – любой по счёту"),
        ("birth_order", "between", [3, 5], "Этот ребёнок в семье – с третьего по пятый"),
        ("birth_order", "lt", 3, "Этот ребёнок в семье – с первого по второй"),
        ("youngest_child_age_months", "lt", 36, "Ребёнку меньше 3 лет"),
        ("youngest_child_age_months", "lt", 12, "Ребёнку меньше года"),
        ("youngest_child_age_months", "lt", 18, "Ребёнку меньше полутора лет"),
        ("youngest_child_age_months", "gte", 18, "Ребёнку полтора года или больше"),
        ("youngest_child_age_months", "lt", 6, "Ребёнку меньше 6 месяцев"),
        ("youngest_child_age_months", "lte", 1, "Ребёнку не больше месяца"),
        ("youngest_child_age_months", "lte", 21, "Ребёнку не больше 21 месяца"),
        ("youngest_child_age_months", "between", [12, 36], "Ребёнку от 1 до 3 лет"),
        ("youngest_child_age_months", "between", [6, 18], "Ребёнку от 6 до 18 месяцев"),
        ("child_age_years", "between", [6, 17], "Ребёнку от 6 до 17 лет"),
        ("child_age_years", "between", [0, 1], "Ребёнку от 0 до 1 года"),
        ("applicant_age_years", "gte", 50, "Вам 50 лет или больше"),
        ("applicant_age_years", "gte", 21, "Вам 21 год или больше"),
        ("parent_age_years", "eq", 23, "Родителю 23 года"),
        ("child_school_grade", "between", [5, 11], "Школьный класс ребёнка – с 5-го по 11-й"),
        ("child_school_grade", "eq", 1, "Школьный класс ребёнка – 1-й"),
        (
            "income_per_capita_vs_subsistence_ratio",
            "lte",
            1,
            "Доход на человека – не выше прожиточного минимума",
        ),
        (
            "income_per_capita_vs_subsistence_ratio",
            "lte",
            1.5,
            "Доход на человека – не выше 1,5 прожиточного минимума",
        ),
        (
            "income_per_capita_vs_subsistence_ratio",
            "lt",
            2,
            "Доход на человека – ниже 2 прожиточных минимумов",
        ),
        ("income_per_capita_rub", "lte", 42450, "Доход на человека в месяц – не больше 42 450 ₽"),
        ("debt_total_rub", "between", [25000, 1000000], "Всего должны от 25 000 до 1 000 000 ₽"),
        (
            "housing_share_of_income",
            "gt",
            0.22,
            "На квартплату и коммунальные услуги уходит больше 22 % дохода семьи",
        ),
        ("income_drop_percent", "gt", 30, "Падение дохода – больше 30 %"),
        (
            "adult_income_mrot_count",
            "gte",
            8,
            "Каждый взрослый заработал за год 8 МРОТ или больше",
        ),
        ("child_birth_date", "gte", "2020-01-01", "Ребёнок родился 1 января 2020 года или позже"),
        ("mortgage_date", "lt", "2031-07-01", "Договор ипотеки подписан до 1 июля 2031 года"),
        (
            "child_birth_date",
            "between",
            ["2019-01-01", "2030-12-31"],
            "Ребёнок родился с 1 января 2019 года по 31 декабря 2030 года",
        ),
        ("child_disability", "eq", True, "У ребёнка есть инвалидность"),
        ("child_disability", "eq", False, "У ребёнка нет инвалидности"),
        ("territory", "eq", "leningradskaya-oblast", "Живёте в Ленинградской области"),
        ("territory", "eq", "gde-to", "Место жительства – Где-то"),
        ("territory", "eq", "neizvestno", "Место жительства – neizvestno"),
        ("citizenship", "eq", "ru", "Гражданство – российское"),
        ("citizenship", "ne", "ru", "Гражданство – любой ответ, кроме «Россия»"),
        (
            "guardianship",
            "in",
            ["guardianship", "foster", "patronage"],
            "Ребёнок под опекой (попечительством), в приёмной семье или под патронатом",
        ),
        (
            "debt_enforcement",
            "in",
            ["over_seven_years", "year_on_benefits"],
            "Взыскание долга – одно из: идёт больше семи лет; "
            "идёт больше года, а доход – только пенсия или детское пособие",
        ),
    ],
)
def test_a_condition_is_said_in_good_russian(fact, operator, value, text):
    assert spoken(Rule(fact, operator, value), WORDS).replace(NBSP, " ") == text


def test_the_term_of_a_condition_is_said():
    rule = Rule("pregnant", "eq", True, valid_to=datetime.date(2026, 12, 31))
    assert (
        spoken(rule, WORDS).replace(NBSP, " ") == "В семье ждут ребёнка (до 31 декабря 2026 года)"
    )


def test_a_fact_without_words_falls_back_to_its_name():
    words = Vocabulary(
        {
            "cats": FactWords("cats", "number", "Кошек дома", units=("шт.", "шт.", "шт.")),
            "dog": FactWords("dog", "bool", "Собака"),
            "pet": FactWords("pet", "choice", "Питомец", options={"cat": ("Кошка", "")}),
        }
    )
    said = [
        spoken(rule, words).replace(NBSP, " ")
        for rule in (
            Rule("cats", "gte", 2),
            Rule("dog", "eq", True),
            Rule("dog", "eq", False),
            Rule("pet", "eq", "cat"),
        )
    ]
    assert said == [
        "Кошек дома – 2 шт. или больше",
        "Собака",
        "Собака – нет",
        "Питомец – «Кошка»",
    ]


PREGNANT, MANY = Rule("pregnant", "eq", True), Rule("children_count", "gte", 3)
POOR = Rule("in_tzhs", "eq", True)
HERE = Rule("territory", "eq", "leningradskaya-oblast")
THERE = Rule("territory", "eq", "berdsk")


def shown(*variants, day=None):
    told = describe(variants, WORDS, day)
    return [line.rule for line in told.common], [
        [line.rule for line in variant] for variant in told.variants
    ]


def test_what_every_way_asks_for_comes_first():
    assert shown((HERE, PREGNANT), (HERE, MANY)) == ([HERE], [[PREGNANT], [MANY]])


def test_a_single_way_is_all_common():
    assert shown((HERE, PREGNANT)) == ([HERE, PREGNANT], [])


def test_a_way_that_asks_for_nothing_more_makes_the_others_needless():
    assert shown((HERE,), (HERE, MANY)) == ([HERE], [])


def test_ways_that_repeat_for_several_places_are_said_once():
    places = Rule("territory", "in", ["leningradskaya-oblast", "berdsk"])
    assert shown((HERE,), (THERE,)) == ([places], [])
    assert shown((HERE, MANY), (HERE, POOR), (THERE, MANY), (THERE, POOR)) == (
        [places],
        [[MANY], [POOR]],
    )
    # Not the same everywhere: then the ways stay as they are.
    assert shown((HERE, MANY), (THERE, POOR))[1] == [[HERE, MANY], [THERE, POOR]]


def test_no_conditions_are_for_everybody():
    assert describe((), WORDS).for_everybody
    assert describe(((),), WORDS).for_everybody
    assert not describe(((MANY,),), WORDS).for_everybody


def test_a_condition_that_has_ended_is_not_said():
    ended = Rule("pregnant", "eq", True, valid_to=datetime.date(2026, 1, 1))
    assert shown((HERE, ended), day=datetime.date(2026, 1, 2)) == ([HERE], [])
    assert shown((HERE, ended), day=datetime.date(2026, 1, 1)) == ([HERE, ended], [])


def test_all_measures_read_well(loaded):
    for measure in Measure.objects.all():
        variants = published_rules(measure)
        told = describe(variants, vocabulary(variants))
        lines = [*told.common, *(line for variant in told.variants for line in variant)]
        for line in lines:
            assert re.fullmatch(r"[А-ЯЁ0-9].*[^\s.,;:–]", line.text), line.text
            assert not re.search(r"[{}_?]|[a-z]{3}|None|True|  ", line.text), line.text


def test_the_words_of_a_measure_cost_three_queries(loaded, django_assert_max_num_queries):
    measure = Measure.objects.get(slug="lo-lager")
    with django_assert_max_num_queries(3):
        variants = published_rules(measure)
        described = describe(variants, vocabulary(variants))
    assert described.common[0].text == "Живёте в Ленинградской области"
