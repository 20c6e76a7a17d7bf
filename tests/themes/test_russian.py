"""Sums, dates, counts and phones read as Russians write them."""

import datetime
from decimal import Decimal

import pytest

from themes.templatetags.russian import (
    days_ago,
    human_date,
    human_moment,
    lowfirst,
    noun,
    phone_link,
    plural,
    rubles,
    said_of,
    tel,
    unbroken,
    with_phones,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("28450.45"), "28 450,45 ₽"),
        (Decimal("28450.00"), "28 450 ₽"),
        (955836, "955 836 ₽"),
        (10837.2, "10 837,20 ₽"),
        ("1000000", "1 000 000 ₽"),
        (0, "0 ₽"),
        (-1500, "-1 500 ₽"),
        (None, ""),
        ("", ""),
        ("по доходу", "по доходу"),
    ],
)
def test_a_sum_is_grouped_and_never_torn_apart(value, text):
    assert rubles(value) == text.replace(" ", "\xa0" if value != "по доходу" else " ")


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("до 728 921,90 ₽ сразу", "до 728_921,90_₽ сразу"),
        ("от 38 до 66 тыс. ₽", "от 38 до 66_тыс. ₽"),
        ("50 % и 1 000 000 руб.", "50_% и 1_000_000_руб."),
        ("в 2025 году 36 715 ₽", "в 2025_году 36_715_₽"),
        ("дом 12 корпус 1", "дом 12 корпус 1"),
    ],
)
def test_a_number_is_never_torn_apart(text, whole):
    assert unbroken(text) == whole.replace("_", "\xa0")


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (datetime.date(2027, 2, 1), "1\xa0февраля 2027\xa0года"),
        (datetime.date(2026, 12, 31), "31\xa0декабря 2026\xa0года"),
        (None, ""),
    ],
)
def test_a_day_is_told_in_words(day, text):
    assert human_date(day) == text


def test_a_moment_is_told_in_the_portal_s_own_time():
    moment = datetime.datetime(2026, 12, 31, 22, 5, tzinfo=datetime.UTC)
    assert human_date(moment) == "1\xa0января 2027\xa0года"
    assert human_moment(moment) == "1\xa0января 2027\xa0года, 01:05"


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (22, "сегодня"),
        (21, "вчера"),
        (20, "2\xa0дня назад"),
        (10, "12\xa0дней назад"),
        (1, "21\xa0день назад"),
        (23, "23\xa0ноября 2026\xa0года"),
    ],
)
def test_a_recent_day_is_told_by_distance_and_a_future_one_by_date(day, text):
    today = datetime.date(2026, 11, 22)
    assert days_ago(datetime.date(2026, 11, day), today) == text


def test_a_distant_day_is_told_by_date():
    today = datetime.date(2026, 11, 22)
    assert days_ago(datetime.date(2026, 9, 1), today) == "1\xa0сентября 2026\xa0года"


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (0, "мер"),
        (1, "мера"),
        (2, "меры"),
        (4, "меры"),
        (5, "мер"),
        (11, "мер"),
        (12, "мер"),
        (14, "мер"),
        (21, "мера"),
        (22, "меры"),
        (111, "мер"),
        (1001, "мера"),
    ],
)
def test_a_noun_agrees_with_its_count(number, word):
    assert noun(number, "мера,меры,мер") == word


def test_a_count_stands_with_its_noun():
    assert plural(1250, "мера,меры,мер") == "1\xa0250\xa0мер"


@pytest.mark.parametrize(
    ("phone", "address"),
    [
        ("112", "tel:112"),
        ("8-800-2000-122", "tel:+78002000122"),
        ("8-800-1-00000-1", "tel:+78001000001"),
        ("8 (3952) 48-52-23", "tel:+73952485223"),
        ("+7 921 123-45-67", "tel:+79211234567"),
        ("(81367) 7-12-34", "tel:+78136771234"),
        ("117, добавочный 1", "tel:117,1"),
        ("8 (3022) 21-82-55 доб. 12", "tel:+73022218255,12"),
    ],
)
def test_a_phone_can_be_tapped(phone, address):
    assert tel(phone) == address


def test_a_phone_s_words_are_escaped():
    assert "<b>" not in phone_link("112<b>")


@pytest.mark.parametrize(
    ("text", "read"),
    [("Круглосуточно", "круглосуточно"), ("МФЦ ответит", "МФЦ ответит"), ("ё", "ё"), ("", "")],
)
def test_a_line_goes_on_after_other_words(text, read):
    assert lowfirst(text) == read


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Звоните 8-800-2000-122.", 'Звоните <a class="phone" href="tel:+78002000122">8-800-2000-122</a>.'),
        ("+7 (812) 123-45-67 & 8 921 123-45-67", '<a class="phone" href="tel:+78121234567">+7 (812) 123-45-67</a> &amp; <a class="phone" href="tel:+79211234567">8 921 123-45-67</a>'),
        ("С 8 до 17 лет, 2020-2026", "С 8 до 17\xa0лет, 2020-2026"),
        ("Закон 8-123-4", "Закон 8-123-4"),
        ("", ""),
    ],
)  # fmt: skip
def test_phones_in_text_can_be_tapped(text, html):
    assert with_phones(text) == html


def test_a_phone_and_a_dash_are_not_torn_from_their_line():
    assert (
        unbroken("Телефон 8-800-2000-122")
        == "Телефон 8\u2060-\u2060800\u2060-\u20602000\u2060-\u2060122"
    )
    assert unbroken("размер – 6 %") == "размер\xa0– 6\xa0%"


def test_an_error_names_its_field_once():
    assert said_of("Ответьте на этот вопрос.", "Имя") == "Имя: Ответьте на этот вопрос."
    assert said_of("Телефон не похож на номер.", "Телефон") == "Телефон не похож на номер."
