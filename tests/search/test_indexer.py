"""The index follows the database: late commits, killed indexers, lost connections, time."""

from __future__ import annotations

import datetime
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from catalogue.models import Measure
from search import outbox, workers
from search.engine import Beginning, IndexUnavailable, Position
from search.indexer import Indexer, catch_up, rebuild, reconcile
from search.models import SearchChange
from search.query import Asked
from search.reader import read_query
from tests.emptied import empty
from tests.factories import MeasureFactory, ProviderFactory, TerritoryFactory
from tests.telling import tell_count

ROOT = Path(django_settings.BASE_DIR)
LONG = 20.0  # seconds that a busy machine may take
KILLS = int(os.environ.get("TORTURE", "5"))


def titles(engine, text=""):
    hits = engine.search(read_query(text, Asked(limit=100))).hits
    found = dict(Measure.objects.in_bulk([hit.id for hit in hits]))
    return [found[hit.id].title if hit.id in found else None for hit in hits]


def second_connection():
    parameters = connection.get_connection_params()
    keys = ("host", "port", "user", "password", "dbname")
    return psycopg.connect(**{key: parameters[key] for key in keys if key in parameters})


@pytest.fixture
def followed(committed_db, engine):
    """An index over a database where commits are real."""
    rebuild(engine)
    return engine


def test_what_commits_is_applied(followed):
    measure = MeasureFactory(title="Социальная няня")
    catch_up()
    assert titles(followed, "няня") == ["Социальная няня"]
    Measure.objects.filter(pk=measure.pk).update(title="Прокат колясок")
    catch_up()
    assert titles(followed, "няня") == []
    assert titles(followed, "коляска") == ["Прокат колясок"]
    Measure.objects.all().delete()
    catch_up()
    assert titles(followed) == []


def test_a_renamed_provider_is_found_by_its_new_name(followed):
    measure = MeasureFactory()
    provider = ProviderFactory(short_name="Росток")
    measure.providers.add(provider)
    measure.save()
    catch_up()
    provider.short_name = "Берегиня"
    provider.save()
    catch_up()
    assert titles(followed, "берегиня") == [measure.title]


def test_drafts_and_unpublished_are_neither_found_nor_counted(followed):
    place = TerritoryFactory(kind="country")
    shown = MeasureFactory(title="Пособие семье")
    hidden = MeasureFactory(title="Пособие черновик", live=False)
    for measure in (shown, hidden):
        measure.territories.add(place)
        measure.save()
    catch_up()
    answer = followed.search(read_query("пособие", Asked()))
    assert answer.total == 1
    assert answer.facets["territory"] == {place.slug: 1}
    assert "черновик" not in followed.vocabulary().words
    Measure.objects.filter(pk=shown.pk).update(live=False)
    catch_up()
    assert followed.search(read_query("пособие", Asked())).total == 0


def test_a_late_commit_is_not_skipped(followed):
    """The transaction that draws its number first commits last."""
    with second_connection() as late:
        late.execute(
            "update catalogue_measure set title = title where false"
        )  # begins the transaction
        late.execute("select pg_current_xact_id()")
        early = MeasureFactory(title="Первая няня")
        late.execute(
            "insert into search_searchchange (kind, object_id) values ('measure', %s)", [early.pk]
        )
        catch_up()
        assert (
            followed.state().position.xid
            < late.execute("select pg_current_xact_id()::text::bigint").fetchone()[0]
        ), "rows of newer transactions wait for the older one"
    catch_up()
    assert titles(followed) == ["Первая няня"]
    assert outbox.lag(followed.state().position)[0] == 0


def test_a_long_transaction_of_others_holds_up_nobody(followed):
    """An import writes for minutes; what is published meanwhile is found at once."""
    with second_connection() as late:
        late.execute("select pg_current_xact_id()")
        measure = MeasureFactory(title="Социальная няня")
        before = followed.state().position
        catch_up()
        assert titles(followed, "няня") == ["Социальная няня"]
        assert followed.state().position == before, "the older transaction may yet write rows"
        late.execute("update catalogue_measure set title = 'Прокат' where id = %s", [measure.pk])
    catch_up()
    assert titles(followed) == ["Прокат"]
    assert outbox.lag(followed.state().position)[0] == 0


def test_rows_of_a_restored_dump_are_passed_over(followed):
    measure = MeasureFactory(title="Няня")
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into search_searchchange (kind, object_id, xid) values ('measure', %s, %s)",
            [measure.pk, 2**40],
        )
    catch_up()
    assert titles(followed) == ["Няня"]
    assert followed.state().position.xid < 2**40


def test_a_low_sequence_of_a_newer_transaction_is_not_skipped(followed):
    measure = MeasureFactory()
    catch_up()
    before = followed.state().position
    with connection.cursor() as cursor:
        cursor.execute("update catalogue_measure set title = 'Новое название'")
        cursor.execute(
            "update search_searchchange set seq = -seq where seq = (select max(seq) from search_searchchange)"
        )
    catch_up()
    assert titles(followed) == ["Новое название"]
    assert followed.state().position > before
    assert followed.state().position.seq < 0
    assert measure.pk


def test_a_rolled_back_change_changes_nothing(followed):
    MeasureFactory(title="Няня")
    catch_up()
    with transaction.atomic():
        Measure.objects.update(title="Не будет")
        transaction.set_rollback(True)
    catch_up()
    assert titles(followed) == ["Няня"]


def test_time_hides_without_any_change(followed):
    now = timezone.now()
    MeasureFactory(title="Скоро исчезнет", expire_at=now + datetime.timedelta(seconds=2))
    MeasureFactory(
        title="Закрыта вчера", valid_to=timezone.localdate() - datetime.timedelta(days=1)
    )
    MeasureFactory(title="Закрывается сегодня", valid_to=timezone.localdate())
    catch_up()
    assert titles(followed) == ["Закрывается сегодня", "Скоро исчезнет"]
    time.sleep(max(0.0, 3 - (timezone.now() - now).total_seconds()))
    assert titles(followed) == ["Закрывается сегодня"]


def test_a_provider_is_suggested_while_it_gives_a_public_measure(followed):
    provider = ProviderFactory(short_name="Росток")
    measure = MeasureFactory()
    measure.providers.add(provider)
    measure.save()

    def suggested():
        catch_up()
        asked = Beginning(("рост",), {"provider": 5}, moment=int(time.time()))
        return [each.id for each in followed.suggest(asked)]

    assert suggested() == [provider.pk]
    Measure.objects.update(valid_to=timezone.localdate() - datetime.timedelta(days=1))
    assert suggested() == []
    Measure.objects.update(valid_to=None)
    assert suggested() == [provider.pk]
    Measure.objects.update(live=False)
    assert suggested() == []
    assert reconcile(followed).total == 0


def test_an_emptied_table_is_followed(followed):
    MeasureFactory()
    catch_up()
    empty("catalogue_measure")
    catch_up()
    assert followed.search(read_query("", Asked())).total == 0


def test_a_comparison_finds_and_repairs(followed):
    kept, changed, gone = (MeasureFactory(title=f"Мера {n}") for n in "абв")
    catch_up()
    SearchChange.objects.all().delete()
    Measure.objects.filter(pk=changed.pk).update(title="Другая")
    Measure.objects.filter(pk=gone.pk).delete()
    MeasureFactory(title="Новая")
    SearchChange.objects.all().delete()  # as if nothing had told of it
    found = reconcile(followed)
    assert (found.missing, found.stale, found.surplus) == (1, 1, 1)
    assert reconcile(followed).total == 0
    assert titles(followed) == ["Другая", kept.title, "Новая"]


def test_applied_rows_go_after_a_day_and_the_lexicons_mark_stays(followed):
    MeasureFactory()
    catch_up()
    with connection.cursor() as cursor:
        cursor.execute("insert into search_searchchange (kind, object_id) values ('lexicon', 0)")
        cursor.execute("update search_searchchange set written_at = now() - interval '2 days'")
    MeasureFactory()
    catch_up()
    outbox.prune(followed.state().position)
    kinds = list(SearchChange.objects.values_list("kind", flat=True))
    assert sorted(set(kinds)) == ["lexicon", "measure"]
    assert kinds.count("lexicon") == 1


def test_rows_that_were_not_applied_are_not_pruned(followed):
    MeasureFactory()
    with connection.cursor() as cursor:
        cursor.execute("update search_searchchange set written_at = now() - interval '9 days'")
    outbox.prune(Position(0, 0))
    assert SearchChange.objects.filter(kind="measure").exists()


def test_a_missing_index_heals(followed):
    MeasureFactory(title="Няня")
    (followed.folder / "current").unlink()
    with pytest.raises(IndexUnavailable):
        titles(followed)
    catch_up()
    assert titles(followed) == ["Няня"]


def test_an_index_of_another_database_is_built_anew(followed):
    measure = MeasureFactory()
    with followed.writer() as writer:
        writer.remove("measure", measure.pk)
        writer.commit(Position(2**40, 1), "another/1")
    catch_up()
    assert titles(followed) == [measure.title]
    assert followed.state().database == outbox.database_identity()


def test_a_large_catalogue_is_read_by_several_processes(followed, monkeypatch):
    measures = MeasureFactory.create_batch(7)
    Measure.objects.filter(pk=measures[0].pk).update(live=False)
    monkeypatch.setattr("search.indexer.MANY", 1)
    seen = []
    assert rebuild(followed, seen.append) == 6
    assert seen == list(range(1, 7))
    assert reconcile(followed).total == 0


def test_a_rebuild_whose_process_fails_leaves_the_index_as_it_was(followed, monkeypatch):
    MeasureFactory(title="Няня")
    catch_up()
    monkeypatch.setattr("search.indexer.MANY", 1)
    monkeypatch.setattr("search.workers._database", lambda: "no such database")
    with pytest.raises(workers.WorkerFailed):
        rebuild(followed)
    assert titles(followed, "няня") == ["Няня"]


def test_a_full_disk_keeps_the_last_commit_and_the_change_waits(followed):
    MeasureFactory(title="Няня")
    catch_up()
    MeasureFactory.create_batch(5)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, limits[1]))
    try:
        with pytest.raises((OSError, ValueError, IndexUnavailable)):
            catch_up()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert titles(followed) == ["Няня"]
    assert outbox.lag(followed.state().position)[0] > 0
    catch_up()
    assert len(titles(followed)) == 6
    assert reconcile(followed).total == 0


def test_commands_rebuild_and_compare(followed, capsys):
    MeasureFactory()
    call_command("rebuild_index")
    call_command("reconcile_index")
    out = capsys.readouterr().out
    assert "записей 1" in out
    assert "Расхождений: 0" in out
    with followed.writer(), pytest.raises(CommandError, match="индексатор"):
        call_command("reconcile_index")
    (followed.folder / "current").unlink()
    with pytest.raises(CommandError, match="rebuild_index"):
        call_command("reconcile_index")


class _Running:
    """An indexer in a thread of the test."""

    def __init__(self, engine):
        self.said = []
        self.stop = threading.Event()
        self.indexer = Indexer(engine, self.stop, self.said.append)
        self.thread = threading.Thread(target=self.indexer.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.stop.set()
        self.thread.join(LONG)
        assert not self.thread.is_alive()


def wait_until(condition, seconds=LONG):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def found_or_none(engine, text):
    try:
        return titles(engine, text)
    except IndexUnavailable:
        return None


def test_a_running_indexer_builds_follows_and_heals(committed_db, engine):
    with _Running(engine) as running:
        wait_until(lambda: found_or_none(engine, "") == [])
        MeasureFactory(title="Социальная няня")
        wait_until(lambda: titles(engine, "няня") == ["Социальная няня"])
        (engine.folder / "current").unlink()
        wait_until(lambda: found_or_none(engine, "няня") == ["Социальная няня"])
        rebuild(engine)  # by another process: the indexer goes over to the new build
        MeasureFactory(title="Прокат колясок")
        wait_until(lambda: titles(engine, "коляска") == ["Прокат колясок"])
    assert any("Строим" in line for line in running.said)


def test_a_running_indexer_survives_lost_connections(committed_db, engine):
    with _Running(engine) as running:
        wait_until(lambda: found_or_none(engine, "") == [])
        for title in ("Прокат", "Ремонт"):  # the second comes after the comparison at the start
            MeasureFactory(title=title)
            wait_until(lambda title=title: titles(engine, title) == [title])
        with second_connection() as other:
            other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        connection.close()
        MeasureFactory(title="Социальная няня")
        wait_until(lambda: titles(engine, "няня") == ["Социальная няня"])
    assert any("Нет связи" in line for line in running.said)


def test_second_indexer_stands_by_and_takes_over(committed_db, engine):
    with _Running(engine) as first:
        wait_until(lambda: found_or_none(engine, "") == [])
        with _Running(engine) as second:
            wait_until(lambda: second.said)
            assert "уже работает" in second.said[0]
            first.stop.set()
            MeasureFactory(title="Социальная няня")
            wait_until(lambda: titles(engine, "няня") == ["Социальная няня"])
    assert len(second.said) == 1


def indexer_process(home, settings=None, command=("manage.py", "run_indexer")):
    """An indexer of its own over the test's database; `home` holds its index."""
    parameters = connection.get_connection_params()
    host = quote(str(parameters["host"]), safe="")
    url = f"postgresql://{parameters['user']}@/{parameters['dbname']}?host={host}"
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "cms.settings.test",
            "NAVIGATOR_TEST_DATABASE_URL": url,
            "NAVIGATOR_TEST_HOME": str(home),
            **(settings or {}),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_again_and_again(engine, start, kills):
    """Kill an indexer at different moments of its work while measures are written.

    What has come of it is printed, for `make torture`.
    """
    ids = [measure.pk for measure in MeasureFactory.create_batch(40)]
    rebuild(engine)
    changes = followed = 0
    for kill in range(kills):
        process = start()
        first, end = engine.state().position, None
        latest = time.monotonic() + 3 * LONG
        while end is None or time.monotonic() < end:
            assert end or time.monotonic() < latest, "the indexer applied nothing"
            assert process.poll() is None, "the indexer ended by itself"
            changes += 1
            if end is None and engine.state().position > first:  # it works: kill it soon
                end = time.monotonic() + 0.1 + kill % 5 * 0.17
            Measure.objects.filter(pk=ids[changes % 40]).update(title=f"Мера {kill} {changes}")
            if changes % 3:
                MeasureFactory(title=f"Новая {kill} {changes}")
            else:
                Measure.objects.filter(pk=ids[changes % 7]).update(live=changes % 2 == 0)
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(LONG)
        followed += engine.state().position > first
    behind = outbox.lag(engine.state().position)[0]
    catch_up()
    found = reconcile(engine)
    tell_count(
        f"{engine.kind}: {kills} kills, {followed} after the indexer had applied changes, {changes}"
        f" rounds of changes, {behind} rows behind after the last kill; differences: {found.total}"
    )
    assert followed == kills
    assert found.total == 0
    assert engine.state().documents == Measure.objects.filter(live=True).count()


@pytest.mark.slow
def test_killing_the_indexer_during_updates_loses_nothing(committed_db, engine, tmp_path):
    """tmp_path is the home of the process, so both share the folder of the index."""
    kill_again_and_again(engine, lambda: indexer_process(tmp_path), KILLS)


@pytest.mark.slow
def test_the_indexer_stops_when_asked(committed_db, engine, tmp_path):
    process = indexer_process(tmp_path)
    wait_until(lambda: found_or_none(engine, "") == [])
    process.send_signal(signal.SIGTERM)
    assert process.wait(LONG) == 0
