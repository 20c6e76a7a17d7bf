"""What the worker does for the catalogue. Every task may run twice."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils import timezone
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

ATTEMPTS = 3
KEPT_FOR = datetime.timedelta(days=2)


@app.task(
    name="catalogue.load_batch",
    retry=RetryStrategy(max_attempts=ATTEMPTS, wait=10),
    pass_context=True,
)
def load_batch(context: JobContext, batch: str) -> None:
    """Load a checked file; after the last attempt the batch says that it failed."""
    from catalogue.exchange import importing

    try:
        importing.load(batch)
    except Exception:
        if context.job.attempts >= ATTEMPTS - 1:
            importing.fail(batch)
        raise


@app.periodic(cron="40 3 * * *")
@app.task(name="catalogue.forget_files")
def forget_files(timestamp: int) -> None:
    """Files that were checked and never loaded do not stay."""
    from catalogue.exchange import importing

    importing.forget(timezone.now() - KEPT_FOR)


@app.task(name="catalogue.index_usage")
def index_usage() -> None:
    """Tell Wagtail what uses what: it hears of saves, and a load writes in bulk."""
    from wagtail.models import ReferenceIndex

    from catalogue import models
    from catalogue.fact_choices import remembering

    referring = (
        models.Measure,
        models.Situation,
        models.Provider,
        models.Office,
        models.Hotline,
        models.Territory,
        models.Fact,
    )
    for model in referring:
        with transaction.atomic(), remembering():
            for record in model._default_manager.iterator(chunk_size=100):
                ReferenceIndex.create_or_update_for_object(record)
