"""One process of the portal that asks itself for pages of the desk, one at a time, as it is told.

The other end is tests/bench/large.py: a name of a page on a line, the milliseconds back.
"""

from __future__ import annotations

import json
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

SEED = 20261123
SAMPLES = 200
LIST = "/admin/intake/"
SLOW = 0.02  # seconds of a query whose plan is told
Ask = Callable[[], Any]


def main() -> None:
    import django

    django.setup()
    from django.db import connection

    asks = dict(_asks())
    queries, rows = {}, {}
    for name, ask in asks.items():
        for _ in range(3):
            ask()
        queries[name], rows[name] = _counted(ask)
    if "--explain" in sys.argv:
        for name, ask in asks.items():
            _explain(name, ask, connection)
    print(json.dumps({"names": list(asks), "queries": queries, "rows": rows}), flush=True)
    busy = _busy(connection)
    for line in sys.stdin:
        before, started = busy(), time.perf_counter()
        asks[line.strip()]()
        took, worked = time.perf_counter() - started, busy() - before
        print(json.dumps({"ms": took * 1000, "cpu": worked * 1000}), flush=True)


def _busy(connection: Any) -> Callable[[], float]:
    """Seconds of processor that this process and its part of the database have had: of work that
    waits for others on a busy machine it tells the truth."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (backend,) = cursor.fetchone()
    place = Path(f"/proc/{backend}/schedstat")
    return lambda: time.process_time() + int(place.read_text().split()[0]) / 1e9


def _counted(ask: Ask) -> tuple[int, int]:
    """Queries of a page, and how many rows stand on it."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        answer = ask()
    content = getattr(answer, "content", b"")
    return len(seen), content.count(b'class="desk-list__number"')


def _explain(name: str, ask: Ask, connection: Any) -> None:
    """The plans of the queries of a page that take long."""
    kept: list[tuple[float, str, Any]] = []

    def watch(execute: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(statement, values, many, context)
        finally:
            kept.append((time.perf_counter() - started, statement, values))

    with connection.execute_wrapper(watch):
        ask()
    for took, statement, values in kept:
        if took < SLOW or not statement.lstrip("( ").lower().startswith("select"):
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"explain (analyze, buffers) {statement}", values)
            plan = "\n".join(line for (line,) in cursor.fetchall())
        print(f"== {name}: {took * 1000:.0f} ms\n{statement[:3000]}\n{plan}\n", file=sys.stderr)


def _asks() -> Iterator[tuple[str, Ask]]:
    from django.test import Client

    from desk.narrowing import tabs_of
    from forms.models import IntakeCase

    region, of_centre, chance = _person(80), _person(1), random.Random(SEED)
    clients = {}
    for user in (region, of_centre):
        clients[user] = client = Client(headers={"host": "localhost"}, enforce_csrf_checks=False)
        client.force_login(user)

    def get(path: str, user: Any = region) -> Ask:
        return lambda: _good(clients[user].get(path))

    def post(path: str, *datas: dict[str, Any], user: Any = region, good: int = 200) -> Ask:
        given = cycle(datas)
        return lambda: _good(clients[user].post(path, next(given)), good)

    for tab in tabs_of(region):
        if tab != "withdrawn":
            yield f"list, all centres: {tab}", get(f"{LIST}?tab={tab}")
    one = IntakeCase.objects.order_by("pk").first()
    assert one is not None
    for name, query in (
        ("topic and channel", f"tab=open&topic={one.topic_id}&channel=phone"),
        ("queue", f"tab=open&queue={one.queue_id}"),
        ("days, closed", "tab=closed&since=2026-09-01&until=2026-11-20"),
        ("nobody's, urgent", "tab=open&whose=nobody&urgent=on"),
        ("state and topic", f"tab=open&state=waiting_family&topic={one.topic_id}"),
    ):
        yield f"list, all centres, filter: {name}", get(f"{LIST}?{query}")
    yield "list, all centres: second page", get(_second_page(clients[region]))
    for tab in ("mine", "free", "open", "closed"):
        yield f"list, own centre: {tab}", get(f"{LIST}?tab={tab}", of_centre)
    yield "counts of all tabs, all centres", lambda: _counts(region.pk)
    yield "counts of all tabs, own centre", lambda: _counts(of_centre.pk)
    refs = _sample(chance)
    find = f"{LIST}find/"
    yield "search by number", post(find, *({"what": ref} for ref in refs), good=303)
    yield (
        "search by the beginning of a number",
        post(find, *({"what": ref[:6]} for ref in refs), good=303),
    )
    part = cycle(refs)
    yield (
        "list of numbers that begin so",
        lambda: _good(clients[region].get(f"{LIST}?tab=open&q={next(part)[:4]}")),
    )
    phones = [{"what": phone} for phone in _phones(refs)]
    yield "search by phone, all centres", post(find, *phones)
    yield "search by phone, own centre", post(find, *phones, user=of_centre)
    for name, user in (("all centres", region), ("own centre", of_centre)):
        paths = cycle(_cases(user, chance))
        client = clients[user]
        yield f"page of a case, {name}", lambda c=client, p=paths: _good(c.get(next(p)))
    yield "start page, all centres", get("/admin/")
    yield "start page, own centre", get("/admin/", of_centre)
    yield "take the next one, all centres", post(f"{LIST}next/?tab=free", {}, good=303)


def _good(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.status_code
    return answer


def _person(centres: int) -> Any:
    """The head of so many centres."""
    from django.contrib.auth.models import Group

    from catalogue.models import Membership, Provider
    from cms.access import Role
    from cms.models import User

    user, _made = User.objects.get_or_create(username=f"bench-head-{centres}")
    user.groups.set(Group.objects.filter(name__in=(Role.HEAD.value, Role.DISPATCHER.value)))
    for centre in Provider.objects.filter(slug__startswith="bench-").order_by("pk")[:centres]:
        Membership.objects.get_or_create(user=user, provider=centre)
    return User.objects.get(pk=user.pk)


def _counts(user: int) -> Any:
    from cms.models import User
    from desk import counting
    from desk.narrowing import tabs_of
    from forms.models import IntakeCase

    person = User.objects.get(pk=user)
    visible = IntakeCase.objects.visible_to(person)
    return counting.capped(
        {name: visible.filter(tab.which) for name, tab in tabs_of(person).items()}
    )


def _second_page(client: Any) -> str:
    found = re.search(r"after=([0-9.]+)", client.get(f"{LIST}?tab=open").content.decode())
    assert found is not None, "there is one page only"
    return f"{LIST}?tab=open&after={found[1]}"


def _sample(chance: random.Random) -> list[str]:
    """Numbers of cases that are not secret, the same kind in both sizes."""
    from forms.models import IntakeCase

    keys = list(IntakeCase.objects.filter(secret=False).order_by("pk").values_list("pk", flat=True))
    chosen = chance.sample(keys, min(SAMPLES, len(keys)))
    return list(IntakeCase.objects.filter(pk__in=chosen).values_list("ref", flat=True))


def _phones(refs: list[str]) -> list[str]:
    from forms.models import IntakeCase

    cases = IntakeCase.objects.filter(ref__in=refs).select_related("submission__key")
    return [case.submission.read_answers()["phone"] for case in cases]


def _cases(user: Any, chance: random.Random) -> list[str]:
    """Pages of cases in work: all of one shape."""
    from forms.models import IntakeCase

    seen = IntakeCase.objects.visible_to(user).filter(state="in_work", secret=False)
    keys = list(seen.order_by("pk").values_list("pk", flat=True)[:20_000])
    return [f"{LIST}{key}/" for key in chance.sample(keys, min(SAMPLES, len(keys)))]


if __name__ == "__main__":
    main()
