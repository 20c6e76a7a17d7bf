"""Counting the figures of all cases, and the page of figures: milliseconds, beside the small portal.

Part of `make bench-large`, after the pages of the desk: it gives the cases places, which they need to
be told apart. Days are counted by the portal itself from the events of the cases. Whether a family had
come before is not looked up: that is done once when a case comes, and reads its answers.
"""

from __future__ import annotations

import datetime
import json
import statistics
import subprocess
import sys
import time
from typing import Any

from tests.bench.cases import world
from tests.bench.run import peak_memory, row

PLACES_OF_CENTRE = 5
KINDS = ("municipal_district", "rural_settlement")
RUNS = 12
QUESTIONS = {
    "a month": "?period=last_month",
    "a quarter": "?period=last_quarter",
    "a year": "?period=year",
    "the year before": "?period=last_year",
    "a year, one topic": "?period=year&topic={topic}",
    "a year, one place": "?period=year&place={place}",
    "all months there are": "?period=days&since={first}&until={last}",
}
OF_A_HEAD = {
    "this month, day by day": "?period=month",
    "own days of nearly a year": "?period=days&since={since}&until={until}",
}


def measure(installations: dict[int, dict[str, str]]) -> None:
    """Count and ask in each of them, then tell them beside each other."""
    small, large = sorted(installations)
    found = {size: _asked(environment) for size, environment in installations.items()}
    print()
    for size in (small, large):
        counted = found[size]["counted"]
        row(
            f"figures of {size:,} cases counted from nothing",
            f"{counted['seconds']:.0f} s, {counted['cells']:,} cells of days,"
            f" {counted['sums']:,} sums, most memory {counted['peak'] / 1024:.0f} MB",
        )
        row(
            f"figures of {size:,} cases kept up",
            f"a day that changed {counted['kept_up']:.1f} s, nothing new {counted['idle']:.2f} s,"
            f" a night's check {counted['checked']:.0f} s",
        )
    print(
        f"\nthe page of figures, {RUNS} times each, p50 / p95 in ms; {small:,} and {large:,} cases"
    )
    for name, (few, _queries) in found[small]["pages"].items():
        many, queries = found[large]["pages"][name]
        row(name, f"{_told(few)}, {_told(many)}; queries {_queries}, {queries}")


def _asked(environment: dict[str, str]) -> dict[str, Any]:
    result = subprocess.run(
        [sys.executable, "-m", "tests.bench.figures"],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def _told(times: list[float]) -> str:
    return f"{statistics.median(times):.0f} / {statistics.quantiles(times, n=20)[-1]:.0f}"


def count() -> dict[str, float]:
    """Give the cases places, count all days, keep up, check; what each took."""
    from django.db import connection

    from desk.figures import upkeep
    from desk.models import DayCounts, Sums

    _settle()
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze intake_forms_intakecase")
    started = time.monotonic()
    upkeep.begin_anew()
    while upkeep.count_a_month():
        pass
    took = time.monotonic() - started
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze intake_desk_daycounts")
        cursor.execute("vacuum analyze intake_desk_sums")
    return {
        "seconds": took,
        "kept_up": _seconds(_count_a_day),
        "idle": _seconds(upkeep.keep_up),
        "checked": _seconds(upkeep.check),
        "cells": DayCounts.objects.count(),
        "sums": Sums.objects.count(),
        "peak": peak_memory(),
    }


def _count_a_day() -> None:
    """What upkeep does when something has happened on the last whole day that there is."""
    from desk.figures import upkeep
    from desk.models import DayCounts

    days = DayCounts.objects.order_by("-day").values_list("day", flat=True).distinct()
    upkeep.count(set(days[1:2]))


def _seconds(work: Any) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _settle() -> None:
    """Each centre has places of its own; the cases have them in turn. None is to be looked at."""
    from django.db import connection

    from catalogue.models import Territory

    with connection.cursor() as cursor:
        cursor.execute(
            "insert into intake_desk_known (case_id) select id from intake_forms_intakecase"
            " on conflict do nothing"
        )
        for number, place in enumerate(world().places):
            own = [
                Territory.objects.get_or_create(
                    slug=f"bench-place-{number}-{n}",
                    defaults={"title": f"Место {number}-{n}", "kind": KINDS[n % len(KINDS)]},
                )[0].pk
                for n in range(PLACES_OF_CENTRE)
            ]
            cursor.execute(
                "update intake_forms_intakecase set territory_id = (%s::bigint[])[1 + id %% %s]"
                " where centre_id = %s and territory_id is null",
                [own, PLACES_OF_CENTRE, place.centre],
            )


def ask() -> dict[str, tuple[list[float], int]]:
    """Milliseconds of each page, and its queries."""
    from django.db import connection
    from django.db.models import Min
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from catalogue.models import Territory
    from desk.models import DayCounts

    about, today = world(), datetime.date.today()
    words = {
        "topic": about.topics[0],
        "place": Territory.objects.get(slug="bench-place-0-0").pk,
        "since": today - datetime.timedelta(days=350),
        "until": today - datetime.timedelta(days=5),
        "first": DayCounts.objects.aggregate(first=Min("day"))["first"].replace(day=1),
        "last": today.replace(day=1) - datetime.timedelta(days=1),
    }
    found = {}
    for who, user, questions in (
        ("all centres", _analyst(), QUESTIONS),
        ("own centre", _head(about.places[0].centre), QUESTIONS | OF_A_HEAD),
    ):
        client = Client(headers={"host": "localhost"})
        client.force_login(user)
        for title, question in questions.items():
            url = reverse("intake:figures") + question.format(**words)
            client.get(url)
            times = [_timed(client, url) for _ in range(RUNS)]
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            found[f"{who}: {title}"] = (times, len(queries))
    return found


def _timed(client: Any, url: str) -> float:
    started = time.perf_counter()
    answer = client.get(url)
    assert answer.status_code == 200, answer.status_code
    return (time.perf_counter() - started) * 1000


def _analyst() -> Any:
    from cms.access import Role

    return _person("bench-analyst", Role.ANALYST)


def _head(centre: int) -> Any:
    from catalogue.models import Membership
    from cms.access import Role

    user = _person("bench-head", Role.HEAD)
    Membership.objects.get_or_create(user=user, provider_id=centre)
    return user


def _person(name: str, role: Any) -> Any:
    from django.contrib.auth.models import Group

    from cms.models import User

    user, _made = User.objects.get_or_create(username=name, defaults={"last_name": "Образец"})
    user.groups.add(Group.objects.get(name=role.value))
    return user


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps({"counted": count(), "pages": ask()}))
