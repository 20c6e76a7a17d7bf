"""Other cases of the same family, found by blind marks: nothing is read to find them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from forms import marks
from forms.contacts import changed_contact
from forms.models import BlindMark, IntakeCase, MarkKind

SHOWN = 10


@dataclass(frozen=True)
class Related:
    """:ivar cases: those that this person may see, the newest first, each with what is the same.
    :ivar elsewhere: there is one that it may not see; that is all that is told.
    """

    cases: list[tuple[IntakeCase, list[str]]]
    more: bool
    elsewhere: bool


def related(case: IntakeCase, user: Any, known: Iterable[Mapping[str, Any]]) -> Related:
    """Two queries at most.

    :param known: the answers as they were sent, and as they were corrected.
    """
    submission = case.submission
    schema = submission.version.schema
    values = [value for answers in known for value in marks.values_in(schema, answers)]
    if changed := changed_contact(submission):
        values += marks.reached(changed.read())
    digests = {digest for kind, value in values for digest in marks.mark(kind, value)}
    if not digests:
        return Related([], more=False, elsewhere=False)
    found = BlindMark.objects.filter(digest__in=digests).exclude(submission=submission)
    kinds: dict[Any, set[str]] = defaultdict(set)
    for key, kind in found.values_list("submission", "kind"):
        kinds[key].add(kind)
    if not kinds:
        return Related([], more=False, elsewhere=False)
    visible = IntakeCase.objects.visible_to(user).filter(submission__in=kinds)
    seen = list(visible.select_related("topic", "assignee").order_by("-created_at", "-pk"))
    named = [
        (one, [str(MarkKind(kind).label) for kind in sorted(kinds[one.submission_id])])
        for one in seen[:SHOWN]
    ]
    return Related(named, more=len(seen) > SHOWN, elsewhere=len(seen) < len(kinds))
