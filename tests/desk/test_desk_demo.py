"""The sample of the desk in a demonstration."""

from __future__ import annotations

from pathlib import Path

import pytest

from cms.loading import Report
from desk import demo, packets
from desk.models import Referral
from forms.loading import load
from forms.models import IntakeCase, State
from tests.factories import ProviderFactory, TerritoryFactory
from tests.referrals import ReceiverFactory

pytestmark = pytest.mark.django_db

DATASET = Path(__file__).resolve().parents[2] / "catalogue" / "dataset"


def test_sample_is_made_once_and_marked(specialist, centre):
    centre.territories.add(TerritoryFactory())
    load(DATASET, Report(), lambda said: None)
    assert not demo.refer_sample(specialist, centre)  # nobody to ask
    ReceiverFactory(provider=ProviderFactory(slug=demo.PARTNER))
    assert demo.refer_sample(specialist, centre)
    assert not demo.refer_sample(specialist, centre)
    case = IntakeCase.objects.get()
    assert (case.state, case.centre, case.assignee) == (State.REFERRED, centre, specialist)
    packet = packets.read(Referral.objects.get())
    texts = [line.text for _title, lines in packet.steps for line in lines]
    assert len(texts) == 2
    assert demo.MARK in texts[1]
    assert demo.MARK in packet.message
