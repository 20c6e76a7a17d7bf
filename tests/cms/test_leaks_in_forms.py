"""Keys of others in the forms of one's own pages: another centre's case as the one that stays open,
its queue, specialist, slot, letter; ticked for many at once.

Every form that a visitor is shown is filled in and sent, with one key at a time replaced by one that
is none of its business, and by one of the same kind that never was: both get the same answer, and
the same is written. The forms come from the pages, so one that a floor adds is tried without anybody
thinking of it; a field with keys in it that is not known here is told.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from django.db import connection

from catalogue.models import Provider
from cms.access import Role
from cms.models import User
from desk.models import AppointmentKind, CaseRoute, MessageTemplate, Room, Slot
from forms import moves, sorting
from forms.models import Department, IntakeCase, Queue
from tests.cms.test_leaks import OF_FAMILIES, changes, never_was, signature
from tests.cms.visitors import Visitor, Walker, walker_of
from tests.cms.walk import APART, OTHER, OWN, SECRET, World, address, routes, values_of
from tests.cms.world import FAMILIES, MARKS, world
from tests.factories import UserFactory
from tests.intake import FormFactory, make_case
from tests.telling import tell_count

__all__ = ["world"]

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

VISITORS = [
    Visitor(Role.SPECIALIST, (OTHER, SECRET, APART)),
    Visitor(Role.DISPATCHER, (OTHER, SECRET)),
    Visitor(Role.HEAD, (OTHER, SECRET)),
    Visitor(Role.PARTNER),
    Visitor("family"),
    Visitor("partner by its link"),
]
Value = Callable[[World, str], Any]


def _case(world: World, whose: str) -> Any:
    return world.cases[whose].pk


def _ref(world: World, whose: str) -> Any:
    return world.cases[whose].ref


def _of_other(read: Callable[[World], Any]) -> Value:
    """What is of the other centre only."""
    return lambda world, whose: read(world) if whose == OTHER else None


_person = _of_other(lambda world: world.people["specialist2"].pk)


def _appointment(name: str) -> Value:
    return lambda world, whose: world.appointments[name][whose].pk


# By the name of the field. What is of another centre only has no row for the others.
KEYS: dict[str, Value] = {
    "case": _case,
    "other": _ref,
    "number": _ref,
    "what": _ref,
    "q": _ref,
    "person": _person,
    "curator": _person,
    "whose": _person,
    "who": _person,
    "slot": _appointment("slot"),
    "kind": _appointment("appointment_kinds"),
    "room": _appointment("rooms"),
    "centre": lambda world, whose: world.cases[whose].centre_id,
    "r-queue": _of_other(lambda world: world.cases[OTHER].queue_id),
    "department": lambda world, whose: (
        Department.objects.filter(centre=world.cases[whose].centre_id).first().pk
    ),
    "template": _of_other(
        lambda world: MessageTemplate.objects.get(centre=world.cases[OTHER].centre_id).pk
    ),
    "route": lambda world, whose: world.cases[whose].routes.get().pk,
    "papers": lambda world, whose: world.files[whose].pk,
    "export": lambda world, whose: world.exports[whose].pk,
    "letter": lambda world, whose: world.letters[whose].pk,
    "booking": lambda world, whose: world.appointments["booking"][whose].pk,
}
# What a visitor may know of all the same: the head is led to the glass of a secret case.
MAY_KNOW = {(Role.HEAD, "what", SECRET)}
# A queue of another centre is where a case is given to; organisations are there for everybody; what
# is the same for all centres.
FOR_ALL = {"queue", "receiver", "topic", "kinds", "version", "writing_id", "days", "schedule"}
_KEY = re.compile(r"\d{1,18}|[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass(frozen=True)
class Sendable:
    """A form of a page, filled in: where it goes, how, and with what."""

    page: str
    action: str
    method: str
    body: tuple[tuple[str, tuple[str, ...]], ...]
    with_keys: frozenset[str] = field(default_factory=frozenset)

    @property
    def kind(self) -> tuple[Any, ...]:
        """Forms of one kind are sent once: the rows of a list have each the same."""
        path = re.sub(r"\d+|[0-9a-f]{8}-[0-9a-f-]{27}", "@", urlsplit(self.action).path)
        return path, self.method, tuple(sorted(name for name, _values in self.body)), self._does

    @property
    def _does(self) -> tuple[str, ...]:
        return dict(self.body).get("action", ())


@pytest.mark.parametrize("visitor", VISITORS, ids=lambda visitor: str(visitor.name))
def test_a_key_of_another_in_a_form_is_as_one_that_never_was(
    far_keys, world, visitor, settings, quiet
):
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "redirects" not in one]
    held = _held(world, visitor)
    walker = walker_of(visitor, world)
    sent, unknown, faults = Counter(), set(), []
    for one in _forms(walker, visitor, world, held):
        unknown |= one.with_keys - set(KEYS) - FOR_ALL
        for name in _asked(one):
            for whose in visitor.theirs:
                theirs = KEYS[name](world, whose)
                if (visitor.name, name, whose) in MAY_KNOW:
                    continue
                if theirs in (None, KEYS[name](world, visitor.mine)):
                    continue  # there is no further one
                sent[one.kind[0], name] += 1
                faults += _leaks(walker, one, name, theirs)
    tell_count(f"{visitor.name}: {sent.total()} keys of others in {len(sent)} fields of forms")
    assert not unknown, f"add fields {unknown} to KEYS or to FOR_ALL"
    assert not faults, "\n".join(faults)
    assert len(sent) >= LEAST[visitor.name], sorted(sent)


WITH_FAR_KEYS = (
    *(AppointmentKind, CaseRoute, Department, IntakeCase, MessageTemplate, Provider, Queue),
    *(Room, Slot, User),
)
LEAST: dict[str, int] = {
    Role.SPECIALIST: 20,
    Role.DISPATCHER: 20,
    Role.HEAD: 22,
    Role.PARTNER: 1,
    "family": 1,
    "partner by its link": 1,
}


@pytest.fixture
def far_keys(db):
    """Keys of no two tables are the same, nor a number that a page shows: they can be told in it."""
    with connection.cursor() as cursor:
        before = []
        for number, model in enumerate(WITH_FAR_KEYS, start=1):
            name = f"pg_get_serial_sequence('{model._meta.db_table}', 'id')"
            cursor.execute(f"select {name}, nextval({name})")
            before.append(cursor.fetchone())
            cursor.execute("select setval(%s, %s)", [before[-1][0], 70_000_000 + number * 100_000])
        yield
        for name, last in before:
            cursor.execute("select setval(%s, %s)", [name, last])


@pytest.fixture
def quiet():
    """Each refusal is logged."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def _held(world: World, visitor: Visitor) -> list[Any]:
    """Cases in the person's own hands, one of them secret; one that is free."""
    if visitor.name not in world.people or visitor.name == Role.PARTNER:
        return []
    person, centre = world.people[visitor.name], world.cases[OWN].centre
    form, cases = FormFactory(), []
    for secret in (False, True):
        case = make_case(form, centre=centre)
        moves.take(case_id=case.pk, actor=person)
        case.refresh_from_db()
        if secret:
            wanted = sorting.Sorted(case.topic, case.urgent, True, None)
            sorting.sort(case_id=case.pk, actor=person, version=case.version, wanted=wanted)
        cases.append(case)
    make_case(form, centre=centre)  # nobody holds it
    for _ in range(2):  # colleagues to choose
        UserFactory(role=Role.SPECIALIST, provider=centre)
    return cases


def _forms(walker: Walker, visitor: Visitor, world: World, held: list[Any]) -> Iterator[Sendable]:
    known = set()
    for page in _pages(visitor, world, held):
        answer = walker.open(page, "get")
        if answer.status_code != 200 or "html" not in answer.headers.get("Content-Type", ""):
            continue
        for one in _read(page, answer.content_text):
            if one.kind not in known:
                known.add(one.kind)
                yield one


def _pages(visitor: Visitor, world: World, held: list[Any]) -> Iterator[str]:
    for route in routes():
        if route.namespace not in OF_FAMILIES:
            continue
        own = values_of(route, world, visitor.mine)
        yield address(route, own)
        if own.get("pk") == world.cases[visitor.mine].pk and set(own) <= {"pk", "slug"}:
            yield from (address(route, {**own, "pk": case.pk}) for case in held)


def _read(page: str, text: str) -> Iterator[Sendable]:
    soup = BeautifulSoup(text, "html.parser")
    for form in soup.find_all("form"):
        elements = form.find_all(["input", "select", "textarea"])
        if form.get("id"):
            elements += soup.find_all(["input", "select", "textarea"], form=form["id"])
        body: dict[str, tuple[str, ...]] = {}
        keys = set()
        for one in elements:
            name = one.get("name")
            if not name or one.get("type") in ("submit", "file"):
                continue
            values = _values(one, body.get(name, ()))
            if values is not None:
                body[name] = values
            if _holds_keys(one):
                keys.add(name)
        for button in form.find_all("button", attrs={"name": True}):
            body.setdefault(button["name"], (button.get("value", ""),))  # the first is pressed
            if _KEY.fullmatch(button.get("value", "")):
                keys.add(button["name"])
        action = urljoin(page, form.get("action") or page)
        method = form.get("method", "get").lower()
        if urlsplit(action).path.startswith(("/admin/intake", "/status/", "/partner/")):
            yield Sendable(page, action, method, tuple(body.items()), frozenset(keys))


def _values(one: Any, before: tuple[str, ...]) -> tuple[str, ...] | None:
    """What is sent for an element, its form being filled in with the first that may be chosen."""
    kind = "select" if one.name == "select" else one.get("type", one.name)
    if kind == "select":
        options = [each.get("value", "") for each in one.find_all("option")]
        chosen = [each["value"] for each in one.find_all("option", selected=True)]
        return tuple(filter(None, chosen[:1])) or tuple(filter(None, options))[:1] or ("",)
    if kind in ("checkbox", "radio"):
        is_on = one.has_attr("checked") or not before
        return (one.get("value", "on"),) if is_on and kind == "radio" else before
    if kind == "textarea":
        return (one.text.strip() or "образец",)
    return (one.get("value") or "",)


def _holds_keys(one: Any) -> bool:
    """Something can be chosen or is carried that looks like a key of a row."""
    if one.name == "select":
        values = [each.get("value", "") for each in one.find_all("option")]
    elif one.get("type") in ("checkbox", "radio", "hidden"):
        values = [one.get("value", "")]
    else:
        return False
    return any(_KEY.fullmatch(value) for value in values)


def _asked(one: Sendable) -> list[str]:
    return [name for name in KEYS if name in dict(one.body) or name in one.with_keys]


def _leaks(walker: Walker, one: Sendable, name: str, theirs: Any) -> Iterator[str]:
    found, wrote = _send(walker, one, name, theirs)
    nothing, wrote_for_nothing = _send(walker, one, name, never_was(theirs))
    where = f"{one.method} {one.action} from {one.page}: {name}={theirs} → {found[0]}"
    shown = [text for text in [*FAMILIES.values(), *MARKS.values()] if text in found[2]]
    if set(shown) - {FAMILIES[OWN], MARKS[OWN]}:
        yield f"{where}: shows {shown}"
    if found != nothing:
        lines = set(found[2].splitlines()) ^ set(nothing[2].splitlines())
        told = " | ".join(line.strip() for line in lines)[:300] or str((found[1], nothing[1]))
        yield f"{where}, of nothing {nothing[0]}: {told}"
    if wrote != wrote_for_nothing:
        yield f"{where}: has written {wrote - wrote_for_nothing} {wrote_for_nothing - wrote}"


def _send(walker: Walker, one: Sendable, name: str, value: Any) -> tuple[Any, Counter[str]]:
    path, _mark, query = one.action.partition("?")
    body = {key: list(values) for key, values in one.body} | {name: [str(value)]}
    before = changes()
    if one.method == "get":
        kept = dict(parse_qsl(query))
        answer = walker.open(path, "get", {**kept, **body})
    else:
        answer = walker.open(one.action, "post", body)
    status, headers, text = signature(answer, one.action)
    said = re.compile(rf"(?<![\d-]){re.escape(str(value))}(?![\d-])", re.IGNORECASE)
    plain = {key: said.sub("@", told) for key, told in headers.items()}
    return (status, plain, said.sub("@", _without_chance(text, str(value)))), changes() - before


def _without_chance(text: str, value: str) -> str:
    """Without keys that are drawn anew for each page, and the number as it is written for people."""
    text = re.sub(r'name="draft" value="[^"]*"', "", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", lambda key: key[0] if key[0] == value else "", text)
    grouped = "-".join(filter(None, (value[:4], value[4:8], value[8:])))
    return text.replace(grouped, value)


def test_a_key_that_is_given_away_would_be_seen(world):
    """The test itself: a form that takes any case tells one that is there from one that is not."""
    walker = Walker(world.people[Role.HEAD])
    assert uuid.UUID(int=0) != never_was(uuid.UUID(int=0))
    glass = Sendable("/", "/admin/intake/find/", "post", (("what", ("",)),))
    ref = world.cases[SECRET].ref
    assert list(_leaks(walker, glass, "what", ref))  # the head is led to the glass
    assert not list(_leaks(Walker(world.people[Role.SPECIALIST]), glass, "what", ref))
    assert AppointmentKind.objects.filter(centre=world.cases[OTHER].centre).exists()
