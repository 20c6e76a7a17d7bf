"""A word for everybody, reasons for administrators, and honesty when there is no database."""

from __future__ import annotations

import datetime
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from cms import health, healthz, index_health
from cms.access import Role
from forms import ledger
from forms.models import Finding, SpecialDay, SubmissionKey, Sweep
from forms.terms import last_known_year
from search.engine import ClusterUnreachable, get_engine
from search.indexer import rebuild
from tests.factories import MeasureFactory, UserFactory
from tests.forms.test_ledger import past_the_database
from tests.intake import make_case

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def well(settings, tmp_path):
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path
    settings.NAVIGATOR_SEARCH_INDEX = tmp_path / "index"
    rebuild(get_engine())
    ledger.sweep()
    with connection.cursor() as cursor:
        cursor.execute("insert into procrastinate_workers default values")


def lose_a_key(minutes: int) -> None:
    make_case()
    SubmissionKey.objects.all().delete()
    ledger.sweep()
    Finding.objects.update(found_at=timezone.now() - datetime.timedelta(minutes=minutes))


def test_all_is_well(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(15):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_loss_that_lasts_is_told_to_strangers_in_one_word(client):
    lose_a_key(minutes=5)
    assert client.get("/healthz").json() == {"status": "ok"}
    Finding.objects.update(found_at=timezone.now() - datetime.timedelta(minutes=20))
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "failing"})
    assert client.get("/healthz/web").status_code == 200


def test_administrators_are_told_why(client):
    lose_a_key(minutes=20)
    for role in Role:
        client.force_login(UserFactory(role=role))
        answer = client.get("/healthz").json()
        if role in (Role.ADMINISTRATOR, Role.HEAD):
            assert answer["failing"] == {"no_key": 1}
        else:
            assert answer == {"status": "failing"}


def test_a_case_that_nobody_takes_wants_attention(client):
    make_case()
    past_the_database("update intake_forms_caseevent set at = at - interval '2 hours'")
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "attention"})
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    assert client.get("/healthz").json()["attention"] == {"unrouted": 1}


def test_the_end_of_the_production_calendar_is_told_in_time(client, monkeypatch):
    administrator = UserFactory(role=Role.ADMINISTRATOR)

    def told(day: str) -> list[str]:
        moment = datetime.datetime.fromisoformat(f"{day} 12:00+03:00")
        monkeypatch.setattr(timezone, "now", lambda: moment)
        known = {"calendar_ends"} & set(healthz._attention())
        items = [one for one in health.items(administrator) if "календарь" in one.title]
        assert bool(known) == bool(items)
        return [one.title for one in items]

    assert last_known_year() >= 2027  # else a newer version of the library is wanted
    last = last_known_year()
    assert told(f"{last}-08-20") == []
    title = "Производственный календарь известен только до 31\N{NO-BREAK SPACE}декабря"
    assert told(f"{last}-10-01")[0].startswith(title)
    assert told(f"{last + 1}-02-01")
    for day in (f"{last + 1}-05-08", f"{last + 1}-12-29"):
        SpecialDay.objects.create(day=day, hours="")
    assert told(f"{last}-10-01") == []
    assert told(f"{last + 1}-11-01")


def test_nobody_looking_is_failing_unless_the_installation_has_just_begun(client):
    Sweep.objects.update(at=timezone.now() - datetime.timedelta(hours=1))
    assert client.get("/healthz").status_code == 503
    Sweep.objects.all().delete()
    assert client.get("/healthz").json() == {"status": "attention"}


def test_search_that_is_away_wants_attention_and_takes_nobody_out_of_a_balancer(client, settings):
    MeasureFactory()
    with connection.cursor() as cursor:
        cursor.execute("update search_searchchange set written_at = now() - interval '5 minutes'")
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    assert client.get("/healthz").json()["attention"] == {"search_behind": 1}
    settings.NAVIGATOR_SEARCH_INDEX = settings.NAVIGATOR_SEARCH_INDEX / "nowhere"
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "attention")
    assert answer.json()["attention"] == {"search_no_index": 1}
    assert client.get("/healthz/web").json() == {"status": "ok"}


def test_cluster_that_is_away_is_told_beside_the_copy_that_answers(client, monkeypatch):
    def away():
        raise ClusterUnreachable

    here = index_health.get_engine
    cluster = SimpleNamespace(state=away)
    monkeypatch.setattr(index_health, "copies", lambda: ("elastic", "embedded"))
    monkeypatch.setattr(
        index_health, "get_engine", lambda name: cluster if name == "elastic" else here(name)
    )
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["attention"]) == (200, {"search_unreachable": 1})


def test_no_worker_is_failing(client):
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_workers set last_heartbeat = now() - interval '1 h'")
    assert client.get("/healthz").status_code == 503
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    assert client.get("/healthz").json()["failing"] == {
        "no_worker": 1,
        "no_worker_of_messages": 1,
    }


def test_without_a_database_it_says_so(client, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("the database is away")

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", away)
    for path in ("/healthz", "/healthz/web"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (503, {"status": "failing"})


def test_methods_and_slashes(client):
    assert client.head("/healthz").status_code == 200
    assert client.post("/healthz").status_code == 405
