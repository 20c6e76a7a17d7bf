"""Conditions and formulas: one table for the server and for the browser, and random ones beside."""

import datetime
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms import logic
from forms.course import course
from forms.formulas import calculate

DAY = datetime.date(2026, 11, 22)
VECTORS = json.loads((Path(__file__).parent / "logic_vectors.json").read_text())
SCRIPT = Path(__file__).parents[2] / "forms/static/intake_forms/logic.js"

# Few keys, and some that every object of JavaScript has.
KEYS = ["a", "b", "born", "toString", "constructor"]
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.sampled_from([10**12, -(10**12), 999_999_999_999.99, 0.01, 1.005, 0.285]),
    st.sampled_from(
        ["1900-01-01", "2100-12-31", "2008-02-29", "0000-01-01", "20240229", "ё", "😀"]
    ),
    st.sampled_from([0.5, -0.125, 33.333, "", "x", "y", "2023-11-22", "2024-02-29", "2023-02-30"]),
    st.lists(st.sampled_from(["x", "y"]), max_size=2),
    st.just({"slug": "x", "title": "Икс", "around": ["r", "x"]}),
)
ROWS = st.lists(st.dictionaries(st.sampled_from(KEYS), PLAIN, max_size=3), max_size=3)
ANSWERS = st.dictionaries(st.sampled_from([*KEYS, "rows"]), st.one_of(PLAIN, ROWS), max_size=5)


def _comparison(fields):
    wanted = st.one_of(
        st.booleans(), st.integers(-3, 40), st.sampled_from([0.5, "x", "r", "2024-01-01"])
    )
    single = st.fixed_dictionaries(
        {
            "op": st.sampled_from([op for op in logic.OPERATORS if op != "in"]),
            "field": st.sampled_from(fields),
            "part": st.sampled_from(logic.PARTS),
            "value": wanted,
        }
    )
    listed = st.fixed_dictionaries(
        {
            "op": st.just("in"),
            "field": st.sampled_from(fields),
            "value": st.lists(wanted, max_size=3),
        }
    )
    return st.one_of(single, listed)


def _conditions(fields):
    return st.recursive(
        _comparison(fields),
        lambda inner: st.one_of(
            st.fixed_dictionaries(
                {"op": st.sampled_from(logic.JOINTS), "of": st.lists(inner, max_size=3)}
            ),
            st.fixed_dictionaries({"op": st.just("not"), "of": inner}),
            st.fixed_dictionaries(
                {
                    "op": st.sampled_from(logic.QUANTIFIERS),
                    "field": st.sampled_from(fields),
                    "of": inner,
                }
            ),
        ),
        max_leaves=6,
    )


CONDITIONS = _conditions([*KEYS, "rows"])
OPERANDS = st.one_of(
    st.fixed_dictionaries({"number": st.sampled_from([0, 1, 2.5, -7, 10**12, 0.000001])}),
    st.fixed_dictionaries({"field": st.sampled_from(KEYS), "part": st.sampled_from(logic.PARTS)}),
    st.fixed_dictionaries(
        {
            "field": st.just("rows"),
            "each": st.sampled_from(KEYS),
            "part": st.sampled_from(logic.PARTS),
        }
    ),
)


@st.composite
def schemas(draw):
    """Any form: steps, groups, rows, conditions on what stands before."""

    def node(number, types):
        kind = draw(st.sampled_from(types))
        key = draw(st.sampled_from(KEYS)) if number is None else f"{KEYS[number % 5]}{number}"
        made = {"key": key, "type": kind, "show_if": draw(st.none() | CONDITIONS)}
        if kind == "group":
            made["fields"] = [node(None, ["text", "info", "calc"]) for _ in range(2)]
        elif kind == "repeat":
            made |= {"key": "rows", "minimum": draw(st.integers(0, 1)), "maximum": 2}
            made |= {"required": False, "fields": [node(None, ["text", "info", "calc"])] * 2}
        elif kind == "calc":
            operation = st.sampled_from(["sum", "difference", "product", "quotient"])
            made["formula"] = {
                "op": draw(operation | st.sampled_from(["minimum", "maximum"])),
                "of": draw(st.lists(OPERANDS, min_size=1, max_size=3)),
            }
        elif kind == "text":
            rule = st.fixed_dictionaries({"if": CONDITIONS, "value": st.sampled_from(["x", 5])})
            made |= {"required": draw(st.booleans()), "set": draw(st.lists(rule, max_size=1))}
            made["require_if"] = draw(st.none() | CONDITIONS)
        return made

    kinds = ["text", "text", "info", "group", "repeat", "calc"]
    return {
        "steps": [
            {
                "id": str(step),
                "show_if": draw(st.none() | CONDITIONS),
                "fields": [node(None, kinds) for _ in range(draw(st.integers(1, 3)))],
            }
            for step in range(draw(st.integers(1, 3)))
        ]
    }


@pytest.fixture(scope="module")
def script(chromium):
    """The browser's side: a function of the script, called with JSON."""
    page = chromium.new_page()
    page.add_script_tag(content=SCRIPT.read_text())

    def call(what, *parts):
        plain = "value instanceof Set ? [...value].sort() : value"
        return json.loads(
            page.evaluate(
                f"([what, parts]) => JSON.stringify(window.formLogic[what](...parts),"
                f" (key, value) => {plain})",
                [what, json.loads(json.dumps(parts))],
            )
        )

    yield call
    page.close()


def told(vector):
    if "formula" in vector:
        return calculate(vector["formula"], vector["known"], DAY)
    return logic.holds(vector["if"], vector["known"], DAY)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_table_on_the_server(vector):
    wanted = vector["value"] if "formula" in vector else vector["holds"]
    assert told(vector) == wanted
    assert type(told(vector)) is type(wanted)


@pytest.mark.browser
def test_table_in_the_browser(script):
    for vector in VECTORS:
        if "formula" in vector:
            said = script("calculate", vector["formula"], vector["known"], DAY.isoformat())
            assert said == vector["value"], vector["name"]
        else:
            said = script("holds", vector["if"], vector["known"], DAY.isoformat())
            assert said is vector["holds"], vector["name"]


def test_an_operand_beyond_all_numbers_gives_no_value():
    formula = {"op": "sum", "of": [{"number": 10**400}, {"number": 1}]}
    assert calculate(formula, {}, DAY) is None


def test_every_operator_stands_in_the_table():
    named = {vector["if"]["op"] for vector in VECTORS if "if" in vector}
    assert named == {*logic.OPERATORS, *logic.JOINTS, *logic.QUANTIFIERS, "not"}


@pytest.mark.browser
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(schema=schemas(), answers=ANSWERS)
def test_any_form_takes_the_same_course_on_the_server_and_in_the_browser(script, schema, answers):
    here = course(schema, answers, DAY)
    there = script("course", schema, answers, DAY.isoformat())
    assert there == {
        "steps": here.steps,
        "asked": sorted(here.asked),
        "needed": sorted(here.needed),
        "answers": json.loads(json.dumps(here.answers)),
    }


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {"op": "like", "field": "a", "value": "x"},
        {"op": "eq", "field": "a"},
        {"op": "eq", "field": "", "value": "x"},
        {"op": "eq", "field": 3, "value": "x"},
        {"op": "eq", "field": "a", "value": "x", "part": "half"},
        {"op": "in", "field": "a", "value": "x"},
        {"op": "all", "of": {"op": "filled", "field": "a"}},
        {"op": "not", "of": []},
        {"op": "some", "of": {"op": "filled", "field": "a"}},
    ],
)
def test_what_is_no_condition_is_refused(wrong):
    with pytest.raises(logic.BadCondition):
        logic.check(wrong)


def test_conditions_that_lie_too_deep_are_refused():
    condition = {"op": "filled", "field": "a"}
    for _ in range(logic.DEEPEST):
        condition = {"op": "not", "of": condition}
    with pytest.raises(logic.BadCondition):
        logic.check(condition)


@given(CONDITIONS)
def test_what_is_a_condition_is_accepted_and_names_its_questions(condition):
    logic.check(condition)
    assert set(logic.fields_in(condition)) <= {*KEYS, "rows"}
