"""Hands cases over to partners in tests, through the ways that the desk itself uses."""

from __future__ import annotations

import uuid
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from cms.access import Role
from desk import referring
from desk.models import ConsentWay, Receiver, Referral
from desk.referring import Consent
from forms import moves, talk
from forms.models import IntakeCase
from tests.factories import ProviderFactory, UserFactory
from tests.intake import FormFactory, TopicFactory, make_case

NOTE = "заметка-образец: мать не хочет, чтобы знал отец"
MESSAGE = "Просим помочь с вещами для малыша (образец)"
MAILBOX = "pomosch@partner.example"


class ReceiverFactory(DjangoModelFactory):
    class Meta:
        model = Receiver

    provider = factory.SubFactory(ProviderFactory)
    email = MAILBOX


def partner_of(provider: Any) -> Any:
    return UserFactory(role=Role.PARTNER, provider=provider)


def taken_case(centre: Any, holder: Any, **kwargs: Any) -> IntakeCase:
    """A case in work, with ten working days for an answer and a note for colleagues."""
    form = kwargs.pop("form", None) or FormFactory(topic=TopicFactory(answer_days=10))
    case = make_case(form, centre=centre, **kwargs)
    moves.take(case_id=case.pk, actor=holder)
    talk.write_note(case=case, author=holder, text=NOTE, writing_id=uuid.uuid4())
    return IntakeCase.objects.get(pk=case.pk)


def hand_over(case: IntakeCase, holder: Any, receiver: Receiver, **wanted: Any) -> Referral:
    """The story of the family goes, on its word of today; nothing else."""
    asked: dict[str, Any] = {
        "days": 3,
        "keys": ["story"],
        "files": [],
        "message": MESSAGE,
        "consent": Consent(ConsentWay.VISIT, timezone.localdate()),
        "writing_id": uuid.uuid4(),
        "version": IntakeCase.objects.get(pk=case.pk).version,
    }
    sent = referring.send(case_id=case.pk, actor=holder, receiver=receiver, **{**asked, **wanted})
    return Referral.objects.select_related("case__submission__key").get(pk=sent.pk)
