"""Two copies of the index: while the first cannot answer, searches are answered from the second.

Each copy has an indexer of its own. Whatever changes an index, and what is told of it, is of the
first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TypeVar

from search.engine import (
    Answer,
    Beginning,
    Document,
    Engine,
    IndexState,
    IndexUnavailable,
    Position,
    Suggested,
    Vocabulary,
    Writer,
)
from search.plan import QueryPlan

T = TypeVar("T")


class StandbyEngine:
    def __init__(self, main: Engine, other: Engine) -> None:
        self.main = main
        self.other = other

    @property
    def kind(self) -> str:
        return self.main.kind

    def search(self, plan: QueryPlan) -> Answer:
        return self._either(lambda engine: engine.search(plan))

    def suggest(self, asked: Beginning) -> tuple[Suggested, ...]:
        return self._either(lambda engine: engine.suggest(asked))

    def vocabulary(self) -> Vocabulary:
        return self._either(lambda engine: engine.vocabulary())

    def records_with(self, lemmas: Iterable[str]) -> dict[str, int]:
        wanted = list(lemmas)
        return self._either(lambda engine: engine.records_with(wanted))

    def state(self) -> IndexState:
        return self.main.state()

    def fingerprints(self) -> dict[tuple[str, int], int]:
        return self.main.fingerprints()

    def following(self) -> AbstractContextManager[None]:
        return self.main.following()

    def writer(self) -> AbstractContextManager[Writer]:
        return self.main.writer()

    def rebuild(
        self,
        documents: Iterable[Document],
        position: Position,
        database: str,
        progress: Callable[[int], None],
    ) -> None:
        self.main.rebuild(documents, position, database, progress)

    def _either(self, ask: Callable[[Engine], T]) -> T:
        try:
            return ask(self.main)
        except IndexUnavailable:
            return ask(self.other)
