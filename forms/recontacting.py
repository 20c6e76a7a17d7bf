"""The family changes how it may be reached, after the request was sent.

What was sent stays as it was. From now on the new answer counts: notices and one-time codes go
there or nowhere, also those that wait already. The old phone is told nothing: it may be the very
reason for the change.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from forms import marks
from forms.compiling import fields_of, lifted
from forms.contacts import contact_of
from forms.events import record
from forms.models import ContactNow, Erased, EventKind, IntakeCase, SubmissionKey

MOST_A_DAY = 10


class TooOften(Exception):
    """The day's changes are used up."""


def question_in(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The question how the family may be reached; None in a form that does not ask it."""
    asked = (node for node in fields_of(lifted(dict(schema))) if node["type"] == "contact")
    return next(asked, None)


def may_change(case: IntakeCase) -> bool:
    """Also of a closed case: it may be opened again, and its lost receipt be asked for."""
    submission = case.submission
    return hasattr(submission, "key") and question_in(submission.version.schema) is not None


@transaction.atomic
def change(*, case_id: int, answer: Mapping[str, Any]) -> bool:
    """From now on this counts; False when it does already.

    :param answer: what forms.contacts.ContactField has cleaned.
    :raises TooOften: see there.
    :raises forms.models.Erased: the personal data of the case were erased.
    """
    case = IntakeCase.objects.locked(case_id)
    if not keep(case, answer):
        return False
    case.version += 1  # whoever has the page open has to look before calling
    case.save(update_fields=["version"])
    record(case, EventKind.RECONTACTED)
    return True


def keep(case: IntakeCase, answer: Mapping[str, Any]) -> bool:
    """Of a case whose row the caller has locked, and of whose change it leaves an event."""
    submission = case.submission
    # Held, so that a rotation of keys does not mark the submission at the same time.
    if not SubmissionKey.objects.select_for_update().filter(pk=submission.pk).exists():
        raise Erased(str(submission.pk))
    if contact_of(submission) == answer:
        return False
    if _changed_today(case) >= MOST_A_DAY:
        raise TooOften
    plain = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
    sealed = submission.data_key.seal(ContactNow.PURPOSE, plain)
    submission.contact_now, _made = ContactNow.objects.update_or_create(
        submission=submission, defaults={"answer": sealed, "changed_at": timezone.now()}
    )
    marks.renew(submission)
    return True


def _changed_today(case: IntakeCase) -> int:
    day_ago = timezone.now() - datetime.timedelta(days=1)
    return case.events.filter(kind=EventKind.RECONTACTED, at__gte=day_ago).count()
