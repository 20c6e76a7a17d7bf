"""What may be done with a case, by whom, and what it leaves behind."""

from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cms.access import Role
from forms import family_moves, moves, partner_moves, sorting, talk
from forms.actions import reasons_of
from forms.events import first_broken
from forms.models import (
    CaseMessage,
    Department,
    EventKind,
    IntakeCase,
    InternalNote,
    Queue,
    State,
)
from forms.moves import Action, AlreadyTaken, NotAllowed, StaleCase
from tests.factories import ProviderFactory, UserFactory
from tests.intake import QueueFactory, TopicFactory, make_case

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


# Sorting, handing on, joining


@pytest.fixture
def colleague(centre):
    return UserFactory(role=Role.SPECIALIST, provider=centre)


def test_dispatcher_sorts_and_hands_to_a_specialist(case, dispatcher, colleague):
    moves.take(case_id=case.pk, actor=dispatcher, into=State.TRIAGE)
    case.refresh_from_db()
    assert (case.state, case.assignee) == (State.TRIAGE, dispatcher)
    handed = go(case, Action.ASSIGN, dispatcher, person=colleague)
    assert (handed.state, handed.assignee) == (State.IN_WORK, colleague)
    assert kinds(case) == ["accepted", "sorting", "assigned"]
    assert case.events.last().data["person"] == colleague.pk
    assert first_broken(handed) is None


def test_who_sorts_may_go_on_with_it(case, dispatcher):
    moves.take(case_id=case.pk, actor=dispatcher, into=State.TRIAGE)
    assert go(case, Action.BEGIN, dispatcher).state == State.IN_WORK


def test_specialist_does_not_sort(case, specialist):
    with pytest.raises(NotAllowed):
        moves.take(case_id=case.pk, actor=specialist, into=State.TRIAGE)
    with pytest.raises(NotAllowed):
        moves.take_next(actor=specialist, into=State.TRIAGE)


def test_next_case_is_the_one_that_presses_most(centre, specialist):
    calm, soon, urgent = (make_case(centre=centre, urgent=each) for each in (False, False, True))
    IntakeCase.objects.filter(pk=soon.pk).update(due_at=calm.created_at)
    assert [moves.take_next(actor=specialist) for _click in range(4)] == [urgent, soon, calm, None]
    assert set(IntakeCase.objects.values_list("state", "assignee")) == {
        (State.IN_WORK, specialist.pk)
    }


@pytest.mark.parametrize("who", ["stranger", "partner", "gone", "editor", "holder", "department"])
def test_case_is_handed_only_to_those_who_can_work_on_it(case, dispatcher, centre, who):
    moves.take(case_id=case.pk, actor=dispatcher)
    person = {
        "stranger": lambda: UserFactory(
            role=Role.SPECIALIST, provider=ProviderFactory(centre=True)
        ),
        "partner": lambda: UserFactory(role=Role.PARTNER, provider=centre),
        "gone": lambda: UserFactory(role=Role.SPECIALIST, provider=centre, is_active=False),
        "editor": lambda: UserFactory(role=Role.EDITOR, provider=centre),
        "holder": lambda: dispatcher,
        "department": lambda: UserFactory(role=Role.SPECIALIST, provider=centre),
    }[who]()
    if who == "department":
        part = Department.objects.create(centre=centre, title="Отдел")
        queue = QueueFactory(centre=centre, department=part)
        IntakeCase.objects.filter(pk=case.pk).update(queue=queue, department=part)
    with pytest.raises(NotAllowed):
        go(case, Action.ASSIGN, dispatcher, person=person)
    if who == "department":
        part.people.add(person)
        assert go(case, Action.ASSIGN, dispatcher, person=person).assignee == person


def test_reason_has_to_be_one_of_the_move(case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    for reason in ("", "no_right", "nothing"):
        with pytest.raises(NotAllowed):
            go(case, Action.RELEASE, specialist, reason=reason)
    with pytest.raises(NotAllowed):
        go(case, Action.DECIDE, specialist, outcome="refused", reason="away")
    go(case, Action.DECIDE, specialist, outcome="refused", reason="no_papers")
    assert case.events.last().data["reason"] == "no_papers"


def test_reason_is_told_for_every_move_that_cannot_be_made(case, specialist, colleague):
    for user, state in ((specialist, State.NEW), (colleague, State.IN_WORK)):
        case.refresh_from_db()
        assert case.state == state
        possible = {move.action for move in moves.available(case, user)}
        for action, move in moves.MOVES.items():
            assert bool(moves.obstacle(move, case, user)) == (action not in possible)
        moves.take(case_id=case.pk, actor=specialist)


def test_case_is_joined_to_another_of_the_family(case, specialist, centre):
    other = make_case(centre=centre)
    moves.take(case_id=case.pk, actor=specialist)
    joined = go(case, Action.MERGE, specialist, other=other)
    assert (joined.state, joined.outcome, joined.duplicate_of) == ("closed", "duplicate", other)
    assert kinds(other) == ["accepted", "joined"]
    assert first_broken(other) is None
    again = go(case, Action.REOPEN, specialist)
    assert again.duplicate_of is None


def test_what_was_joined_goes_along(case, specialist, centre):
    first, second = (make_case(centre=centre) for _ in range(2))
    go(first, Action.MERGE, specialist, other=case)
    go(case, Action.MERGE, specialist, other=second)
    first.refresh_from_db()
    case.refresh_from_db()
    assert first.duplicate_of == case.duplicate_of == second


def test_urgency_is_not_lost_by_joining(specialist, centre):
    urgent, calm = make_case(centre=centre, urgent=True), make_case(centre=centre)
    go(urgent, Action.MERGE, specialist, other=calm)
    calm.refresh_from_db()
    assert (calm.urgent, calm.urgent_since) == (True, urgent.urgent_since)


@pytest.mark.parametrize("which", ["itself", "closed", "elsewhere", "secret"])
def test_case_is_not_joined_to_what_cannot_take_it(case, specialist, centre, which):
    other = make_case(centre=ProviderFactory(centre=True) if which == "elsewhere" else centre)
    if which == "closed":
        go(other, Action.SET_ASIDE, specialist)
    IntakeCase.objects.filter(pk=other.pk).update(secret=which == "secret")
    other.refresh_from_db()
    with pytest.raises(NotAllowed):
        go(case, Action.MERGE, specialist, other=case if which == "itself" else other)


def sort(case, actor, **more):
    case.refresh_from_db()
    wanted = {
        "topic": case.topic,
        "urgent": case.urgent,
        "secret": case.secret,
        "curator": case.curator,
    }
    return sorting.sort(
        case_id=case.pk, actor=actor, version=case.version, wanted=sorting.Sorted(**wanted | more)
    )


def test_sorting_leaves_what_changed_and_the_term_of_the_topic(case, dispatcher, colleague):
    topic = TopicFactory(answer_days=20)
    found = sort(case, dispatcher, topic=topic, urgent=True, curator=colleague)
    assert (found.topic, found.urgent, found.curator) == (topic, True, colleague)
    assert found.urgent_since is not None
    assert case.events.last().data == {
        "topic": [case.topic_id, topic.pk],
        "urgent": [False, True],
        "curator": [None, colleague.pk],
    }
    before = case.events.count()
    sort(case, dispatcher)
    assert case.events.count() == before


def test_only_who_holds_or_routes_sorts(case, specialist, stranger):
    with pytest.raises(NotAllowed):
        sort(case, specialist, urgent=True)
    moves.take(case_id=case.pk, actor=specialist)
    sort(case, specialist, urgent=True)
    with pytest.raises(NotAllowed):
        sort(case, specialist, curator=stranger)
    with pytest.raises(IntakeCase.DoesNotExist):
        sort(case, stranger, urgent=False)
    with pytest.raises(StaleCase):
        sorting.sort(case_id=case.pk, actor=specialist, version=1, wanted=None)


@pytest.fixture
def stranger(db):
    return UserFactory(role=Role.SPECIALIST, provider=ProviderFactory(centre=True))


# At a partner


@transaction.atomic
def refer(case, actor):
    return partner_moves.refer(IntakeCase.objects.locked(case.pk), actor=actor, referral=1)


@transaction.atomic
def from_partner(case, kind, is_over):
    locked = IntakeCase.objects.locked(case.pk)
    return partner_moves.from_partner(locked, kind, is_over=is_over, referral=1)


def test_case_at_a_partner_keeps_its_holder_and_its_term(case, specialist):
    with pytest.raises(NotAllowed):
        refer(case, specialist)
    moves.take(case_id=case.pk, actor=specialist)
    due = case.due_at
    refer(case, specialist)
    case.refresh_from_db()
    assert (case.state, case.assignee, case.due_at) == (State.REFERRED, specialist, due)
    with pytest.raises(NotAllowed):
        go(case, Action.DECIDE, specialist)
    from_partner(case, EventKind.REFERRAL_ACCEPTED, is_over=False)
    case.refresh_from_db()
    assert case.state == State.REFERRED
    from_partner(case, EventKind.REFERRAL_ANSWERED, is_over=True)
    case.refresh_from_db()
    assert (case.state, case.assignee) == (State.IN_WORK, specialist)
    assert first_broken(case) is None


def test_answer_to_a_case_that_is_closed_leaves_it_closed(case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    refer(case, specialist)
    family_moves.family_withdraws(case_id=case.pk, writing_id=uuid.uuid4())
    from_partner(case, EventKind.REFERRAL_ANSWERED, is_over=True)
    case.refresh_from_db()
    assert case.state == State.CLOSED


# What the database refuses


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"state": "triage"}, "case_held_by_somebody"),
        ({"state": "referred"}, "case_held_by_somebody"),
        ({"urgent": True}, "case_urgent_since"),
        ({"urgent_since": "2026-11-23 10:00Z"}, "case_urgent_since"),
        ({"wait_until": "2026-11-23 10:00Z"}, "case_waiting_since"),
        ({"duplicate_of": 1}, "case_duplicate_of"),
        ({"outcome": "duplicate"}, "case_outcome_with_decision"),
    ],
)
def test_impossible_case_cannot_be_written(case, wrong, name):
    if "duplicate_of" in wrong:
        wrong = {"duplicate_of": make_case(centre=case.centre)}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        IntakeCase.objects.filter(pk=case.pk).update(**wrong)


def test_nothing_is_joined_in_a_circle_or_to_what_is_joined(case, centre):
    one, two, three = (make_case(centre=centre) for _ in range(3))
    closed = {"state": "closed", "outcome": "duplicate", "closed_at": case.created_at}
    IntakeCase.objects.filter(pk=one.pk).update(duplicate_of=two, **closed)
    for wrong in (
        {"pk": two.pk, "of": three},
        {"pk": three.pk, "of": one},
        {"pk": one.pk, "of": one},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            IntakeCase.objects.filter(pk=wrong["pk"]).update(duplicate_of=wrong["of"], **closed)


def test_queue_of_a_department_is_of_its_centre(case, centre):
    own = Department.objects.create(centre=centre, title="Отдел")
    foreign = Department.objects.create(centre=ProviderFactory(centre=True), title="Чужой")
    queue = Queue.objects.get(pk=case.queue_id)
    queue.department = foreign
    with pytest.raises(ValidationError):
        queue.clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        Queue.objects.filter(pk=queue.pk).update(department=foreign)
    queue.department = own
    queue.save()
    case.refresh_from_db()
    assert case.department == own  # the cases go with the queue
    with pytest.raises(IntegrityError, match="department"), transaction.atomic():
        IntakeCase.objects.filter(pk=case.pk).update(department=None)
