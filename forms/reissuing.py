"""A new secret code at the counter, for a family that has lost its receipt and shows a document."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.events import record
from forms.models import CaseEvent, Erased, EventKind, IntakeCase
from forms.moves import NotAllowed, StaleCase

PRINTED_WITHIN = datetime.timedelta(minutes=15)


class Document(models.TextChoices):
    """By what the staff has made sure who stands there. The number is written down nowhere."""

    PASSPORT = "passport", _("passport")
    TEMPORARY = "temporary", _("temporary certificate of identity")
    FOREIGN = "foreign", _("passport of another country")
    REFUGEE = "refugee", _("certificate of a refugee")
    DRIVING = "driving", _("driving licence with the birth certificate of the child")
    KNOWN = "known", _("two of the staff know the person; the answers were asked about")


@transaction.atomic
def reissue(*, case_id: int, actor: Any, version: int, document: Document) -> IntakeCase:
    """The old code opens nothing from now on, neither what it has opened before.

    :param version: of the case on the page that was pressed: pressed twice, one code is made.
    :raises IntakeCase.DoesNotExist: the person may not see the case.
    :raises StaleCase: the case has changed meanwhile.
    :raises NotAllowed: this person may not do it.
    :raises forms.models.Erased: there is nothing left that a code could open.
    """
    case = IntakeCase.objects.visible_to(actor).locked(case_id)
    if not actor.has_perm("intake_forms.reissue_receipt"):
        raise NotAllowed
    if case.version != version:
        raise StaleCase
    if not case.submission.is_kept:
        raise Erased(case.number)
    case.secret_round += 1
    case.version += 1
    case.save(update_fields=["secret_round", "version"])
    record(case, EventKind.REISSUED, actor=actor, document=str(document), round=case.secret_round)
    return case


def may_print(case: IntakeCase, user: Any) -> bool:
    """Who has given out the code prints it, and only just now: others never see one."""
    return CaseEvent.objects.filter(
        case=case,
        kind=EventKind.REISSUED,
        actor=user,
        at__gte=timezone.now() - PRINTED_WITHIN,
        data__round=case.secret_round,
    ).exists()
