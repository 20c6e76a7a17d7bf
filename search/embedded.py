"""The engine that lives in the process: tantivy, one folder of files for each copy of the index.

<folder>/current     the name of the build that is searched; replaced as a whole
<folder>/<build>/    tantivy's files; a record "meta" among them says how far the build follows
<folder>/*.lock      one rebuild at a time
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import tantivy
from django.utils import timezone
from tantivy import Occur, Query

from search import analysis
from search.engine import (
    SCHEMA,
    Answer,
    Beginning,
    Document,
    Hit,
    IndexState,
    IndexUnavailable,
    Position,
    Suggested,
    Vocabulary,
    WriterBusy,
)
from search.plan import QueryPlan, Sort
from search.tantivy_index import ALL, META, document_of, schema
from search.tantivy_query import Compiler, suggesting, visible

FACET_VALUES = 10_000
MEMORY = 32_000_000  # of a writer, bytes
_SORTS = {
    Sort.CHECKED: ("checked_on", tantivy.Order.Desc),
    Sort.TITLE: ("title_order", tantivy.Order.Asc),
}


@dataclass(frozen=True, slots=True)
class _Opened:
    """A build as it was at its last commit."""

    build: str
    stamp: tuple[int, int]
    index: tantivy.Index
    searcher: tantivy.Searcher
    state: IndexState

    @property
    def version(self) -> str:
        return f"{self.build}/{self.stamp[0]}/{self.state.position}"


class EmbeddedEngine:
    kind = "embedded"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opened: _Opened | None = None
        self._lock = Lock()
        self._vocabulary = Vocabulary()
        self._vocabulary_due = 0.0

    def search(self, plan: QueryPlan) -> Answer:
        opened = self._open()
        compiler = Compiler(opened.index.schema, plan)
        field, order = _SORTS.get(plan.sort, (None, tantivy.Order.Desc))
        with _saying_unavailable():
            found = opened.searcher.search(
                compiler.query(),
                limit=max(plan.limit, 1),
                offset=min(plan.offset, opened.searcher.num_docs),
                order_by_field=field,
                order=order,
            )
            addresses = [address for _, address in found.hits][: plan.limit]
            ids = opened.searcher.fast_field_values("id", addresses)
            hits = tuple(
                # Sorted by a field, tantivy gives the field's value in place of a score.
                Hit(int(identity or 0), 0.0 if field else round(float(score or 0), 3))
                for identity, (score, _) in zip(ids, found.hits, strict=False)
            )
            return Answer(
                hits,
                found.count or 0,  # type: ignore[attr-defined]
                self._facets(opened.searcher, compiler),
            )

    def suggest(self, asked: Beginning) -> tuple[Suggested, ...]:
        opened = self._open()
        found: list[Suggested] = []
        if not asked.words:
            return ()
        with _saying_unavailable():
            for kind, most in asked.most.items():
                query = suggesting(opened.index.schema, asked, kind)
                hits = opened.searcher.search(query, limit=max(most, 1), count=False).hits[:most]
                ids = opened.searcher.fast_field_values("id", [address for _, address in hits])
                found += (
                    Suggested(kind, int(identity or 0), round(float(score or 0), 3))
                    for identity, (score, _) in zip(ids, hits, strict=True)
                )
        return tuple(found)

    def vocabulary(self) -> Vocabulary:
        """Reading it takes time, so a busy index shares one reading for a while.

        Words of what is no longer visible are left out. Measures close at midnight, without a
        change of the index.
        """
        opened = self._open()
        kept = self._vocabulary
        version = f"{opened.version}/{timezone.localdate()}"
        if kept.version == version or (kept.version and time.monotonic() < self._vocabulary_due):
            return kept
        started = time.monotonic()
        shown = visible(opened.index.schema, int(time.time()))
        with _saying_unavailable():
            self._vocabulary = Vocabulary(
                version=version,
                documents=opened.state.documents,
                **{
                    name: dict(opened.searcher.terms_with_prefix(field, "", filter_query=shown))
                    for name, field in (("lemmas", ALL), ("words", "words"), ("pairs", "pairs"))
                },
            )
        self._vocabulary_due = time.monotonic() + 30 * (time.monotonic() - started)
        return self._vocabulary

    def records_with(self, lemmas: Iterable[str]) -> dict[str, int]:
        opened = self._open()
        shape, searcher = opened.index.schema, opened.searcher
        shown = (Occur.Must, visible(shape, int(time.time())))
        found = {}
        with _saying_unavailable():
            for lemma in lemmas:
                if searcher.doc_freq(ALL, lemma):  # counts what is deleted or closed, too
                    holding = (Occur.Must, Query.term_query(shape, ALL, lemma))
                    query = Query.boolean_query([holding, shown])
                    found[lemma] = int(searcher.search(query, limit=1).count or 0)  # type: ignore[attr-defined]
        return {lemma: records for lemma, records in found.items() if records}

    def state(self) -> IndexState:
        return self._open().state

    def fingerprints(self) -> dict[tuple[str, int], int]:
        opened = self._open()
        found = {}
        with _saying_unavailable():
            for kind in opened.searcher.terms_with_prefix("type", ""):
                if kind[0] == META:
                    continue
                query = Query.term_query(opened.index.schema, "type", kind[0])
                hits = opened.searcher.search(query, limit=max(opened.searcher.num_docs, 1)).hits
                addresses = [address for _, address in hits]
                ids = opened.searcher.fast_field_values("id", addresses)
                prints = opened.searcher.fast_field_values("fingerprint", addresses)
                for identity, fingerprint in zip(ids, prints, strict=True):
                    found[kind[0], int(identity or 0)] = int(fingerprint or 0)
        return found

    @contextmanager
    def following(self) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(self.folder / "indexer.lock"):
            yield

    @contextmanager
    def writer(self) -> Iterator[_Writer]:
        build = self._current()
        with _saying_unavailable():
            index = tantivy.Index.open(str(self.folder / build))
            _read_state(index)
        try:
            writer = index.writer(heap_size=MEMORY, num_threads=1)
        except ValueError as error:
            raise WriterBusy("Another process writes to the index.") from error
        try:
            yield _Writer(writer, lambda: self._is_current(build))
        finally:
            writer.wait_merging_threads()

    def rebuild(
        self,
        documents: Iterable[Document],
        position: Position,
        database: str,
        progress: Callable[[int], None],
    ) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(self.folder / "rebuild.lock"):
            build = f"{time.time_ns():x}"
            path = self.folder / build
            path.mkdir(mode=0o700)
            try:
                self._fill(path, documents, position, database, progress)
            except BaseException:
                shutil.rmtree(path, ignore_errors=True)
                raise
            pointer = self.folder / f"current.{build}"
            pointer.write_text(build)
            os.replace(pointer, self.folder / "current")
            for old in self.folder.iterdir():
                if old.is_dir() and old.name != build:
                    shutil.rmtree(old, ignore_errors=True)  # readers keep what they have open

    def _fill(
        self,
        path: Path,
        documents: Iterable[Document],
        position: Position,
        database: str,
        progress: Callable[[int], None],
    ) -> None:
        index = tantivy.Index(schema(), path=str(path))
        inner = index.writer(heap_size=MEMORY, num_threads=1)
        try:
            for done, document in enumerate(documents, 1):
                inner.add_document(document_of(document))
                progress(done)
            _Writer(inner, lambda: True).commit(position, database)
        finally:
            inner.wait_merging_threads()

    def _open(self) -> _Opened:
        """The newest commit of the current build. Looks at two files, opens what has changed."""
        build = self._current()
        try:
            found = os.stat(self.folder / build / "meta.json")
        except OSError as error:
            raise IndexUnavailable("The index lacks its files.") from error
        stamp = (found.st_mtime_ns, found.st_ino)
        opened = self._opened
        if opened and opened.build == build and opened.stamp == stamp:
            return opened
        with self._lock, _saying_unavailable():
            index = tantivy.Index.open(str(self.folder / build))
            index.config_reader(reload_policy="manual")
            index.reload()
            opened = _Opened(build, stamp, index, index.searcher(), _read_state(index))
            self._opened = opened
        return opened

    def _current(self) -> str:
        try:
            build = (self.folder / "current").read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise IndexUnavailable("There is no index yet.") from error
        if not build.isalnum():
            raise IndexUnavailable("The index is damaged: nothing says which build is current.")
        return build

    def _is_current(self, build: str) -> bool:
        try:
            return self._current() == build and (self.folder / build / "meta.json").exists()
        except IndexUnavailable:
            return False

    def _facets(self, searcher: tantivy.Searcher, compiler: Compiler) -> dict[str, dict[str, int]]:
        """Counts by facet; of a facet that is filtered by, as if it were not."""
        chosen = {facet for facet, _ in compiler.plan.filters}
        if compiler.plan.place:
            chosen.add("territory")
        counts = {}
        free = [facet for facet in compiler.plan.facets if facet not in chosen]
        groups = [(free, "")] if free else []
        groups += [([facet], facet) for facet in compiler.plan.facets if facet in chosen]
        for facets, without in groups:
            asked = {facet: {"terms": {"field": facet, "size": FACET_VALUES}} for facet in facets}
            answer: dict[str, Any] = searcher.aggregate(compiler.matching(without), asked)
            for facet in facets:
                counts[facet] = {
                    bucket["key"]: bucket["doc_count"] for bucket in answer[facet]["buckets"]
                }
        return counts


class _Writer:
    def __init__(self, writer: tantivy.IndexWriter, is_current: Callable[[], bool]) -> None:
        self._writer = writer
        self._is_current = is_current

    def replace(self, document: Document) -> None:
        self.remove(document.kind, document.id)
        self._writer.add_document(document_of(document))

    def remove(self, kind: str, identity: int) -> None:
        self._writer.delete_documents_by_term("key", f"{kind}:{identity}")

    def commit(self, position: Position, database: str) -> None:
        if not self._is_current():
            raise IndexUnavailable("Another build has taken the place of this one.")
        meta = tantivy.Document()
        meta.add_text("key", META)
        meta.add_text("type", META)
        meta.add_text(
            META,
            json.dumps(
                {
                    "schema": SCHEMA,
                    "analyzer": analysis.FINGERPRINT,
                    "database": database,
                    "xid": position.xid,
                    "seq": position.seq,
                }
            ),
        )
        self._writer.delete_documents_by_term("key", META)
        self._writer.add_document(meta)
        self._writer.commit()


def _read_state(index: tantivy.Index) -> IndexState:
    searcher = index.searcher()
    found = searcher.search(Query.term_query(index.schema, "type", META), limit=1).hits
    if not found:
        raise IndexUnavailable("The index does not say what it is.")
    meta = json.loads(str(searcher.doc(found[0][1]).get_first(META)))
    if (meta["schema"], meta["analyzer"]) != (SCHEMA, analysis.FINGERPRINT):
        raise IndexUnavailable("The index is of another version of the portal.")
    return IndexState(Position(meta["xid"], meta["seq"]), meta["database"], searcher.num_docs - 1)


@contextmanager
def _saying_unavailable() -> Iterator[None]:
    """Whatever tantivy makes of damaged files is one thing to the portal."""
    try:
        yield
    except IndexUnavailable:
        raise
    except (OSError, ValueError, KeyError, TypeError, SystemError) as error:
        raise IndexUnavailable(f"The index cannot be read: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # pyo3's, which is no Exception
            raise
        raise IndexUnavailable("The index is damaged.") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Held by one process at a time; freed by the system even when the process is killed."""
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WriterBusy("Another process builds the index.") from error
        yield
