"""A matrix of leaks: everybody × every address that names a row × every method.

Whoever may not know of a row gets for it what it gets for one that never was: the same status, the
same headers, the same page; and nothing is written. The addresses come from the resolver, so one
that a floor adds is tried without anybody thinking of it.

Who works on cases, and who has no account, asks for what families have by every method. The rest is
asked by GET, by POST and by one more, another for each visitor; and what never was is asked for by GET
and POST, and by the others where a row was not plainly refused. `make torture` (TORTURE_LEAKS) asks
for everything by everything.
"""

from __future__ import annotations

import logging
import os
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection

from cms.access import Role
from forms.models import AccessLog
from forms.references import RANDOM, check_symbol, grouped, is_reference
from tests.cms.visitors import VISITORS, Visitor, Walker, may_know, walker_of
from tests.cms.walk import QUERIES, Route, World, address, routes, values_of
from tests.cms.world import FAMILIES, MARKS, world
from tests.telling import tell_count

__all__ = ["world"]

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ALL = "TORTURE_LEAKS" in os.environ
FILLED = "post filled in"
METHODS = ("get", "post", FILLED, "head", "options", "put", "patch", "delete")
ALWAYS = ("get", FILLED)
AT_CASES = {"staff", "staff of another centre", "no staff"}
OF_FAMILIES = {"intake", "intake_forms", "intake_desk"}
# One looks for old addresses whenever something is not found, with four queries; the other draws the
# empty answer to a wrong method as a page, the same for everybody. Together half of the time.
NEEDLESS = ("RedirectMiddleware", "WrongMethodMiddleware")
# Written by whoever asks, right or wrong: how often an address has guessed.
COUNTED = {"intake_forms_lookupattempt"}
_CHANGES = """
select relname, n_tup_ins + n_tup_upd + n_tup_del from pg_stat_xact_user_tables
where n_tup_ins + n_tup_upd + n_tup_del > 0
"""


@pytest.mark.parametrize("group", VISITORS)
def test_row_of_another_is_as_one_that_never_was(world, group, settings, quiet):
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if not one.endswith(NEEDLESS)]
    tried, faults = Counter(), []
    for number, visitor in enumerate(VISITORS[group]):
        walker, of_nothing = walker_of(visitor, world), {}
        for other_number, route in enumerate(routes()):
            methods = methods_for(group, route, number + other_number)
            for other, never in (
                () if may_know(visitor.name, route) else pairs(route, visitor, world)
            ):
                tried[visitor.name] += len(methods)
                found = leaks(walker, methods, other, never, world, of_nothing)
                faults += [f"{visitor.name}: {fault}" for fault in found]
    tell_count(
        f"{group}: {tried.total()} triples of person, address and method; leaks: {len(faults)}"
    )
    assert not faults, "\n".join(faults)
    assert min(tried.values()) > 200, tried


@pytest.fixture
def quiet():
    """Each refusal is logged."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def methods_for(group: str, route: Route, turn: int) -> tuple[str, ...]:
    if ALL or (group in AT_CASES and route.namespace in OF_FAMILIES):
        return METHODS
    others = [method for method in METHODS if method not in ALWAYS]
    return (*ALWAYS, others[turn % len(others)])


def pairs(route: Route, visitor: Visitor, world: World) -> Iterator[tuple[str, str]]:
    """Addresses of rows of others, each beside the one of a row that never was.

    Where an address names several rows, each of them is once another's among one's own.
    """
    mine = values_of(route, world, visitor.mine)
    for whose in visitor.theirs:
        theirs = values_of(route, world, whose)
        differ = [part for part in theirs if theirs[part] != mine[part]]
        for parts in [differ, *([part] for part in differ if len(differ) > 1)]:
            if parts:
                other = {**mine, **{part: theirs[part] for part in parts}}
                never = {**mine, **{part: never_was(theirs[part]) for part in parts}}
                yield address(route, other), address(route, never)
        if route.name in ASKED_BY_QUERY:
            path, pk = address(route, theirs), world.measures[whose].pk
            yield f"{path}?id={pk}", f"{path}?id={never_was(pk)}"


ASKED_BY_QUERY = {
    name for name in QUERIES if name.endswith(("chosen_multiple", "wagtail_bulk_action"))
}


def never_was(value: Any) -> Any:
    """A key of the same kind, of nothing: one for all rows, so that it is asked for once."""
    if isinstance(value, uuid.UUID):
        return uuid.UUID("4b9a6d3e-0f6a-4a57-9a51-1f6a2c7a3a12")
    if isinstance(value, int):
        return 1_999_999_999
    if is_reference(value):
        body = "2345679ACE"
        assert len(body) == RANDOM
        return body + check_symbol(body)
    assert isinstance(value, str), value
    return "zzz-never-was-000"


def leaks(
    walker: Walker,
    methods: tuple[str, ...],
    other: str,
    never: str,
    world: World,
    of_nothing: dict[tuple[str, str], Any],
) -> Iterator[str]:
    """:param of_nothing: what this walker has got for rows that never were."""
    before = changes()
    for method in methods:
        answer = opened(walker, other, method, world)
        found = signature(answer, other)
        where = f"{method} {other} → {answer.status_code}"
        shown = [
            text for text in [*FAMILIES.values(), *MARKS.values()] if text in answer.content_text
        ]
        if shown:
            yield f"{where}: shows {shown}"
        if answer.status_code >= 500:
            yield f"{where}: breaks"
        if answer.status_code in {404, 405} and method not in ALWAYS and not ALL:
            continue
        if (method, never) not in of_nothing:
            of_nothing[method, never] = signature(opened(walker, never, method, world), never)
        nothing = of_nothing[method, never]
        if found != nothing:
            yield f"{where}: of nothing {nothing[0]}: {difference(found, nothing)}"
    changed = changes() - before
    for table in COUNTED:
        changed.pop(table, None)
    if changed:
        yield f"{other}: has written {dict(changed)}"


def opened(walker: Walker, path: str, method: str, world: World) -> Any:
    if method == FILLED:
        return walker.open(path, "post", plausible(world))
    return walker.open(path, method)


def plausible(world: World) -> dict[str, Any]:
    """What some page might send."""
    return {
        "action": "take",
        "answer": "yes",
        "code": "000000",
        "date": "2026-11-23",
        "days": "7",
        "next": "/",
        "number": world.cases["own"].number,
        "outcome": "advised",
        "path": "name",
        "person": world.people["specialist2"].pk,
        "queue": world.cases["own"].queue_id,
        "reason": "call",
        "result": "helped",
        "score": "5",
        "slot": world.appointments["slot"]["own"].pk,
        "state": "came",
        "text": "образец",
        "title": "образец",
        "value": "образец",
        "version": "1",
        "what": "answers",
        "writing_id": "4b9a6d3e-0f6a-4a57-9a51-1f6a2c7a3a11",
    }


def signature(answer: Any, path: str) -> tuple[int, dict[str, str], str]:
    """What a visitor can tell two answers apart by."""
    headers = {name: neutral(value, path) for name, value in answer.headers.items()}
    for told_otherwise in ("Content-Length", "Expires"):
        headers.pop(told_otherwise, None)
    headers["Set-Cookie"] = " ".join(sorted(answer.cookies))
    return answer.status_code, headers, neutral(answer.content_text, path)


def neutral(text: str, path: str) -> str:
    """Without the address and its parts, tokens, moments, and numbers of requests."""
    parts = [
        part for part in re.split("[/?=]", path) if is_reference(part) or LONG_PART.fullmatch(part)
    ]
    numbers = [grouped(part) for part in parts if is_reference(part)]
    for own in (path, quote(path, safe=""), quote(path), *parts, *numbers):
        text = text.replace(own, "@")
    return TOKENS.sub("", text)


LONG_PART = re.compile(r".*\d.{5,}")
TOKENS = re.compile(r"[A-Za-z0-9_+/=-]{20,}|(?<=[?;&]at=)\d{16}")  # and when a list was shown


def difference(found: tuple[Any, ...], nothing: tuple[Any, ...]) -> str:
    if found[1] != nothing[1]:
        return str({k: v for k, v in found[1].items() if nothing[1].get(k) != v})[:200]
    lines = set(found[2].splitlines()) ^ set(nothing[2].splitlines())
    return " | ".join(line.strip() for line in lines)[:300]


def changes() -> Counter[str]:
    """Rows written to each table in this transaction, those included that were taken back."""
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES)
        return Counter(dict(cursor.fetchall()))


def test_changes_are_seen_though_they_are_taken_back(world):
    case = world.cases["own"]
    walker, before = Walker(world.people[Role.HEAD]), changes()
    assert walker.open(f"/admin/intake/{case.pk}/", "get").status_code == 200
    assert (changes() - before)["intake_forms_accesslog"] == 1
    assert not AccessLog.objects.filter(user=world.people[Role.HEAD]).exists()
