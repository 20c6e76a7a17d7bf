"""The shape of an index in tantivy: its fields, and a document in them.

Every text comes analysed: the engine splits it at spaces. No text is stored, only searched.
"""

from __future__ import annotations

import tantivy

from search import plan
from search.engine import Document

META = "meta"  # the record that says how far a build follows
ALL = "everything"  # every text of a record, to decide whether it answers at all
KEYWORDS = ("measure", "territory_path", *plan.FACETS)


def schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("key", "type", "exact", "kind_of_area"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_text_field(META, stored=True, tokenizer_name="raw", index_option="basic")
    for name in KEYWORDS:
        builder.add_text_field(
            name, tokenizer_name="raw", index_option="basic", fast=name in plan.FACETS
        )
    for name in (ALL, *(name for name, _ in plan.FIELDS)):
        builder.add_text_field(name, tokenizer_name="whitespace")
    for name in ("words", "pairs", "starts", "other_starts"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="basic")
    for name in ("id", "fingerprint", "title_order"):
        builder.add_integer_field(name, fast=True)
    for name in ("visible_until", "checked_on"):
        builder.add_integer_field(name, indexed=True, fast=True)
    return builder.build()


def document_of(document: Document) -> tantivy.Document:
    made = tantivy.Document()
    made.add_text("key", f"{document.kind}:{document.id}")
    made.add_text("type", document.kind)
    for name in document.exact:
        made.add_text("exact", name)
    for field, texts in document.texts.items():
        for text in texts:
            made.add_text(field, text)
            made.add_text(ALL, text)
    made.add_text("words", document.words)
    made.add_text("pairs", document.pairs)
    made.add_text("starts", document.starts)
    made.add_text("other_starts", document.other_starts)
    for field, values in document.keywords.items():
        for value in values:
            made.add_text(field, value)
    if len(document.keywords.get("territory_path", ())) == 1:
        made.add_text("kind_of_area", "country")
    made.add_integer("id", document.id)
    made.add_integer("fingerprint", document.fingerprint)
    made.add_integer("title_order", document.title_order)
    made.add_integer("visible_until", document.visible_until)
    made.add_integer("checked_on", document.checked_on)
    return made
