"""What a case already tells of what journals and cards ask: nothing is typed in twice."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone

from desk import diagnosing
from desk.amending import corrections, with_corrections
from desk.families import NAME_KEYS
from desk.models import Amendment, BookingState
from forms import talk
from forms.models import Direction, IntakeCase, Permission, unasked_in
from forms.reading import Answered, AnsweredStep, Heading, as_asked

_REACHED = ("phone", "email", "contact")  # kinds of questions that say how to reach the family
_BY_KIND = {
    "address": ("address",),
    "contacts": _REACHED,
    "link": ("phone", "contact"),
    "members": ("repeat",),
    "territory": ("territory", "address"),
    "consent": ("consent",),
}
_OPEN = (BookingState.BOOKED, BookingState.UNMARKED, BookingState.CAME)


def related(path: str = "") -> list[Any]:
    """What `known_of` reads along with a case, for `prefetch_related`.

    :param path: that leads to the case, with its underscores.
    """
    return [
        Prefetch(f"{path}amendments", Amendment.objects.select_related("author")),
        f"{path}referrals__provider",
        f"{path}diagnoses",
        f"{path}bookings__kind",
        f"{path}messages",
        f"{path}submission__consents",
        f"{path}submission__registration__registered_by",
        f"{path}script_run__version__script__situations",
    ]


def told_at(case: IntakeCase) -> datetime.datetime:
    """When the family turned to the centre; of a letter or old paper, as it stands there."""
    registration = getattr(case.submission, "registration", None)
    return registration.contacted_at if registration else case.contact_at


def known_of(case: IntakeCase) -> dict[str, Any]:
    """Values by the names of fields of registers. A question whose name a field has answers it.
    Days and hours are those of the clock that is set.

    :returns: texts and moments; what is chosen from a list as {"slug", "title"}, or several.
    :raises forms.models.Erased: the personal data of the case were erased.
    """
    submission = case.submission
    answers = submission.read_answers()
    answers = with_corrections(answers, corrections(case, case.amendments.all()))
    steps = as_asked(submission.version.schema, answers, submission.day)
    asked, members = list(_asked(steps)), "\n".join(_rows(steps))
    plain = {one.path: _plain(one, answers) for one in asked}
    story = next(_texts(asked, kinds=("longtext",)), "")
    return {
        "family": members,
        "specialist_kind": plain.get("specialist", ""),
        **plain,
        **_of_case(case),
        "request": f"{case.form.title}: {story}" if story else case.form.title,
        **_of_work(case),
        "applicant": next(_texts(asked, paths=NAME_KEYS), ""),
        "address": next(_texts(asked, kinds=_BY_KIND["address"]), ""),
        "contacts": "; ".join(_texts(asked, kinds=_REACHED)),
        "link": next(_texts(asked, kinds=_BY_KIND["link"]), ""),
        "members": members,
    }


def unasked_of(case: IntakeCase) -> set[str]:
    """Names of fields that nobody could fill because staff has not asked.

    :raises forms.models.Erased: the personal data of the case were erased.
    """
    submission = case.submission
    paths = unasked_in(submission)
    if not paths:
        return set()
    answers = submission.read_answers()
    steps = as_asked(submission.version.schema, answers, submission.day, paths)
    asked = [one for step in steps for one in step.answers if isinstance(one, Answered)]
    found = set(paths)
    for one in asked:
        if one.unasked:
            found |= {name for name, kinds in _BY_KIND.items() if one.kind in kinds}
            found |= {"applicant"} if one.path in NAME_KEYS else set()
    return found


def _of_case(case: IntakeCase) -> dict[str, Any]:
    return {
        "no": case.number,
        "date": _day_or_moment(case),
        "channel": case.get_channel_display(),
        "territory": _ref(case.territory),
        "topic": case.topic.title,
        "urgent": "yes" if case.urgent else "no",
        "status": case.get_state_display(),
        "outcome": case.get_outcome_display() if case.outcome else "",
        "result": _result(case),
        "specialist": str(_received_by(case) or ""),
        "curator": str(case.curator) if case.curator else "",
        "consent": _consent(case),
    }


def _result(case: IntakeCase) -> str:
    """The outcome, and what the family was told with it."""
    outcome = case.get_outcome_display() if case.outcome else ""
    if case.decided_at is None:
        return outcome
    sent = [
        one
        for one in case.messages.all()
        if one.direction == Direction.TO_FAMILY and one.at <= case.decided_at
    ]
    told = talk.read(max(sent, key=lambda one: one.at), case) if sent else ""
    return ": ".join(filter(None, [outcome, told]))


def _received_by(case: IntakeCase) -> Any:
    """Who has the case in hand; of one that nobody has taken, who wrote it down."""
    registration = getattr(case.submission, "registration", None)
    return case.assignee or (registration and registration.registered_by)


def _consent(case: IntakeCase) -> str:
    """Empty where it was not asked for: life or health was in danger."""
    if case.submission.consents.all():
        return "yes"
    registration = getattr(case.submission, "registration", None)
    return "" if registration and registration.permission == Permission.VITAL else "no"


def _day_or_moment(case: IntakeCase) -> datetime.date:
    registration = getattr(case.submission, "registration", None)
    moment = timezone.localtime(told_at(case))
    return moment.date() if registration and registration.day_only else moment


def _of_work(case: IntakeCase) -> dict[str, Any]:
    """What the staff found out and arranged."""
    bookings = sorted(
        (one for one in case.bookings.all() if one.state in _OPEN), key=lambda one: one.starts_at
    )
    diagnosis = next(iter(case.diagnoses.all()), None)  # the newest
    signs = diagnosing.read(diagnosis, case)["signs"] if diagnosis else []
    run = getattr(case, "script_run", None)
    situations = list(run.version.script.situations.all()) if run else []
    partners = dict.fromkeys(one.provider for one in case.referrals.all())
    return {
        "slot": timezone.localtime(bookings[-1].starts_at) if bookings else "",
        **({"specialist_kind": bookings[-1].kind.title} if bookings else {}),
        "risks": "; ".join(sign["title"] for sign in signs),
        "situation": _ref(situations[0]) if situations else "",
        "referred_to": [_ref(one) for one in partners],
    }


def _ref(row: Any) -> dict[str, str] | str:
    return {"slug": row.slug, "title": str(row)} if row else ""


def _asked(steps: Iterable[AnsweredStep]) -> Iterator[Answered]:
    """What was answered, row by row of groups that repeat as well."""
    for step in steps:
        for one in step.answers:
            if isinstance(one, Answered) and one.text:
                yield one


def _plain(one: Answered, answers: Mapping[str, Any]) -> Any:
    """A number without its unit: the field of a register asks for a number."""
    is_number = one.kind in ("number", "money") and one.path in answers
    return str(answers[one.path]) if is_number else one.text


def _texts(
    asked: Iterable[Answered], *, kinds: tuple[str, ...] = (), paths: tuple[str, ...] = ()
) -> Iterator[str]:
    return (one.text for one in asked if one.kind in kinds or one.path in paths)


def _rows(steps: Iterable[AnsweredStep]) -> Iterator[str]:
    """The people of groups that repeat, a line for each: «Ребёнок 1: имя, день рождения».
    Rows with a file are papers."""
    for step in steps:
        row = list[Answered]()
        head = ""
        for one in [*step.answers, Heading("")]:
            if isinstance(one, Answered):
                row += [one] if one.path.count(".") == 2 else []
                continue
            said = [each.text for each in row if each.text]
            if head and said and not any(each.kind == "file" for each in row):
                yield f"{head}: {', '.join(said)}"
            head, row = one.label, []
