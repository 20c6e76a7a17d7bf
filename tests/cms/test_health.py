"""What an administrator is told about the installation: what is broken, or that all is well."""

import datetime

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from procrastinate.contrib.django.models import ProcrastinateWorker

from catalogue.models import ImportBatch
from cms import health
from cms.access import Role
from cms.today import Tone
from search import comparisons
from search.comparing import NO_DIFFERENCES
from search.engine import get_engine
from search.indexer import rebuild, reconcile
from search.models import IndexComparison, SearchChange
from tests.factories import MeasureFactory, ProviderFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with override("en"):
        yield


NO_WORKERS = ["The worker of messages is not running", "The worker is not running"]


@pytest.fixture
def admin():
    return UserFactory(role=Role.ADMINISTRATOR)


@pytest.fixture
def well(tmp_path, settings):
    """An index that has followed everything, and a worker that is alive."""
    settings.NAVIGATOR_SEARCH_INDEX = tmp_path / "index"
    rebuild(get_engine())
    reconcile(get_engine())
    with connection.cursor() as cursor:
        cursor.execute("insert into procrastinate_workers default values")


def titles(user):
    """Of troubles, or else of the line that all is well."""
    found = [item.title for item in health.items(user)]
    return [title for title in found if title != "Search is in order"]


def test_nothing_broken_is_said_in_one_line(well, admin):
    assert titles(admin) == ["The portal is well"]


def test_others_are_not_told():
    assert health.items(UserFactory(role=Role.CHIEF_EDITOR)) == []


def test_a_missing_index_and_a_missing_worker_are_told(tmp_path, settings, admin):
    settings.NAVIGATOR_SEARCH_INDEX = tmp_path / "index"

    assert titles(admin) == ["Search has no index", *NO_WORKERS]


def test_an_indexer_that_lags_is_told(well, admin):
    MeasureFactory()
    with connection.cursor() as cursor:
        cursor.execute("update search_searchchange set written_at = now() - interval '5 minutes'")

    (lag,) = health.items(admin)

    assert lag.title.startswith("Search is behind by")
    assert "5 minutes" in lag.note


def test_what_is_on_its_way_is_no_trouble_and_told(well, admin):
    MeasureFactory()

    (item,) = health.items(admin)

    assert item.title == "The portal is well"
    assert "1 change is on its way into the search index, for 0 s" in item.note


def test_the_last_comparison_is_told(well, admin):
    (item,) = health.items(admin)

    assert "0 records, no differences" in item.note
    assert "Every change is in the search index" in item.note


def test_what_search_is_like_is_told_beside_other_troubles(well, admin):
    ProcrastinateWorker.objects.all().delete()

    *troubles, search = health.items(admin)

    assert [trouble.title for trouble in troubles] == NO_WORKERS
    assert search.title == "Search is in order"
    assert "no differences" in search.note


def test_differences_are_an_alarm_even_after_a_comparison_that_found_none(well, admin):
    MeasureFactory.create_batch(3)
    SearchChange.objects.all().delete()  # as if nothing had told of them
    assert reconcile(get_engine()).total == 3
    assert reconcile(get_engine()).total == 0

    (alarm,) = health.items(admin)

    assert alarm.title == "The search index differed from the database in 3 records"
    assert "missing 3" in alarm.note
    assert alarm.tone == Tone.URGENT

    age(days=2)
    reconcile(get_engine())
    assert titles(admin) == ["The portal is well"]


def age(**since):
    moment = timezone.now() - datetime.timedelta(**since)
    IndexComparison.objects.update(finished_at=moment)


def test_a_comparison_that_does_not_come_is_an_alarm(well, admin):
    age(hours=25)
    assert titles(admin) == ["The portal is well"]

    age(hours=27)
    (alarm,) = titles(admin)
    assert alarm.startswith("The search index was last compared with the database on")

    IndexComparison.objects.all().delete()
    assert titles(admin) == ["The search index has never been compared with the database"]


def test_a_comparison_that_failed_is_an_alarm(well, admin):
    comparisons.remember("embedded", 0, NO_DIFFERENCES, 0.0, "No space left on device")

    (alarm,) = health.items(admin)

    assert alarm.title == "The search index could not be compared with the database"
    assert alarm.note.endswith("No space left on device")


def test_a_worker_that_fell_silent_is_told(well, admin):
    with connection.cursor() as cursor:
        cursor.execute(
            "update procrastinate_workers set last_heartbeat = now() - interval '10 minutes'"
        )

    assert titles(admin) == NO_WORKERS


def test_failed_tasks_are_counted(well, admin):
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_jobs (queue_name, task_name, status)"
            " values ('default', 'load', 'failed')"
        )

    assert titles(admin) == ["1 task has failed"]


def test_the_last_table_is_named(well, admin):
    batch = ImportBatch.objects.create(
        user=admin, kind="measures", file_name="меры.xlsx", file_format="xlsx", state="failed"
    )
    assert titles(admin) == ["The last table could not be loaded: меры.xlsx"]

    ImportBatch.objects.filter(pk=batch.pk).update(state="done", finished_at=timezone.now())

    (well_,) = health.items(admin)
    assert "меры.xlsx" in well_.note


def test_accounts_without_role_or_organisation_are_told(well, admin):
    UserFactory(username="lost")
    UserFactory(username="idle", role=Role.SPECIALIST)
    UserFactory(role=Role.PARTNER, provider=ProviderFactory())
    UserFactory(role=Role.EDITOR)

    first, second, _ = health.items(admin)

    assert first.title == "Give a role to lost"
    assert second.title == "Say where idle works"
    assert second.url == reverse("catalogue_membership_modeladmin_create")
