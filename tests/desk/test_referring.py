"""A case is handed over: exactly what was chosen goes, once, and stays as it was sent."""

from __future__ import annotations

import datetime
import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from cms.access import Role
from desk import packets, referring
from desk.models import ConsentWay, Referral, ReferralEvent, ReferralState, Step
from desk.referring import NotReferred
from forms import consents, moves, recontacting
from forms.events import first_broken
from forms.models import Channel, EventKind, IntakeCase, State
from forms.moves import NotAllowed, StaleCase
from tests.factories import ProviderFactory, UserFactory
from tests.intake import (
    NAME,
    PHONE,
    STORY,
    FormFactory,
    TopicFactory,
    contact_steps,
    reached_by,
)
from tests.referrals import MESSAGE, NOTE, ReceiverFactory, hand_over, taken_case
from tests.telling import tell_count

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(centre, specialist):
    return taken_case(centre, specialist)


@pytest.fixture
def receiver(db):
    return ReceiverFactory()


def now_of(case):
    return IntakeCase.objects.get(pk=case.pk)


def kinds(case):
    return [*case.events.order_by("seq").values_list("kind", flat=True)]


def words_of(packet):
    return [line.text for _title, lines in packet.steps for line in lines]


def test_packet_holds_what_was_chosen_and_nothing_else(case, specialist, receiver):
    packet = packets.read(hand_over(case, specialist, receiver))
    assert words_of(packet) == [STORY]
    assert packet.message == MESSAGE
    assert packet.files == []
    for kept_back in (NAME, PHONE, NOTE):
        assert kept_back not in str(packet)


def test_case_is_at_the_partner_and_keeps_its_holder_and_its_term(case, specialist, receiver):
    sent = hand_over(case, specialist, receiver)
    now = now_of(case)
    assert (now.state, now.assignee, now.due_at) == (State.REFERRED, specialist, case.due_at)
    assert kinds(case)[-1] == EventKind.REFERRED
    assert case.events.latest("seq").data == {
        "referral": str(sent.pk),
        "provider": receiver.provider_id,
    }
    assert first_broken(now) is None


def test_same_page_twice_is_one_referral(case, specialist, receiver):
    key = uuid.uuid4()
    first = hand_over(case, specialist, receiver, writing_id=key)
    again = hand_over(case, specialist, receiver, writing_id=key)
    assert first == again
    assert Referral.objects.count() == 1


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("term", {"days": 10}),
        ("consent", {"consent": None}),
        ("message", {"message": " ", "keys": []}),
    ],
)
def test_what_stands_against_it_is_named(case, specialist, receiver, code, wanted):
    with pytest.raises(NotReferred) as told:
        hand_over(case, specialist, receiver, **wanted)
    assert told.value.code == code
    assert now_of(case).state == State.IN_WORK
    assert not Referral.objects.exists()


def test_without_anything_personal_no_consent_is_needed(case, specialist, receiver):
    sent = hand_over(case, specialist, receiver, keys=["way"], consent=None)
    assert not sent.is_personal
    assert sent.consent_way == ""


def test_nothing_goes_when_the_consent_is_withdrawn(case, specialist, receiver):
    consents.withdraw(case=case, way=Channel.WEB)
    with pytest.raises(NotReferred, match="withdrawn"):
        hand_over(case, specialist, receiver)


def test_nobody_is_asked_twice_at_once(case, specialist, receiver):
    hand_over(case, specialist, receiver)
    with pytest.raises(NotReferred, match="twice"):
        hand_over(case, specialist, receiver)
    hand_over(case, specialist, ReceiverFactory())
    assert Referral.objects.awaited().count() == 2


def test_another_centre_is_asked_alone(case, specialist, receiver):
    regional = ReceiverFactory(provider=ProviderFactory(centre=True))
    hand_over(case, specialist, receiver)
    with pytest.raises(NotReferred, match="alone"):
        hand_over(case, specialist, regional)


def test_who_takes_none_now_is_not_asked(case, specialist):
    with pytest.raises(NotReferred, match="receiver"):
        hand_over(case, specialist, ReceiverFactory(accepts=False))


def test_only_who_holds_the_case_hands_it_over(case, specialist, receiver, centre, stranger):
    colleague = UserFactory(role=Role.SPECIALIST, provider=centre)
    with pytest.raises(NotAllowed):
        hand_over(case, colleague, receiver)
    with pytest.raises(IntakeCase.DoesNotExist):
        hand_over(case, stranger, receiver)


def test_stale_page_sends_nothing(case, specialist, receiver):
    with pytest.raises(StaleCase):
        hand_over(case, specialist, receiver, version=case.version + 1)


def test_a_case_that_waits_for_the_family_stays(case, specialist, receiver):
    moves.move(
        case_id=case.pk,
        action=moves.Action.ASK,
        actor=specialist,
        version=case.version,
        text="Когда удобно?",
    )
    with pytest.raises(NotAllowed):
        hand_over(case, specialist, receiver)


def test_recall_brings_the_case_back_with_the_last_one(case, specialist, receiver):
    first = hand_over(case, specialist, receiver)
    second = hand_over(case, specialist, ReceiverFactory())
    referring.recall(pk=first.pk, actor=specialist, reason="ошибка")
    assert now_of(case).state == State.REFERRED
    referring.recall(pk=second.pk, actor=specialist, reason="ошибка")
    assert now_of(case).state == State.IN_WORK
    assert kinds(case)[-2:] == [EventKind.REFERRAL_RECALLED] * 2
    with pytest.raises(NotAllowed):
        referring.recall(pk=second.pk, actor=specialist, reason="ещё раз")


def test_contact_goes_as_it_is_now(centre, specialist, receiver):
    form = FormFactory(topic=TopicFactory(answer_days=10), steps=contact_steps())
    case = taken_case(centre, specialist, form=form, answers=reached_by("call"))
    recontacting.change(case_id=case.pk, answer={"ways": ["page"]})
    case = now_of(case)
    sent = hand_over(case, specialist, receiver, keys=["contact"])
    packet = packets.read(sent)
    assert PHONE not in str(packet)
    assert packet.must_not_call


# The database


def refused(do):
    with pytest.raises(IntegrityError), transaction.atomic():
        do()


@pytest.fixture
def sent(case, specialist, receiver):
    return hand_over(case, specialist, receiver)


@pytest.mark.parametrize(
    "change",
    [
        {"packet": b"another"},
        {"fields": ["story", "name"]},
        {"is_personal": False},
        {"consent_way": ConsentWay.PAPER},
        {"due_at": timezone.now() + datetime.timedelta(days=99)},
        {"token_digest": "0" * 64},
        {"sent_at": timezone.now() - datetime.timedelta(days=9)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_was_sent_never_changes(sent, change):
    refused(lambda: Referral.objects.filter(pk=sent.pk).update(**change))


def test_neither_referrals_nor_their_events_are_deleted_or_changed(sent):
    refused(lambda: ReferralEvent.objects.filter(referral=sent).update(seq=9))
    refused(lambda: ReferralEvent.objects.filter(referral=sent)._raw_delete("default"))
    refused(lambda: Referral.objects.filter(pk=sent.pk)._raw_delete("default"))


def legal(before, after):
    if before == after or before == "sent":
        return True
    if before == "accepted":
        return after != "sent"
    return before == "silent" and after in ("refused", "answered")


@pytest.mark.parametrize("before", ReferralState.values)
def test_state_only_goes_forward(sent, before):
    referral = Referral.objects.filter(pk=sent.pk)
    referral.update(state=before)
    for after in ReferralState.values:
        if legal(before, after):
            with transaction.atomic():
                referral.update(state=after)
                transaction.set_rollback(True)
        else:
            refused(lambda after=after: referral.update(state=after))


def copy_of(sent, **change):
    values = {
        field.attname: getattr(sent, field.attname) for field in Referral._meta.concrete_fields
    }
    values |= {
        "id": uuid.uuid4(),
        "provider_id": ProviderFactory().pk,
        "token_digest": uuid.uuid4().hex,
    }
    return Referral(**{**values, **change})


IMPOSSIBLE = {
    "personal data without consent": {"consent_way": "", "consent_on": None},
    "half a consent": {"consent_on": None},
    "a consent of no kind": {"consent_way": "dream"},
    "files that are not personal": {"files": 1, "is_personal": False},
    "a term before the sending": {"due_at": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)},
    "a partner without a link": {"token_digest": None},
    "a centre with a link": {"kind": "centre"},
    "no kind": {"kind": "other"},
    "no state": {"state": "lost"},
    "a step of no route": {"step": 1},
}


@pytest.mark.parametrize("change", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_impossible_referrals_are_refused(sent, change):
    refused(lambda: copy_of(sent, **change).save(force_insert=True))


def test_a_copy_is_possible_as_such(sent):
    copy_of(sent).save(force_insert=True)
    refused(lambda: copy_of(sent, provider_id=sent.provider_id).save(force_insert=True))


IMPOSSIBLE_STEPS = {
    "sent twice": {"kind": Step.SENT, "way": "staff", "actor": True},
    "sent by the partner": {"kind": Step.SENT, "way": "link"},
    "answered by the centre": {"kind": Step.ANSWERED, "way": "staff", "actor": True, "body": b"x", "result": "helped"},
    "answered without words": {"kind": Step.ANSWERED, "way": "link", "result": "helped"},
    "answered with nothing come of it": {"kind": Step.ANSWERED, "way": "link", "body": b"x"},
    "declined without a reason": {"kind": Step.REFUSED, "way": "link"},
    "a person behind the link": {"kind": Step.OPENED, "way": "link", "actor": True},
    "nobody behind the account": {"kind": Step.OPENED, "way": "account"},
    "silence of a person": {"kind": Step.SILENT, "way": "staff", "actor": True},
    "words with the opening": {"kind": Step.OPENED, "way": "link", "body": b"x"},
    "a result of an opening": {"kind": Step.OPENED, "way": "link", "result": "helped"},
    "no kind": {"kind": "lost", "way": "link"},
}  # fmt: skip


@pytest.mark.parametrize("row", IMPOSSIBLE_STEPS.values(), ids=IMPOSSIBLE_STEPS.keys())
def test_impossible_events_are_refused(sent, specialist, row):
    values = {**row, "actor": specialist if row.get("actor") else None}
    event = ReferralEvent(referral=sent, seq=99, **values)
    refused(lambda: event.save(force_insert=True))


def test_two_ends_are_impossible(sent):
    def end(seq, kind, **more):
        ReferralEvent(referral=sent, seq=seq, kind=kind, way="link", body=b"x", **more).save()

    end(2, Step.REFUSED)
    refused(lambda: end(3, Step.REFUSED))
    refused(lambda: end(3, Step.ANSWERED, result="helped"))


def test_every_check_of_the_database_is_tried():
    """Each has an impossible row above that only it refuses."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) filter (where conrelid = 'intake_desk_referral'::regclass), "
            "count(*) filter (where conrelid = 'intake_desk_referralevent'::regclass) "
            "from pg_constraint where contype = 'c' and conname like 'referral%'"
        )
        checks = cursor.fetchone()
    assert checks == (8, 4)
    rows, events = len(IMPOSSIBLE), len(IMPOSSIBLE_STEPS)
    tell_count(f"impossible rows refused: {rows} referrals and {events} events; checks: {checks}")
