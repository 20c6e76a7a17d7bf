"""What may be done with a case, by whom, and what it leaves behind."""

from __future__ import annotations

import uuid

import pytest

from cms.access import Role
from forms import family_moves, moves, talk
from forms.actions import reasons_of
from forms.events import first_broken
from forms.models import CaseMessage, IntakeCase, InternalNote, State
from forms.moves import Action, AlreadyTaken, NotAllowed, StaleCase
from tests.factories import ProviderFactory, UserFactory
from tests.intake import QueueFactory, make_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre():
    return ProviderFactory(centre=True)


@pytest.fixture
def specialist(centre):
    return UserFactory(role=Role.SPECIALIST, provider=centre)


@pytest.fixture
def dispatcher(centre):
    return UserFactory(role=Role.DISPATCHER, provider=centre)


@pytest.fixture
def case(centre):
    return make_case(centre=centre)


def go(case, action, actor, **more):
    case.refresh_from_db()
    needs = moves.MOVES[action]
    more.setdefault("text", "образец текста" if needs.text else "")
    if needs.outcomes:
        more.setdefault("outcome", needs.outcomes[0])
    if known := reasons_of(needs, more.get("outcome", "")):
        more.setdefault("reason", known[0])
    return moves.move(case_id=case.pk, action=action, actor=actor, version=case.version, **more)


def kinds(case):
    return list(case.events.order_by("seq").values_list("kind", flat=True))


def test_whole_way_of_a_case(case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    go(case, Action.ASK, specialist)
    family_moves.family_writes(case_id=case.pk, text="вот", writing_id=uuid.uuid4())
    go(case, Action.ANSWER, specialist)
    go(case, Action.DECIDE, specialist, outcome="advised")
    closed = go(case, Action.CLOSE, specialist)
    assert closed.state == State.CLOSED
    assert closed.outcome == "advised"
    assert kinds(case) == [
        "accepted", "taken", "asked", "family_wrote", "answered", "decided", "closed",
    ]  # fmt: skip
    assert first_broken(closed) is None
    again = go(case, Action.REOPEN, specialist)
    assert again.state == State.IN_WORK
    assert again.outcome == ""


def test_second_taker_is_told_who_and_when(case, specialist, centre):
    moves.take(case_id=case.pk, actor=specialist)
    with pytest.raises(AlreadyTaken) as told:
        moves.take(case_id=case.pk, actor=UserFactory(role=Role.SPECIALIST, provider=centre))
    assert told.value.by == specialist
    assert told.value.at is not None
    moves.take(case_id=case.pk, actor=specialist)  # a second click of the winner
    assert kinds(case) == ["accepted", "taken"]


def test_waiting_for_the_family_moves_the_term(case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    before = go(case, Action.ASK, specialist).due_at
    after = go(case, Action.RESUME, specialist)
    assert after.due_at >= before
    assert after.waiting_since is None


@pytest.mark.parametrize("action", [Action.CLOSE, Action.DECIDE, Action.ASK, Action.RESUME])
def test_move_from_the_wrong_state_is_refused(case, specialist, action):
    with pytest.raises(NotAllowed):
        go(case, action, specialist)
    assert kinds(case) == ["accepted"]


@pytest.mark.parametrize(
    ("action", "missing"),
    [
        (Action.ASK, {"text": " "}),
        (Action.DECIDE, {"outcome": ""}),
        (Action.DECIDE, {"outcome": "duplicate"}),
        (Action.SET_ASIDE, {"outcome": "helped"}),
        (Action.SET_ASIDE, {"text": ""}),
    ],
)
def test_move_without_what_it_needs_is_refused(case, specialist, action, missing):
    moves.take(case_id=case.pk, actor=specialist)
    with pytest.raises(NotAllowed):
        go(case, action, specialist, **missing)


def test_stale_page_cannot_overwrite(case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    with pytest.raises(StaleCase):
        moves.move(case_id=case.pk, action=Action.ASK, actor=specialist, version=1, text="вопрос")
    assert not CaseMessage.objects.exists()


def test_same_message_sent_twice_is_one(case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    once = {"version": case.version, "text": "образец", "writing_id": uuid.uuid4()}
    for _attempt in range(2):
        moves.move(case_id=case.pk, action=Action.ANSWER, actor=specialist, **once)
    assert CaseMessage.objects.count() == 1
    assert kinds(case) == ["accepted", "taken", "answered"]


def test_same_note_sent_twice_is_one(case, specialist):
    note = {"text": "образец", "writing_id": uuid.uuid4()}
    for _attempt in range(2):
        talk.write_note(case=case, author=specialist, **note)
    assert InternalNote.objects.count() == 1


def test_colleague_cannot_work_on_a_case_that_another_holds(case, specialist, centre):
    moves.take(case_id=case.pk, actor=specialist)
    colleague = UserFactory(role=Role.SPECIALIST, provider=centre)
    assert moves.available(IntakeCase.objects.get(pk=case.pk), colleague) == []
    with pytest.raises(NotAllowed):
        go(case, Action.ANSWER, colleague)


def test_dispatcher_moves_a_case_to_another_centre_and_sees_it_no_more(case, dispatcher):
    other = QueueFactory(centre=ProviderFactory(centre=True))
    moved = go(case, Action.ROUTE, dispatcher, queue=other)
    assert (moved.queue, moved.centre, moved.state) == (other, other.centre, State.NEW)
    assert not IntakeCase.objects.visible_to(dispatcher).exists()
    event = case.events.last()
    assert event.data["queue"] == other.pk
    assert event.data["note"]


def test_specialist_cannot_move_to_another_queue(case, specialist):
    with pytest.raises(NotAllowed):
        go(case, Action.ROUTE, specialist, queue=QueueFactory())


def test_case_that_is_given_back_is_free_again(case, specialist, dispatcher):
    moves.take(case_id=case.pk, actor=specialist)
    freed = go(case, Action.RELEASE, dispatcher)
    assert (freed.state, freed.assignee) == (State.NEW, None)


def test_family_cannot_write_to_a_closed_case(case, specialist):
    go(case, Action.SET_ASIDE, specialist, outcome="withdrawn")
    with pytest.raises(NotAllowed):
        family_moves.family_writes(case_id=case.pk, text="ещё", writing_id=uuid.uuid4())


def test_family_that_answers_a_decision_brings_the_case_back(case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    go(case, Action.DECIDE, specialist)
    family_moves.family_writes(case_id=case.pk, text="но", writing_id=uuid.uuid4())
    case.refresh_from_db()
    assert (case.state, case.outcome) == (State.IN_WORK, "")


@pytest.mark.parametrize(
    ("role", "own", "free"),
    [
        (Role.SPECIALIST, True, False),
        (Role.DISPATCHER, True, True),
        (Role.HEAD, True, False),
        (Role.PARTNER, False, False),
        (Role.EDITOR, False, False),
        (Role.CHIEF_EDITOR, False, False),
        (Role.ANALYST, False, False),
        (Role.ADMINISTRATOR, False, False),
    ],
)
def test_who_sees_which_cases(centre, role, own, free):
    user = UserFactory(role=role, provider=centre)
    mine = make_case(centre=centre)
    stranger = make_case(centre=ProviderFactory(centre=True))
    unrouted = make_case()
    seen = set(IntakeCase.objects.visible_to(user))
    assert (mine in seen) == own
    assert (unrouted in seen) == free
    assert stranger not in seen


def test_dismissed_person_sees_nothing(case, specialist):
    specialist.is_active = False
    assert not IntakeCase.objects.visible_to(specialist).exists()


def test_membership_in_a_partner_organisation_opens_nothing():
    partner = ProviderFactory()
    make_case()
    assert not IntakeCase.objects.visible_to(
        UserFactory(role=Role.SPECIALIST, provider=partner)
    ).exists()
