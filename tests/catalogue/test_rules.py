"""Rules as values: read from blocks, written to them, checked."""

import datetime
import json
from decimal import Decimal

import pytest

from catalogue import rules
from catalogue.loading import rows
from catalogue.loading.dataset import shape_of
from tests.catalogue.conftest import DATASET

FACTS = {
    row["field"]: shape_of(rows.FactRow.model_validate(row))
    for row in json.loads((DATASET / "facts.json").read_text())
}
MEASURES = json.loads((DATASET / "measures.json").read_text())


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure["slug"])
def test_every_measure_of_the_data_set_goes_into_blocks_and_back(measure):
    wanted = measure["condition_groups"]
    stream = rules.write(rules.from_json(wanted), FACTS)
    # What the database gives back is JSON.
    assert rules.to_json(rules.read(json.loads(json.dumps(stream)))) == wanted


def test_the_same_rules_give_the_same_blocks():
    variants = rules.from_json(MEASURES[0]["condition_groups"])
    assert rules.write(variants, FACTS) == rules.write(variants, FACTS)


def test_dates_note_and_act_of_a_condition_survive():
    rule = rules.Rule(
        "pregnant",
        "eq",
        True,
        note="Справка",
        valid_from=datetime.date(2026, 1, 1),
        valid_to=datetime.date(2026, 12, 31),
        legal_act=7,
    )
    assert rules.read(rules.write([(rule,)], FACTS)) == ((rule,),)


def test_any_answer_but_these_becomes_a_condition_for_each():
    block = {"options": ["heating=gas", "heating=stove"], "negate": True}
    read = rules.read_block({"type": "choice", "value": block})
    assert [(rule.operator, rule.value) for rule in read] == [("ne", "gas"), ("ne", "stove")]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "number", "value": {"fact": "children_count", "operator": "gte", "value": None}},
        {"type": "number", "value": {"fact": "x", "operator": "between", "value": 1, "upper": ""}},
        {"type": "number", "value": {"fact": "x", "operator": "eq", "value": "NaN"}},
        {"type": "date", "value": {"fact": "x", "operator": "eq", "value": "2026-02-30"}},
        {"type": "choice", "value": {"options": []}},
        {"type": "choice", "value": {"options": ["heating=gas", "citizenship=ru"]}},
        {"type": "flag", "value": {"fact": "pregnant", "value": ""}},
        {"type": "territory", "value": {"fact": "territory", "territory": ""}},
        {"type": "weather", "value": {}},
    ],
)
def test_a_half_filled_condition_is_an_error_and_not_a_crash(block):
    with pytest.raises(rules.RulesError):
        rules.read([{"type": "group", "value": {"conditions": [block]}}])


@pytest.mark.parametrize("number", ["1e13", "1e400", "-1e400", "1e999999"])
def test_a_number_without_measure_is_refused(number):
    block = {"fact": "children_count", "operator": "gte", "value": Decimal(number)}
    with pytest.raises(rules.RulesError, match="большое число"):
        rules.read_block({"type": "number", "value": block})


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (rules.Rule("children_count", "gte", -1), "value"),
        (rules.Rule("children_count", "gte", 10**400), "value"),
        (rules.Rule("children_count", "gte", float("inf")), "value"),
        (rules.Rule("children_count", "gte", float("nan")), "value"),
        (rules.Rule("child_school_grade", "lte", 12), "value"),
        (rules.Rule("child_school_grade", "between", [4, 1]), "upper"),
        (rules.Rule("child_school_grade", "between", 4), "upper"),
        (rules.Rule("child_school_grade", "between", [1, 12]), "upper"),
        (rules.Rule("children_count", "gte", "3"), "value"),
        (rules.Rule("children_count", "gte", True), "value"),
        (rules.Rule("child_birth_date", "gte", "2026-02-30"), "value"),
        (rules.Rule("child_birth_date", "between", ["2026-02-01", "2025-02-01"]), "upper"),
        (rules.Rule("pregnant", "eq", "yes"), "value"),
        (rules.Rule("pregnant", "gte", True), "operator"),
        (rules.Rule("heating", "eq", "coal"), "options"),
        (rules.Rule("heating", "in", []), "options"),
        (rules.Rule("territory", "eq", "atlantis"), "territory"),
        (rules.Rule("territory", "in", ["berdsk"]), "operator"),
        (
            rules.Rule(
                "pregnant",
                "eq",
                True,
                valid_from=datetime.date(2026, 2, 1),
                valid_to=datetime.date(2026, 1, 1),
            ),
            "valid_to",
        ),
    ],
)
def test_a_value_that_does_not_suit_its_fact_is_named_with_its_field(rule, field):
    found = rules.problems(rule, FACTS[rule.fact], {"berdsk"})
    assert [problem.field for problem in found] == [field]
    assert found[0].message


def test_good_conditions_have_no_problems():
    good = [
        rules.Rule("children_count", "gte", 3),
        rules.Rule("child_birth_date", "between", ["2019-01-01", "2030-12-31"]),
        rules.Rule("income_per_capita_rub", "lte", 42450.5),
        rules.Rule("heating", "in", ["stove", "gas"]),
        rules.Rule("territory", "eq", "berdsk"),
        rules.Rule("pregnant", "eq", False),
    ]
    for rule in good:
        assert rules.problems(rule, FACTS[rule.fact], {"berdsk"}) == []


@pytest.mark.parametrize(
    ("text", "number"), [("1.0", 1), ("0.22", 0.22), (Decimal("42450.00"), 42450), (3, 3)]
)
def test_numbers_are_whole_where_they_are_whole(text, number):
    plain = rules.plain_number(text)
    assert (plain, type(plain)) == (number, type(number))
