"""Comparisons of numbers, sums and dates in Russian words. Pure.

Each function says an operator with its values: «15 лет или больше», «не выше 2 прожиточных
минимумов», «трое или больше детей».
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from decimal import Decimal

from catalogue.models.taxonomy import Counted
from themes.templatetags.russian import NBSP, grouped, human_date, noun, rubles

Forms = tuple[str, str, str]
Values = Sequence[Decimal]

YEARS = ("год", "года", "лет")
MONTHS = ("месяц", "месяца", "месяцев")
PER_CENT = ("%", "%", "%")
SIZE = {"lt": "меньше", "lte": "не больше", "gt": "больше"}
LEVEL = {"lt": "ниже", "lte": "не выше", "gt": "выше", "gte": "не ниже"}
GATHERED = {2: "двое", 3: "трое", 4: "четверо", 5: "пятеро", 6: "шестеро", 7: "семеро"}
OF_GATHERED = {2: "двоих", 3: "троих", 4: "четверых", 5: "пятерых", 6: "шестерых", 7: "семерых"}
ORDINALS = (
    "первый",
    "второй",
    "третий",
    "четвёртый",
    "пятый",
    "шестой",
    "седьмой",
    "восьмой",
    "девятый",
    "десятый",
)


def digits(number: Decimal) -> str:
    """1.50 → «1,5», 25000 → «25 000»."""
    if number == number.to_integral_value():
        return grouped(int(number))
    return format(number.normalize(), "f").replace(".", ",")


def counted(number: Decimal, forms: Forms) -> str:
    """As a subject: «1 год», «3 года», «5 лет», «1,5 года»."""
    if not any(forms):
        return digits(number)
    whole = number == number.to_integral_value()
    form = noun(int(number), ",".join(forms)) if whole else forms[1]
    return f"{digits(number)}{NBSP}{form}"


def of(number: Decimal, forms: Forms) -> str:
    """After «меньше»: «года», «3 лет», «1,5 года», «21 года»."""
    if not any(forms):
        return digits(number)
    if number == 1:
        # «меньше года», «не выше прожиточного минимума»; signs keep their number.
        return forms[1] if forms[1].isalpha() or " " in forms[1] else f"1{NBSP}{forms[1]}"
    whole = number == number.to_integral_value()
    singular = not whole or (int(number) % 10 == 1 and int(number) % 100 != 11)
    return f"{digits(number)}{NBSP}{forms[1] if singular else forms[2]}"


def plain(operator: str, values: Values, forms: Forms) -> str:
    return _compared(operator, values, forms, SIZE)


def level(operator: str, values: Values, forms: Forms) -> str:
    return _compared(operator, values, forms, LEVEL)


def _compared(operator: str, values: Values, forms: Forms, words: dict[str, str]) -> str:
    if operator == "between":
        return f"от {digits(values[0])} до {_range_end(values[1], forms)}"
    if operator in words:
        return f"{words[operator]} {of(values[0], forms)}"
    if operator == "gte":
        return f"{counted(values[0], forms)} или больше"
    return counted(values[0], forms)


def _range_end(number: Decimal, forms: Forms) -> str:
    """The upper end of a range always has its number."""
    said = of(number, forms)
    return said if said[:1].isdigit() else f"{digits(number)}{NBSP}{said}"


def months(operator: str, values: Values, forms: Forms) -> str:
    """Ages in months, said in years where they are whole years, and a year and a half."""
    if operator != "between" and values[0] == 18:
        if operator in SIZE:
            return f"{SIZE[operator]} полутора{NBSP}лет"
        return f"полтора{NBSP}года" + (" или больше" if operator == "gte" else "")
    if all(value and value % 12 == 0 for value in values):
        return plain(operator, [value / 12 for value in values], YEARS)
    return plain(operator, values, MONTHS)


def share(operator: str, values: Values, forms: Forms) -> str:
    """0.22 is said as 22 %."""
    return plain(operator, [value * 100 for value in values], PER_CENT)


def people(operator: str, values: Values, forms: Forms) -> str:
    """«трое или больше детей», «нет детей», «хотя бы один ребёнок»."""
    numbers = [int(value) for value in values]
    if operator == "gt":
        return people("gte", [values[0] + 1], forms)
    if operator == "lt":
        return people("lte", [values[0] - 1], forms)
    if operator == "between":
        return f"от {numbers[0]} до {of(values[1], forms)}"
    if numbers[0] <= 0:
        return f"нет {forms[2]}" if operator != "gte" else f"сколько угодно {forms[2]}"
    if numbers[0] == 1:
        return {
            "gte": f"хотя бы один {forms[0]}",
            "lte": f"не больше одного {forms[1]}",
        }.get(operator, f"один {forms[0]}")
    if operator == "gte":
        return f"{_gathered(numbers[0])} или больше {forms[2]}"
    if operator == "lte":
        return f"не больше {OF_GATHERED.get(numbers[0], digits(values[0]))} {forms[2]}"
    return f"{_gathered(numbers[0])} {forms[2]}"


def _gathered(number: int) -> str:
    return GATHERED.get(number, str(number))


def ordinal(operator: str, values: Values, forms: Forms) -> str:
    """«третий или следующий», «не позже второго», «с первого по третий»."""
    numbers = [int(value) for value in values]
    if operator == "between":
        return f"с {_of_ordinal(numbers[0])} по {_ordinal(numbers[1])}"
    if operator in {"gt", "gte"}:
        first = numbers[0] + (operator == "gt")
        return "любой по счёту" if first <= 1 else f"{_ordinal(first)} или следующий"
    if operator in {"lt", "lte"}:
        last = numbers[0] - (operator == "lt")
        return _ordinal(1) if last <= 1 else f"с первого по {_ordinal(last)}"
    return _ordinal(numbers[0])


def _ordinal(number: int) -> str:
    return ORDINALS[number - 1] if 1 <= number <= len(ORDINALS) else f"{number}-й"


def _of_ordinal(number: int) -> str:
    word = _ordinal(number)
    if word == "третий":
        return "третьего"
    return f"{word[:-2]}ого" if word[-1:] == "й" and not word[:1].isdigit() else f"{number}-го"


def span(operator: str, values: Values, forms: Forms) -> str:
    """Numbers of a row: «с 1-го по 4-й», «5-й или старше»."""
    first = digits(values[0])
    if operator == "between":
        return f"с {first}-го по {digits(values[1])}-й"
    return {
        "gte": f"{first}-й или старше",
        "lte": f"{first}-й или младше",
        "gt": f"старше {first}-го",
        "lt": f"младше {first}-го",
    }.get(operator, f"{first}-й")


def money(operator: str, values: Values, forms: Forms) -> str:
    """«не больше 42 450 ₽», «от 25 000 до 1 000 000 ₽»."""
    if operator == "between":
        return f"от {digits(values[0])} до {rubles(values[1])}"
    if operator in SIZE:
        return f"{SIZE[operator]} {rubles(values[0])}"
    return rubles(values[0]) + (" или больше" if operator == "gte" else "")


def dated(operator: str, days: Sequence[datetime.date]) -> str:
    """«1 января 2020 года или позже», «до 1 июля 2031 года»."""
    if operator == "between":
        return f"с {human_date(days[0])} по {human_date(days[1])}"
    day = human_date(days[0])
    return {
        "lt": f"до {day}",
        "lte": f"{day} или раньше",
        "gt": f"после {day}",
        "gte": f"{day} или позже",
    }.get(operator, day)


NUMBERS: dict[Counted, Callable[[str, Values, Forms], str]] = {
    Counted.PLAIN: plain,
    Counted.LEVEL: level,
    Counted.MONTHS: months,
    Counted.PEOPLE: people,
    Counted.ORDINAL: ordinal,
    Counted.SPAN: span,
    Counted.SHARE: share,
}
