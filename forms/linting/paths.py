"""The ways through a form, with as few answers as tell them apart.

For each thing that is asked about, only the questions that can matter to it are answered (its
slice), each with answers that conditions can tell apart; after every question, ways on which the
same is still known become one. So every way is covered, though few are walked. Where the number
of ways still grows over the bound, some are dropped, and that is told.
"""

from __future__ import annotations

import datetime
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from forms.course import course
from forms.formulas import calculate
from forms.formulas import fields_of as fields_of_formula
from forms.linting.candidates import Lists, are_all, comparisons, counts, sample, values
from forms.linting.places import Place, places_of
from forms.logic import JOINTS, QUANTIFIERS, Condition, holds

MOST_WAYS = 5000  # kept at a time
MOST_ROWS = 24  # kinds of rows that are told apart

Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Way:
    """What is known at some place of the form, and the answers that lead there."""

    known: Mapping[str, Any]
    given: Answers
    # When the place is in a row: its group, the answers of that row, what is known outside it.
    repeat: str = ""
    row: Answers = field(default_factory=dict)
    around: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ways:
    """Every way to a place, as far as it matters there."""

    found: list[Way]
    complete: bool  # none was dropped
    exact: bool  # no calculated value matters, whose answers cannot all be tried

    @property
    def proves(self) -> bool:
        """What holds on none of these ways holds never."""
        return self.complete and self.exact


class Paths:
    """A form as a search over answers."""

    def __init__(
        self, schema: Mapping[str, Any], lists: Lists, day: datetime.date, most: int = MOST_WAYS
    ) -> None:
        self.schema, self.lists, self.day, self.most = schema, lists, day, most
        self.tried = 0
        self.places = list(places_of(schema))
        self.by_key = {
            place.node["key"]: place
            for place in self.places
            if not place.is_step and place.node["type"] not in ("info", "group")
        }
        self._cache: dict[Any, Ways] = {}
        self._values: dict[Any, list[Any]] = {}

    def to(self, *targets: Place) -> Ways:
        """The ways to these places, which stand in no row or in the rows of one group."""
        wanted = frozenset().union(*(target.reads for target in targets))
        repeat = targets[0].repeat
        if repeat:
            wanted |= self.by_key[repeat].reads
        keys = self._slice(wanted | ({repeat} if repeat else set()))
        end = max(target.number for target in targets)
        before = frozenset(key for key in keys if self.by_key[key].number < end)
        asked = repr([(target.guards, target.own_conditions) for target in targets])
        cache = before, wanted, repeat, asked
        if cache not in self._cache:
            self._cache[cache] = self._explore(keys, wanted, end, repeat, targets)
        return self._cache[cache]

    def is_reached(self, place: Place, way: Way) -> bool:
        """Everything around the place is shown, and so is it."""
        if place.repeat and not self.is_reached(
            self.by_key[place.repeat], Way(way.around, way.given)
        ):
            return False
        return all(holds(guard, way.known, self.day) for guard in place.guards)

    def is_around(self, place: Place, way: Way) -> bool:
        """Everything around the place is shown, whatever its own condition says."""
        if place.repeat and not self.is_reached(
            self.by_key[place.repeat], Way(way.around, way.given)
        ):
            return False
        own = place.node.get("show_if") is not None
        guards = place.guards[:-1] if own else place.guards
        return all(holds(guard, way.known, self.day) for guard in guards)

    def is_known(self, place: Place, way: Way) -> bool:
        """A rule answers it without asking."""
        return any(holds(rule["if"], way.known, self.day) for rule in place.node.get("set", ()))

    def is_needed(self, place: Place, way: Way) -> bool:
        node = place.node
        require = node.get("require_if")
        return node["required"] or bool(require and holds(require, way.known, self.day))

    def can_answer(self, place: Place) -> bool:
        return bool(self._values_of(place, (), None))

    def complete(self, way: Way) -> dict[str, Any]:
        """The answers of a way, with sample answers to all else that is needed."""
        given: dict[str, Any] = {key: _copied(value) for key, value in way.given.items()}
        if way.repeat:
            given[way.repeat] = [dict(way.row)]
        return self.filled_in(given)

    def filled_in(self, given: dict[str, Any], *, everything: bool = False) -> dict[str, Any]:
        """These answers, with samples for what is needed beside them.

        :param everything: samples for what is not needed, too.
        """
        while True:
            found = course(self.schema, given, self.day)
            with_rows = {key for key in found.asked if _has_rows(given.get(key))}
            wanted = found.asked if everything else found.needed | with_rows
            least = int(everything)  # rows of every group
            put = [self._put(path, given, found.asked, least) for path in sorted(wanted)]
            if not any(put):
                break
        return self._asked_only(given, found.asked)

    def _put(self, path: str, given: dict[str, Any], asked: set[str], least: int) -> bool:
        """Put a sample where an answer is missing; False when there is nothing to put."""
        parts = path.split(".")
        if len(parts) == 1:
            place = self.by_key.get(path)
            if place is None or place.node["type"] == "calc":
                return False
            if place.node["type"] == "repeat":
                return self._put_rows(place.node, given, asked, least)
            return self._put_one(place, given)
        return self._put_one(self.by_key[parts[2]], given[parts[0]][int(parts[1])])

    def _put_one(self, place: Place, into: dict[str, Any]) -> bool:
        key = place.node["key"]
        if place.node["type"] == "calc" or into.get(key) not in (None, "", []):
            return False
        if key in into and into[key] is None:  # left out on purpose
            return False
        found = sample(place.node, self.lists, self.day)
        if found is None:
            return False
        into[key] = found
        return True

    def _put_rows(
        self, node: Mapping[str, Any], given: dict[str, Any], asked: set[str], least: int
    ) -> bool:
        rows = [dict(row) for row in given.get(node["key"]) or ()]
        changed = False
        if node["key"] in given and given[node["key"]] == []:
            least = 0  # left out on purpose
        while len(rows) < max(node["minimum"], int(node["required"]), least) <= node["maximum"]:
            rows.append({})
            changed = True
        if rows:
            given[node["key"]] = rows
        for number, row in enumerate(rows):
            if all(value in (None, "", []) for value in row.values()):
                changed |= self._put_any(node, row, f"{node['key']}.{number}.", asked)
        return changed

    def _put_any(
        self, node: Mapping[str, Any], row: dict[str, Any], prefix: str, asked: set[str]
    ) -> bool:
        """An answer in a row that has none: an empty row is no row."""
        for inner in node["fields"]:
            place = self.by_key.get(inner["key"])
            if place is None or inner["key"] in row or prefix + inner["key"] not in asked:
                continue
            if self._put_one(place, row):
                return True
        return False

    def _asked_only(self, given: Mapping[str, Any], asked: set[str], prefix: str = "") -> Any:
        found: dict[str, Any] = {}
        for key, value in given.items():
            path = prefix + key
            if path not in asked or value in (None, "", []):
                continue
            place = self.by_key.get(key)
            if place and place.node["type"] == "repeat":
                found[key] = [
                    self._asked_only(row, asked, f"{path}.{number}.")
                    for number, row in enumerate(value)
                ]
            else:
                found[key] = value
        return found

    def _slice(self, wanted: Iterable[str]) -> frozenset[str]:
        """Keys of all that can matter to these."""
        found: set[str] = set()
        waiting = [key for key in wanted if key in self.by_key]
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                place = self.by_key[key]
                around = [place.repeat] if place.repeat else []
                waiting += [other for other in (*place.reads, *around) if other in self.by_key]
            if not waiting:  # whether a row is empty matters where nothing else can fill it
                waiting = [
                    inner.node["key"]
                    for repeat in found
                    if self.by_key[repeat].node["type"] == "repeat"
                    and not self.is_filled_freely(repeat, found)
                    for inner in self._rows(repeat)
                    if inner.is_asked and inner.node["key"] not in found
                ]
        return frozenset(found)

    def _rows(self, repeat: str) -> list[Place]:
        return [place for place in self.places if place.repeat == repeat]

    def is_filled_freely(self, repeat: str, but: Iterable[str]) -> bool:
        """Some question of a row, but these, can always be answered, so no row need be empty."""
        return any(
            place.is_asked
            and not place.guards
            and not place.node.get("set")
            and place.node["key"] not in but
            and self.can_answer(place)
            for place in self._rows(repeat)
        )

    def _explore(
        self,
        keys: frozenset[str],
        wanted: frozenset[str],
        end: int,
        repeat: str,
        targets: Sequence[Place],
    ) -> Ways:
        outer = [self.by_key[key] for key in keys if key in self.by_key]
        outer = [place for place in outer if not place.repeat and place.number < end]
        if repeat:
            outer = [place for place in outer if place.number < self.by_key[repeat].number]
        outer.sort(key=lambda place: place.number)
        search = _Search(self, keys, wanted, targets)
        ways = search.through(outer, [Way({}, {})])
        if repeat:
            ways = list(search.into_rows(self.by_key[repeat], ways, end))
        self.tried += search.tried
        exact = not any(
            self.by_key[key].node["type"] == "calc" for key in keys if key in self.by_key
        )
        return Ways(ways, search.complete, exact)

    def _values_of(
        self, place: Place, tests: tuple[Condition, ...], near: tuple[float, ...] | None
    ) -> list[Any]:
        key = place.node["key"], repr(tests), near
        if key not in self._values:
            self._values[key] = values(place.node, tests, self.lists, self.day, near=near)
        return self._values[key]


class _Search:
    """One search over a slice."""

    def __init__(
        self,
        paths: Paths,
        keys: frozenset[str],
        wanted: frozenset[str],
        targets: Sequence[Place],
    ) -> None:
        self.paths, self.keys, self.wanted = paths, keys, wanted
        self.tried, self.complete = 0, True
        own = [paths.by_key[key] for key in keys if key in paths.by_key]
        readers = [*own, *targets]
        readers += [paths.by_key[each.repeat] for each in targets if each.repeat]
        self.last: dict[str, float] = dict.fromkeys(wanted, float("inf"))
        for place in own:
            # What a row looks at is looked at where its group stands.
            number = paths.by_key[place.repeat].number if place.repeat else place.number
            for key in place.reads:
                self.last[key] = max(self.last.get(key, 0), place.number, number)
        conditions = [
            condition for place in readers for condition in (*place.guards, *place.own_conditions)
        ]
        self.tests = list(dict.fromkeys(map(_Frozen, _all_comparisons(conditions))))
        self.quantifiers: dict[str, int] = {}
        for condition in conditions:
            for key in _quantified(condition):
                self.quantifiers[key] = self.quantifiers.get(key, 0) + 1
        self.into_formula = {
            key for place in readers if not place.is_step and "formula" in place.node
            for key in fields_of_formula(place.node["formula"])
        }  # fmt: skip

    def through(self, places: list[Place], ways: list[Way]) -> list[Way]:
        """Past these places, one after another."""
        for place in places:
            live = [
                key for key in self.keys
                if self.last.get(key, 0) > place.number and not self._is_inner(key)
            ]  # fmt: skip
            ways = self._merged((after for way in ways for after in self._past(place, way)), live)
        return ways

    def into_rows(self, repeat: Place, ways: list[Way], end: int) -> Iterator[Way]:
        """To a place in a row of a group."""
        if repeat.node["maximum"] < 1:
            return
        for way in ways:
            kinds: Iterable[tuple[Any, Any]] = [({}, {})]
            if self.paths.is_reached(repeat, way):
                kinds = self._rows(repeat, way, end, all_keys=False)
            for known, row in kinds:
                inside = ChainMap(dict(known), {**way.known})
                yield Way(inside, way.given, repeat.node["key"], row, way.known)

    def _is_inner(self, key: str) -> bool:
        return key in self.paths.by_key and bool(self.paths.by_key[key].repeat)

    def _merged(self, ways: Iterable[Way], live: list[str]) -> list[Way]:
        kept: dict[Any, Way] = {}
        for way in ways:
            self.tried += 1
            if self.tried % 50 == 0 and len(kept) >= self.paths.most * 4:
                self.complete = False
                break
            kept.setdefault(tuple(_mark(way.known, key) for key in live), way)
        found = list(kept.values())
        return self._bounded(found)

    def _bounded(self, found: list[Any]) -> list[Any]:
        most = self.paths.most
        if len(found) <= most:
            return found
        self.complete = False
        return [found[index * len(found) // most] for index in range(most)]

    def _past(self, place: Place, way: Way) -> Iterator[Way]:
        key, kind = place.node["key"], place.node["type"]
        if not self.paths.is_reached(place, way):
            yield way
        elif kind == "repeat":
            for rows, given_rows in self._lists_of_rows(place, way):
                yield Way({**way.known, key: rows}, {**way.given, key: given_rows})
        else:
            for value, is_given in self._answers(place, way.known):
                given = {**way.given, key: value} if is_given else way.given
                yield Way({**way.known, key: value}, given)

    def _answers(self, place: Place, known: Mapping[str, Any]) -> Iterator[tuple[Any, bool]]:
        """The values that a question can have here, and whether they are given by somebody."""
        node, day = place.node, self.paths.day
        if node["type"] == "calc":
            yield calculate(node["formula"], known, day), False
            return
        for rule in node.get("set", ()):
            if holds(rule["if"], known, day):
                yield rule["value"], False
                return
        needed = self.paths.is_needed(place, Way(known, {}))
        found = self.values(place)
        if node["type"] == "consent":
            found = [True] if needed else [True, False]
        elif not found or (not needed and self._tells_apart(place, found)):
            found = [*found, None]
        for value in found:
            yield value, True

    def _tells_apart(self, place: Place, found: list[Any]) -> bool:
        """Something tells no answer from all of these."""
        key = place.node["key"]
        if place.repeat or key in self.into_formula:
            return True
        tests = [test.condition for test in self.tests if test.condition["field"] == key]

        def signature(value: Any) -> list[bool]:
            return [holds(test, {key: value}, self.paths.day) for test in tests]

        return all(signature(value) != signature(None) for value in found)

    def values(self, place: Place) -> list[Any]:
        key = place.node["key"]
        tests = tuple(test.condition for test in self.tests if test.condition["field"] == key)
        near = self._near() if key in self.into_formula else None
        self.complete = self.complete and are_all(place.node, tests)
        return self.paths._values_of(place, tests, near)

    def _near(self) -> tuple[float, ...]:
        """Values around which conditions on calculations change, and their small parts."""
        found: list[float] = []
        for test in self.tests:
            place = self.paths.by_key.get(test.condition["field"])
            value = test.condition.get("value")
            if place and place.node["type"] == "calc" and isinstance(value, int | float):
                found += [value, value * 2, value / 2, value * 3, value / 3]
        return tuple(found)

    def _lists_of_rows(self, place: Place, way: Way) -> Iterator[tuple[list[Any], list[Any]]]:
        """Rows that conditions can tell apart: as known, and as given."""
        key, node = place.node["key"], place.node
        kinds = list(self._rows(place, way, None, all_keys=True))
        if len(kinds) > MOST_ROWS:
            self.complete = False
            kinds = kinds[:MOST_ROWS]
        together = max(self.quantifiers.get(key, 0), 2 if key in self.into_formula else 1)
        tests = [test.condition for test in self.tests]
        for count in counts(node, tests, together):
            if count == 0 or not kinds:
                yield ([], []) if count == 0 else ([{}] * count, [{}] * count)
                continue
            for size in range(1, min(together, count, len(kinds)) + 1):
                for chosen in combinations(kinds, size):
                    rows = self._spread(node, list(chosen), count)
                    if rows:
                        yield [known for known, _g in rows], [given for _k, given in rows]

    def _spread(
        self, node: Mapping[str, Any], chosen: list[Any], count: int
    ) -> list[tuple[Any, Any]]:
        """So many rows of these kinds; none when too many of them would be empty."""
        free = self.paths.is_filled_freely(node["key"], self.keys)
        full = [kind for kind in chosen if free or _has_answer(kind[1])]
        empty = [kind for kind in chosen if kind not in full]
        rows = [*empty, *full, *[(full or empty)[0]] * (count - len(chosen))]
        blank = len(empty) if full else count
        return rows if blank <= node["minimum"] else []

    def _rows(
        self, repeat: Place, way: Way, end: int | None, *, all_keys: bool
    ) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Every kind of a row, up to a place in it: as known and as given."""
        places = [
            place for place in self.paths._rows(repeat.node["key"])
            if place.node["key"] in self.keys and (end is None or place.number < end)
        ]  # fmt: skip
        found: list[tuple[dict[str, Any], dict[str, Any]]] = [({}, {})]
        outer = way.known
        kept_keys = [place.node["key"] for place in places]
        for number, place in enumerate(places):
            later = places[number + 1 :]
            live = [
                key for key in kept_keys
                if key in self.wanted or all_keys or any(key in each.reads for each in later)
            ]  # fmt: skip
            kept: dict[Any, Any] = {}
            for own, given in found:
                known = ChainMap(own, {**outer})
                if not all(holds(guard, known, self.paths.day) for guard in place.guards):
                    options: Iterable[tuple[Any, Any]] = [(own, given)]
                else:
                    key = place.node["key"]
                    options = [
                        ({**own, key: value}, {**given, key: value} if is_given else given)
                        for value, is_given in self._answers(place, known)
                    ]
                for option in options:
                    self.tried += 1
                    # Whether a row has any answer at all matters too.
                    mark = (
                        tuple(_mark(option[0], key) for key in live),
                        _has_answer(option[1]),
                    )
                    kept.setdefault(mark, option)
            found = self._bounded(list(kept.values()))
        yield from found


@dataclass(frozen=True)
class _Frozen:
    """A comparison that can be a key."""

    condition: Any = field(compare=False)
    text: str = ""

    def __init__(self, condition: Condition) -> None:
        object.__setattr__(self, "condition", condition)
        object.__setattr__(self, "text", repr(sorted(condition.items())))


def _all_comparisons(conditions: Iterable[Condition]) -> Iterator[Condition]:
    for condition in conditions:
        yield from comparisons(condition)


def _quantified(condition: Condition) -> Iterator[str]:
    op = condition["op"]
    if op in JOINTS:
        for each in condition["of"]:
            yield from _quantified(each)
    elif op == "not":
        yield from _quantified(condition["of"])
    elif op in QUANTIFIERS:
        yield condition["field"]


def _mark(known: Mapping[str, Any], key: str) -> Any:
    return _marked(known[key]) if key in known else ()


def _marked(value: Any) -> Any:
    if isinstance(value, list):
        return ("list", *map(_marked, value))
    if isinstance(value, Mapping):
        if "slug" in value:
            return ("slug", value["slug"])
        return ("map", *((key, _marked(each)) for key, each in sorted(value.items())))
    return type(value), value


def _has_answer(given: Mapping[str, Any]) -> bool:
    return any(value not in (None, "", []) for value in given.values())


def _has_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _copied(value: Any) -> Any:
    """Rows are filled in further; what was found stays as it was."""
    if isinstance(value, list):
        return [dict(each) if isinstance(each, Mapping) else each for each in value]
    return value
