"""A rough root of a Russian lemma, to find words of one family: выплачивать – выплата.

Not linguistics: endings that build nouns, adjectives and verbs are cut off and consonants that
change before them are brought to one. Good enough to offer weak alternatives, never for identity.
"""

from __future__ import annotations

from functools import lru_cache

from search import analysis
from search.engine import Vocabulary

SHORTEST = 4
_LISTED = (
    "ение ание яние ость есть ность енность ство ственный ионный ионер ьнение ательный "
    "ительный тельный енный анный ованный енность ировать ирование овать ование ивать "
    "ывать ивание ывание авать ать ять ить еть нуть иться аться еться ться чься титься "
    "атель итель тель ация яция иция ция атор итор тор ический еский овский евский ский "
    "ский цкий ный ной ая ое ий ый ой овый евый ик ник чик щик чица щица ница ица ка ок ек "
    "ец ина ние тие ие ия ский ск а о е и ы я ь у ю й но ски ливый ческий ленный ление "
    "лять лить ть ун"
)
_ENDINGS = sorted(_LISTED.split(), key=len, reverse=True)
_ALTERNATIONS = [("щ", "ст"), ("ч", "т"), ("ж", "д"), ("ш", "с"), ("ц", "т"), ("к", "т")]


@lru_cache(maxsize=100_000)
def root(lemma: str) -> str:
    """The root of a lemma, or the lemma itself where nothing sensible is left."""
    stem = lemma.removesuffix("ся").removesuffix("сь")
    ending = _ending_of(stem)
    stem = stem.removesuffix(ending)
    if len(ending) > 1:  # a suffix, not only a case ending: another may stand before it
        stem = stem.removesuffix(_ending_of(stem))
    for before, after in _ALTERNATIONS:
        if stem.endswith(before) and len(stem) > SHORTEST:
            return stem[: -len(before)] + after
    return stem


def _ending_of(stem: str) -> str:
    for ending in _ENDINGS:
        if stem.endswith(ending) and len(stem) - len(ending) >= SHORTEST:
            return ending
    return ""


_families: tuple[str, dict[str, tuple[str, ...]]] = ("", {})


def families_of(vocabulary: Vocabulary, lemma: str) -> tuple[str, ...]:
    """Lemmas of a vocabulary with the root of the given one, the most frequent first."""
    global _families
    version, families = _families
    if not vocabulary.version or version != vocabulary.version:
        families = _sorted_by_root(vocabulary)
        _families = (vocabulary.version, families)
    return families.get(root(lemma), ())


def _sorted_by_root(vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    families: dict[str, list[str]] = {}
    for lemma in sorted(vocabulary.lemmas, key=lambda term: -vocabulary.lemmas[term]):
        # A town is not of one family with a verb: Чита and читать.
        if lemma.isalpha() and len(lemma) >= SHORTEST and not analysis.names_a_place(lemma):
            families.setdefault(root(lemma), []).append(lemma)
    return {key: tuple(family) for key, family in families.items()}
