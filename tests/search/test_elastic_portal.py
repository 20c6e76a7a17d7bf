"""The portal over a cluster: the indexer follows, dies, is followed; the cluster dies, comes back."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils.translation import override

from catalogue.models import Measure
from cms import health
from cms.access import Role
from search.engine import ClusterUnreachable, get_engine
from search.indexer import rebuild, reconcile
from tests.factories import MeasureFactory, UserFactory
from tests.search.elasticsearch_server import free_port, running_server
from tests.search.test_indexer import (
    KILLS,
    _Running,
    found_or_none,
    indexer_process,
    kill_again_and_again,
    second_connection,
    titles,
    wait_until,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def to_cluster(settings, tmp_path):
    """Makes an address the portal's cluster, where it has an index of its own."""

    def turn(address, fallback="", timeout="30"):
        settings.NAVIGATOR_SEARCH_INDEX = tmp_path / "index"
        settings.NAVIGATOR_SEARCH_FALLBACK = fallback
        settings.NAVIGATOR_SEARCH_ENGINE = "elastic"
        settings.NAVIGATOR_ELASTICSEARCH = {
            **settings.NAVIGATOR_ELASTICSEARCH,
            "URL": address,
            "INDEX": f"portal-{uuid4().hex}",
            "REPLICAS": "0",
            "TIMEOUT": timeout,
        }
        return get_engine("elastic")

    return turn


@pytest.fixture
def engine(committed_db, elasticsearch, to_cluster):
    return to_cluster(elasticsearch)


def test_a_running_indexer_builds_follows_and_changes_over(engine):
    with _Running(engine) as running:
        wait_until(lambda: found_or_none(engine, "") == [])
        measure = MeasureFactory(title="Социальная няня")
        wait_until(lambda: titles(engine, "няня") == ["Социальная няня"])
        Measure.objects.filter(pk=measure.pk).update(live=False)
        wait_until(lambda: titles(engine, "") == [])
        rebuild(engine)  # by another process: the indexer goes over to the new build
        MeasureFactory(title="Прокат колясок")
        wait_until(lambda: titles(engine, "коляска") == ["Прокат колясок"])
    assert any("Строим" in line for line in running.said)


def test_one_indexer_serves_all_hosts_and_another_takes_over(engine):
    with _Running(engine) as first:
        wait_until(lambda: found_or_none(engine, "") == [])
        with _Running(engine) as second:
            wait_until(lambda: second.said)
            assert "уже работает" in second.said[0]
            with pytest.raises(CommandError, match="занят индексатор"):
                call_command("reconcile_index")
            first.stop.set()
            MeasureFactory(title="Социальная няня")
            wait_until(lambda: titles(engine, "няня") == ["Социальная няня"])


def test_a_lost_connection_to_the_database_loses_the_lock_and_nothing_else(engine):
    with _Running(engine) as running:
        wait_until(lambda: found_or_none(engine, "") == [])
        with second_connection() as other:
            other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        connection.close()
        MeasureFactory(title="Социальная няня")
        wait_until(lambda: found_or_none(engine, "няня") == ["Социальная няня"])
    assert len(running.said) > 1


def test_commands_rebuild_and_compare(engine, capsys):
    MeasureFactory()
    call_command("rebuild_index")
    with connection.cursor() as cursor:
        cursor.execute("alter table catalogue_measure disable trigger user")
        Measure.objects.update(title="Мимо очереди")
        cursor.execute("alter table catalogue_measure enable trigger user")
    call_command("reconcile_index")
    call_command("reconcile_index", "--engine", "elastic")
    assert [line[-1] for line in capsys.readouterr().out.split("Расхождений: ")[1:]] == ["\n"] * 2
    assert titles(engine, "мимо очереди") == ["Мимо очереди"]
    assert reconcile(engine).total == 0


def test_killing_the_indexer_during_updates_loses_nothing(engine, tmp_path, settings):
    chosen = {f"ELASTICSEARCH_{k}": v for k, v in settings.NAVIGATOR_ELASTICSEARCH.items() if v}
    chosen["NAVIGATOR_SEARCH_ENGINE"] = "elastic"
    kill_again_and_again(engine, lambda: indexer_process(tmp_path, chosen), KILLS)


def test_a_cluster_that_dies_is_told_of_and_followed_when_it_is_back(
    committed_db, to_cluster, tmp_path, client
):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    engine = to_cluster(address, timeout="1")
    page = reverse("search:results")
    with running_server(tmp_path, port):
        MeasureFactory(title="Социальная няня")
        rebuild(engine)
        build = engine.look().build
        assert client.get(page, {"q": "няня"}).status_code == 200
    with _Running(engine) as running:
        wait_until(lambda: any("не отвечает" in line for line in running.said))
        for _ in range(3):
            answer = client.get(page, {"q": "няня"})
            assert answer.status_code == 503
            assert "няня" in answer.content.decode()
        with pytest.raises(ClusterUnreachable):
            engine.state()
        MeasureFactory(title="Прокат колясок")
        with running_server(tmp_path, port):
            wait_until(lambda: found_or_none(engine, "коляска") == ["Прокат колясок"])
            assert engine.look().build == build, "nothing had to be built anew"


def test_the_embedded_engine_answers_while_the_cluster_does_not(committed_db, to_cluster, client):
    to_cluster(f"http://127.0.0.1:{free_port()}", fallback="embedded", timeout="1")
    MeasureFactory(title="Социальная няня")
    call_command("rebuild_index", "--engine", "embedded")
    answer = client.get(reverse("search:results"), {"q": "няня"})
    assert answer.status_code == 200
    assert "Социальная" in answer.content.decode()


@pytest.mark.parametrize(
    ("fallback", "told"), [("", "cannot search"), ("embedded", "embedded index answers")]
)
def test_an_administrator_is_told_of_a_dead_cluster(committed_db, to_cluster, fallback, told):
    to_cluster(f"http://127.0.0.1:{free_port()}", fallback, timeout="1")
    rebuild(get_engine("embedded"))
    with override("en"):
        first = health.items(UserFactory(role=Role.ADMINISTRATOR))[0]
    assert first.title == "The Elasticsearch cluster does not answer"
    assert told in first.note
    with pytest.raises(CommandError, match="не отвечает"):
        call_command("rebuild_index")
