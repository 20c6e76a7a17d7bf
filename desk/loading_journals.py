"""Makes the journal of urgent help, which the centre's papers do not name and the law wants counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.utils import timezone

from cms.loading import Report
from desk.journal_lines import OF_HELP
from forms.models import Register
from forms.models.registers import RegisterKind

_FIELDS: list[dict[str, Any]] = [
    {"name": name, "label": label, "type": kind, "required": False}
    for name, label, kind in (
        ("no", "Номер", "int"),
        ("date", "Дата и время", "datetime"),
        ("applicant", "Кому", "ref:person"),
        ("territory", "Территория", "ref:territory"),
        ("kinds", "Виды срочных услуг", "text"),
        ("what", "Что оказано", "text"),
        ("specialist", "Кто оказал", "ref:user"),
    )
]


def load(folder: Path, report: Report, say: Callable[[str], None]) -> None:
    values = {
        "title": "Журнал срочных социальных услуг",
        "kind": RegisterKind.REGISTER,
        "purpose": "Учёт срочной помощи и актов",
        "fields": _FIELDS,
        "source": "442-ФЗ, ст. 21",
        "numbered_since": timezone.now(),
    }
    _register, made = Register.objects.get_or_create(slug=OF_HELP, defaults=values)
    (report.created if made else report.unchanged)["intake_forms.register"] += 1
