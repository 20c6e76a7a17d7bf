"""Other cases of the same family, found by blind marks: nothing is read to find them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from forms import marks
from forms.contacts import changed_contact
from forms.models import OPEN, BlindMark, IntakeCase, MarkKind

SHOWN = 10
MOST = 1000  # cases with one phone: beyond, it is that of an office and tells of no family


@dataclass(frozen=True)
class Related:
    """:ivar cases: those that this person may see, the newest first, each with what is the same.
    :ivar elsewhere: there is one that it may not see; that is all that is told.
    """

    cases: list[tuple[IntakeCase, list[str]]]
    more: bool = False
    elsewhere: bool = False

    def __bool__(self) -> bool:
        return bool(self.cases) or self.elsewhere


def related(case: IntakeCase, user: Any, known: Iterable[Mapping[str, Any]]) -> Related:
    """The other cases of the family of a case.

    :param known: the answers as they were sent, and as they were corrected.
    """
    submission = case.submission
    schema = submission.version.schema
    values = [value for answers in known for value in marks.values_in(schema, answers)]
    if changed := changed_contact(submission):
        values += marks.reached(changed.read())
    others = IntakeCase.objects.exclude(submission=submission)
    return _found(user, values, others)


def already_open(user: Any, schema: Mapping[str, Any], answers: Mapping[str, Any]) -> Related:
    """Open cases of those whom these answers name: told before another one is made."""
    values = marks.values_in(schema, answers)
    return _found(user, values, IntakeCase.objects.filter(state__in=OPEN))


def _found(
    user: Any, values: Iterable[tuple[MarkKind, str]], among: QuerySet[IntakeCase]
) -> Related:
    """Three queries at most; none when nothing names anybody."""
    digests = {digest for kind, value in values for digest in marks.mark(kind, value)}
    if not digests:
        return Related([])
    same = BlindMark.objects.filter(digest__in=digests, submission__case__in=among)
    kinds: dict[Any, set[str]] = defaultdict(set)
    for key, kind in same.values_list("submission", "kind")[:MOST]:
        kinds[key].add(kind)
    if not kinds:
        return Related([])
    visible = IntakeCase.objects.visible_to(user).filter(submission__in=kinds)
    newest = visible.select_related("topic", "assignee").order_by("-created_at", "-pk")
    seen = list(newest[: SHOWN + 1])
    named = [
        (one, [str(MarkKind(kind).label) for kind in sorted(kinds[one.submission_id])])
        for one in seen[:SHOWN]
    ]
    more = len(seen) > SHOWN
    count = visible.count() if more else len(seen)
    return Related(named, more=more, elsewhere=count < len(kinds))
