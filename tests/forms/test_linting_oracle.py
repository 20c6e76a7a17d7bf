"""The linter against all answers: small random forms, every way of filling them in tried.

What is asked is read from forms.course alone: a copy of the form holds words before every node
that are shown exactly when the condition in question holds.
"""

from __future__ import annotations

import datetime
import itertools
import re
from typing import Any

from django.http import QueryDict
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from forms.answers import AnswerForm
from forms.course import course
from forms.linting import lint
from forms.linting.candidates import Lists
from forms.linting.paths import Paths

DAY = datetime.date(2026, 11, 22)
MOST = 3000  # ways of filling in, of one form
JUDGED = {
    *("never_asked", "always_asked", "rule_unused", "rules_disagree", "dead_end"),
    *("needed_hidden", "never_needed", "always_needed"),
}

# All answers to a kind of question; the empty one is added.
KINDS: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "yesno": ({}, [True, False]),
    "choice": (
        {"options": [{"value": each, "label": each} for each in "xyz"]},
        ["x", "y", "z"],
    ),
    "multichoice": (
        {"options": [{"value": each, "label": each} for each in "xyz"]},
        [list(some) for n in (1, 2, 3) for some in itertools.combinations("xyz", n)],
    ),
    "number": ({"minimum": 0, "maximum": 3, "whole": True, "unit": ""}, [0, 1, 2, 3]),
    "birth_date": ({"unborn": False}, [f"{2026 - n}-11-22" for n in range(4)] + ["1950-01-01"]),
    "impossible": ({"minimum": 0.2, "maximum": 0.7, "whole": True, "unit": ""}, []),
}
TESTS = {
    "yesno": [("eq", "answer", [True, False]), ("filled", "answer", [None]), ("empty", "answer", [None])],
    "choice": [("eq", "answer", list("xyz")), ("ne", "answer", list("xyz")), ("in", "answer", [["x", "y"]]), ("filled", "answer", [None])],
    "multichoice": [("contains", "answer", list("xyz")), ("lacks", "answer", list("xyz")), ("ge", "count", [1, 2, 3]), ("lt", "count", [1, 3])],
    "number": [(op, "answer", [0, 1, 3, 4]) for op in ("eq", "ne", "lt", "le", "gt", "ge")] + [("empty", "answer", [None])],
    "birth_date": [("ge", "age", [1, 3]), ("lt", "age", [1, 2]), ("eq", "age", [2])],
    "impossible": [("filled", "answer", [None]), ("empty", "answer", [None])],
    "repeat": [("ge", "count", [1, 2]), ("eq", "count", [0, 1, 2]), ("lt", "count", [2])],
}  # fmt: skip


@st.composite
def comparison(draw, known, inside=""):
    key, (kind, repeat) = draw(st.sampled_from(sorted(known.items())))
    op, part, wanted = draw(st.sampled_from(TESTS[kind]))
    found = {"op": op, "field": key, "part": part}
    value = draw(st.sampled_from(wanted))
    if value is not None:
        found["value"] = value
    if repeat and repeat != inside:
        return {"op": draw(st.sampled_from(["some", "every"])), "field": repeat, "of": found}
    return found


@st.composite
def conditions(draw, known, inside=""):
    """A condition over what is known, or none."""
    if not known or draw(st.integers(0, 2)) == 0:
        return None
    one = draw(comparison(known, inside))
    shape = draw(st.sampled_from(["one", "one", "all", "any", "not"]))
    if shape == "one":
        return one
    if shape == "not":
        return {"op": "not", "of": one}
    return {"op": shape, "of": [one, draw(comparison(known, inside))]}


@st.composite
def question(draw, key, known, inside=""):
    kind = draw(st.sampled_from([*KINDS, "yesno", "choice", "number"]))
    own, answers = KINDS[kind]
    node = {
        "key": key,
        "type": "number" if kind == "impossible" else kind,
        "label": key,
        "help": "",
        "required": draw(st.booleans()),
        "personal": False,
        "purpose": "",
        "show_if": draw(conditions(known, inside)),
        "require_if": draw(conditions(known, inside)),
        "set": [],
        **own,
    }
    if answers and kind != "birth_date" and draw(st.integers(0, 2)) == 0:
        rules = [draw(conditions(known, inside)) for _ in range(draw(st.integers(1, 2)))]
        node["set"] = [
            {"if": rule, "value": draw(st.sampled_from(answers))} for rule in rules if rule
        ]
    known[key] = (kind, inside)
    return node


@st.composite
def forms(draw):
    known: dict[str, Any] = {}
    steps, names = [], iter("abcdefgh")
    left = draw(st.integers(2, 6))
    while left > 0:
        step = {"id": f"s{len(steps)}", "title": "Шаг", "show_if": draw(conditions(known))}
        fields = []
        for _number in range(draw(st.integers(1, left))):
            left -= 1
            key = next(names)
            if draw(st.integers(0, 4)) == 0 and not any(
                kind == "repeat" for kind, _r in known.values()
            ):
                fields.append(draw(repeat(key, known)))
            elif draw(st.integers(0, 4)) == 0:
                show = draw(conditions(known))
                inner = [draw(question(key, known))]
                fields.append({"key": f"g{key}", "type": "group", "label": "", "required": False,
                               "show_if": show, "fields": inner})  # fmt: skip
            else:
                fields.append(draw(question(key, known)))
        steps.append({**step, "fields": fields})
    return {"format": 2, "slug": "f", "title": "", "retention_days": 1, "steps": steps}


@st.composite
def repeat(draw, key, known):
    show, inner = draw(conditions(known)), dict(known)
    # Words that nothing looks at: a row is never empty, so every row counts.
    free = {"key": f"{key}9", "type": "text", "label": "", "help": "", "required": draw(st.booleans()),
            "max_length": 20, "personal": False, "purpose": "", "show_if": None,
            "require_if": None, "set": []}  # fmt: skip
    rows = [draw(question(f"{key}{n}", inner, key)) for n in range(draw(st.integers(1, 2)))]
    rows.append(free)
    known.update(inner)
    known[key] = ("repeat", "")
    least = draw(st.integers(0, 1))
    return {
        "key": key, "type": "repeat", "label": key, "row_title": "Ряд", "required": bool(least),
        "minimum": least, "maximum": 2, "show_if": show, "fields": rows,
    }  # fmt: skip


def words(key, condition):
    return {"key": key, "type": "info", "label": "", "required": False, "show_if": condition}


def both(*some):
    return {"op": "all", "of": [each for each in some if each is not None]}


def probes(node, prefix="") -> list[dict[str, Any]]:
    key, show = node["key"], node.get("show_if")
    rules = [rule["if"] for rule in node.get("set", ())]
    found = [words(f"{key}~around", None), words(f"{key}~shown", show)]
    if node.get("require_if"):
        found.append(words(f"{key}~require", both(show, node["require_if"])))
    for n, rule in enumerate(rules):
        before = [{"op": "not", "of": other} for other in rules[:n]]
        found.append(words(f"{key}~first{n}", both(show, rule, *before)))
        for m in range(n):
            found.append(words(f"{key}~both{m}{n}", both(show, rules[m], rule)))
    return found


def probed(schema):
    """The same form with words that tell what holds where."""

    def inside(nodes):
        for node in nodes:
            yield from probes(node)
            yield {**node, "fields": list(inside(node["fields"]))} if "fields" in node else node

    last = [
        words(f"{node['key']}~hidden", node["require_if"])
        for node in flat(schema) if node.get("require_if") and not node.get("in")
    ]  # fmt: skip
    steps = [{**step, "fields": list(inside(step["fields"]))} for step in schema["steps"]]
    return {**schema, "steps": [*steps, {"id": "last", "show_if": None, "fields": last}]}


def flat(schema):
    for step in schema["steps"]:
        for node in step["fields"]:
            yield node
            for inner in node.get("fields", ()):
                yield {**inner, "in": node["key"] if node["type"] == "repeat" else ""}


def domain(node):
    if node["type"] == "repeat":
        kinds = [
            {k: v for k, v in zip((n["key"] for n in node["fields"]), some, strict=True) if v is not None}
            for some in itertools.product(*(domain(inner) for inner in node["fields"]))
        ]  # fmt: skip
        return [
            list(rows)
            for count in range(node["minimum"], 3)
            for rows in itertools.combinations_with_replacement(kinds, count)
        ]
    if node["type"] == "text":
        return ["x"]
    kind = "impossible" if node.get("maximum") == 0.7 else node["type"]
    return [*KINDS[kind][1], None]


def is_sound(schema, given, found):
    """Somebody could send that: what is needed is answered, but for what nobody can answer."""
    nodes = {node["key"]: node for node in flat(schema)}
    for path in found.needed:
        parts = path.split(".")
        value = given.get(path) if len(parts) == 1 else given[parts[0]][int(parts[1])].get(parts[2])
        if value in (None, "", []) and domain(nodes[parts[-1]]) != [None]:
            return False
    for node in nodes.values():
        if node["type"] == "repeat" and node["key"] in found.asked:
            for number, row in enumerate(given.get(node["key"]) or ()):
                answered = [k for k in row if f"{node['key']}.{number}.{k}" in found.asked]
                if not answered and number >= node["minimum"]:
                    return False
    return True


def everything(schema):
    """What was asked on each way of filling the form in, rows taken together; and the needed."""
    questions = [node for node in flat(schema) if node["type"] != "group" and not node.get("in")]
    domains = [domain(node) for node in questions]
    size = 1
    for each in domains:
        size *= len(each)
    assume(size <= MOST)
    event(f"ways: {len(str(size))} digits")
    seen: set[Any] = set()
    full = probed(schema)
    for some in itertools.product(*domains):
        answers = {
            node["key"]: value
            for node, value in zip(questions, some, strict=True)
            if value not in (None, [])
        }
        found = course(full, answers, DAY)
        if is_sound(schema, answers, found):
            for each in split(found):
                seen.add(each)
    return seen


def split(found):
    """For every row on its own: paths without the numbers of rows."""
    numbers = {m[1] for path in found.asked if (m := re.search(r"\.(\d)\.", path))} or {"0"}
    for number in numbers:
        keep = lambda paths: frozenset(  # noqa: E731
            path.rsplit(".", 1)[-1]
            for path in paths
            if "." not in path or f".{number}." in path  # noqa: B023
        )
        yield keep(found.asked), keep(found.needed), frozenset(found.steps)


def expected(schema, seen) -> set[tuple[str, str]]:
    """The findings that all answers give."""
    found = set()
    for step in schema["steps"]:
        if step["show_if"] is not None:
            shown = {step["id"] in steps for _a, _n, steps in seen}
            found |= {("never_asked", f"step:{step['id']}")} if shown == {False} else set()
            found |= {("always_asked", f"step:{step['id']}")} if shown == {True} else set()
    for node in flat(schema):
        key = node["key"]
        path = f"{node['in']}.{key}" if node.get("in") else key
        around = [each for each in seen if f"{key}~around" in each[0]]
        reached = [each for each in around if f"{key}~shown" in each[0]]
        asked = [each for each in reached if key in each[0]]
        if not around:
            continue
        if node["show_if"] is not None:
            if not reached:
                found.add(("never_asked", path))
            elif len(reached) == len(around):
                found.add(("always_asked", path))
        if node["type"] == "group":
            continue
        if node.get("set") and reached:
            if not asked:
                found.add(("never_asked", path))
            for n, rule in enumerate(node["set"]):
                if not any(f"{key}~first{n}" in each[0] for each in reached):
                    found.add(("rule_unused", path))
                for m in range(n):
                    differ = node["set"][m]["value"] != rule["value"]
                    if differ and any(f"{key}~both{m}{n}" in each[0] for each in reached):
                        found.add(("rules_disagree", path))
        is_hopeless = node["type"] != "repeat" and domain(node) == [None]
        if is_hopeless and any(key in each[1] for each in asked):
            found.add(("dead_end", path))
        if node.get("require_if") and asked:
            needed = [each for each in asked if f"{key}~require" in each[0]]
            if len(needed) == len(asked) and not node["required"]:
                found.add(("always_needed", path))
            if not needed and not node.get("in"):
                hidden = any(f"{key}~hidden" in each[0] for each in seen)
                found.add(("needed_hidden" if hidden else "never_needed", path))
    return found


def typed(answers: dict[str, Any], prefix: str = "a-") -> QueryDict:
    """Answers as a browser sends them."""
    data = QueryDict(mutable=True)
    for key, value in answers.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            data[f"{prefix}{key}.rows"] = str(len(value))
            for number, row in enumerate(value):
                data.update(typed(row, f"{prefix}{key}.{number}."))
        elif isinstance(value, list):
            data.setlist(f"{prefix}{key}", value)
        elif isinstance(value, bool):
            data[f"{prefix}{key}"] = "yes" if value else "no"
        else:
            data[f"{prefix}{key}"] = str(value)
    return data


def holds_for(finding, schema) -> bool:
    """The answers of a finding show what it tells."""
    answers = finding.answers
    found = course(probed(schema), answers, DAY)
    key = finding.path.rsplit(".", 1)[-1]
    names = {path.rsplit(".", 1)[-1] for path in found.asked}
    if finding.path.startswith("step:"):
        return (finding.path[5:] in found.steps) == (finding.code == "always_asked")
    if finding.code == "never_asked":
        return f"{key}~around" in names and key not in names
    if finding.code == "rules_disagree":
        return any(f"{key}~both" in name for name in names)
    if finding.code == "dead_end":
        return any(path.rsplit(".", 1)[-1] == key for path in found.needed)
    if finding.code == "needed_hidden":
        in_row = "." in finding.path  # where the words of a row cannot stand outside of it
        return key not in names and (in_row or f"{key}~hidden" in names)
    return f"{key}~shown" in names


@settings(
    max_examples=120, deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(forms())
def test_linter_agrees_with_all_answers(schema):
    seen = everything(schema)
    report = lint(schema, day=DAY)
    assert not report.unfinished
    found = {(f.code, f.path) for f in report.findings if f.code in JUDGED}
    rows = {node["key"] for node in flat(schema) if node.get("in")}
    found = {
        (code, path) for code, path in found
        if not (code in ("needed_hidden", "never_needed") and path.rsplit(".", 1)[-1] in rows)
    }  # fmt: skip
    assert found == expected(schema, seen)

    paths = Paths(schema, Lists(), DAY)
    for place in paths.places:
        if not place.is_step and place.node["type"] != "group":
            can = any(
                paths.is_reached(place, way) and not paths.is_known(place, way)
                for way in paths.to(place).found
            )
            assert can == any(place.node["key"] in asked for asked, _n, _s in seen)

    nodes = {node["key"]: node for node in flat(schema)}
    impossible = {
        key for key, node in nodes.items() if node["type"] != "group" and domain(node) == [None]
    }
    for finding in report.findings:
        if finding.code in JUDGED:
            event(finding.code)
            assert holds_for(finding, schema), finding
            went = course(schema, finding.answers, DAY)
            assert is_sound(schema, finding.answers, went), finding
            if not {path.rsplit(".", 1)[-1] for path in went.needed} & impossible:
                form = AnswerForm(schema, data=typed(finding.answers), day=DAY)
                assert form.is_valid(), (finding, form.errors)
                assert form.answers == went.answers
