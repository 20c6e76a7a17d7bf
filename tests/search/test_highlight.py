"""What was found is marked; nothing else of a text becomes HTML."""

from __future__ import annotations

import pytest

from search.highlight import Marker, first_excerpt

MARKER = Marker(frozenset({"ребенок", "81-фз"}), (("детский", "сад"),))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Пособие детям", "Пособие <mark>детям</mark>"),
        ("РЕБЁНОК", "<mark>РЕБЁНОК</mark>"),
        ("Закон 81-ФЗ, 181-ФЗ", "Закон <mark>81-ФЗ</mark>, 181-ФЗ"),
        ("детского сада", "<mark>детского</mark> <mark>сада</mark>"),
        ("детский отдых, сад", "детский отдых, сад"),
        ("Детский (ясли) сад", "<mark>Детский</mark> (ясли) <mark>сад</mark>"),
        ("Детский (отдых, сад)", "Детский (отдых, сад)"),
        ("Ясли (детский сад)", "Ясли (<mark>детский</mark> <mark>сад</mark>)"),
        ("<b>ребёнок</b> & \"сад\"", "&lt;b&gt;<mark>ребёнок</mark>&lt;/b&gt; &amp; &quot;сад&quot;"),
        ("", ""),
    ],
)  # fmt: skip
def test_marks(text, html):
    assert MARKER.mark(text) == (html, "<mark>" in html)


def test_an_excerpt_shows_the_found_word_in_its_surroundings():
    long = "слово " * 40 + "ребёнок <i> " + "дело " * 40
    excerpt = MARKER.excerpt(long)
    assert excerpt.startswith("… слово")
    assert "<mark>ребёнок</mark> &lt;i&gt; дело" in excerpt
    assert excerpt.endswith("дело …")
    assert len(excerpt) < 220


def test_the_first_text_with_anything_found_gives_the_excerpt():
    assert first_excerpt(MARKER, ["ничего", "о ребёнке"]) == "о <mark>ребёнке</mark>"
    assert first_excerpt(MARKER, ["ничего"]) == ""
