"""What an administrator is told about the installation: what is broken, or that all is well."""

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from catalogue.models import ImportBatch
from cms import health
from cms.access import Role
from search.engine import get_engine
from search.indexer import rebuild
from tests.factories import MeasureFactory, ProviderFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with override("en"):
        yield


@pytest.fixture
def admin():
    return UserFactory(role=Role.ADMINISTRATOR)


@pytest.fixture
def well(tmp_path, settings):
    """An index that has followed everything, and a worker that is alive."""
    settings.NAVIGATOR_SEARCH_INDEX = tmp_path / "index"
    rebuild(get_engine())
    with connection.cursor() as cursor:
        cursor.execute("insert into procrastinate_workers default values")


def titles(user):
    return [item.title for item in health.items(user)]


def test_nothing_broken_is_said_in_one_line(well, admin):
    assert titles(admin) == ["The portal is well"]


def test_others_are_not_told():
    assert health.items(UserFactory(role=Role.CHIEF_EDITOR)) == []


def test_a_missing_index_and_a_missing_worker_are_told(tmp_path, settings, admin):
    settings.NAVIGATOR_SEARCH_INDEX = tmp_path / "index"

    assert titles(admin) == ["Search has no index", "The worker is not running"]


def test_an_indexer_that_lags_is_told(well, admin):
    MeasureFactory()
    with connection.cursor() as cursor:
        cursor.execute("update search_searchchange set written_at = now() - interval '5 minutes'")

    (lag,) = titles(admin)

    assert lag.startswith("Search is behind by")


def test_a_worker_that_fell_silent_is_told(well, admin):
    with connection.cursor() as cursor:
        cursor.execute(
            "update procrastinate_workers set last_heartbeat = now() - interval '10 minutes'"
        )

    assert titles(admin) == ["The worker is not running"]


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
