"""What single words tell: which only ask, which stand for help as such, which name a kind."""

from __future__ import annotations

import math

from search import analysis


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Words that ask, but do not say about what. They count only inside a synonym or a name, or when
# nothing else was typed.
ASKING = _words(
    "что где куда откуда какой какие который кто кому чей сколько когда почему зачем можно нужно нужный "
    "надо нельзя давать дать дадут положить положено положенный получить получать получение "
    "оформить оформлять оформление сделать делать хотеть мочь быть есть стать если не ни нет без "
    "до после через между только еще уже весь все очень тоже даже просто подать подавать узнать "
    "подсказать скажите сказать пожалуйста здравствуйте рассказать найти интересовать человек год "
    "один раз статья пункт полагаться причитаться обратиться сюда вообще тогда потом теперь сейчас "
    "чем хоть он друг самый такой также иметь идти пойти бывать другой каждый любой иной много "
    "мало немного быстро сразу правильно правда"
)
# Words for help as such: they tell little when anything else is said.
GENERAL = _words(
    "помощь поддержка льгота мера пособие выплата услуга помогать помочь семья ребенок"
)
RELATIVES = _words("ребенок супруг мать отец бабушка дедушка внук сестра брат родитель малыш")
# Help, and those whom it is for: who says one of these hardly means a shop or a film.
OURS = GENERAL - _words("ребенок семья услуга мера") | _words(
    "компенсация компенсировать субсидия вычет вернуть соцконтракт маткапитал материнский капитал "
    "инвалид инвалидность многодетный сирота детдом опека опекун приемный беременный беременность "
    "малоимущий одиночка вдова погибнуть погибший сво мобилизовать алименты безработный пенсия "
    "муж жена супруг мать отец нечего негде некого насилие бить"
)
KINDS = {
    "payment": _words("выплата выплачивать пособие деньга платить пенсия"),
    "discount": _words("скидка"),
    "consultation": _words("консультация посоветовать совет спросить"),
}
# What digits are read as: a count, a place in a row, a number of children.
NUMBERS = {
    "1": ("один", "первый"),
    "2": ("два", "второй", "двое"),
    "3": ("три", "третий", "трое"),
    "4": ("четыре", "четвертый", "четверо"),
    "5": ("пять", "пятый", "пятеро"),
    "6": ("шесть", "шестой", "шестеро"),
    "7": ("семь", "седьмой", "семеро"),
}
_TIMES = _words(
    "год года лет месяц месяца месяцев неделя недели недель день дня дней час часа часов"
)
_LIMITS = _words("с до от после старше младше")
_CLASSES = _words("класс класса классе классы классов классу группа группы группу")
MOST_UNITS = 4
_LONG_NUMBER = 3
UNITS_OF_PHRASE = 3  # a word that is understood only together with its neighbours
# A thing that the catalogue does not know says that the query is about something else; an action
# or a quality says it less.
_UNITS_OF_PART = {"VERB": 1, "INFN": 1, "GRND": 1, "PRTF": 2, "ADJF": 3, "ADVB": 1, "PRED": 1}


def is_asking(word: str, lemma: str) -> bool:
    return lemma in ASKING or (len(word) == 1 and not word.isdigit())


def names_of_number(digit: str, before: str, following: str) -> tuple[str, ...]:
    """Words that a digit stands for: an age or a term counts, before a class it orders."""
    names = NUMBERS[digit]
    if following in _TIMES or before in _LIMITS:
        return names[:1]
    return names[1:2] if following in _CLASSES else names


def units_of_known(word: str, lemma: str, records: int, of: int, *, is_target: bool) -> int:
    """How much a word tells that stands in `records` of the index: 1 when in all, 4 when in one.

    :param is_target: the word is a synonym for a record, so even an action tells much.

    The sign of a record that editors have set is worth a unit of its own.
    """
    if lemma in GENERAL or of < 2:
        return 1
    most = MOST_UNITS if is_target else _most_units(word)
    rarity = 1 - math.log(records) / math.log(of)
    return max(1, min(most, round(MOST_UNITS * rarity))) + is_target


def units_of_unknown(word: str) -> int:
    """How much a word tells that stands nowhere."""
    return _most_units(word)


def kinds_asked_for(lemmas: frozenset[str]) -> list[str]:
    """Kinds of measures that a query asks for by its words."""
    return [kind for kind, telling in KINDS.items() if lemmas & telling]


def _most_units(word: str) -> int:
    if word.isdigit() and len(word) < _LONG_NUMBER:
        return 1  # ages and counts stand everywhere
    return _UNITS_OF_PART.get(analysis.part_of_speech(word), MOST_UNITS)
