"""Text becomes the same terms, however it is written."""

from __future__ import annotations

import subprocess
import sys

import pytest

from search import analysis


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Ребёнок РЕБЕНКА детей", ["ребенок", "ребенок", "ребенок"]),
        ("ребёнок-инвалид", ["ребенок", "инвалид"]),
        ("е\u0308лка", ["елка"]),  # ё of two signs
        ("мла\u0301дшая", ["младший"]),  # a mark of stress
        ("81-ФЗ", ["81-фз"]),
        ("81 фз", ["81-фз"]),
        ("ФЗ № 81", ["81-фз"]),
        ("фз-81", ["81-фз"]),
        ("181-ФЗ", ["181-фз"]),
        ("справка 070/у", ["справка", "070/у"]),
        ("450 000 ₽", ["450000"]),
        ("до 1,5 лет", ["до", "1.5", "год"]),
        ("полтора – 1.5.", ["полтора", "1.5"]),
        ("от 16.12.2022 № 2330", ["16", "12", "2022", "2330"]),
        ("3-НДФЛ", ["3", "ндфл"]),
        ("2-го ребёнка", ["2", "ребенок"]),
        ("по уходу за ним", ["уход"]),
        ("не платит", ["не", "платить"]),
        ("", []),
        ("!!! … 😀 ₽ \x00", []),
        ("a_b", ["a", "b"]),
    ],
)
def test_terms_of_text(text, terms):
    assert analysis.terms(text) == terms


def test_spans_point_at_the_words_as_written():
    text = "Пособие на РЕБЁНКА, 81-ФЗ"
    found = {text[start:end]: lemma for start, end, lemma in analysis.spans(text)}
    assert found == {"Пособие": "пособие", "РЕБЁНКА": "ребенок", "81-ФЗ": "81-фз"}


@pytest.mark.parametrize(
    ("word", "known"), [("борща", True), ("ребенка", True), ("алементы", False), ("mfc", False)]
)
def test_russian_words_are_known(word, known):
    assert analysis.is_known(word) is known


def test_fingerprint_names_version_and_dictionaries():
    version, morphology, dictionaries, rest = analysis.FINGERPRINT.split("-")
    assert version == analysis.VERSION
    assert all(part[0].isdigit() for part in (morphology, dictionaries))
    assert len(rest) == 8


def test_morphology_is_not_loaded_before_it_is_needed():
    code = (
        "import sys; from search import analysis; analysis.words('дети');"
        "assert 'pymorphy3' not in sys.modules; analysis.lemma('дети');"
        "assert 'pymorphy3' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
