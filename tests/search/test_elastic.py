"""What only the engine over a cluster has: late writers, a cluster that is down, settings."""

from __future__ import annotations

import sys
import time

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from search import elastic
from search.breaker import FAILURES, LONGEST, SHORTEST, Breaker
from search.elastic_cluster import address_of
from search.embedded import EmbeddedEngine
from search.engine import (
    Beginning,
    ClusterUnreachable,
    IndexUnavailable,
    Position,
    WriterBusy,
    copies,
    get_engine,
)
from search.leader import alone
from search.standby import StandbyEngine
from tests.search.elasticsearch_server import engine_at, free_port
from tests.search.test_engine import DATABASE, MEASURES, START, ask, found, source, write

CHOSEN = {"URL": "https://one:9201", "API_KEY": "", "USER": "", "PASSWORD": "", "CA": ""}
NOWHERE = f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def full(elasticsearch, request):
    engine = engine_at(elasticsearch, f"test-{time.time_ns():x}")
    engine.rebuild((each.analysed() for each in MEASURES), START, DATABASE, lambda done: None)
    return engine


def test_what_an_overtaken_indexer_writes_late_is_refused(full):
    with full.writer() as late:
        late.replace(source(5, "Устаревшее").analysed())
        late.remove("measure", 6)
        build = full.look().build
        new = [elastic._index_action(source(5, "Свежее").analysed())]
        new.append(elastic._index_action(MEASURES[5].analysed()))
        new.append(elastic._meta_action(Position(50, 1), DATABASE))
        full.send(build, new, Position(50, 1))
        full.refresh(build)
        with pytest.raises(IndexUnavailable, match="gone further"):
            late.commit(Position(40, 9), DATABASE)
    full.refresh(build)
    assert found(full, "свежее") == [5]
    assert found(full, "устаревшее") == []
    assert found(full, "отсрочка") == [6]
    assert full.state().position == Position(50, 1)


def test_nothing_can_be_written_to_a_build_that_is_gone(full):
    build = full.look().build
    full.rebuild([MEASURES[0].analysed()], START, DATABASE, lambda done: None)
    with pytest.raises(IndexUnavailable):
        full.send(build, [elastic._index_action(MEASURES[1].analysed())], START)
    with full.cluster.asking() as client:
        assert list(client.indices.get(index=f"{full.name}-*")) == [full.look().build]


def test_builds_of_a_rebuild_that_was_killed_go_with_the_next(full):
    with full.cluster.writing() as client:
        client.indices.create(index=f"{full.name}-build-0abc")
        client.indices.create(index=f"{full.name}-build-0abc-write")
        client.indices.create(index=f"{full.name}-build-of-somebody")
    full.rebuild([MEASURES[0].analysed()], START, DATABASE, lambda done: None)
    with full.cluster.asking() as client:
        names = set(client.indices.get(index=f"{full.name}-*"))
    assert names == {full.look().build, f"{full.name}-build-of-somebody"}


def test_more_than_one_page_of_records_is_read(full, monkeypatch):
    monkeypatch.setattr(elastic, "PAGE", 4)
    assert full.fingerprints() == {(each.kind, each.id): each.fingerprint for each in MEASURES}


def test_pages_beyond_what_the_server_gives_are_empty(full):
    answer = full.search(ask(full, "", offset=5_000_000, limit=20))
    assert (answer.hits, answer.total) == ((), 7)


def test_a_vocabulary_is_read_in_parts_that_a_server_gives(full, monkeypatch):
    asked = []
    ask_for = full._aggregate
    monkeypatch.setattr(
        full, "_aggregate", lambda what, *among, **k: asked.append(what) or ask_for(what, *among)
    )
    monkeypatch.setattr(elastic, "TERMS", 20)
    assert full.vocabulary().lemmas["капитал"] == 4
    parts = [each.to_dict()["terms"] for each in asked if each.name == "terms"]
    lemmas = [each["include"] for each in parts if each["field"] == "lemmas"]
    assert [each["partition"] for each in lemmas] == list(range(lemmas[0]["num_partitions"]))
    assert len(lemmas) > 1


def test_a_later_reading_of_the_vocabulary_does_not_keep_anybody_waiting(full):
    full.vocabulary()
    full._vocabulary_due = 0.0
    write(full, source(5, "Сиделка"), position=Position(12, 1))
    assert "няня" in full.vocabulary().lemmas  # as it was; the new one is being read
    deadline = time.monotonic() + 10
    while "няня" in full.vocabulary().lemmas and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "сиделка" in full.vocabulary().lemmas


def test_a_dead_cluster_is_told_of_and_then_left_in_peace():
    engine = engine_at(NOWHERE, "nothing", timeout=1)
    for _ in range(FAILURES):
        with pytest.raises(ClusterUnreachable, match="does not answer"):
            engine.state()
    with pytest.raises(ClusterUnreachable, match="in peace"):
        engine.state()


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_breaker_lets_one_try_and_waits_longer_each_time():
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        assert breaker.may_ask()
        breaker.failed()
    assert not breaker.may_ask()
    clock.now = SHORTEST
    assert breaker.may_ask()
    assert not breaker.may_ask()  # the others wait for the one that tries
    breaker.failed()
    clock.now += SHORTEST
    assert not breaker.may_ask()
    clock.now += SHORTEST
    assert breaker.may_ask()
    for _ in range(10):
        breaker.failed()
    clock.now += LONGEST
    assert breaker.may_ask()
    breaker.succeeded()
    assert breaker.may_ask()
    breaker.failed()
    assert breaker.may_ask()


def test_the_embedded_engine_stands_in_for_a_dead_cluster(tmp_path):
    other = EmbeddedEngine(tmp_path / "index")
    other.rebuild((each.analysed() for each in MEASURES), START, DATABASE, lambda done: None)
    engine = StandbyEngine(engine_at(NOWHERE, "nothing", timeout=1), other)
    assert found(engine, "маткапитал")[0] == 1
    assert engine.records_with(["капитал"]) == {"капитал": 4}
    assert engine.suggest(Beginning(("няня",), {"measure": 5}, moment=2000))[0].id == 5
    with pytest.raises(ClusterUnreachable):
        engine.state()  # what is told of the index is of the first


def test_the_first_engine_answers_while_it_can(full, tmp_path):
    engine = StandbyEngine(full, EmbeddedEngine(tmp_path / "nothing"))
    assert found(engine, "маткапитал")[0] == 1


def test_one_process_at_a_time_by_a_lock_of_the_database(db):
    with alone("a") as still_alone:
        still_alone()
        with pytest.raises(WriterBusy), alone("a"):
            pass
        with alone("b"):
            pass
    with alone("a"):
        pass


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"URL": ""}, "ELASTICSEARCH_URL"),
        ({"URL": "one:9200"}, "https://host:port"),
        ({"URL": "https://me:secret@one"}, "stands apart"),
        ({"URL": "https://one:99999"}, "no address"),
        ({"API_KEY": "k", "USER": "u"}, "not both"),
        ({"CA": "/nowhere/ca.crt"}, "ca.crt"),
    ],
)
def test_settings_that_cannot_work_are_named(change, told):
    with pytest.raises(ImproperlyConfigured, match=told):
        address_of({**CHOSEN, **change})


def test_settings_say_where_the_cluster_is_and_who_we_are(tmp_path):
    ca = tmp_path / "ca.crt"
    ca.touch()
    chosen = {**CHOSEN, "URL": "https://one, http://two:80/es/", "USER": "u", "PASSWORD": "p"}
    assert address_of({**chosen, "CA": str(ca)}) == {
        "hosts": ["https://one:9200", "http://two:80/es"],
        "basic_auth": ("u", "p"),
        "ca_certs": str(ca),
    }
    assert address_of({**CHOSEN, "API_KEY": "k"})["api_key"] == "k"


def test_engines_follow_the_settings(settings):
    settings.NAVIGATOR_ELASTICSEARCH = {**settings.NAVIGATOR_ELASTICSEARCH, "URL": NOWHERE}
    settings.NAVIGATOR_SEARCH_ENGINE = "elastic"
    assert isinstance(get_engine(), elastic.ElasticEngine)
    assert get_engine() is get_engine("elastic")
    settings.NAVIGATOR_SEARCH_FALLBACK = "embedded"
    assert isinstance(get_engine(), StandbyEngine)
    assert copies() == ("elastic", "embedded")


@pytest.mark.parametrize(
    ("name", "value"),
    [("ENGINE", "solr"), ("ENGINE", "elastic"), ("FALLBACK", "embedded")],
)
def test_a_start_with_settings_that_cannot_work_is_refused(settings, name, value):
    setattr(settings, f"NAVIGATOR_SEARCH_{name}", value)
    with pytest.raises(SystemCheckError, match=r"search\.E001"):
        call_command("check")


def test_a_missing_package_is_told_of_with_the_command_that_installs_it(settings, monkeypatch):
    settings.NAVIGATOR_SEARCH_ENGINE = "elastic"
    for name in [each for each in sys.modules if each.startswith(("elasticsearch.", "search.el"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "elasticsearch", None)
    with pytest.raises(ImproperlyConfigured, match="pip install"):
        get_engine()
