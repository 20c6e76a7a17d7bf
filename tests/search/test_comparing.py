"""Comparing database and index while the index goes on following: nothing is lost, turned back, delayed."""

from __future__ import annotations

import datetime
import random
import time

import pytest
from django.db import connection
from django.utils import timezone

from catalogue.models import Measure
from search import comparing, comparisons, indexer
from search.comparing import NO_DIFFERENCES, Comparison
from search.indexer import catch_up, rebuild, reconcile
from search.models import IndexComparison, SearchChange
from tests.emptied import empty
from tests.factories import MeasureFactory, ProviderFactory
from tests.search.test_indexer import _Running, found_or_none, titles, wait_until


@pytest.fixture
def followed(committed_db, engine):
    """An index over a database where commits are real."""
    rebuild(engine)
    return engine


@pytest.fixture
def comparison(followed):
    """Begins one when called; `apply` brings the index up to date between its steps."""
    with followed.writer() as writer:

        def begin():
            begun = Comparison(followed, writer)
            follower = indexer._Follower(followed, writer)

            def apply():
                while changes := follower.apply_next():
                    begun.leave_out(changes.ids)

            return begun, apply

        yield begin


def applied(comparison):
    """Begins a comparison of an index that is in step."""
    _, apply = comparison()
    apply()
    return comparison()


def finish(comparison):
    while comparison.step():
        pass
    return comparison.differences.total


def past_the_triggers(statement):
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("set session_replication_role = origin")


def test_what_changes_meanwhile_is_applied_and_is_no_difference(followed, comparison):
    first, last = MeasureFactory(title="Первая"), MeasureFactory(title="Последняя")
    begun, apply = applied(comparison)
    begun.step()  # reads the first measure
    Measure.objects.filter(pk=first.pk).update(title="Первая иначе")
    Measure.objects.filter(pk=last.pk).delete()
    MeasureFactory(title="Новая")
    apply()
    assert titles(followed) == ["Новая", "Первая иначе"], "it does not wait for the comparison"
    assert finish(begun) == 0
    assert titles(followed) == ["Новая", "Первая иначе"]


def test_a_change_that_is_still_in_the_outbox_is_no_difference(followed, comparison):
    MeasureFactory(title="Няня")
    begun, apply = comparison()
    Measure.objects.update(title="Прокат")
    assert finish(begun) == 0
    assert titles(followed) == []
    apply()
    assert titles(followed) == ["Прокат"]


@pytest.mark.parametrize("moment", ["sources", "outbox.awaited", "hidden_by_time"])
def test_a_change_in_the_midst_of_a_step_is_not_turned_back(
    followed, comparison, monkeypatch, moment
):
    """The step has read a record, and writes it after somebody else has changed it."""
    MeasureFactory(title="Няня")
    applied(comparison)
    past_the_triggers("update catalogue_measure set title = 'Мимо очереди'")
    begun, apply = comparison()
    holder, _, name = f"search.comparing.{moment}".rpartition(".")
    real = getattr(comparing.outbox if name == "awaited" else comparing, name)
    changed = []

    def then_changes(*arguments):
        answer = list(real(*arguments)) if name == "sources" else real(*arguments)
        if not changed:
            changed.append(Measure.objects.update(title="Новее"))
        return answer

    monkeypatch.setattr(f"{holder}.{name}", then_changes)
    finish(begun)
    monkeypatch.undo()
    assert changed == [1]
    apply()
    assert titles(followed) == ["Новее"]
    assert finish(comparison()[0]) == 0


def test_changes_at_random_moments_of_many_comparisons_are_all_there(followed, comparison):
    dice = random.Random(11)
    ids = [measure.pk for measure in MeasureFactory.create_batch(12)]
    provider = ProviderFactory()
    changes = (
        lambda: Measure.objects.filter(pk=dice.choice(ids)).update(title=f"Мера {dice.random()}"),
        lambda: Measure.objects.filter(pk=dice.choice(ids)).update(live=dice.random() < 0.6),
        lambda: Measure.objects.get(pk=dice.choice(ids)).providers.through.objects.create(
            measure_id=dice.choice(ids), provider=provider
        ),
        lambda: ids.append(MeasureFactory().pk),
        lambda: Measure.objects.filter(pk=ids.pop(0)).delete(),
    )
    for _ in range(12):
        begun, apply = comparison()
        left = True
        while left:
            if dice.random() < 0.7:
                dice.choice(changes)()
            if dice.random() < 0.5:
                apply()
            left = begun.step()
        assert begun.differences.total == 0
    apply()
    assert finish(comparison()[0]) == 0
    shown = Measure.objects.filter(live=True).values_list("title", flat=True)
    assert titles(followed) == sorted(shown, key=titles(followed).index)


def test_what_time_has_hidden_leaves_the_index_and_is_no_difference(followed, comparison):
    provider = ProviderFactory()
    measure = MeasureFactory(expire_at=timezone.now() + datetime.timedelta(hours=1))
    measure.providers.add(provider)
    measure.save()
    applied(comparison)
    assert ("provider", provider.pk) in followed.fingerprints()
    past_the_triggers("update catalogue_measure set expire_at = now()")
    assert finish(comparison()[0]) == 0
    assert followed.fingerprints() == {}
    past_the_triggers("update catalogue_measure set expire_at = null")
    assert finish(comparison()[0]) == 2, "the measure and who gives it"


def test_many_differences_are_committed_in_parts(followed, comparison, monkeypatch):
    MeasureFactory.create_batch(7)
    SearchChange.objects.all().delete()
    monkeypatch.setattr(comparing, "UNWRITTEN", 3)
    begun, _ = comparison()
    seen = set()
    while begun.step():
        seen.add(followed.state().documents)
    assert begun.differences.missing == 7
    assert followed.state().documents == 7
    assert len(seen) > 2


@pytest.mark.slow
def test_publishing_does_not_wait_for_a_running_comparison(committed_db, engine, monkeypatch):
    MeasureFactory.create_batch(40)
    rebuild(engine)
    steps = []
    step = Comparison.step

    def slow_step(self):
        self._share = 1
        time.sleep(0.1)
        left = step(self)
        steps.append(left)
        return left

    monkeypatch.setattr(Comparison, "step", slow_step)
    with _Running(engine) as running:
        wait_until(lambda: steps)
        measure = MeasureFactory(title="Социальная няня")
        wait_until(lambda: found_or_none(engine, "няня") == ["Социальная няня"])
        Measure.objects.filter(pk=measure.pk).update(live=False)
        wait_until(lambda: found_or_none(engine, "няня") == [])
        assert steps[-1], "the comparison is not over yet"
        wait_until(lambda: not steps[-1])
    assert running.said == []


def test_what_a_running_indexer_found_is_remembered(committed_db, engine):
    MeasureFactory(title="Няня")
    catch_up()
    past_the_triggers("update catalogue_measure set title = 'Мимо очереди'")
    with _Running(engine) as running:
        wait_until(lambda: titles(engine) == ["Мимо очереди"])
        wait_until(IndexComparison.objects.exists)
        wait_until(lambda: running.said)
    found = IndexComparison.objects.get()
    assert (found.engine, found.missing, found.stale, found.surplus) == ("embedded", 0, 1, 0)
    assert (found.records, found.failure) == (1, "")
    assert "устарело 1" in running.said[0]


@pytest.mark.slow
def test_a_comparison_that_fails_is_remembered_and_updates_go_on(committed_db, engine, monkeypatch):
    MeasureFactory(title="Няня")
    catch_up()

    def fails(self):
        raise OSError("No space left on device")

    monkeypatch.setattr(Comparison, "step", fails)
    with _Running(engine):
        wait_until(IndexComparison.objects.exists)
        MeasureFactory(title="Прокат колясок")
        wait_until(lambda: titles(engine, "коляска") == ["Прокат колясок"])
    assert IndexComparison.objects.get().failure == "No space left on device"


def test_the_next_comparison_is_at_night():
    night = timezone.localtime(comparisons.next_night())
    assert (night.hour, night.minute) == (3, 0)
    assert datetime.timedelta() < night - timezone.now() <= datetime.timedelta(days=1)


def test_old_comparisons_are_forgotten(db):
    comparisons.remember("embedded", 1, NO_DIFFERENCES, 0.1)
    comparisons.remember("embedded", 2, NO_DIFFERENCES, 0.1)
    long_ago = timezone.now() - comparisons.KEPT - datetime.timedelta(days=1)
    IndexComparison.objects.filter(records=1).update(finished_at=long_ago)
    comparisons.forget()
    assert [each.records for each in IndexComparison.objects.all()] == [2]


def test_an_emptied_table_is_compared_beside_the_changes(committed_db, engine):
    MeasureFactory(title="Няня")
    catch_up()
    with _Running(engine):
        empty("catalogue_measure")
        wait_until(lambda: titles(engine) == [])
        MeasureFactory(title="Прокат колясок")
        wait_until(lambda: titles(engine, "коляска") == ["Прокат колясок"])
        wait_until(IndexComparison.objects.exists)
    assert not any(each.differences for each in IndexComparison.objects.all()), "no alarm"
    assert reconcile(engine).total == 0
