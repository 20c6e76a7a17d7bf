"""What a rule would have done: the last submissions, sent once more past the rules. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalogue.models import Provider
from forms.accept import chosen_slugs
from forms.crypto import CryptoError
from forms.models import Erased, IntakeCase, RoutingRule
from forms.routing import UNROUTED, Answered, Decision, Facts, Tried, decide

MOST = 100


@dataclass(frozen=True)
class Passed:
    """One case: where the rules lead it now, and where they would with the change."""

    case: IntakeCase
    before: str
    after: str
    why: str
    is_read: bool  # its answers could be looked at

    @property
    def moves(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Trial:
    cases: list[Passed]

    @property
    def moved(self) -> list[Passed]:
        return [one for one in self.cases if one.moves]

    @property
    def unread(self) -> int:
        return sum(not one.is_read for one in self.cases)

    @property
    def queues(self) -> list[tuple[str, int, int]]:
        """How many of them each queue has now, and would have."""
        before = Counter(one.before for one in self.cases)
        after = Counter(one.after for one in self.cases)
        return [(name, before[name], after[name]) for name in sorted(before | after)]


def trial(now: Iterable[RoutingRule], then: Iterable[RoutingRule]) -> Trial:
    """Both sets of rules on the newest submissions."""
    before, after = Tried(now), Tried(then)
    return Trial([_one(case, before, after) for case in _newest()])


def _newest() -> list[IntakeCase]:
    cases = IntakeCase.objects.order_by("-created_at", "-pk").select_related(
        "territory", "submission__key", "submission__version__form__topic"
    )
    return list(
        cases.prefetch_related(
            "submission__version__form__centres", "submission__version__form__measures"
        )[:MOST]
    )


def _one(case: IntakeCase, before: Tried, after: Tried) -> Passed:
    facts, is_read = _facts(case, before)
    old, new = decide(facts, before), decide(facts, after)
    return Passed(case, _queue(old), _queue(new), new.explanation, is_read)


def _facts(case: IntakeCase, table: Tried) -> tuple[Facts, bool]:
    """What acceptance has looked at, as far as it can still be known."""
    submission = case.submission
    schema, form = submission.version.schema, submission.version.form
    answers: Mapping[str, Any] = {}
    try:
        answers, is_read = submission.read_answers(), True
    except (Erased, CryptoError):
        is_read = False
    chosen = next(iter(chosen_slugs(schema, answers, "provider")), None)
    facts = Facts(
        form=form,
        urgent=schema["urgent"],
        channel=submission.channel,
        territory=case.territory,
        chosen_centre=_centre(chosen, table),
        measures=table.measures_of(form) | set(chosen_slugs(schema, answers, "measure")),
        answered=Answered(schema, answers, submission.day),
    )
    return facts, is_read


def _centre(slug: str | None, table: Tried) -> Provider | None:
    return next((centre for centre in table.centres() if centre.slug == slug), None)


def _queue(decision: Decision) -> str:
    if decision.rule is not None:
        return str(decision.rule.queue)
    return f"{decision.centre}: {UNROUTED}" if decision.centre else UNROUTED
