"""The shape of an index in Elasticsearch: its settings and fields, and a document in them.

Every text comes analysed: the server splits it at spaces. Only the record about the index itself
is kept as a source; the texts of all others are searched, not stored. Made for one shard, which
holds a million measures: word statistics of several shards would differ, and with them the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elasticsearch.dsl import Keyword, Long, Object, Text
from elasticsearch.dsl import Mapping as Fields

from search import plan
from search.engine import Document

META = "meta"  # the record that says what a build is and how far it follows
ALL = "everything"  # every text of a record, to decide whether it answers at all
LEMMAS = "lemmas"  # the same, each term once, to be counted
KEYWORDS = ("measure", "territory_path", *plan.FACETS)
LONGEST_TERM = 250  # letters; the whitespace analyzer cuts at 255
LONGEST_NAME = 2000
MOST_HITS = 100_000  # how far pages go
# Stands in a field that a record lacks. The server counts records by field, the embedded engine
# does not: with it, a word is as rare in one as in the other.
NOTHING = "∅"


def settings() -> dict[str, Any]:
    """Of a build while it is made: replicas come when it is whole, nothing is seen uncommitted."""
    return {
        "number_of_shards": 1,
        "number_of_replicas": 0,
        "refresh_interval": "-1",
        "max_result_window": MOST_HITS,
        "gc_deletes": "1h",  # for so long a late write cannot bring back what was removed
    }


def fields() -> dict[str, Any]:
    shape = Fields()
    shape.meta("dynamic", "strict")
    shape.meta("_source", includes=[META])
    shape.field(META, Object(enabled=False))
    for name in ("key", "type", "kind_of_area", "fingerprint", "title_order"):
        shape.field(name, Keyword())
    shape.field("exact", Keyword(ignore_above=LONGEST_NAME))
    for name in KEYWORDS:
        shape.field(name, Keyword())
    for name, _ in plan.FIELDS:
        shape.field(name, Text(analyzer="whitespace"))
    shape.field(ALL, Text(analyzer="whitespace", norms=False))
    for name in (LEMMAS, "words"):
        shape.field(name, Keyword(ignore_above=LONGEST_TERM))
    # Scored by how rare a pair is and by how many a record has, not by how often it stands there.
    each = Keyword(ignore_above=2 * LONGEST_TERM)
    shape.field("pairs", Text(analyzer="whitespace", index_options="docs", fields={"each": each}))
    for name in ("starts", "other_starts"):
        shape.field(name, Text(analyzer="whitespace", index_options="docs"))
    for name in ("id", "visible_until", "checked_on"):
        shape.field(name, Long())
    return shape.to_dict()


def key_of(kind: str, identity: int) -> str:
    return f"{kind}:{identity}"


def document_of(document: Document) -> dict[str, Any]:
    every = [text for texts in document.texts.values() for text in texts]
    made: dict[str, Any] = {
        name: list(document.texts.get(name) or [NOTHING]) for name, _ in plan.FIELDS
    }
    made |= {name: list(values) for name, values in document.keywords.items()}
    if len(document.keywords.get("territory_path", ())) == 1:
        made["kind_of_area"] = "country"
    return made | {
        "key": key_of(document.kind, document.id),
        "type": document.kind,
        "id": document.id,
        "exact": list(document.exact),
        ALL: every,
        LEMMAS: list(dict.fromkeys(term for text in every for term in text.split())),
        "words": document.words.split(),
        "starts": document.starts,
        "other_starts": document.other_starts,
        "pairs": document.pairs.split(),
        # As texts: not every program on the way keeps 63 bits of a number.
        "fingerprint": str(document.fingerprint),
        "title_order": f"{document.title_order:020d}",
        "visible_until": document.visible_until,
        "checked_on": document.checked_on,
    }


def meta_of(about: Mapping[str, Any]) -> dict[str, Any]:
    return {"key": META, "type": META, META: dict(about)}
