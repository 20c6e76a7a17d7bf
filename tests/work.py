"""What a killed worker was to do: for each kind of task something to do, and how to see that it was
done once and wholly. The scenarios lie in tests/*/work.py, each with the tests of its floor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cms.access import Role
from forms import moves
from forms.actions import Action
from forms.models import CaseEvent, IntakeCase, Notice
from tests.factories import ProviderFactory, UserFactory
from tests.intake import FormFactory, contact_steps, make_case, reached_by
from tests.smtp import Smtp

DAY = 24.0


@dataclass
class Site:
    """Where the work is done.

    :ivar settings: of the workers.
    :ivar fixture: gives what a scenario needs beside, by the name of a fixture.
    """

    home: Path
    smtp: Smtp
    settings: dict[str, Any]
    fixture: Callable[[str], Any]
    centre: Any = field(default_factory=lambda: ProviderFactory(centre=True))

    def person(self, role: Role = Role.SPECIALIST, **more: Any) -> Any:
        return UserFactory(role=role, provider=self.centre, **more)


@dataclass
class Work:
    """
    :ivar done: looks at what came of it, and says how much it was.
    :ivar args: of the task; none, when it is in the queue already.
    :ivar hours: the clock of the worker runs so far ahead.
    """

    done: Callable[[], str]
    args: Mapping[str, Any] | None = field(default_factory=lambda: {"timestamp": 600})
    hours: float = 0


Scenario = Callable[[Site], Work]
SCENARIOS: dict[str, Scenario] = {}


def work_of(name: str) -> Callable[[Scenario], Scenario]:
    def keep(scenario: Scenario) -> Scenario:
        SCENARIOS[name] = scenario
        return scenario

    return keep


def same(found: Any, wanted: Any) -> None:
    assert found == wanted, f"{found} instead of {wanted}"


def once_each(kind: str, cases: list[IntakeCase]) -> None:
    """Each of the cases has one event of the kind, and no other case has any."""
    found = Counter(CaseEvent.objects.filter(kind=kind).values_list("case", flat=True))
    same(found, Counter(case.pk for case in cases))


def letters_left(site: Site, notices: list[Notice]) -> str:
    """Every letter came; whichever came twice is marked, and is the same."""
    came = site.smtp.letters()
    same(set(came), {notice.message_id for notice in notices})
    twice = {key for key, number in came.items() if number > 1}
    marked = {one["Message-ID"] for one in site.smtp.taken if one["X-Repeated"]}
    assert twice <= marked, "a letter came twice and does not say so"
    same(set(Notice.objects.filter(repeated=True).values_list("message_id", flat=True)), marked)
    return f"{len(came)} letters, {len(twice)} of them twice and marked"


def ask_families(site: Site, number: int) -> list[Notice]:
    """So many families are asked something, and are to be told by letter."""
    form, holder = FormFactory(steps=contact_steps()), site.person()
    for one in range(number):
        answers = reached_by("email", email=f"obrazec{one}@example.org")
        case = make_case(form, centre=site.centre, answers=answers)
        moves.take(case_id=case.pk, actor=holder)
        case.refresh_from_db()
        moves.move(
            case_id=case.pk, action=Action.ASK, actor=holder, version=case.version, text="что?"
        )
    return list(Notice.objects.order_by("pk"))
