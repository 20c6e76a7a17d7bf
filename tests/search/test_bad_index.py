"""Whatever befalls the folder of the index or the indexer: the site answers, and the index heals."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys

import pytest
from django.urls import reverse
from django.utils.translation import override

from catalogue.models import Measure
from cms import health
from cms.access import Role
from search import outbox
from search.engine import get_engine
from search.indexer import catch_up, rebuild, reconcile
from search.models import IndexComparison
from tests.factories import MeasureFactory, UserFactory
from tests.search.test_indexer import (
    LONG,
    _Running,
    found_or_none,
    indexer_process,
    titles,
    wait_until,
)

pytestmark = pytest.mark.slow

# In the folder of an index, with the name of the build as {}.
_HOLD = """
import sys, time, tantivy
writer = tantivy.Index.open(sys.argv[1]).writer(heap_size=32_000_000, num_threads=1)
print("held", flush=True)
time.sleep(600)
"""
# Runs an indexer that is killed as soon as it comes to a certain function.
_DIE = """
import os, signal, sys
import django
django.setup()
from importlib import import_module
from django.core.management import call_command
module, _, path = sys.argv[1].partition(":")
*holders, name = path.split(".")
holder = import_module(module)
for each in holders:
    holder = getattr(holder, each)
real = getattr(holder, name)
def die(*arguments, **named):
    if sys.argv[2] == "after":
        real(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(holder, name, die)
call_command("run_indexer")
"""


def spoil(folder, how):
    build = folder / (folder / "current").read_text()
    match how:
        case "missing":
            shutil.rmtree(folder)
        case "a file in its place":
            shutil.rmtree(folder)
            folder.write_text("")
        case "emptied":
            for file in build.iterdir():
                file.unlink()
        case "corrupt":
            for file in build.iterdir():
                file.write_bytes(b"\x00\xff" * 40)
        case "corrupt pointer":
            (folder / "current").write_bytes(b"\xff")


def assert_the_site_answers(client, admin, *, status, trouble):
    page = client.get(reverse("search:results"), {"q": "няня"})
    assert page.status_code == status
    assert 'value="няня"' in page.content.decode(), "what was asked stays in the box"
    for path in ("measures?q=няня", "suggest?q=няня"):
        answer = client.get(f"/api/v1/{path}")
        assert answer.status_code == status
        if status == 503:
            assert answer.json()["detail"]
    measure = Measure.objects.get(title="Социальная няня")
    assert client.get(measure.get_absolute_url()).status_code == 200
    with override("en"):
        first = next(item.title for item in health.items(admin))
    assert first == trouble


@pytest.mark.parametrize(
    "how", ["missing", "a file in its place", "emptied", "corrupt", "corrupt pointer", "version"]
)
def test_a_spoilt_index_is_told_of_and_built_anew(committed_db, engine, client, how, monkeypatch):
    MeasureFactory(title="Социальная няня")
    rebuild(engine)
    admin = UserFactory(role=Role.ADMINISTRATOR)
    if how == "version":
        monkeypatch.setattr("search.analysis.FINGERPRINT", "of another analyzer")
    else:
        spoil(engine.folder, how)
    engine._opened = None  # as in a process that starts
    assert_the_site_answers(client, admin, status=503, trouble="Search has no index")
    with _Running(engine) as running:
        if how == "a file in its place":
            wait_until(lambda: any("нельзя писать" in line for line in running.said))
            engine.folder.unlink()
        wait_until(lambda: found_or_none(engine, "няня") == ["Социальная няня"])
        wait_until(IndexComparison.objects.exists)
    assert any("Строим" in line for line in running.said)
    assert client.get(reverse("search:results"), {"q": "няня"}).status_code == 200
    assert reconcile(engine).total == 0


def test_a_locked_index_answers_and_follows_when_the_lock_is_gone(committed_db, engine, client):
    MeasureFactory(title="Социальная няня")
    rebuild(engine)
    reconcile(engine)
    build = engine.folder / (engine.folder / "current").read_text()
    other = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(build)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        with _Running(engine) as running:
            wait_until(lambda: running.said)
            assert "занят другой процесс" in running.said[0]
            MeasureFactory(title="Прокат колясок")
            admin = UserFactory(role=Role.ADMINISTRATOR)
            assert_the_site_answers(
                client, admin, status=200, trouble="The worker of messages is not running"
            )
            other.kill()
            wait_until(lambda: titles(engine, "коляска") == ["Прокат колясок"])
    finally:
        other.kill()
        other.communicate()
    assert reconcile(engine).total == 0


def test_a_full_disk_under_a_running_indexer_is_survived(committed_db, engine, tmp_path, client):
    """No file may grow: what a full disk does to the indexer, without filling the machine's."""
    MeasureFactory(title="Социальная няня")
    rebuild(engine)
    process = indexer_process(tmp_path)
    try:
        wait_until(IndexComparison.objects.exists, seconds=3 * LONG)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (16, resource.RLIM_INFINITY))
        before = engine.state().position
        MeasureFactory(title="Прокат колясок")
        with pytest.raises(AssertionError, match="did not come"):
            wait_until(lambda: engine.state().position > before, seconds=3)
        assert process.poll() is None
        admin = UserFactory(role=Role.ADMINISTRATOR)
        assert_the_site_answers(
            client, admin, status=200, trouble="The worker of messages is not running"
        )
        infinite = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, infinite)
        wait_until(lambda: titles(engine, "коляска") == ["Прокат колясок"])
    finally:
        process.kill()
        process.wait(LONG)
    assert reconcile(engine).total == 0


@pytest.mark.parametrize(
    ("where", "when", "applied"),
    [
        ("search.indexer:_replace", "after", False),  # rows were read, and one record of them
        ("search.embedded:_Writer.commit", "before", False),
        ("search.embedded:_Writer.commit", "after", True),
        ("search.outbox:prune", "before", True),  # committed; the outbox is not trimmed
        ("search.outbox:prune", "after", True),
        ("search.comparing:Comparison.step", "after", True),
    ],
)
def test_death_between_database_and_index_loses_nothing(
    committed_db, engine, tmp_path, where, when, applied
):
    changed = MeasureFactory(title="Социальная няня")
    gone = MeasureFactory(title="Ремонт жилья")
    rebuild(engine)
    before = engine.state().position
    Measure.objects.filter(pk=changed.pk).update(title="Прокат колясок")
    gone.delete()
    process = indexer_process(tmp_path, command=("-c", _DIE, where, when))
    assert process.wait(3 * LONG) == -signal.SIGKILL
    assert (engine.state().position > before) is applied
    held = ["Прокат колясок"] if applied else ["Социальная няня", "Ремонт жилья"]
    assert engine.state().documents == len(held), "all of a batch or nothing"
    catch_up()
    assert titles(engine) == ["Прокат колясок"]
    assert reconcile(engine).total == 0
    assert outbox.lag(engine.state().position)[0] == 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_death_in_a_rebuild_leaves_the_index_or_the_new_one(committed_db, engine, tmp_path, when):
    MeasureFactory(title="Социальная няня")
    rebuild(engine)
    build = (engine.folder / "current").read_text()
    (engine.folder / build / "meta.json").rename(engine.folder / build / "meta.json.lost")
    process = indexer_process(tmp_path, command=("-c", _DIE, "search.embedded:os.replace", when))
    assert process.wait(3 * LONG) == -signal.SIGKILL
    assert ((engine.folder / "current").read_text() != build) is (when == "after")
    catch_up()
    assert titles(engine) == ["Социальная няня"]
    folders = [each for each in os.scandir(engine.folder) if each.is_dir()]
    assert get_engine().state().documents == 1
    if when == "before":
        assert len(folders) == 1, "what was left half-built is cleared away"
