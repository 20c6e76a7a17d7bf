"""The check: every finding comes from ways that forms.linting.paths has walked."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from django.utils.translation import gettext as _

from forms.conditions import in_words
from forms.linting.candidates import OPTIONED, RECORDS, Lists, comparisons
from forms.linting.findings import ERROR, WARNING, Finding, Report, Router
from forms.linting.looks import looks
from forms.linting.paths import MOST_WAYS, Paths, Way, Ways
from forms.linting.places import Place
from forms.linting.routes import unrouted
from forms.logic import Condition, fields_in, holds

ABOUT_PEOPLE = ("phone", "email", "contact", "name", "snils", "address", "birth_date")
REACHED_ONCE = ("phone", "email", "contact")


def lint(
    schema: Mapping[str, Any],
    *,
    day: datetime.date,
    lists: Lists | None = None,
    router: Router | None = None,
    most: int = MOST_WAYS,
) -> Report:
    """Walk every way through a form of format 2.

    :param lists: what can be chosen; what is not known is taken as given.
    :param router: where a case goes from a place, for a chosen centre.
    """
    check = _Check(Paths(schema, lists or Lists(), day, most))
    findings = list(check.all())
    if router is not None:
        findings += unrouted(check.paths, router)
    findings += looks(schema)
    findings.sort(key=lambda finding: finding.severity != ERROR)
    sampled = tuple(name for name in check.sampled if name not in check.unfinished)
    return Report(tuple(findings), check.paths.tried, tuple(check.unfinished), sampled)


class _Check:
    def __init__(self, paths: Paths) -> None:
        self.paths, self.schema, self.day = paths, paths.schema, paths.day
        self.specs = {place.node["key"]: place.node for place in paths.places if not place.is_step}
        self.unfinished: dict[str, None] = {}
        self.sampled: dict[str, None] = {}
        self.wrong: set[str] = set()  # paths of what looks at answers that there cannot be

    def all(self) -> Iterator[Finding]:
        for holder, place in self._holders():
            yield from self._unknown(holder, place)
        for place in self.paths.places:
            yield from self._of(place)
        yield from self._same_labels()
        yield from self._asked_twice()
        yield from self._personal()

    def _of(self, place: Place) -> Iterator[Finding]:
        ways = self._ways(place)
        around = [way for way in ways.found if self.paths.is_around(place, way)]
        if not around:
            return  # what it stands in is never asked, and that is told
        reached = [way for way in around if self.paths.is_reached(place, way)]
        if place.node.get("show_if") is not None:
            yield from self._shown(place, ways, around, reached)
        asked = (
            reached if place.is_step else [w for w in reached if not self.paths.is_known(place, w)]
        )
        if place.node.get("set") and reached:
            yield from self._known(place, ways, reached, asked)
        if place.is_asked or (not place.is_step and place.node["type"] == "repeat"):
            yield from self._answered(place, asked)
        if place.node.get("require_if") is not None:
            yield from self._needed(place, ways, asked)

    def _shown(
        self, place: Place, ways: Ways, around: list[Way], reached: list[Way]
    ) -> Iterator[Finding]:
        words = in_words(place.node["show_if"], self.specs)
        if not reached and ways.proves:
            if _path(place) not in self.wrong:
                message = _(
                    "%(what)s is never asked: there are no answers with which %(condition)s."
                )
                yield self._finding(
                    "never_asked", ERROR, place, message, around[0], condition=words
                )
        elif not reached:
            message = _("No answers were found with which %(what)s is asked (if %(condition)s).")
            yield self._finding("not_found", WARNING, place, message, around[0], condition=words)
        elif len(reached) == len(around) and ways.proves:
            message = _(
                "The condition of %(what)s can be left out, it always holds: %(condition)s."
            )
            yield self._finding(
                "always_asked", WARNING, place, message, reached[0], condition=words
            )

    def _known(
        self, place: Place, ways: Ways, reached: list[Way], asked: list[Way]
    ) -> Iterator[Finding]:
        if not asked and ways.proves:
            message = _("%(what)s is never asked: a rule always answers it.")
            yield self._finding("never_asked", ERROR, place, message, reached[0])
        rules = place.node["set"]
        for number, rule in enumerate(rules):
            used = [
                way for way in reached
                if self._holds(rule["if"], way)
                and not any(self._holds(other["if"], way) for other in rules[:number])
            ]  # fmt: skip
            if not used and ways.proves:
                message = _("A rule that answers %(what)s is never used: if %(condition)s.")
                words = in_words(rule["if"], self.specs)
                yield self._finding(
                    "rule_unused", WARNING, place, message, reached[0], condition=words
                )
        for one, other in combinations(rules, 2):
            both = [w for w in reached if self._holds(one["if"], w) and self._holds(other["if"], w)]
            if both and one["value"] != other["value"]:
                message = _(
                    "Two rules answer %(what)s differently at the same time, the first one counts:"
                    " if %(condition)s, and if %(other)s."
                )
                yield self._finding(
                    "rules_disagree", WARNING, place, message, both[0],
                    condition=in_words(one["if"], self.specs),
                    other=in_words(other["if"], self.specs),
                )  # fmt: skip

    def _answered(self, place: Place, asked: list[Way]) -> Iterator[Finding]:
        node = place.node
        if node["type"] == "repeat":
            nobody = node["maximum"] < max(node["minimum"], 1)
        else:
            nobody = not self.paths.can_answer(place)
        needed = [way for way in asked if self.paths.is_needed(place, way)]
        if nobody and needed:
            message = _("%(what)s needs an answer, and nobody can give one: %(why)s.")
            yield self._finding("dead_end", ERROR, place, message, needed[0], why=_why(node))
        elif nobody and asked:
            message = _("Nobody can answer %(what)s: %(why)s.")
            yield self._finding("unanswerable", WARNING, place, message, asked[0], why=_why(node))
        elif node["type"] in RECORDS and needed and not self.paths.lists.of(node):
            message = _("The list of %(what)s is empty today, so nobody can send the form.")
            yield self._finding("empty_list", WARNING, place, message, needed[0])

    def _needed(self, place: Place, ways: Ways, asked: list[Way]) -> Iterator[Finding]:
        condition = place.node["require_if"]
        words = in_words(condition, self.specs)
        needed = [way for way in asked if self._holds(condition, way)]
        if needed and len(needed) == len(asked) and ways.proves and not place.node["required"]:
            message = _("%(what)s is always needed when it is asked: %(condition)s.")
            yield self._finding("always_needed", WARNING, place, message, asked[0], condition=words)
        if needed or not ways.proves or not asked:
            return
        hidden = [way for way in ways.found if self._holds(condition, way)]
        if hidden:
            message = _("%(what)s is needed only when it is not asked: if %(condition)s.")
            yield self._finding("needed_hidden", ERROR, place, message, hidden[0], condition=words)
        elif _path(place) not in self.wrong:
            message = _("%(what)s is never needed: there are no answers with which %(condition)s.")
            yield self._finding("never_needed", WARNING, place, message, asked[0], condition=words)

    def _holders(self) -> Iterator[tuple[Mapping[str, Any], Place]]:
        """Steps and nodes as they were made, each with its place."""
        places = iter(self.paths.places)
        for step in self.schema["steps"]:
            yield step, next(places)
            for node in step["fields"]:
                yield node, next(places)
                for inner in node.get("fields", ()):
                    yield inner, next(places)

    def _unknown(self, holder: Mapping[str, Any], place: Place) -> Iterator[Finding]:
        conditions = [holder.get("show_if"), holder.get("require_if")]
        conditions += [rule["if"] for rule in holder.get("set", ())]
        before = {
            other.node["key"] for other in self.paths.places
            if other.number < place.number and not other.is_step
        }  # fmt: skip
        for condition in filter(None, conditions):
            for key in dict.fromkeys(fields_in(condition)):
                if key not in before:
                    message = _(
                        "A condition of %(what)s looks at a question that does not come before it."
                    )
                    self.wrong.add(_path(place))
                    yield self._finding("unknown_question", ERROR, place, message)
            for test in comparisons(condition):
                for value in self._no_such(test):
                    self.wrong.add(_path(place))
                    message = _(
                        "A condition of %(what)s looks for the answer “%(value)s”, which “%(of)s” does not have."
                    )
                    label = self.specs[test["field"]]["label"]
                    yield self._finding(
                        "unknown_answer", ERROR, place, message, value=value, of=label
                    )

    def _no_such(self, test: Condition) -> list[str]:
        spec = self.specs.get(test["field"], {"type": ""})
        if test.get("part", "answer") != "answer" or "value" not in test:
            return []
        wanted = test["value"] if isinstance(test["value"], list) else [test["value"]]
        if spec["type"] in OPTIONED:
            known = {option["value"] for option in spec["options"]}
        elif spec["type"] in RECORDS and self.paths.lists.of(spec):
            known = set(self.paths.lists.of(spec))
            known |= {
                slug for record in self.paths.lists.of(spec).values()
                for slug in record.get("around", ())
            }  # fmt: skip
        else:
            return []
        return [str(value) for value in wanted if value not in known]

    def _same_labels(self) -> Iterator[Finding]:
        groups: dict[Any, list[Place]] = {}
        for place in self.paths.places:
            if place.is_asked and place.node["label"].strip():
                name = place.node["label"].strip().rstrip("?.:").casefold()
                groups.setdefault((place.step, place.repeat, name), []).append(place)
        for places in groups.values():
            for one, other in combinations(places, 2):
                if (way := self._together(one, other)) is not None:
                    message = _("On one step there are two questions named alike: %(what)s.")
                    yield self._finding("same_label", WARNING, other, message, way)
                    break

    def _asked_twice(self) -> Iterator[Finding]:
        for kind in REACHED_ONCE:
            places = [
                p
                for p in self.paths.places
                if p.is_asked and not p.repeat and p.node["type"] == kind
            ]
            for one, other in combinations(places, 2):
                if (way := self._together(one, other)) is not None:
                    message = _("The same is asked twice, it seems: “%(of)s” and %(what)s.")
                    label = one.node["label"]
                    yield self._finding("asked_twice", WARNING, other, message, way, of=label)
                    break

    def _together(self, one: Place, other: Place) -> Way | None:
        """A way on which both are asked."""
        return next(
            (
                way for way in self.paths.to(one, other).found
                if all(self._is_asked(place, way) for place in (one, other))
            ),
            None,
        )  # fmt: skip

    def _is_asked(self, place: Place, way: Way) -> bool:
        return self.paths.is_reached(place, way) and not self.paths.is_known(place, way)

    def _personal(self) -> Iterator[Finding]:
        asked = [place for place in self.paths.places if place.is_asked]
        for place in asked:
            if place.node["personal"] and not place.node["purpose"].strip():
                message = _("%(what)s asks for personal data and does not say what for.")
                yield self._finding("no_purpose", ERROR, place, message, self._way_to(place))
            elif not place.node["personal"] and place.node["type"] in ABOUT_PEOPLE:
                message = _("%(what)s asks for personal data, but is not marked so.")
                yield self._finding("not_marked", WARNING, place, message, self._way_to(place))
        personal = [place for place in asked if place.node["personal"]]
        if personal and not self.schema.get("retention_days"):
            message = _("Personal data is asked for, and it is not said how long it is kept.")
            yield self._finding("no_term", ERROR, personal[0], message, self._way_to(personal[0]))
        if self.schema.get("basis", "consent") == "consent":
            yield from self._without_consent(personal)

    def _without_consent(self, personal: list[Place]) -> Iterator[Finding]:
        """Personal data that can be given on a way on which no consent is asked for."""
        consents = [
            place for place in self.paths.places
            if place.is_asked and place.node["type"] == "consent" and place.node["required"]
        ]  # fmt: skip
        if any(not place.guards and not place.node.get("set") for place in consents):
            return
        for place in personal:
            outer = self.paths.by_key[place.repeat] if place.repeat else place
            for way in self.paths.to(outer, *consents).found:
                if self._is_asked(outer, way) and not any(self._is_asked(c, way) for c in consents):
                    message = _(
                        "%(what)s asks for personal data, and with these answers nobody asks for consent."
                    )
                    yield self._finding("no_consent", ERROR, place, message, way)
                    return

    def _ways(self, place: Place) -> Ways:
        ways = self.paths.to(place)
        if not ways.complete:
            self.unfinished[_name(place, self.specs)] = None
        if not ways.exact:
            self.sampled[_name(place, self.specs)] = None
        return ways

    def _way_to(self, place: Place) -> Way | None:
        return next((w for w in self._ways(place).found if self.paths.is_reached(place, w)), None)

    def _holds(self, condition: Condition, way: Way) -> bool:
        return holds(condition, way.known, self.day)

    def _finding(
        self,
        code: str,
        severity: str,
        place: Place,
        message: str,
        way: Way | None = None,
        **words: Any,
    ) -> Finding:
        answers = self.paths.complete(way) if way else {}
        text = message % {"what": _name(place, self.specs), **words}
        return Finding(code, severity, _path(place), text, answers)


def _path(place: Place) -> str:
    return f"{place.repeat}.{place.path}" if place.repeat else place.path


def _name(place: Place, specs: Mapping[str, Any]) -> str:
    """What it is called in a sentence."""
    if place.is_step:
        return _("the step “%(title)s”") % {"title": place.node["title"]}
    label = str(place.node["label"]).strip().rstrip(":.")
    if place.node["type"] == "info":
        return _("the explanation “%(start)s”") % {"start": _shortened(label)}
    if place.node["type"] in ("group", "repeat"):
        return _("the group “%(label)s”") % {"label": label}
    if place.repeat:
        group = specs[place.repeat]["label"]
        return _("“%(label)s” in the group “%(group)s”") % {"label": label, "group": group}
    return _("“%(label)s”") % {"label": label}


def _shortened(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[:most].rsplit(' ', 1)[0]}…"


def _why(node: Mapping[str, Any]) -> str:
    if node["type"] in OPTIONED:
        return _("there is nothing to choose from")
    if node["type"] in ("number", "money"):
        return _("no number lies within its limits")
    if node["type"] == "file":
        return _("no file is allowed")
    if node["type"] == "repeat":
        return _("fewer rows are allowed than are needed")
    return _("its limits allow nothing")
