"""Accepting a submission over HTTP, beside plain SQL that writes the same rows; queries of forms.

python -m tests.bench.acceptance        inside an installation whose database is running
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import statistics
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

ROUNDS, OF_ROUND, WARMING = 12, 30, 40
COUNT = ROUNDS * OF_ROUND + WARMING
GOAL = 3.0
TOKEN = "a" * 32  # of a visitor that has a cookie: the same in the page and in the cookie
ENVIRONMENT = {
    **({"NAVIGATOR_HOME": os.environ["NAVIGATOR_HOME"]} if "NAVIGATOR_HOME" in os.environ else {}),
    "DJANGO_SETTINGS_MODULE": "cms.settings.dev",
    "BEHIND_PROXY": "1",  # each submission comes from an address of its own
    "NAVIGATOR_FORM_PACE": "1000000",
}


def measure(folder: Path, python: str) -> None:
    """Print the figures of the installation in `folder`, whose runtime is `python`."""
    from tests.bench.run import free_port, row, web

    prepared = _inside(folder, "prepare")
    ports = free_port(), free_port()
    bare = {**ENVIRONMENT, "BENCH_DATABASE": prepared["database"]}
    with (
        web(folder, "cms.wsgi:application", ports[0], ENVIRONMENT, python),
        web(folder, "tests.bench.bare:application", ports[1], bare, sys.executable),
    ):
        times = _race(ports, prepared)
    for name, figures in times.items():
        row(f"accepting, {name}", f"p50 {_p(figures, 50):.1f} ms, p95 {_p(figures, 95):.1f} ms")
    portal, plain = times.values()
    for part in (50, 95):
        goal = f"   goal: at most {GOAL:.0f}" if part == 95 else ""
        row(f"  p{part}, ratio", f"{_p(portal, part) / _p(plain, part):.2f}{goal}")
    row("  statements of the database, accepting", str(prepared["statements"]))
    for name, count in prepared["pages"].items():
        row(f"  queries, {name}", f"{count}   goal: at most 8")


def _race(ports: tuple[int, int], prepared: dict) -> dict[str, list[float]]:
    """One request after another, a round of the one and a round of the other."""
    portal, plain = (http.client.HTTPConnection("127.0.0.1", port) for port in ports)
    keys = iter(prepared["keys"])
    ours = [_send(portal, prepared, next(keys), number) for number in range(WARMING)]
    theirs = [_send(plain, prepared, "", number) for number in range(WARMING)]
    ours.clear(), theirs.clear()
    for turn in range(ROUNDS):
        base = turn * OF_ROUND + WARMING
        ours += [_send(portal, prepared, next(keys), base + n) for n in range(OF_ROUND)]
        theirs += [_send(plain, prepared, "", base + n) for n in range(OF_ROUND)]
    return {"the portal": ours, "plain SQL behind a bare view": theirs}


def _send(connection: http.client.HTTPConnection, prepared: dict, key: str, n: int) -> float:
    """Milliseconds until the answer to a form that was sent."""
    import time

    # Each family has a phone of its own: the pace counts what came with each.
    answers = prepared["answers"] | {"a-phone": f"+7921{secrets.randbelow(10**7):07}"}
    body = urlencode({**answers, "draft": key, "csrfmiddlewaretoken": TOKEN})
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"csrftoken={TOKEN}",
        "Referer": "https://localhost/",
        "X-Forwarded-For": f"10.1.{n // 250}.{n % 250}",
        "Host": "localhost",
    }
    start = time.perf_counter()
    connection.request("POST", f"/forms/{prepared['slug']}/", body, headers)
    answer = connection.getresponse()
    answer.read()
    took = (time.perf_counter() - start) * 1000
    assert answer.status == 303, answer.status
    assert "/receipts/" in answer.headers["Location"]
    return took


def _p(figures: list[float], part: int) -> float:
    return statistics.quantiles(figures, n=100)[part - 1]


def _inside(folder: Path, what: str) -> dict:
    """What a process says that has loaded the installation."""
    from tests.bench.run import clean_environment

    result = subprocess.run(
        [sys.executable, "-m", "tests.bench.acceptance", what],
        cwd=folder,
        env={**clean_environment(), **ENVIRONMENT},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(result.stdout.splitlines()[-1])


def prepare() -> None:
    """Make the forms; print what has to be known to send one, and the counts of queries."""
    import uuid

    import django

    django.setup()
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from catalogue.models import Territory
    from forms import drafts
    from forms.models import FormDefinition, Topic
    from tests.intake import NAME, PHONE, STORY, question, simple_steps, step

    def make(slug: str, steps: list) -> FormDefinition:
        form = FormDefinition(slug=slug, title="Образец", topic=Topic.objects.all()[0], steps=steps)
        form.layout, form.live = "one", False
        form.save()
        form.save_revision().publish()
        return FormDefinition.objects.get(pk=form.pk)

    mark = uuid.uuid4().hex[:8]
    form = make(f"bench-{mark}", simple_steps())
    version = form.version_in_force()
    assert version is not None
    keys = [drafts.issue(version.pk) for _ in range(COUNT + 2)]
    district = Territory.objects.order_by("-depth", "pk")[0]
    answers = {
        "a-story": STORY,
        "a-way": "call",
        "a-name": NAME,
        "a-phone": PHONE,
        "a-place": district.slug,
        "a-consent": "on",
    }
    client = Client(headers={"host": "localhost"})
    pages = {}
    for count in (20, 60):
        asked = [question("text", f"t{n}", required=False) for n in range(count)]
        slug = make(f"bench-{mark}-{count}", [step("Вопросы", *asked)]).slug
        client.get(f"/forms/{slug}/")
        with CaptureQueriesContext(connection) as seen:
            assert client.get(f"/forms/{slug}/").status_code == 200
        pages[f"form page of {count} fields"] = len(seen)
    for key in keys[:2]:  # the first fills what is kept
        with CaptureQueriesContext(connection) as seen:
            sent = Client(headers={"host": "localhost"}).post(
                f"/forms/{form.slug}/", {"draft": key, **answers}
            )
        assert sent.status_code == 303, sent.status_code
    known = connection.get_connection_params()
    words = {
        name: known[name]
        for name in ("host", "port", "user", "password", "dbname")
        if name in known
    }
    said = {
        "slug": form.slug,
        "answers": answers,
        "keys": keys[2:],
        "statements": len(seen),
        "pages": pages,
        "database": " ".join(f"{name}={value}" for name, value in words.items()),
    }
    print(json.dumps(said))


if __name__ == "__main__":
    if sys.argv[1:] == ["prepare"]:
        prepare()
    else:
        measure(Path.cwd(), sys.executable)
