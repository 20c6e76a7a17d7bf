"""Loads templates of messages to families."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from catalogue.loading.dataset import Reader
from catalogue.loading.rows import Row, filled
from cms.loading import Report
from desk.models import MessageTemplate
from desk.models.templates import check_placeholders
from forms.talk import MAX_TEXT

TEXTS = "message_templates.json"
DATASET = Path(__file__).parent / "dataset"  # of this floor
KIND = "intake_desk.messagetemplate"


class TextRow(Row):
    title: Annotated[str, filled(100)]
    body: Annotated[str, filled(MAX_TEXT)]


def load(folder: Path, report: Report, say: Callable[[str], None]) -> None:
    """Make the templates that are missing; what people have changed stays as it is."""
    rows = Reader(folder, report).rows(TEXTS, TextRow, lambda row: row.title)
    if report.refusals:
        return
    say("Заготовки сообщений")
    for row in rows:
        check_placeholders(row.body)
        _made, is_new = MessageTemplate.objects.get_or_create(
            title=row.title, centre=None, defaults={"body": row.body}
        )
        (report.created if is_new else report.unchanged)[KIND] += 1
