"""What figures take from the answers of a case, once, while they can be read: whether the family
has come before with the same, and for which categories of families the help is that it asks for.

Nothing of a person leaves this module: a yes or no with the case, and one more in a counter.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, F, Max, OuterRef

from catalogue.models import Category
from desk.figures.worktime import Worktime
from desk.models import CategoryCount, Known, ScriptRun
from forms import marks
from forms.accept import chosen_slugs
from forms.calendars import calendar_of
from forms.crypto import CryptoError
from forms.models import BlindMark, Erased, IntakeCase, Outcome

AGAIN_WITHIN = datetime.timedelta(days=365)
MOST = 2000  # cases of one round; the next one goes on
LATE = 5000  # a case may become visible so many numbers after a later one
_ONE_COUNTER = 7_305_022  # number of the lock in the database

Answers = Mapping[str, Any]


@transaction.atomic
def learn(*, everywhere: bool = False) -> list[IntakeCase]:
    """Look once at each case that was not looked at yet; those that were looked at now.

    :param everywhere: not only among the last ones.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_ONE_COUNTER])
    new = IntakeCase.objects.filter(~Exists(Known.objects.filter(case=OuterRef("pk"))))
    last = None if everywhere else Known.objects.aggregate(last=Max("pk"))["last"]
    if last is not None:
        new = new.filter(pk__gt=last - LATE)
    new = new.select_related("submission__key", "submission__version", "submission__registration")
    cases = list(new.order_by("pk")[:MOST])
    read = {case: answers for case in cases if (answers := _answers(case)) is not None}
    again, situations = _come_again(read), _situations(cases)
    for case, answers in read.items():
        if categories := _categories(case, answers, situations.get(case.pk, [])):
            _count(case, categories)
    Known.objects.bulk_create(
        Known(case=case, recurring=case in again if case in read else None) for case in cases
    )
    return cases


def _answers(case: IntakeCase) -> Answers | None:
    try:
        return case.submission.read_answers()
    except (Erased, CryptoError):
        return None


class _Asked(NamedTuple):
    """Another case in which somebody is named who is named in this one, too."""

    case: int
    topic: int
    at: datetime.datetime

    def is_before(self, case: IntakeCase) -> bool:
        return (
            self.case != case.pk
            and self.topic == case.topic_id
            and case.contact_at - AGAIN_WITHIN <= self.at < case.contact_at
        )


def _come_again(read: Mapping[IntakeCase, Answers]) -> set[IntakeCase]:
    """Those with whose phone, e-mail, СНИЛС or name and birthday somebody has asked about the same
    topic within a year before. One question for all of them."""
    marked = {case: _digests(case, answers) for case, answers in read.items()}
    wanted = {digest for digests in marked.values() for digest in digests}
    asked: dict[bytes, list[_Asked]] = defaultdict(list)
    same = BlindMark.objects.filter(digest__in=wanted, submission__case__isnull=False)
    for digest, *what in same.exclude(submission__case__outcome=Outcome.DUPLICATE).values_list(
        "digest", "submission__case", "submission__case__topic", "submission__case__contact_at"
    ):
        asked[bytes(digest)].append(_Asked._make(what))
    return {
        case
        for case, digests in marked.items()
        if any(one.is_before(case) for digest in digests for one in asked[digest])
    }


def _digests(case: IntakeCase, answers: Answers) -> set[bytes]:
    values = marks.values_in(case.submission.version.schema, answers)
    return {digest for kind, value in values for digest in marks.mark(kind, value)}


def _situations(cases: Iterable[IntakeCase]) -> dict[int, list[str]]:
    """Situations of the script by which somebody talked with the family."""
    runs = ScriptRun.objects.filter(case__in=[case.pk for case in cases])
    return {
        run.case_id: [each["slug"] for each in run.version.content.get("situations", [])]
        for run in runs.select_related("version")
    }


def _categories(case: IntakeCase, answers: Answers, situations: list[str]) -> set[Category]:
    """For whom the measures are that were chosen, and whose the situation is."""
    chosen = list(chosen_slugs(case.submission.version.schema, answers, "measure"))
    if not (chosen or situations):
        return set()
    of_measures = Category.objects.filter(measures__slug__in=chosen)
    of_situations = Category.objects.filter(situations__slug__in=situations)
    return {*of_measures, *of_situations}


def _count(case: IntakeCase, categories: Iterable[Category]) -> None:
    registration = getattr(case.submission, "registration", None)
    is_paper = bool(registration and registration.from_paper)
    came_at = case.contact_at if is_paper else case.created_at
    cell: dict[str, Any] = {
        "day": Worktime(calendar_of(case.centre_id)).day_of(came_at),
        "centre_id": case.centre_id,
        "topic_id": case.topic_id,
        "channel": case.channel,
        "territory_id": None if case.secret else case.territory_id,
    }
    for category in categories:
        found = CategoryCount.objects.filter(**cell, category=category)
        if not found.update(count=F("count") + 1):
            CategoryCount.objects.create(**cell, category=category, count=1)
