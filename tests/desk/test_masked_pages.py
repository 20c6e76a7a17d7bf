"""Identifiers are masked on every page of a case, until one says why one opens them."""

from __future__ import annotations

import dataclasses
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from desk import packets
from forms import journals
from forms.models import AccessLog, Register, RegisterEntry
from tests.factories import ProviderFactory
from tests.intake import PHONE, FormFactory, TopicFactory, contact_steps, reached_by
from tests.referrals import ReceiverFactory, hand_over, partner_of, taken_case

pytestmark = pytest.mark.django_db

SHOWN, MASKED = "+7 921 123-45-67", "+• ••• •••-••-67"
TYPED = f"мама, звонить {SHOWN}"


@pytest.fixture
def staff(client, specialist):
    client.force_login(specialist)
    return client


@pytest.fixture
def case(centre, specialist):
    form = FormFactory(steps=contact_steps(), topic=TopicFactory(answer_days=10))
    return taken_case(centre, specialist, form=form, answers=reached_by("call"))


@pytest.fixture
def sent(case, specialist):
    receiver = ReceiverFactory(provider=ProviderFactory())
    return hand_over(case, specialist, receiver, keys=["story", "contact"])


@pytest.fixture
def card(db):
    return Register.objects.create(
        slug="kartochka",
        title="Карточка",
        kind="form",
        on_case=True,
        fields=[
            {"name": "contacts", "label": "Связь", "type": "text", "required": False},
            {"name": "day", "label": "День", "type": "date", "required": False},
            {"name": "plan", "label": "Шаги", "type": "text", "required": False},
        ],
    )


def url(name, case, *more):
    return reverse(f"intake:{name}", args=[case.pk, *more])


def opened(staff, case, back):
    answer = staff.post(url("look", case), {"field": "*", "reason": "call", "back": back})
    assert answer.status_code == 303
    assert AccessLog.objects.filter(case=case, what="*", reason="call").count() == 1
    return answer["Location"]


def test_what_went_to_a_partner_is_masked_to_colleagues(staff, case, sent):
    page = url("referral", case, sent.pk)
    text = staff.get(page).content.decode()
    assert SHOWN not in text
    assert MASKED in text
    assert opened(staff, case, f"referral:{sent.pk}") == page
    assert SHOWN in staff.get(page).content.decode()


def test_a_packet_of_before_is_masked_too(case, sent):
    (line,) = [one for _title, lines in packets.read(sent).steps for one in lines][1:]
    old = dataclasses.replace(line, kind="")
    assert SHOWN in old.text
    assert SHOWN not in old.masked
    assert MASKED in old.masked


def test_the_partner_reads_what_it_was_given(client, case, sent):
    client.force_login(partner_of(sent.provider))
    page = reverse("intake:inbox_referral", args=[sent.pk])
    assert SHOWN in client.get(page).content.decode()


def test_what_may_go_is_masked_while_it_is_chosen(staff, case):
    page = url("refer", case)
    assert SHOWN not in staff.get(page).content.decode()
    assert opened(staff, case, "refer") == page
    assert SHOWN in staff.get(page).content.decode()


def test_a_masked_answer_goes_in_full(staff, case):
    receiver = ReceiverFactory(provider=ProviderFactory())
    wanted = {
        "version": case.version,
        "writing_id": str(uuid.uuid4()),
        "receiver": receiver.pk,
        "days": 3,
        "answers": ["contact"],
        "message": "образец",
        "consent_way": "visit",
        "consent_on": timezone.localdate(case.created_at).isoformat(),
    }
    assert staff.post(url("refer", case), wanted).status_code == 303
    (line,) = packets.read(case.referrals.get()).steps[0][1]
    assert SHOWN in line.text


def test_a_register_hides_numbers_and_keeps_them(staff, case, card):
    page = url("register", case, "kartochka")
    staff.post(page, {"version": 0, "r-contacts": TYPED, "r-day": "2026-11-20"})
    text = staff.get(page).content.decode()
    assert SHOWN not in text
    assert MASKED in text
    assert 'value="2026-11-20"' in text
    staff.post(page, {"version": 1, "r-plan": "позвонить", "r-day": "2026-11-20"})  # as masked
    assert opened(staff, case, "register:kartochka") == page
    text = staff.get(page).content.decode()
    assert TYPED in text
    assert "позвонить" in text
    assert RegisterEntry.objects.get().version == 2


def test_what_the_case_tells_is_masked_and_kept_in_full(staff, case, card):
    page = url("register", case, "kartochka")
    text = staff.get(page).content.decode()
    assert SHOWN not in text
    assert MASKED in text
    assert staff.post(page, {"version": 0, "r-plan": "позвонить"}).status_code == 303
    assert SHOWN in journals.read_entry(RegisterEntry.objects.get(), case)["contacts"]


def test_what_was_open_and_typed_counts_when_the_quarter_of_an_hour_is_over(staff, case, card):
    page = url("register", case, "kartochka")
    staff.post(page, {"version": 0, "r-contacts": TYPED})
    staff.post(page, {"version": 1, "r-contacts": "звонить бабушке"})
    assert "звонить бабушке" in staff.get(page).content.decode()


@pytest.mark.parametrize("back", ["", "x", "referral:x", "register:../x", "list", f"case:{PHONE}"])
def test_opening_leads_nowhere_but_to_pages_of_the_case(staff, case, back):
    assert opened(staff, case, back) == url("case", case) + "#asked"
