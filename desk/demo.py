"""A sample of the desk in a demonstration: a request that was handed to a partner, to try it out."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalogue.models import Territory
from desk import referring
from desk.models import ConsentWay, Receiver, Referral
from desk.referring import Consent
from forms import moves
from forms.accept import accept
from forms.models import FormDefinition, IntakeCase
from forms.routing import unrouted_queue

FORM, PARTNER = "konsultaciya-specialista", "lepestki-dobra"
MARK = "образец"
_KEY = uuid.UUID("3d0c1a52-8a52-4a0e-9a55-0f5a35f0a001")


@transaction.atomic
def refer_sample(holder: Any, centre: Any) -> bool:
    """Once: a case of this centre, in the hands of this person, at the sample partner."""
    definition = FormDefinition.objects.filter(slug=FORM).first()
    version = definition.version_in_force() if definition else None
    receiver = Receiver.objects.taking().filter(provider__slug=PARTNER).first()
    if version is None or receiver is None or Referral.objects.exists():
        return False
    receipt = accept(
        version=version,
        answers=_answers(centre),
        idempotency_key=_KEY,
        territory=centre.territories.first(),
    )
    case = IntakeCase.objects.get(ref=receipt.ref)
    if case.centre_id != centre.pk:
        case.queue, case.centre = unrouted_queue(centre), centre
        case.save(update_fields=["queue", "centre"])
    case = moves.take(case_id=case.pk, actor=holder)
    if referring.most_days(case) < 1:
        return False
    referring.send(
        case_id=case.pk,
        actor=holder,
        version=case.version,
        receiver=receiver,
        days=referring.most_days(case),
        keys=["topic", "question"],
        files=[],
        message=f"Просим пригласить родителей в группу поддержки ({MARK}).",
        consent=Consent(ConsentWay.PHONE, timezone.localdate()),
        writing_id=_KEY,
    )
    return True


def _answers(centre: Any) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "topic": "child",
        "question": f"Сыну три года, поставили диагноз. С чего начать и к кому идти? ({MARK})",
        "name": MARK.capitalize(),
        "contact": {"ways": ["page"]},
        "consent": True,
    }
    place: Territory | None = centre.territories.first()
    if place is not None:
        answers["territory"] = {"slug": place.slug, "title": place.title}
    return answers
