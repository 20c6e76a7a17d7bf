"""Everything that may happen to a case happens at once, through the pages: one wins, nobody sees a
fault, and the case is whole. `make torture` (TORTURE_CROSSED) has so many rounds.
"""

from __future__ import annotations

import logging
import os
import random
import uuid
from collections import Counter
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from cms.access import Role
from forms import moves
from forms.events import broken_chains, first_broken
from forms.models import IntakeCase, State
from tests.desk.test_own_appointments import family_of
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_at_once import at_once
from tests.intake import FormFactory, QueueFactory, make_case
from tests.referrals import ReceiverFactory
from tests.telling import tell_count

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("TORTURE_CROSSED", "12"))
# Answers that a person can do something with; of them, those of a move that was made.
TOLD, DONE = {200, 302, 303, 404, 409, 422}, {302, 303}
# They carry the version of the page: one of them at most is made from one page.
FROM_A_PAGE = ("assign", "route away", "set aside", "join", "refer", "sort")


class Desk:
    """A centre with two families' cases, and everybody with a page of the first one open."""

    def __init__(self, number: int) -> None:
        self.centre = ProviderFactory(centre=True)
        self.heads = [UserFactory(role=Role.HEAD, provider=self.centre) for _ in range(8)]
        self.clients = []
        for head in self.heads:
            client = Client(raise_request_exception=False)
            client.force_login(head)
            self.clients.append(client)
        form = FormFactory()
        self.one, self.other = (make_case(form, centre=self.centre) for _ in range(2))
        if number % 2:  # in work already, so that it may be referred
            moves.take(case_id=self.one.pk, actor=self.heads[0])
            self.one.refresh_from_db()
        self.away = QueueFactory(centre=ProviderFactory(centre=True))
        self.receiver = ReceiverFactory()
        self.family = family_of(self.one)
        self.family.raise_request_exception = False

    def post(self, who: int, path: str, data: dict[str, object]) -> int:
        about = {"version": self.one.version, "writing_id": str(uuid.uuid4()), **data}
        return self.clients[who].post(f"/admin/intake/{path}", about).status_code

    def acts(self) -> dict[str, Callable[[], int]]:
        """What each does, by name."""
        one, other = self.one, self.other
        move = f"{one.pk}/move/"
        backwards = {"action": "merge", "other": one.number, "version": other.version}
        return {
            "take": lambda: self.post(1, f"{one.pk}/take/", {}),
            "assign": lambda: self.post(
                0, move, {"action": "assign", "person": self.heads[2].pk, "reason": "away"}
            ),
            "route away": lambda: self.post(
                3,
                move,
                {"action": "route", "queue": self.away.pk, "reason": "other_topic", "text": "x"},
            ),
            "set aside": lambda: self.post(
                4, move, {"action": "set_aside", "outcome": "withdrawn", "text": "x"}
            ),
            "join": lambda: self.post(5, move, {"action": "merge", "other": other.number}),
            "be joined": lambda: self.post(6, f"{other.pk}/move/", backwards),
            "refer": lambda: self.post(
                0,
                f"{one.pk}/refer/",
                {
                    "receiver": self.receiver.pk,
                    "days": 3,
                    "answers": ["story"],
                    "message": "образец",
                    "consent_way": "phone",
                    "consent_on": timezone.localdate().isoformat(),
                },
            ),
            "sort": lambda: self.post(
                7, f"{one.pk}/sort/", {"topic": one.topic_id, "urgent": "on"}
            ),
            "withdraw": lambda: (
                self.family.post(
                    f"/status/{one.ref}/withdraw/", {"writing_id": str(uuid.uuid4()), "text": "x"}
                ).status_code
            ),
            "write": lambda: (
                self.family.post(
                    f"/status/{one.ref}/", {"writing_id": str(uuid.uuid4()), "text": "ещё"}
                ).status_code
            ),
        }


def test_everything_at_once_through_the_pages(committed_db, caplog):
    caplog.set_level(logging.ERROR)
    told: Counter[str] = Counter()
    chance = random.Random(5)
    for number in range(ROUNDS):
        desk = Desk(number)
        acts = desk.acts()
        if number % 3:  # the family is quicker than anybody, and then all is over
            del acts["withdraw"]
        answers = all_at_once({name: acts[name] for name in chance.sample(list(acts), 7)})
        told.update(f"{name} {status}" for name, status in answers.items())
        assert set(answers.values()) <= TOLD, (answers, caplog.text[-3000:])
        made = [name for name in FROM_A_PAGE if answers.get(name) in DONE]
        assert len(made) <= 1, answers
        whole(desk)
    assert list(broken_chains()) == []
    assert "deadlock" not in caplog.text
    won = {one.rpartition(" ")[0] for one in told if one.endswith(("302", "303"))}
    assert len(won) >= 4, won
    tell_count(f"{ROUNDS} rounds of seven at once: {dict(sorted(told.items()))}")


def all_at_once(acts: dict[str, Callable[[], int]]) -> dict[str, int]:
    names = list(acts)
    return dict(zip(names, at_once(lambda n: acts[names[n]](), len(names)), strict=True))


def whole(desk: Desk) -> None:
    """What must hold of both cases, whoever was the quicker."""
    one, other = (IntakeCase.objects.get(pk=case.pk) for case in (desk.one, desk.other))
    for case in (one, other):
        assert first_broken(case) is None
        assert (case.state in (State.NEW, State.CLOSED)) or case.assignee_id is not None
        assert case.state != State.NEW or case.assignee_id is None
        closings = case.events.filter(to_state=State.CLOSED).exclude(from_state=State.CLOSED)
        assert closings.count() == (case.state == State.CLOSED)
        last = case.events.exclude(to_state="").latest("seq")
        assert last.to_state == case.state, (last.kind, last.to_state, case.state)
        if case.duplicate_of_id:
            assert case.state == State.CLOSED
    # Joined to each other, or neither left for the other to be found in: never.
    assert not (one.duplicate_of_id and other.duplicate_of_id)
    awaited = [referral for referral in one.referrals.all() if referral.is_awaited]
    assert len(awaited) == (one.state == State.REFERRED)
