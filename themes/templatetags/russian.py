"""Sums, dates, counts and phones as Russians write them. Pure functions, usable as filters.

Parts that must not be torn apart by a line break are joined with a non-breaking space.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal, InvalidOperation

from django import template
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

NBSP = "\N{NO-BREAK SPACE}"
THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")
UNITS = re.compile(r"(?<=\d) (?=[₽%]|тыс|млн|руб|дн|лет|год|мес)")
DASH = re.compile(r" (?=[–—] )")
# An eleven-digit number as Russians write it: 8-800-2000-122, +7 (921) 123-45-67.
LONG_PHONE = re.compile(r"(?<![\d-])(?:\+7|8)[ -]?\(?\d{3,5}\)?(?:[ -]?\d){4,7}(?![\d-])")
IN_PHONE = re.compile(r"(?<=\d)-(?=\d)")
WORD_JOINER = "\N{WORD JOINER}"
MONTHS = (
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
)


@register.filter
def grouped(value: int | Decimal) -> str:
    """Thousands set apart: 28450 → «28 450»."""
    return f"{value:,}".replace(",", NBSP)


@register.filter
def rubles(value: Decimal | float | str | None) -> str:
    """A sum: 28450.45 → «28 450,45 ₽». Kopecks are left out when there are none."""
    if value is None or value == "":
        return ""
    try:
        total = Decimal(str(value)).quantize(Decimal("0.01"))
    except InvalidOperation:
        return str(value)
    if total == total.to_integral_value():
        return f"{grouped(int(total))}{NBSP}₽"
    return f"{grouped(total).replace('.', ',')}{NBSP}₽"


@register.filter
def unbroken(text: str) -> str:
    """Text of people in which no number is torn apart or from what it counts, no line begins
    with a dash, and no phone is broken at its hyphens."""
    whole = DASH.sub(NBSP, UNITS.sub(NBSP, THOUSANDS.sub(NBSP, text)))
    joined = f"{WORD_JOINER}-{WORD_JOINER}"
    return LONG_PHONE.sub(lambda phone: IN_PHONE.sub(joined, phone[0]), whole)


@register.filter
def lowfirst(text: str) -> str:
    """A line that goes on after other words: «Круглосуточно» → «круглосуточно», but «МФЦ»."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


@register.filter
def said_of(error: str, label: str) -> str:
    """An error with the name of its field, unless it begins with it."""
    return str(error) if str(error).startswith(str(label)) else f"{label}: {error}"


@register.filter
def human_date(value: datetime.date | None) -> str:
    """A day: «1 февраля 2027 года». Of a moment, the day in the portal's time zone."""
    if not value:
        return ""
    day = _local_day(value)
    return f"{day.day}{NBSP}{MONTHS[day.month - 1]} {day.year}{NBSP}года"


@register.filter
def human_moment(value: datetime.datetime | None) -> str:
    """A day and time: «1 февраля 2027 года, 14:05»."""
    if not value:
        return ""
    return f"{human_date(value)}, {timezone.localtime(value):%H:%M}"


@register.filter
def days_ago(value: datetime.date | None, today: datetime.date | None = None) -> str:
    """How long ago: «сегодня», «вчера», «12 дней назад»; a month and more ago is told by date."""
    if not value:
        return ""
    day = _local_day(value)
    days = ((today or timezone.localdate()) - day).days
    if days in (0, 1):
        return ("сегодня", "вчера")[days]
    if 1 < days <= 30:
        return f"{plural(days, 'день,дня,дней')} назад"
    return human_date(day)


@register.filter
def plural(number: int, forms: str) -> str:
    """A count with its noun: `5|plural:"мера,меры,мер"` → «5 мер»."""
    return f"{grouped(number)}{NBSP}{noun(number, forms)}"


@register.filter
def noun(number: int, forms: str) -> str:
    """The noun alone, in the form that the count wants: `5|noun:"мера,меры,мер"` → «мер»."""
    one, few, many = forms.split(",")
    tens, units = abs(number) % 100, abs(number) % 10
    if 11 <= tens <= 14:
        return many
    if units == 1:
        return one
    return few if 2 <= units <= 4 else many


@register.filter
def tel(phone: str) -> str:
    """The address that a phone calls: «8-800-2000-122» → «tel:+78002000122».

    Short numbers stay as they are; an extension («117, добавочный 1») is dialled after a pause.
    """
    main, _, extension = re.sub(r"\s*(?:,\s*)?доб(?:авочный|\.)?\s*", ";", phone).partition(";")
    number, more = re.sub(r"\D", "", main), re.sub(r"\D", "", extension)
    if len(number) == 11 and number[0] in "78":
        number = f"+7{number[1:]}"
    elif len(number) == 10:
        number = f"+7{number}"
    return f"tel:{number},{more}" if more else f"tel:{number}"


@register.filter
def phone_link(phone: str) -> SafeString:
    """A phone to tap."""
    return format_html('<a class="phone" href="{}">{}</a>', tel(phone), phone)


@register.filter
def with_phones(text: str) -> SafeString:
    """Text of people as HTML: phones in it can be tapped, numbers are not torn apart."""
    parts, done = [], 0
    for match in LONG_PHONE.finditer(text):
        if len(re.sub(r"\D", "", match[0])) == 11:
            parts += [escape(unbroken(text[done : match.start()])), phone_link(match[0])]
            done = match.end()
    parts.append(escape(unbroken(text[done:])))
    return mark_safe("".join(parts))  # noqa: S308 - every piece is escaped


def _local_day(value: datetime.date) -> datetime.date:
    if isinstance(value, datetime.datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value
