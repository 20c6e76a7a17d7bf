"""The engine for a whole country: an Elasticsearch cluster, 8 or 9, that all hosts share.

<name>                     the alias that is searched
<name>-build-<time>        a build of the index; the record "meta" in it says how far it follows
<name>-build-<time>-write  an alias to write by: nothing can be written to a build that is gone

Every record carries the position in the outbox as its version, so that the cluster refuses what
an indexer that was overtaken writes late. Nothing is seen before the refresh that ends a commit.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from threading import Lock, Thread
from typing import Any

from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from elasticsearch.dsl import A, Search, query
from elasticsearch.helpers import streaming_bulk

from search import analysis
from search.elastic_cluster import BUSY, Cluster, address_of
from search.elastic_index import (
    LEMMAS,
    META,
    document_of,
    fields,
    key_of,
    meta_of,
    settings,
)
from search.elastic_query import VALUES, Compiler, suggesting, term, visible
from search.engine import (
    SCHEMA,
    Answer,
    Beginning,
    ClusterUnreachable,
    Document,
    Hit,
    IndexState,
    IndexUnavailable,
    Position,
    Suggested,
    Vocabulary,
)
from search.leader import alone
from search.plan import QueryPlan

Alone = Callable[[str], AbstractContextManager[Callable[[], None]]]

SURE = 2.0  # seconds for which an index that was looked at is taken for the same
PAGE = 5_000  # records read at a time
CHUNK, CHUNK_BYTES = 500, 5_000_000  # of one request that writes
TRIES, FIRST_WAIT, LONGEST_WAIT = 6, 1, 30  # of a record that a busy cluster has refused
IN_MEMORY = 16_000_000  # bytes of a commit; more goes into a file
TERMS = 20_000  # of the vocabulary in one answer
MOST_TERMS = 2_000_000
REFUSED_AS_LATE, GONE = 409, 404


@dataclass(frozen=True, slots=True)
class _Looked:
    """A build as it was when it was looked at."""

    build: str
    state: IndexState
    until: float

    @property
    def version(self) -> str:
        return f"{self.build}/{self.state.position}"


def configured_engine() -> ElasticEngine:
    """The engine as the settings have it."""
    chosen = configured.NAVIGATOR_ELASTICSEARCH
    try:
        timeout, replicas = float(chosen["TIMEOUT"]), int(chosen["REPLICAS"])
    except ValueError as error:
        raise ImproperlyConfigured(
            f"ELASTICSEARCH_TIMEOUT and ELASTICSEARCH_REPLICAS are numbers: {error}."
        ) from error
    return ElasticEngine(Cluster(address_of(chosen), timeout), chosen["INDEX"], alone, replicas)


class ElasticEngine:
    """
    :param alone: takes a lock that all hosts share.
    :param replicas: copies of each record beside the first.
    """

    kind = "elastic"

    def __init__(self, cluster: Cluster, name: str, alone: Alone, replicas: int = 1) -> None:
        self.cluster = cluster
        self.name = name
        self._alone = alone
        self._replicas = replicas
        self._looked: _Looked | None = None
        self._vocabulary = Vocabulary()
        self._vocabulary_due = 0.0
        self._reading = Lock()

    def search(self, plan: QueryPlan) -> Answer:
        self.look()
        found = self._ask(Compiler(plan).search())
        scored = plan.sort.value == "relevance"
        return Answer(
            hits=tuple(
                Hit(int(hit["fields"]["id"][0]), round(hit["sort"][0], 3) if scored else 0.0)
                for hit in found["hits"]["hits"]
            ),
            total=found["hits"]["total"]["value"],
            facets={
                facet: {
                    bucket["key"]: bucket["doc_count"]
                    for bucket in found["aggregations"][facet][VALUES]["buckets"]
                }
                for facet in plan.facets
            },
        )

    def suggest(self, asked: Beginning) -> tuple[Suggested, ...]:
        self.look()
        if not asked.words or not asked.most:
            return ()
        requests = [suggesting(asked, kind, most) for kind, most in asked.most.items()]
        return tuple(
            Suggested(kind, int(hit["fields"]["id"][0]), round(hit["sort"][0], 3))
            for kind, found in zip(asked.most, self._ask_several(requests), strict=True)
            for hit in found["hits"]["hits"]
        )

    def vocabulary(self) -> Vocabulary:
        """The first reading is waited for; later ones are made beside the searches.

        Words of what is no longer visible are left out. Measures close at midnight, without a
        change of the index.
        """
        looked = self.look()
        kept = self._vocabulary
        if kept.version == _version_today(looked):
            return kept
        if not kept.version:
            with self._reading:
                if self._vocabulary.version != _version_today(looked):
                    self._read_vocabulary(looked)
            return self._vocabulary
        if time.monotonic() >= self._vocabulary_due and self._reading.acquire(blocking=False):
            Thread(target=self._renew_vocabulary, args=[looked], daemon=True).start()
        return kept

    def records_with(self, lemmas: Iterable[str]) -> dict[str, int]:
        wanted = list(lemmas)
        if not wanted:
            return {}
        counted = A(
            "filters", filters={str(i): term(LEMMAS, each) for i, each in enumerate(wanted)}
        )
        buckets = self._aggregate(counted, visible(int(time.time())))["buckets"]
        found = {lemma: buckets[str(i)]["doc_count"] for i, lemma in enumerate(wanted)}
        return {lemma: records for lemma, records in found.items() if records}

    def state(self) -> IndexState:
        return self.look(anew=True).state

    def fingerprints(self) -> dict[tuple[str, int], int]:
        self.look()
        found: dict[tuple[str, int], int] = {}
        request = (
            Search()
            .query(query.Bool(must_not=[term("type", META)]))
            .sort("key")
            .source(False)
            .extra(size=PAGE, docvalue_fields=["type", "id", "fingerprint"])
        )
        while True:
            hits = self._ask(request, patient=True)["hits"]["hits"]
            for hit in hits:
                values = hit["fields"]
                key = (values["type"][0], int(values["id"][0]))
                found[key] = int(values["fingerprint"][0])
            if len(hits) < PAGE:
                return found
            request = request.extra(search_after=hits[-1]["sort"])

    @contextmanager
    def following(self) -> Iterator[None]:
        with self._alone(f"{self.name}: following"):
            yield

    @contextmanager
    def writer(self) -> Iterator[_Writer]:
        with self._alone(f"{self.name}: writing") as still_alone:
            build = self.look(anew=True).build
            with SpooledTemporaryFile(IN_MEMORY, mode="w+", encoding="utf-8") as kept:
                yield _Writer(self, build, still_alone, kept)

    def rebuild(
        self,
        documents: Iterable[Document],
        position: Position,
        database: str,
        progress: Callable[[int], None],
    ) -> None:
        with self._alone(f"{self.name}: building") as still_alone:
            build = f"{self.name}-build-{time.time_ns():x}"
            with self.cluster.writing() as client:
                client.indices.create(
                    index=build,
                    settings=settings(),
                    mappings=fields(),
                    aliases={_write_alias(build): {}},
                )
            try:
                self.send(build, _with_progress(documents, progress), position)
                self.send(build, [_meta_action(position, database)], position)
                still_alone()
                self._put_in_place(build)
            except BaseException:  # what cannot be deleted now goes with the next rebuild
                with suppress(IndexUnavailable), self.cluster.writing() as client:
                    client.options(ignore_status=GONE).indices.delete(index=build)
                raise
        self._looked = None

    def send(self, build: str, actions: Iterable[dict[str, Any]], position: Position) -> int:
        """Write to a build.

        :return: how many records the cluster has refused, since it has newer ones.
        :raises IndexUnavailable: the build is gone, or does not take a record.
        """
        common = {"_index": _write_alias(build), "version": position.xid}
        late = 0
        with self.cluster.writing() as client:
            for done, result in streaming_bulk(
                client,
                ({**action, **common, "version_type": "external_gte"} for action in actions),
                chunk_size=CHUNK,
                max_chunk_bytes=CHUNK_BYTES,
                max_retries=TRIES,
                initial_backoff=FIRST_WAIT,
                max_backoff=LONGEST_WAIT,
                raise_on_error=False,
                require_alias=True,
            ):
                ((kind, answer),) = result.items()
                if done or (kind == "delete" and answer.get("result") == "not_found"):
                    continue
                if answer["status"] != REFUSED_AS_LATE:
                    raise IndexUnavailable(f"The cluster refuses a record: {answer}")
                late += 1
        return late

    def refresh(self, build: str) -> None:
        """Let be seen what was written."""
        with self.cluster.writing() as client:
            client.indices.refresh(index=build)
        self._looked = None

    def _put_in_place(self, build: str) -> None:
        with self.cluster.writing() as client:
            client.indices.put_settings(
                index=build, settings={"index": {"number_of_replicas": self._replicas}}
            )
            client.indices.refresh(index=build)
            old = list(client.indices.get(index=f"{self.name}-build-*"))
            # A server makes an index of the alias of a build that is gone, when told to delete there.
            pattern = re.compile(re.escape(self.name) + r"-build-[0-9a-f]+(-write)?")
            client.indices.update_aliases(
                actions=[
                    {"add": {"index": build, "alias": self.name}},
                    *(
                        {"remove_index": {"index": name}}
                        for name in old
                        if pattern.fullmatch(name) and name != build
                    ),
                ]
            )

    def look(self, *, anew: bool = False) -> _Looked:
        """What is searched now. Somebody else's rebuild may go unseen for a moment."""
        looked = self._looked
        if looked and not anew and time.monotonic() < looked.until:
            return looked
        records = query.Bool(must_not=[term("type", META)])
        request = Search().query(query.MatchAll()).post_filter(term("type", META))
        request.aggs.bucket("records", A("filter", records))
        found = self._ask(request.extra(size=1))
        if not found["hits"]["hits"]:
            raise IndexUnavailable("The index does not say what it is.")
        hit = found["hits"]["hits"][0]
        state = _read_state(hit["_source"][META], found["aggregations"]["records"]["doc_count"])
        self._looked = _Looked(hit["_index"], state, time.monotonic() + SURE)
        return self._looked

    def _renew_vocabulary(self, looked: _Looked) -> None:
        """In a thread of its own, which holds the lock; a failure leaves what there is."""
        try:
            self._read_vocabulary(looked)
        except IndexUnavailable:
            self._vocabulary_due = time.monotonic() + LONGEST_WAIT
        finally:
            self._reading.release()

    def _read_vocabulary(self, looked: _Looked) -> None:
        started = time.monotonic()
        self._vocabulary = Vocabulary(
            version=_version_today(looked),
            documents=looked.state.documents,
            lemmas=self._terms(LEMMAS),
            words=self._terms("words"),
            pairs=self._terms("pairs.each"),
        )
        self._vocabulary_due = time.monotonic() + 30 * (time.monotonic() - started)

    def _terms(self, field: str) -> dict[str, int]:
        """Every term of a field with its visible records, in parts that no limit cuts."""
        shown = visible(int(time.time()))
        known = self._aggregate(A("cardinality", field=field), shown, patient=True)["value"]
        parts = min(known, MOST_TERMS) * 2 // TERMS + 1  # terms are not spread quite evenly
        found: dict[str, int] = {}
        for part in range(parts):
            counted = A("terms", field=field, size=TERMS)
            if parts > 1:
                counted.include = {"partition": part, "num_partitions": parts}
            buckets = self._aggregate(counted, shown, patient=True)["buckets"]
            found |= {bucket["key"]: bucket["doc_count"] for bucket in buckets}
        return found

    def _aggregate(self, what: Any, among: Any = None, *, patient: bool = False) -> Any:
        request = Search().extra(size=0, track_total_hits=False)
        if among is not None:
            request = request.query(query.Bool(filter=[among]))
        request.aggs.bucket(VALUES, what)
        return self._ask(request, patient=patient)["aggregations"][VALUES]

    def _ask_several(self, requests: Sequence[Search]) -> list[Any]:
        """Several questions on one way there and back."""
        head = {"index": self.name, "allow_partial_search_results": False}
        with self.cluster.asking() as client:
            lines = [line for request in requests for line in (head, request.to_dict())]
            answers: list[Any] = client.msearch(searches=lines).body["responses"]
        for answer in answers:
            if answer["status"] in BUSY:
                raise ClusterUnreachable(f"The cluster is overloaded: {answer['error']}")
            if "error" in answer:
                raise IndexUnavailable(f"The cluster refuses: {answer['error']}")
        return answers

    def _ask(self, request: Search, *, patient: bool = False) -> Any:
        way = self.cluster.writing() if patient else self.cluster.asking()
        with way as client:
            return client.search(
                index=self.name, allow_partial_search_results=False, body=request.to_dict()
            ).body


def _version_today(looked: _Looked) -> str:
    return f"{looked.version}/{timezone.localdate()}"


class _Writer:
    """Keeps what is to be changed until the position is known, which versions all of it."""

    def __init__(
        self,
        engine: ElasticEngine,
        build: str,
        still_alone: Callable[[], None],
        kept: SpooledTemporaryFile[str],
    ) -> None:
        self._engine = engine
        self._build = build
        self._still_alone = still_alone
        self._kept = kept

    def replace(self, document: Document) -> None:
        self._keep(_index_action(document))

    def remove(self, kind: str, identity: int) -> None:
        self._keep({"_op_type": "delete", "_id": key_of(kind, identity)})

    def commit(self, position: Position, database: str) -> None:
        self._still_alone()
        if self._engine.look(anew=True).build != self._build:
            raise IndexUnavailable("Another build has taken the place of this one.")
        self._kept.seek(0)
        self._engine.send(self._build, (json.loads(line) for line in self._kept), position)
        if self._engine.send(self._build, [_meta_action(position, database)], position):
            raise IndexUnavailable("Another indexer has gone further.")
        self._engine.refresh(self._build)
        self._kept.seek(0)
        self._kept.truncate()

    def _keep(self, action: Mapping[str, Any]) -> None:
        self._kept.write(json.dumps(action, ensure_ascii=False) + "\n")


def _index_action(document: Document) -> dict[str, Any]:
    return {
        "_op_type": "index",
        "_id": key_of(document.kind, document.id),
        "_source": document_of(document),
    }


def _meta_action(position: Position, database: str) -> dict[str, Any]:
    about = {
        "schema": SCHEMA,
        "analyzer": analysis.FINGERPRINT,
        "database": database,
        "xid": position.xid,
        "seq": position.seq,
    }
    return {"_op_type": "index", "_id": META, "_source": meta_of(about)}


def _with_progress(
    documents: Iterable[Document], progress: Callable[[int], None]
) -> Iterator[dict[str, Any]]:
    for done, document in enumerate(documents, 1):
        yield _index_action(document)
        progress(done)


def _read_state(meta: Mapping[str, Any], documents: int) -> IndexState:
    if (meta["schema"], meta["analyzer"]) != (SCHEMA, analysis.FINGERPRINT):
        raise IndexUnavailable("The index is of another version of the portal.")
    return IndexState(Position(meta["xid"], meta["seq"]), meta["database"], documents)


def _write_alias(build: str) -> str:
    return f"{build}-write"
