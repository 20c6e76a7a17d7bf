"""How well graded queries are answered: nDCG@10 and its company, over a file of judgments."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cms.loading import DataSetError
from search.finding import Request, find

DEPTH = 10


@dataclass(frozen=True, slots=True)
class Graded:
    query: str
    kind: str
    territory: str
    judgments: Mapping[str, int]
    situation: str
    expect_none: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one query got. Without judgments there is no nDCG."""

    graded: Graded
    found: tuple[str, ...]
    total: int
    situation: str

    @property
    def ndcg(self) -> float:
        gains = [self.graded.judgments.get(slug, 0) for slug in self.found[:DEPTH]]
        ideal = sorted(self.graded.judgments.values(), reverse=True)[:DEPTH]
        return _dcg(gains) / _dcg(ideal) if any(ideal) else 0.0

    def hit(self, depth: int) -> bool:
        """Whether something clearly relevant, or the best there is, stands that high."""
        enough = min(2, max(self.graded.judgments.values(), default=0))
        return any(self.graded.judgments.get(slug, 0) >= enough for slug in self.found[:depth])


@dataclass(frozen=True)
class Quality:
    outcomes: Sequence[Outcome] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        answerable = [each for each in self.outcomes if not each.graded.expect_none]
        hopeless = [each for each in self.outcomes if each.graded.expect_none]
        situations = [each for each in answerable if each.graded.situation]
        return {
            "ndcg@10": _mean(each.ndcg for each in answerable),
            "hit@1": _mean(each.hit(1) for each in answerable),
            "hit@3": _mean(each.hit(3) for each in answerable),
            "zero": sum(not each.found for each in answerable),
            "zero_rate": _mean(not each.found for each in answerable),
            "false_confidence": sum(bool(each.found) for each in hopeless),
            "false_confidence_rate": _mean(bool(each.found) for each in hopeless),
            "situation_first": _mean(
                each.situation == each.graded.situation for each in situations
            ),
        }

    def by_kind(self) -> dict[str, float]:
        kinds = defaultdict(list)
        for each in self.outcomes:
            if not each.graded.expect_none:
                kinds[each.graded.kind].append(each.ndcg)
        return {kind: _mean(values) for kind, values in kinds.items()}


def measure_quality(queries: Iterable[Graded]) -> Quality:
    """Ask each query as the search page would.

    :raises search.engine.IndexUnavailable:
    """
    outcomes = []
    for graded in queries:
        results = find(Request(text=graded.query, home=graded.territory, size=DEPTH))
        outcomes.append(
            Outcome(
                graded,
                tuple(found.slug for found in results.found),
                results.total,
                results.stories[0].slug if results.stories else "",
            )
        )
    return Quality(outcomes)


def read_graded(path: Path) -> list[Graded]:
    """Graded queries of a file.

    :raises cms.loading.DataSetError: the file is missing or malformed.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(rows, list):
            raise TypeError
        return [
            Graded(
                row["q"],
                row["kind"],
                row["territory"] or "",
                row["judgments"],
                row["situation"] or "",
                row["expect_none"],
            )
            for row in rows
        ]
    except (OSError, UnicodeDecodeError) as error:
        raise DataSetError(f"Не удалось прочитать {path}: {error}.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise DataSetError(f"{path}: это не список размеченных запросов.") from error


def _dcg(gains: Iterable[int]) -> float:
    return sum((2**gain - 1) / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return round(sum(listed) / len(listed), 4) if listed else 0.0
