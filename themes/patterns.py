"""What the patterns page shows: one sample for each state of each component. All of it invented."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils import timezone
from django.utils.safestring import mark_safe


class SampleForm(forms.Form):
    """A field of each sort."""

    name = forms.CharField(
        label="Как к вам обращаться", max_length=100, help_text="Можно только имя."
    )
    phone = forms.CharField(
        label="Телефон",
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
        error_messages={"required": "Укажите телефон, чтобы мы могли ответить."},
    )
    story = forms.CharField(
        label="Что случилось", widget=forms.Textarea(attrs={"rows": 4}), required=False
    )
    born = forms.DateField(
        label="Когда родился ребёнок",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "Такой даты нет. Пример: 15.03.2026."},
    )
    district = forms.ChoiceField(
        label="Район", choices=[("", "Выберите"), ("1", "Первый"), ("2", "Второй")]
    )
    children = forms.ChoiceField(
        label="Сколько у вас детей",
        widget=forms.RadioSelect,
        choices=[("1", "Один"), ("2", "Двое"), ("3", "Трое и больше"), ("unknown", "Не знаю")],
        error_messages={"required": "Выберите один ответ."},
    )
    helped = forms.MultipleChoiceField(
        label="Что нужно в первую очередь",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        choices=[("money", "Деньги"), ("home", "Жильё"), ("talk", "Поговорить")],
    )
    paper = forms.FileField(label="Справка", required=False, help_text="Фото или PDF до 10 МБ.")
    consent = forms.BooleanField(
        label="Согласен на обработку персональных данных",
        error_messages={"required": "Без согласия мы не сможем принять заявку."},
    )


def samples() -> dict[str, Any]:
    """The context of the patterns page."""
    now = timezone.now()
    day = datetime.date(2026, 2, 1)
    return {
        "form": SampleForm(prefix="empty"),
        "wrong_form": SampleForm({"wrong-born": "45.13.2026"}, prefix="wrong"),
        "steps": [
            {"number": 1, "title": "Встаньте на учёт", "text": "Женская консультация"},
            {"number": 2, "title": "Подайте заявление", "text": "Госуслуги или МФЦ"},
            {
                "number": 3,
                "title": "Получите ответ",
                "html": mark_safe("<p>Ответ придёт <strong>за 10 рабочих дней</strong>.</p>"),
            },
        ],
        "papers": [
            {"text": "Паспорт", "note": "", "met": False},
            {"text": "Справка о доходах", "note": "За последние три месяца", "met": False},
            {"text": "Ребёнок младше трёх лет", "note": "", "met": True},
        ],
        "phones": ["8-800-000-00-00", "112"],
        "urgent": [
            {"title": "Экстренные службы", "phone": "112", "note": "Круглосуточно"},
            {"title": "Телефон для примера", "phone": "8-800-000-00-00", "note": ""},
        ],
        "chips": [
            {"label": "Выплата", "remove_url": "#chips"},
            {"label": "Многодетная семья", "remove_url": "#chips"},
        ],
        "pages": Paginator(range(200), 10).page(7),
        "crumbs": [
            {"title": "Главная", "url": "#lists"},
            {"title": "Жизненные ситуации", "url": "#lists"},
        ],
        "tabs": [
            {"label": "Все", "url": "#lists", "current": True},
            {"label": "Мои", "url": "#lists", "current": False},
            {"label": "Просроченные", "url": "#lists", "current": False},
        ],
        "progress": [
            {"label": "Заявка принята", "done": True, "current": False},
            {"label": "Смотрит специалист", "done": False, "current": True},
            {"label": "Ответ готов", "done": False, "current": False},
        ],
        "events": [
            {"when": now, "title": "Мы ответили", "text": "Приходите с паспортом."},
            {"when": now - datetime.timedelta(days=2), "title": "Заявка принята", "text": ""},
        ],
        "as_of": day,
        "until": day.replace(year=2027),
        "now": now,
        "sample_place": {"title": "Первый район", "slug": "first"},
        "tones": [
            ("neutral", "Черновик"),
            ("info", "На проверке"),
            ("good", "Опубликовано"),
            ("warn", "Ждёт вас"),
            ("bad", "Просрочено"),
        ],
    }
