"""From a page of registering that is whole to a case, its contact and the talk that led to it."""

from __future__ import annotations

import datetime
import uuid

from django.db.models import Model

from desk.filling import Filled
from desk.hearing import sealed
from desk.models import HeardWhere
from desk.talk import run_of
from forms.accept import Receipt, accept
from forms.models import Channel, FormVersion, IntakeCase


def take_in(
    page: Filled, *, version: FormVersion, key: uuid.UUID, started_at: datetime.datetime
) -> Receipt:
    """All of it or nothing; the same key again gives the first receipt.

    :param page: that was judged and found whole.
    :param started_at: when the talk began.
    """
    chosen, talk, by = page.contact.cleaned_data, page.talk, page.contact.user
    told = page.contact.told(page.answers.not_asked)

    def beside(case: IntakeCase) -> list[Model]:
        if talk is None:
            return []
        run, heard = run_of(talk, case, by=by, started_at=started_at), talk.heard()
        return [run, sealed(case, heard, where=HeardWhere.SCRIPT, by=by)] if heard else [run]

    return accept(
        version=version,
        answers=page.answers.answers,
        idempotency_key=key,
        channel=Channel(chosen["channel"]),
        contact_at=told.contacted_at,
        queue=chosen["queue"],
        urgent=page.is_urgent,
        registered=told,
        beside=beside,
    )
