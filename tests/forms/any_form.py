"""Any form, any answers to it, and what has to come of them, worked out in the plainest way.

A form is what an editor's blocks hold, as in tests.intake. An answer is drawn together with its
meaning: a value, nothing (NONE), or something that cannot be an answer (WRONG). `judge` follows the
blocks from the first to the last; it shares nothing with forms.course, forms.logic, forms.answers.
"""

from __future__ import annotations

import datetime
import math
import uuid
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

NONE, WRONG = None, "wrong!"
PLACE = {"slug": "rajon", "title": "Образцовый район", "around": ["strana", "oblast", "rajon"]}

# What can be asked of an earlier answer: operator, part, the value as an editor types it.
TESTS: dict[str, list[tuple[str, str, str]]] = {
    "text": [("eq", "answer", "да"), ("ne", "answer", "да"), ("in", "answer", "да, нет"), ("filled", "answer", ""), ("empty", "answer", "")],
    "longtext": [("filled", "answer", ""), ("empty", "answer", "")],
    "number": [(op, "answer", value) for op in ("eq", "ne", "lt", "le", "gt", "ge") for value in ("0", "3", "12.5")] + [("empty", "answer", "")],
    "money": [("ge", "answer", "1000"), ("lt", "answer", "12.5"), ("filled", "answer", "")],
    "date": [("lt", "answer", "2026-09-01"), ("ge", "answer", "2026-09-01"), ("eq", "answer", "2026-09-01"), ("empty", "answer", "")],
    "birth_date": [("ge", "age", "3"), ("lt", "age", "18"), ("ne", "age", "6"), ("empty", "age", ""), ("le", "answer", "2020-02-29"), ("filled", "answer", "")],
    "time": [("filled", "answer", ""), ("empty", "answer", "")],
    "yesno": [("eq", "answer", "yes"), ("ne", "answer", "yes"), ("eq", "answer", "no"), ("filled", "answer", "")],
    "choice": [("eq", "answer", "x"), ("ne", "answer", "y"), ("in", "answer", "x, z"), ("empty", "answer", "")],
    "multichoice": [("contains", "answer", "x"), ("lacks", "answer", "y"), ("ge", "count", "2"), ("eq", "count", "0"), ("filled", "answer", "")],
    "phone": [("filled", "answer", ""), ("empty", "answer", "")],
    "email": [("filled", "answer", ""), ("empty", "answer", "")],
    "snils": [("filled", "answer", ""), ("empty", "answer", "")],
    "contact": [("filled", "answer", ""), ("empty", "answer", "")],
    "inn": [("eq", "answer", "500100732259"), ("empty", "answer", "")],
    "name": [("filled", "answer", ""), ("empty", "answer", "")],
    "consent": [("eq", "answer", "yes"), ("eq", "answer", "no"), ("ne", "answer", "yes"), ("filled", "answer", "")],
    "territory": [("within", "answer", "oblast"), ("eq", "answer", "rajon"), ("ne", "answer", "oblast"), ("in", "answer", "rajon, oblast"), ("empty", "answer", "")],
    "address": [("within", "answer", "oblast"), ("within", "answer", "drugaja"), ("filled", "answer", "")],
    "file": [("filled", "answer", ""), ("empty", "answer", ""), ("eq", "count", "0")],
    "calc": [("ge", "answer", "5"), ("lt", "answer", "5"), ("eq", "answer", "0"), ("empty", "answer", "")],
    "repeat": [("ge", "count", "2"), ("eq", "count", "0"), ("lt", "count", "2"), ("ne", "count", "1")],
}  # fmt: skip
ONCE = ("consent", "contact", "territory", "address")
SETTABLE = {"text": "да", "number": "3", "money": "12.5", "date": "2026-09-01", "yesno": "no", "choice": "y", "multichoice": "x, z"}  # fmt: skip
KINDS = [kind for kind in TESTS if kind not in ("calc", "repeat")]


def block(kind: str, **value: Any) -> dict[str, Any]:
    return {"type": kind, "id": str(uuid.uuid4()), "value": value}


def item(value: Any) -> dict[str, Any]:
    return {"type": "item", "id": str(uuid.uuid4()), "value": value}


class Known:
    """What stands before: kinds of questions by key, and the repeating group of each."""

    def __init__(self) -> None:
        self.kinds: dict[str, tuple[str, str]] = {}
        self.exact = {"date": set(), "whole": set()}
        self.used = 0

    def key(self) -> str:
        self.used += 1
        return f"k{self.used}"

    def usable(self, inside: str) -> list[str]:
        return sorted(self.kinds)


@st.composite
def test_of(draw, known: Known, inside: str) -> dict[str, Any]:
    key = draw(st.sampled_from(known.usable(inside)))
    op, part, value = draw(st.sampled_from(TESTS[known.kinds[key][0]]))
    rows = draw(st.sampled_from(["some", "every"]))
    return {"field": key, "rows": rows, "part": part, "op": op, "value": value}


@st.composite
def conditions(draw, known: Known, inside: str = "", least: int = 0) -> list[dict[str, Any]]:
    if not known.kinds:
        return []
    found = []
    for _ in range(draw(st.sampled_from([least, least, 1, 1, 2]))):
        if draw(st.integers(0, 3)) == 0:
            some = draw(st.lists(test_of(known, inside), min_size=1, max_size=2))
            found.append(block("any_of") | {"value": [item(one) for one in some]})
        else:
            found.append(block("test") | {"value": draw(test_of(known, inside))})
    return found


@st.composite
def question(draw, known: Known, inside: str = "") -> dict[str, Any]:
    kinds = [kind for kind in KINDS if not (inside and kind in ONCE)]
    kind = draw(st.sampled_from([*kinds, "yesno", "choice", "number", "text"]))
    key = known.key()
    value: dict[str, Any] = {
        "label": f"Вопрос {key}",
        "key": key,
        "required": draw(st.booleans()),
        "show_if": draw(conditions(known, inside)),
        "require_if": draw(conditions(known, inside)),
    }
    if kind in ("choice", "multichoice"):
        value["options"] = [item({"value": one, "label": f"Ответ {one}"}) for one in "xyz"]
    if kind in ("number", "money"):
        value |= draw(st.sampled_from([{}, {"minimum": None}, {"minimum": "-5", "maximum": "40"}]))
    if kind == "number":
        value["whole"] = draw(st.booleans())
    if kind == "birth_date":
        value["unborn"] = draw(st.booleans())
    if kind == "text":
        value["max_length"] = 12
    if kind in SETTABLE and known.kinds and draw(st.integers(0, 3)) == 0:
        rules = draw(conditions(known, inside, least=1))
        value["set"] = [item({"conditions": rules, "value": SETTABLE[kind]})] if rules else []
    known.kinds[key] = (kind, inside)
    return block(kind, **value)


@st.composite
def calculated(draw, known: Known, inside: str = "") -> dict[str, Any]:
    gives = {"number": ["answer"], "money": ["answer"], "birth_date": ["age"], "repeat": ["count"], "multichoice": ["count"], "calc": ["answer"]}  # fmt: skip
    usable = [key for key in known.usable(inside) if known.kinds[key][0] in gives]
    operands = []
    for _ in range(draw(st.integers(1, 3))):
        if usable and draw(st.booleans()):
            key = draw(st.sampled_from(usable))
            part = gives[known.kinds[key][0]][0]
            operands.append({"field": key, "part": part, "number": None})
        else:
            operands.append({"field": "", "part": "answer", "number": str(draw(st.integers(0, 9)))})
    operation = draw(
        st.sampled_from(["sum", "difference", "product", "quotient", "minimum", "maximum"])
    )
    key = known.key()
    made = block(
        "calc",
        label=f"Итог {key}",
        key=key,
        operation=operation,
        operands=[item(each) for each in operands],
        unit="",
        shown=True,
        show_if=draw(conditions(known, inside)),
    )
    known.kinds[key] = ("calc", inside)
    return made


@st.composite
def repeating(draw, known: Known) -> dict[str, Any]:
    key = known.key()
    show_if = draw(conditions(known))
    fields = [draw(question(known, key)) for _ in range(draw(st.integers(1, 3)))]
    if draw(st.integers(0, 2)) == 0:
        fields.append(draw(calculated(known, key)))
    known.kinds[key] = ("repeat", "")
    least = draw(st.integers(0, 2))
    return block(
        "repeat", label=f"Группа {key}", key=key, row_title="Ряд", minimum=least, maximum=3,
        show_if=show_if, fields=fields,
    )  # fmt: skip


@st.composite
def forms(draw, most: int = 9) -> list[dict[str, Any]]:
    """The steps of a form."""
    known, left, steps = Known(), draw(st.integers(2, most)), []
    while left > 0:
        show_if, fields = draw(conditions(known)), []
        for _ in range(draw(st.integers(1, left))):
            left -= 1
            shape = draw(st.sampled_from(["one"] * 6 + ["repeat", "group", "calc", "info"]))
            if shape == "repeat":
                fields.append(draw(repeating(known)))
            elif shape == "group":
                inner_if, key = draw(conditions(known)), known.key()
                inner = [draw(question(known)) for _ in range(draw(st.integers(1, 2)))]
                fields.append(block("group", label="Группа", key=key, show_if=inner_if, fields=inner))  # fmt: skip
            elif shape == "calc":
                fields.append(draw(calculated(known)))
            elif shape == "info":
                fields.append(block("info", label="Слова", key=known.key(), show_if=draw(conditions(known))))  # fmt: skip
            else:
                fields.append(draw(question(known)))
        steps.append(block("step", title=f"Шаг {len(steps)}", show_if=show_if, fields=fields))
    if not any(kind not in ("calc", "repeat") for kind, _r in known.kinds.values()):
        steps[-1]["value"]["fields"].append(draw(question(known)))
    return steps


# Answers: what is typed in the parts of a field, and what it means.

SNILS = [("112-233-445 95", "11223344595"), ("112-233-445 96", WRONG), ("1", WRONG)]
TYPED: dict[str, list[tuple[Any, Any]]] = {
    "text": [("да", "да"), (" нет ", "нет"), ("{{ 7*7 }}", "{{ 7*7 }}"), ("x" * 13, WRONG), ("a\0b", WRONG), ("   ", NONE), ("\x07", NONE)],
    "longtext": [("слова\r\nещё", "слова\nещё"), ("x" * 4001, WRONG), ("\0", WRONG)],
    "date": [("2026-09-01", "2026-09-01"), ("31.08.2026", "2026-08-31"), ("30.02.2026", WRONG), ("1899-12-31", WRONG), ("вчера", WRONG)],
    "time": [("09:30", "09:30"), ("0.05", "00:05"), ("24:00", WRONG), ("9:60", WRONG), ("вечером", WRONG)],
    "phone": [("8 921 123-45-67", "+79211234567"), ("нет телефона", WRONG), ("1", WRONG)],
    "email": [("anna@mail.ru", "anna@mail.ru"), ("нет", WRONG), ("a@b\0.ru", WRONG)],
    "snils": SNILS,
    "inn": [("500100732259", "500100732259"), ("500100732258", WRONG), ("7707083893", WRONG)],
    "choice": [("x", "x"), ("y", "y"), ("z", "z"), ("w", WRONG)],
    "yesno": [("yes", True), ("no", False), ("maybe", WRONG)],
    "multichoice": [(["x"], ["x"]), (["z", "x"], ["z", "x"]), (["x", "y", "z"], ["x", "y", "z"]), (["x", "w"], WRONG)],
    "territory": [("rajon", PLACE), ("nigde", WRONG)],
    "name": [
        ({"family": "Ц", "given": "Г", "patronymic": "О"}, {"family": "Ц", "given": "Г", "patronymic": "О"}),
        ({"family": "Ц", "given": "Г"}, {"family": "Ц", "given": "Г"}),
        ({"family": "Ц"}, WRONG), ({"patronymic": "О"}, WRONG),
    ],
    "address": [
        ({"place": "rajon", "street": "дом 1"}, {**PLACE, "street": "дом 1"}),
        ({"place": "rajon"}, WRONG), ({"street": "дом 1"}, WRONG), ({"place": "nigde", "street": "1"}, WRONG),
    ],
    "contact": [
        ({"ways": ["page"]}, {"ways": ["page"]}),
        ({"ways": ["sms", "call"], "phone": "8 921 123-45-67", "voice": "on", "email": "x"}, {"ways": ["call", "sms"], "phone": "+79211234567", "voice": True}),
        ({"ways": ["email"], "email": "anna@mail.ru", "time": "утром"}, {"ways": ["email"], "email": "anna@mail.ru"}),
        ({"ways": ["page", "sms"], "phone": "8 921 123-45-67"}, WRONG), ({"ways": ["sms"]}, WRONG),
        ({"ways": ["dove"]}, WRONG), ({"phone": "8 921 123-45-67"}, NONE),
    ],
    "file": [],
}  # fmt: skip
BORN = [("2026-11-22", "2026-11-22"), ("29.02.2020", "2020-02-29"), ("2008-11-22", "2008-11-22"), ("2008-11-23", "2008-11-23"), ("2023-11-30", "2023-11-30"), ("вчера", WRONG)]  # fmt: skip


def number_means(text: str, value: dict[str, Any], whole: bool) -> Any:
    plain = text.replace(" ", "").replace(",", ".").removesuffix("₽")
    try:
        number = Fraction(plain)
    except ValueError:
        return WRONG
    low, high = value.get("minimum", "0"), value.get("maximum")
    if number.denominator != 1 and (whole or (number * 100).denominator != 1):
        return WRONG
    if number < Fraction(low if low is not None else -(10**12)):
        return WRONG
    if number > Fraction(high if high is not None else 10**12):
        return WRONG
    return int(number) if number.denominator == 1 else float(number)


@st.composite
def answer_to(draw, node: dict[str, Any], good: bool = False) -> tuple[Any, Any]:
    """What is typed, and its meaning.

    :param good: nothing that cannot be an answer.
    """
    if good:
        return draw(answer_to(node).filter(lambda found: found[1] != WRONG))
    kind, value = node["type"], node["value"]
    if kind == "consent":
        return ("on", True) if draw(st.booleans()) else ("", False)
    if draw(st.integers(0, 4)) == 0:
        return "", NONE
    if kind in ("number", "money"):
        texts = ["0", "3", "7", "1 000", "12,5", "12.555", "-3", "-6", "41", "abc", "1e9999", "nan", "1e2", "9" * 16]  # fmt: skip
        text = draw(st.sampled_from(texts))
        if text in ("1e9999", "9" * 16):
            return text, WRONG
        return text, number_means(text, value, value.get("whole", kind == "number"))
    if kind == "birth_date":
        future = ("2030-05-05", "2030-05-05" if value["unborn"] else WRONG)
        return draw(st.sampled_from([*BORN, future]))
    options = TYPED[kind]
    if kind in ("choice", "multichoice"):
        listed = {one["value"]["value"] for one in value["options"]}
        options = [(text, means if listed.issuperset(text) else WRONG) for text, means in options]
    return draw(st.sampled_from(options)) if options else ("", NONE)


@st.composite
def filled(
    draw, steps: list[dict[str, Any]], good: bool = False
) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Everything typed into a form by the names of its fields, and the meanings by path."""
    typed: dict[str, list[str]] = {}
    means: dict[str, Any] = {}

    def put(path: str, node: dict[str, Any]) -> None:
        text, means[path] = draw(answer_to(node, good))
        if isinstance(text, dict):
            for part, each in text.items():
                typed[f"a-{path}_{part}"] = each if isinstance(each, list) else [each]
        elif isinstance(text, list):
            typed[f"a-{path}"] = text
        elif text:
            typed[f"a-{path}"] = [text]

    def go(nodes: list[dict[str, Any]], prefix: str) -> None:
        for node in nodes:
            key = prefix + node["value"]["key"]
            if node["type"] == "group":
                go(node["value"]["fields"], prefix)
            elif node["type"] == "repeat":
                count = draw(st.sampled_from([0, 1, 2, 3, 4]))
                typed[f"a-{key}.rows"] = [str(count)]
                count = means[f"{key}.rows"] = max(min(count, 3), node["value"]["minimum"])
                for number in range(count):
                    go(node["value"]["fields"], f"{key}.{number}.")
            elif node["type"] not in ("info", "calc"):
                put(key, node)

    for each in steps:
        go(each["value"]["fields"], "")
    return typed, means


# What has to come of it.


class Judge:
    """Goes through the blocks once, top to bottom."""

    def __init__(self, steps: list[dict[str, Any]], means: dict[str, Any], day: datetime.date):
        self.means, self.day = means, day
        self.known: dict[str, Any] = {}  # asked or known so far
        self.wrong: set[str] = set()
        self.kind: dict[str, str] = {}
        self.home: dict[str, str] = {}  # the repeating group of a question
        for each in steps:
            self.learn(each["value"]["fields"], "")
        for each in steps:
            if self.all_hold(each["value"]["show_if"], self.known, ""):
                self.walk(each["value"]["fields"], self.known, "", "", "")
        self.answers = clean(self.known)

    def learn(self, nodes: list[dict[str, Any]], home: str) -> None:
        for node in nodes:
            key = node["value"]["key"]
            self.kind[key], self.home[key] = node["type"], home
            inner = key if node["type"] == "repeat" else home
            self.learn(node["value"].get("fields", []), inner)

    def walk(self, nodes, into, inside, page, _path) -> None:
        """:param page: where the row stands on the page, as `children.2.`."""
        for node in nodes:
            value, key = node["value"], node["value"]["key"]
            seen = self.known if into is self.known else {**self.known, **into}
            if not self.all_hold(value.get("show_if", []), seen, inside):
                continue
            if node["type"] == "group":
                self.walk(value["fields"], into, inside, page, "")
            elif node["type"] == "repeat":
                into[key] = self.rows(node)
            elif node["type"] == "calc":
                into[key] = self.calculate(value, seen, inside)
            elif node["type"] != "info":
                self.ask(node, into, seen, inside, page)

    def ask(self, node, into, seen, inside, page) -> None:
        value, key = node["value"], node["value"]["key"]
        for rule in value.get("set", []):
            if self.all_hold(rule["value"]["conditions"], seen, inside):
                into[key] = self.said(node["type"], rule["value"]["value"])
                return
        meaning = self.means[page + key]
        into[key] = None if meaning == WRONG else meaning
        needed = value["required"] or (
            value["require_if"] and self.all_hold(value["require_if"], seen, inside)
        )
        missing = meaning is NONE or (node["type"] == "consent" and meaning is False)
        if meaning == WRONG or (needed and missing):
            self.wrong.add(page + key)

    def rows(self, node) -> list[dict[str, Any]]:
        key, least = node["value"]["key"], node["value"]["minimum"]
        kept: list[dict[str, Any]] = []
        for number in range(self.means[f"{key}.rows"]):
            page = f"{key}.{number}."
            typed = [v for path, v in self.means.items() if path.startswith(page)]
            if all(each is NONE for each in typed) and len(kept) >= least:
                continue  # nobody has written anything into this row
            row: dict[str, Any] = {}
            kept.append(row)
            self.walk(node["value"]["fields"], row, key, page, "")
        return kept

    # Conditions.

    def all_hold(self, blocks, seen, inside) -> bool:
        return all(
            self.holds(each["value"], seen, inside)
            if each["type"] == "test"
            else any(self.holds(one["value"], seen, inside) for one in each["value"])
            for each in blocks
        )

    def holds(self, test, seen, inside) -> bool:
        key = test["field"]
        home = self.home[key]
        if home and home != inside:
            if home not in seen:
                return False
            found = [self.holds(test, {**seen, **row}, home) if key in row else False for row in seen[home]]  # fmt: skip
            return any(found) if test["rows"] == "some" else bool(found) and all(found)
        if key not in seen:
            return False
        return self.compare(test, seen[key], self.kind[key])

    def compare(self, test, answer, kind) -> bool:
        op, part = test["op"], test["part"]
        if kind == "repeat" or part == "count":
            value: Any = len(answer or [])
        elif part == "age":
            value = self.age(answer)
        else:
            value = answer
        if op == "filled":
            return value is not None
        if op == "empty":
            return value is None
        if value is None:
            return op in ("ne", "lacks")
        if kind in ("territory", "address") and op == "within":
            return test["value"] in value["around"]
        if kind in ("territory", "address"):
            value = value["slug"]
        if op == "contains":
            return test["value"] in value
        if op == "lacks":
            return test["value"] not in value
        if op == "in":
            return value in [each.strip() for each in test["value"].split(",")]
        wanted = (
            float(test["value"]) if part in ("age", "count") else self.said(kind, test["value"])
        )
        return {
            "eq": value == wanted,
            "ne": value != wanted,
            "lt": op == "lt" and value < wanted,
            "le": op == "le" and value <= wanted,
            "gt": op == "gt" and value > wanted,
            "ge": op == "ge" and value >= wanted,
        }[op]

    def said(self, kind: str, text: str) -> Any:
        """What an editor has typed as an answer to such a question."""
        if kind in ("yesno", "consent"):
            return text == "yes"
        if kind in ("number", "money", "calc", "repeat"):
            return float(text) if "." in text else int(text)
        if kind == "multichoice":
            return [each.strip() for each in text.split(",")]
        return text

    def age(self, born: str | None) -> int | None:
        if born is None:
            return None
        year, month, day = map(int, born.split("-"))
        if (year, month, day) > (self.day.year, self.day.month, self.day.day):
            return None
        had_birthday = (self.day.month, self.day.day) >= (month, day)
        return self.day.year - year - (0 if had_birthday else 1)

    # Calculated values, with fractions.

    def calculate(self, value, seen, inside) -> Any:
        numbers: list[Fraction] = []
        for operand in (each["value"] for each in value["operands"]):
            if not operand["field"]:
                numbers.append(Fraction(operand["number"]))
                continue
            key, home = operand["field"], self.home[operand["field"]]
            if home and home != inside:
                each_row = [
                    self.number(row.get(key), operand["part"]) for row in seen.get(home) or []
                ]
                numbers += [n for n in each_row if n is not None]
                continue
            number = self.number(seen.get(key), operand["part"])
            if number is None:
                return None
            numbers.append(number)
        if not numbers:
            return None
        total = numbers[0]
        operation = value["operation"]
        if operation in ("minimum", "maximum"):
            total = min(numbers) if operation == "minimum" else max(numbers)
        for number in numbers[1:] if operation not in ("minimum", "maximum") else ():
            if operation == "quotient" and number == 0:
                return None
            total = {
                "sum": lambda a, b: a + b,
                "difference": lambda a, b: a - b,
                "product": lambda a, b: a * b,
                "quotient": lambda a, b: a / b,
            }[operation](total, number)
        rounded = Fraction(math.floor(total * 100 + Fraction(1, 2)), 100)
        if abs(total) > 10**13:
            return None
        return int(rounded) if rounded.denominator == 1 else float(rounded)

    def number(self, answer: Any, part: str) -> Fraction | None:
        if part == "age":
            answer = self.age(answer)
        elif part == "count":
            answer = len(answer) if answer is not None else None
        return None if answer is None else Fraction(str(answer))


def clean(known: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for key, value in known.items():
        if value is None or value == []:
            continue
        rows = isinstance(value, list) and isinstance(value[0], dict)
        found[key] = [clean(row) for row in value] if rows else value
    return found
