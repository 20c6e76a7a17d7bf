"""Text to terms: one analyzer for documents and queries of every engine.

NFC, lower case, ё as е, words and numbers, stop words, lemmas of pymorphy3. The engines get terms
that are ready and split them at spaces only. Whatever changes the terms changes `FINGERPRINT`,
which belongs to every index.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer

VERSION = "1"

# Never indexed. Words that change a meaning ("не", "без", "до", "нет") are not among them.
_LISTED = (
    "него нему ним нем ней нею них ними "
    "и в во на с со к ко о об обо у за из изо от ото для же бы ли а но то что чтобы как "
    "это этот эта эти тот при про под над по я ты он она оно мы вы они меня мне мной тебя "
    "тебе его ему её ее ей нас нам нами вас вам вами их им ими себя себе мой моя моё мое "
    "мои моего моей моих моему моим моими мою твой ваш ваша ваше ваши вашего вашей ваших "
    "вашему наш наша наше наши нашего нашей наших нашему нашу свой своя своё свое свои "
    "своего своей своих своему свою там тут так вот ведь ну уж или либо да г гг ст п пп ч"
)
STOP_WORDS = frozenset(_LISTED.split())

_LAW = r"(?:фкз|фз|оз|кз|рз|зс|зз|ззк|пп|п|р|у|н)"
_TOKEN = re.compile(
    rf"\d+[-/–‑]{_LAW}(?![^\W_])"  # 81-ФЗ, 070/у: one term
    r"|\d+[.,]\d{1,2}(?![.,]?\d)|\d+"  # 1,5, but the parts of a date apart
    r"|[^\W\d_]+",
    re.IGNORECASE,
)
_ORDINAL_ENDING = re.compile(
    r"(?<=\d)[-–‑]?(?:го|му|ом|ем|ый|ий|ой|ая|ое|ые|ых|й|я|е|х|ти|ю)(?![^\W_])"
)
_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")
_LAW_APART = re.compile(r"(?<![^\W_])(\d+)\s*[-–‑]?\s*(фкз|фз|оз)(?![^\W_])")
_LAW_BEFORE = re.compile(r"(?<![^\W_])(фкз|фз|оз)\s*[-–‑]?\s*(?:n|№)?\s*(\d+)(?![^\W_-])")
_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad]")
# A combining accent over a Russian vowel marks stress; й and ё are single signs after NFC.
_STRESS = re.compile("[\u0300\u0301]")


def fold(text: str) -> str:
    """Text in one spelling: composed signs, lower case, ё as е, no invisible signs."""
    text = _STRESS.sub("", unicodedata.normalize("NFC", text))
    return _NOT_TEXT.sub(" ", text).casefold().replace("ё", "е")


def words(text: str) -> list[str]:
    """The words and numbers of a text, folded, in order, stop words included."""
    text = _THOUSANDS.sub("", fold(text))
    text = _ORDINAL_ENDING.sub("", _LAW_BEFORE.sub(r"\2-\1", _LAW_APART.sub(r"\1-\2", text)))
    return [_number(match.group()) for match in _TOKEN.finditer(text)]


def terms(text: str) -> list[str]:
    """What an index keeps of a text: lemmas in order, without stop words."""
    return [lemma(word) for word in words(text) if word not in STOP_WORDS]


def spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Each word of a text with its place in it, for marking what was found."""
    for match in _TOKEN.finditer(text):
        term = _term_as_written(match.group())
        if term:
            yield match.start(), match.end(), term


@lru_cache(maxsize=100_000)
def _term_as_written(written: str) -> str:
    """The term of a single word as it stands in a text; nothing for a stop word."""
    word = _number(fold(written).strip() or " ")
    return "" if word.isspace() or word in STOP_WORDS else lemma(word)


@lru_cache(maxsize=200_000)
def lemma(word: str) -> str:
    """The dictionary form of a folded word."""
    if not _is_cyrillic(word):
        return word
    return str(_morphology().parse(word)[0].normal_form).replace("ё", "е")


@lru_cache(maxsize=20_000)
def lemmas(word: str) -> tuple[str, ...]:
    """All dictionary forms that a folded word may have, the likeliest first."""
    if not _is_cyrillic(word):
        return (word,)
    parses = _morphology().parse(word)
    likely = [parse for parse in parses if parse.score >= 0.15] or parses[:1]
    forms = [lemma(word), *(parse.normal_form.replace("ё", "е") for parse in likely)]
    return tuple(dict.fromkeys(forms))


def form_to_add(word: str) -> str:
    """Where a folded word is read as a form of another, a form that is read as the word itself.

    «Запой» is read as «запеть», «запоя» as «запой»: who looks for the one has to name the other.
    Nothing where the word is read as it stands, or where its other forms are read alike.
    """
    chosen = lemma(word)
    if chosen == word or word not in lemmas(word):
        return ""
    for parse in _morphology().parse(word):
        if parse.normal_form.replace("ё", "е") != word:
            continue
        forms = dict.fromkeys(fold(form.word) for form in parse.lexeme)
        missed = [form for form in forms if chosen not in lemmas(form)]
        if 2 * len(missed) > len(forms):
            return next((form for form in missed if lemma(form) == word), "")
    return ""


@lru_cache(maxsize=20_000)
def is_known(word: str) -> bool:
    """Whether the dictionary of Russian has this form of a word."""
    return _is_cyrillic(word) and bool(_morphology().word_is_known(word))


@lru_cache(maxsize=20_000)
def names_a_person(word: str) -> bool:
    """Whether a word is, first of all, a given name, a patronymic or a surname."""
    if not _is_cyrillic(word):
        return False
    tag = _morphology().parse(word)[0].tag
    return any(grammeme in tag for grammeme in ("Name", "Surn", "Patr"))


@lru_cache(maxsize=20_000)
def part_of_speech(word: str) -> str:
    """The part of speech in pymorphy's letters, or nothing where there is none."""
    return str(_morphology().parse(word)[0].tag.POS or "") if _is_cyrillic(word) else ""


@lru_cache(maxsize=200_000)
def names_a_place(word: str) -> bool:
    if not _is_cyrillic(word):
        return False
    return any("Geox" in parse.tag for parse in _morphology().parse(word))


def _number(word: str) -> str:
    if not word[0].isdigit():
        return word
    return word.replace(",", ".").replace("–", "-").replace("‑", "-")


def _is_cyrillic(word: str) -> bool:
    return "а" <= word[0] <= "я"


@cache
def _morphology() -> MorphAnalyzer:
    """Takes 0.2 s and 30 MB: loaded by the first search or indexing of a process, not before."""
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer(lang="ru")


FINGERPRINT = "-".join(
    [
        VERSION,
        version("pymorphy3"),
        version("pymorphy3-dicts-ru"),
        sha256(" ".join([*sorted(STOP_WORDS), _TOKEN.pattern]).encode()).hexdigest()[:8],
    ]
)
