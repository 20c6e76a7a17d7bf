"""Answers that stand for all others: one for each way in which conditions can tell them apart."""

from __future__ import annotations

import calendar
import datetime
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from django.utils.translation import gettext as _
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.ru import inn

from forms.logic import JOINTS, QUANTIFIERS, Condition, holds

Node = Mapping[str, Any]
Record = Mapping[str, Any]  # {"slug", "title"}, of a place with "around"

NUMBER_LIMIT = 10**12
FIRST_YEAR, LAST_YEAR = 1900, 2100
MOST_SUBSETS = 8  # options whose every combination is tried
_LETTERS = "абвгдежзиклмнопрстуфхцчшщэюя"  # samples that nobody compares with
RECORDS = ("territory", "address", "measure", "provider")
OPTIONED = ("choice", "multichoice")
TOLD = ("info", "calc", "group", "repeat")  # nodes that nobody answers


@dataclass(frozen=True)
class Lists:
    """What families can choose from, by slug. An empty list stands for one that is not known."""

    places: Mapping[str, Record] = field(default_factory=dict)
    measures: Mapping[str, Record] = field(default_factory=dict)
    centres: Mapping[str, Record] = field(default_factory=dict)
    providers: Mapping[str, Record] = field(default_factory=dict)

    def of(self, node: Node) -> Mapping[str, Record]:
        if node["type"] in ("territory", "address"):
            return self.places
        if node["type"] == "measure":
            return self.measures
        return self.centres if node.get("centres_only", True) else self.providers


def comparisons(condition: Condition) -> Iterator[Condition]:
    """Every comparison of a condition, at any level."""
    op = condition["op"]
    if op in JOINTS:
        for each in condition["of"]:
            yield from comparisons(each)
    elif op == "not" or op in QUANTIFIERS:
        yield from comparisons(condition["of"])
    else:
        yield condition


def values(
    node: Node,
    tests: Sequence[Condition],
    lists: Lists,
    day: datetime.date,
    *,
    near: Iterable[float] | None = None,
) -> list[Any]:
    """Valid answers to a question, the plainest first; none when nobody can answer it.

    :param tests: comparisons with this question; two answers that all of them judge alike are one.
    :param near: values of a calculation that this answer goes into: then numbers are not merged.
    """
    about = [test for test in tests if test["field"] == node["key"]]
    found = _MAKERS.get(node["type"], _written)(node, about, lists, day, list(near or ()))
    if near is not None:
        return list(found)
    kept: dict[tuple[bool, ...], Any] = {}
    for value in found:
        known = {node["key"]: value}
        kept.setdefault(tuple(holds(test, known, day) for test in about), value)
    return list(kept.values())


def are_all(node: Node, tests: Sequence[Condition]) -> bool:
    """Whether `values` gives every way to answer, or only some, because there are too many."""
    named = _thresholds(node["key"], tests, "answer")
    return node["type"] != "multichoice" or len(set(named)) <= MOST_SUBSETS


def sample(node: Node, lists: Lists, day: datetime.date) -> Any:
    """A valid answer, marked as a sample where it has words; None when there is none."""
    found = values(node, (), lists, day)
    return found[0] if found else None


def counts(node: Node, tests: Sequence[Condition], at_least: int) -> list[int]:
    """Numbers of rows around which conditions change."""
    low = max(node["minimum"], int(node["required"]))
    high = node["maximum"]
    wanted = [low, at_least, *_thresholds(node["key"], tests, "count")]
    return sorted(
        {n for value in wanted for n in (value - 1, value, value + 1) if low <= n <= high}
    )


def _thresholds(key: str, tests: Iterable[Condition], part: str) -> list[Any]:
    found: list[Any] = []
    for test in tests:
        if test["field"] == key and test.get("part", "answer") == part and "value" in test:
            found += test["value"] if isinstance(test["value"], list) else [test["value"]]
    return found


def _written(node: Node, tests: list[Condition], lists: Lists, day: Any, near: Any) -> list[Any]:
    """Texts and all that conditions only find given or not."""
    words: dict[str, Any] = {
        "name": {"family": _("Sample"), "given": _("Sample")},
        "phone": "+79211234567",
        "email": "obrazec@example.org",
        "snils": "11223344595",
        "time": "14:30",
        "contact": {"ways": ["call"], "phone": "+79211234567"},
    }
    if node["type"] in words:
        return [words[node["type"]]]
    compared = [str(each) for each in _thresholds(node["key"], tests, "answer")]
    if node["type"] == "inn":
        return list(dict.fromkeys(["500100732259", *filter(_is_inn, compared)]))
    longest = node.get("max_length", 300)
    plain = [_("sample"), _("sample answer"), _("an answer"), *_LETTERS]
    free = [text[:longest] for text in plain if text[:longest] not in compared]
    return [text for text in (*free[:1], *compared) if 0 < len(text) <= longest]


def _is_inn(text: str) -> bool:
    try:
        return bool(inn.validate(text))
    except StdnumError:
        return False


def _yes_no(node: Node, *_rest: Any) -> list[Any]:
    return [True, False]


def _choice(node: Node, *_rest: Any) -> list[Any]:
    return [option["value"] for option in node["options"]]


def _several(node: Node, tests: list[Condition], *_rest: Any) -> list[Any]:
    named = set(_thresholds(node["key"], tests, "answer"))
    options = [option["value"] for option in node["options"]]
    told = [value for value in options if value in named]
    other = [value for value in options if value not in named]
    sizes = {1, len(options)}
    for count in _thresholds(node["key"], tests, "count"):
        sizes |= {count - 1, count, count + 1}
    subsets = [*_subsets(told), tuple(value for value in told if _is_wanted(value, tests))]
    found = []
    for size in sorted(sizes):
        for subset in subsets:
            more = size - len(subset)
            if size > 0 and 0 <= more <= len(other):
                found.append([*subset, *other[:more]])
    for subset in subsets:
        if subset and list(subset) not in found:
            found.append(list(subset))
        if other and [*subset, other[0]] not in found:
            found.append([*subset, other[0]])
    return found


def _is_wanted(value: str, tests: Iterable[Condition]) -> bool:
    """Looked for, and nowhere unwelcome: the way that many conditions together mean."""
    operators = {test["op"] for test in tests if test.get("value") == value}
    return "contains" in operators and "lacks" not in operators


def _subsets(options: list[str]) -> Iterator[tuple[str, ...]]:
    yield ()
    most = len(options) if len(options) <= MOST_SUBSETS else 2
    for size in range(1, most + 1):
        yield from combinations(options, size)
    if most < len(options):
        yield tuple(options)


def _numbers(
    node: Node, tests: list[Condition], lists: Lists, day: Any, near: list[float]
) -> list[Any]:
    unit = 1 if node.get("whole", False) else 0.01
    low = -NUMBER_LIMIT if node["minimum"] is None else node["minimum"]
    high = NUMBER_LIMIT if node["maximum"] is None else node["maximum"]
    edges = [edge for edge in (node["minimum"], node["maximum"]) if edge is not None]
    points = [1, 0, *edges, *_thresholds(node["key"], tests, "answer"), *near]
    found = dict.fromkeys(
        _tidy(whole * unit + step * unit)
        for point in points
        for whole in (math.floor(point / unit + 1e-6), math.ceil(point / unit - 1e-6))
        for step in (0, -1, 1)
    )
    return [number for number in found if low <= number <= high]


def _tidy(number: float) -> int | float:
    rounded = round(number, 2)
    return int(rounded) if rounded == int(rounded) else rounded


def _dates(node: Node, tests: list[Condition], lists: Lists, day: datetime.date, *_: Any) -> Any:
    precision = node.get("precision", "day")
    points = [day, datetime.date(FIRST_YEAR, 1, 1), datetime.date(LAST_YEAR, 12, 31)]
    points += _days(_thresholds(node["key"], tests, "answer"), precision)
    found = dict.fromkeys(
        _kept(near, precision)
        for point in points
        for near in (point, *_beside(point, precision))
        if FIRST_YEAR <= near.year <= LAST_YEAR
    )
    today = _kept(day, precision)
    return [each for each in found if _suits(each, node.get("when", "any"), today)]


def _births(node: Node, tests: list[Condition], lists: Lists, day: datetime.date, *_: Any) -> Any:
    ages = [30, *_thresholds(node["key"], tests, "age")]
    points = []
    for wanted in ages:
        for years in (wanted, wanted - 1, wanted + 1):
            if 0 <= years <= day.year - FIRST_YEAR - 1:
                # The youngest and the oldest of that age.
                points += [_years_before(day, years), _day_after(_years_before(day, years + 1))]
    points += [near for point in _days(_thresholds(node["key"], tests, "answer"), "day")
               for near in (point, *_beside(point, "day"))]  # fmt: skip
    points += [day, _day_after(day)]
    last = LAST_YEAR if node.get("unborn") else day.year
    found = dict.fromkeys(point for point in points if FIRST_YEAR <= point.year <= last)
    return [each.isoformat() for each in found if node.get("unborn") or each <= day]


def _suits(kept: str, when: str, today: str) -> bool:
    return not (when == "past" and kept > today) and not (when == "future" and kept < today)


def _days(texts: Iterable[Any], precision: str) -> list[datetime.date]:
    found = []
    for text in texts:
        full = f"{text}{ {'day': '', 'month': '-01', 'year': '-01-01'}[precision] }"
        try:
            found.append(datetime.date.fromisoformat(full))
        except ValueError:
            continue  # no such day: no answer is equal to it, none stands beside it
    return found


def _beside(day: datetime.date, precision: str) -> list[datetime.date]:
    first = day if precision == "day" else day.replace(day=1)
    if precision == "year":
        return [day.replace(day=1, month=1, year=day.year + step) for step in (-1, 1)]
    ordinals = [first.toordinal() - 1, first.toordinal() + (1 if precision == "day" else 31)]
    return [datetime.date.fromordinal(each) for each in ordinals]


def _kept(day: datetime.date, precision: str) -> str:
    return {"day": f"{day:%Y-%m-%d}", "month": f"{day:%Y-%m}", "year": f"{day:%Y}"}[precision]


def _years_before(day: datetime.date, years: int) -> datetime.date:
    year = day.year - years
    return day.replace(year=year, day=min(day.day, calendar.monthrange(year, day.month)[1]))


def _day_after(day: datetime.date) -> datetime.date:
    return datetime.date.fromordinal(day.toordinal() + 1)


def _records(node: Node, tests: list[Condition], lists: Lists, *_rest: Any) -> list[Any]:
    known = lists.of(node)
    named = [str(each) for each in _thresholds(node["key"], tests, "answer")]
    if not known:  # the list is empty today: whatever a condition names may stand in it
        known = {slug: _made_up(slug) for slug in ("obrazec", *named)}
    signatures: dict[tuple[bool, ...], Record] = {}
    for slug, record in known.items():
        around = (slug, *record.get("around", ()))
        signatures.setdefault(tuple(name in around for name in named), record)
        if slug in named:
            signatures.setdefault((*(name == slug for name in named), True), record)
    if node["type"] != "address":
        return list(signatures.values())
    return [{**record, "street": _("Sample street, 1")} for record in signatures.values()]


def _made_up(slug: str) -> Record:
    return {"slug": slug, "title": _("Sample"), "around": [slug]}


def _files(node: Node, tests: list[Condition], *_rest: Any) -> list[Any]:
    sizes = {1}
    for count in _thresholds(node["key"], tests, "count"):
        sizes |= {count - 1, count, count + 1}
    return [
        [
            {"id": f"sample-{number}", "name": _("sample.pdf"), "size": 1}
            for number in range(1, size + 1)
        ]
        for size in sorted(sizes)
        if 1 <= size <= node["most_files"]
    ]


_MAKERS: dict[str, Any] = {
    "yesno": _yes_no,
    "consent": _yes_no,
    "choice": _choice,
    "multichoice": _several,
    "number": _numbers,
    "money": _numbers,
    "date": _dates,
    "birth_date": _births,
    "file": _files,
    **dict.fromkeys(RECORDS, _records),
}
