"""What is late about cases, raised once for each term, and who is told of it.

Terms of topics run in working days. How long an urgent case, or one in «Нераспределённые», may
stay with nobody is plain time, nights and holidays too: a family in need does not wait for Monday,
and who is told decides when to come.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import (
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Greatest, Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from cms.access import Role
from cms.models import User
from forms.absences import away
from forms.calendars import clock_of
from forms.models import (
    RUNNING,
    Alarm,
    AlarmKind,
    CaseEvent,
    DutyShift,
    EventKind,
    IntakeCase,
    Notice,
    State,
)
from forms.sending import Letter, composers, tell_staff, to_user

AFTER = datetime.timedelta(hours=1)
LAST_HOURS = datetime.timedelta(hours=15)  # terms end with a day: from nine in the morning of it
# With these a case comes into a queue, or back into it.
_ENTERS = (EventKind.ACCEPTED, EventKind.ROUTED, EventKind.RELEASED, EventKind.REOPENED)

# Where in the list of cases they stand.
_TABS = {AlarmKind.UNROUTED: "free", AlarmKind.URGENT: "free", AlarmKind.FORGOTTEN: "urgent"}
# What is done for a family that is in need: it was spoken with, helped, or somebody was asked to.
_HELPS = (
    EventKind.ANSWERED,
    EventKind.ASKED,
    EventKind.NOTED,
    EventKind.DIAGNOSED,
    EventKind.URGENT_HELP,
    EventKind.REFERRED,
    EventKind.BOOKED,
    EventKind.VISITED,
    EventKind.DECIDED,
)

_MINUTES = F("topic__urgent_minutes") * Value(datetime.timedelta(minutes=1))

# Old paper that was late already when it was typed in: the list shows it, nobody is called for it.
_AS_TYPED_IN = Q(
    submission__registration__from_paper=True,
    late_since__lte=F("submission__registration__registered_at"),
)

Cases = QuerySet[IntakeCase]


@dataclass(frozen=True)
class Watch:
    """One kind of lateness.

    :ivar look: narrows cases to those that are late so, and tells since when as `late_since`.
    :ivar people: who of a centre is told, or of the installation.
    :ivar holder: whoever holds the case is told, or else the heads.
    :ivar again: how long after a letter the next one goes, while it lasts; none: it is told once.
    """

    look: Callable[[Cases], Any]
    people: Callable[[int | None], list[User]] | None = None
    holder: bool = False
    again: datetime.timedelta | None = None


def left_alone(cases: Cases | None = None) -> Any:
    """Cases that nobody has taken out of «Нераспределённые» for an hour."""
    cases = IntakeCase.objects.all() if cases is None else cases
    entered = CaseEvent.objects.filter(case=OuterRef("pk"), kind__in=_ENTERS).order_by()
    last = entered.values("case").annotate(last=Max("at")).values("last")
    just_now = entered.filter(at__gt=timezone.now() - AFTER)
    alone = cases.filter(~Exists(just_now), queue__unrouted=True, state=State.NEW)
    return alone.annotate(late_since=_moment(Subquery(last) + Value(AFTER)))


def urgent_alone(cases: Cases | None = None) -> Any:
    """Urgent cases that nobody has taken within the minutes of their topic."""
    cases = IntakeCase.objects.all() if cases is None else cases
    waiting = cases.filter(state=State.NEW, urgent=True)
    return waiting.annotate(late_since=_moment(F("urgent_since") + _MINUTES)).filter(
        late_since__lt=Now()
    )


def urgent_forgotten(cases: Cases | None = None) -> Any:
    """Urgent cases that somebody has taken and for which nothing has been done since: within the
    same minutes, from the taking. Who gets it from a colleague has them anew."""
    cases = IntakeCase.objects.all() if cases is None else cases
    held = cases.filter(state__in=(State.TRIAGE, State.IN_WORK), urgent=True)
    # Opened again, it is pressing from then on.
    pressing = Greatest("urgent_since", "clock_at")
    done = CaseEvent.objects.filter(
        case=OuterRef("pk"), kind__in=_HELPS, actor__isnull=False, at__gte=OuterRef("pressing")
    )
    late = held.alias(pressing=pressing).annotate(
        late_since=_moment(Greatest("taken_at", F("pressing")) + _MINUTES)
    )
    return late.filter(~Exists(done), late_since__lt=Now())


def _first_answer(cases: Cases) -> Any:
    late = cases.filter(state__in=RUNNING, first_answer_at__isnull=True, first_due_at__lt=Now())
    return late.annotate(late_since=F("first_due_at"))


def _soon(cases: Cases) -> Any:
    now = timezone.now()
    due = cases.filter(state__in=RUNNING, due_at__gt=now, due_at__lt=now + LAST_HOURS)
    return due.annotate(late_since=F("due_at"))


def _late(cases: Cases) -> Any:
    return cases.filter(state__in=RUNNING, due_at__lt=Now()).annotate(late_since=F("due_at"))


def _moment(expression: Any) -> ExpressionWrapper:
    return ExpressionWrapper(expression, output_field=DateTimeField())


def raise_alarms() -> None:
    """Raise what is due, end what is over, tell who has to know. Harmless when repeated."""
    for kind, watch in WATCHES.items():
        _raise(kind, watch)
        centres = _to_tell(kind, watch).order_by().values_list("case__centre", flat=True)
        for centre in list(centres.distinct()):
            _tell(kind, watch, centre)


def open_alarms() -> QuerySet[Alarm]:
    return Alarm.objects.filter(ended_at__isnull=True)


@transaction.atomic
def _raise(kind: AlarmKind, watch: Watch) -> None:
    late = watch.look(IntakeCase.objects.all()).exclude(_AS_TYPED_IN)
    same = late.filter(pk=OuterRef("case"), late_since=OuterRef("due_at"))
    open_alarms().filter(~Exists(same), kind=kind).update(ended_at=timezone.now())
    # The very same term, once more late: it is open again, and told already.
    Alarm.objects.filter(Exists(same), kind=kind, ended_at__isnull=False).update(ended_at=None)
    known = Alarm.objects.filter(case=OuterRef("pk"), kind=kind, due_at=OuterRef("late_since"))
    Alarm.objects.bulk_create(
        [
            Alarm(case=case, kind=kind, due_at=case.late_since)
            for case in late.filter(~Exists(known))
        ],
        ignore_conflicts=True,
    )


def _to_tell(kind: AlarmKind, watch: Watch) -> QuerySet[Alarm]:
    told = Q(told_at__isnull=False)
    if watch.again is not None:
        told = Q(told_at__gt=timezone.now() - watch.again)
    return open_alarms().filter(kind=kind).exclude(told)


@transaction.atomic
def _tell(kind: AlarmKind, watch: Watch, centre: int | None) -> None:
    """Tell the people of one centre, or of the installation, each with one letter about all."""
    due = _to_tell(kind, watch).filter(case__centre=centre)
    alarms = list(
        due.select_for_update(skip_locked=True, of=("self",)).select_related("case").order_by("pk")
    )
    told = _people(watch, centre, [alarm.case for alarm in alarms])
    people = {person.pk: person for found in told.values() for person in found}
    if not people:
        return
    now = timezone.now()
    Alarm.objects.filter(pk__in=[alarm.pk for alarm in alarms]).update(told_at=now)
    for person in people.values():
        occasion = f"{kind}:{centre or 0}:{now.isoformat()}"
        tell_staff(person, "alarm", occasion=occasion)


def compose(notice: Notice) -> Letter | None:
    """The letter about alarms that still last: numbers and times, nothing about families."""
    kind, centre, told_at = notice.occasion.split(":", 2)
    alarms = (
        open_alarms()
        .filter(kind=kind, case__centre=int(centre) or None, told_at=told_at)
        .select_related("case__centre", "case__queue")
        .order_by("due_at", "pk")
    )
    late = [alarm.case for alarm in alarms]
    people = _people(WATCHES[AlarmKind(kind)], int(centre) or None, late)
    cases = [
        case
        for case in late
        if notice.key in {str(person.pk) for person in people[case.assignee_id]}
    ]
    if not cases:
        return None
    with clock_of(int(centre) or None):
        text = render_to_string("intake_forms/mail/alarm.txt", _said(AlarmKind(kind), cases))
    return to_user(notice, _subject(AlarmKind(kind), len(cases)), text)


composers["alarm"] = compose


def _people(
    watch: Watch, centre: int | None, cases: list[IntakeCase]
) -> dict[int | None, list[User]]:
    """Who is told of cases of one centre, by who holds them: a few queries, however many there are.

    For a holder that is away, or cannot be reached, it is the heads: they hand the cases over.
    """
    desks = {case.assignee_id for case in cases}
    told = watch.people(centre) if watch.people else []
    if not watch.holder:
        return dict.fromkeys(desks, told)
    holders = _reachable(User.objects.filter(pk__in=[pk for pk in desks if pk is not None]))
    known: dict[int | None, list[User]] = {person.pk: [person] for person in holders}
    instead = _heads(centre) if desks - known.keys() else []
    return {desk: [*known.get(desk, instead), *told] for desk in desks}


def _said(kind: AlarmKind, cases: list[IntakeCase]) -> dict[str, Any]:
    desk = settings.WAGTAILADMIN_BASE_URL.rstrip("/") + reverse("intake:list")
    tab = _TABS.get(kind, "overdue")
    return {
        "kind": kind.value,
        "cases": cases,
        "centre": cases[0].centre,
        "desk": f"{desk}?tab={tab}",
    }


def _subject(kind: AlarmKind, count: int) -> str:
    said = {
        AlarmKind.UNROUTED: ngettext(
            "%(count)d case has been taken by nobody",
            "%(count)d cases have been taken by nobody",
            count,
        ),
        AlarmKind.URGENT: ngettext(
            "Urgent: %(count)d case that nobody has taken",
            "Urgent: %(count)d cases that nobody has taken",
            count,
        ),
        AlarmKind.FORGOTTEN: ngettext(
            "Urgent: %(count)d case was taken, and nothing has been done",
            "Urgent: %(count)d cases were taken, and nothing has been done",
            count,
        ),
        AlarmKind.FIRST_ANSWER: ngettext(
            "%(count)d case without a first answer",
            "%(count)d cases without a first answer",
            count,
        ),
        AlarmKind.SOON: ngettext(
            "%(count)d case has to be answered today",
            "%(count)d cases have to be answered today",
            count,
        ),
        AlarmKind.LATE: ngettext(
            "%(count)d case is past its term",
            "%(count)d cases are past their term",
            count,
        ),
    }
    return said[kind] % {"count": count}


def on_duty(centre: int | None) -> list[User]:
    """Who is on duty in a centre now, and there."""
    now = timezone.now()
    shifts = DutyShift.objects.filter(centre=centre, starts_at__lte=now, ends_at__gt=now)
    return _reachable(User.objects.filter(pk__in=shifts.values("person")))


def _heads(centre: int | None) -> list[User]:
    """Heads of the centre; where there is none now, its dispatchers and those who tend the
    installation; for what no centre has, everybody who may see such cases, and they."""
    if centre is None:
        both = (Role.ADMINISTRATOR, Role.DISPATCHER)
        return _reachable(User.objects.filter(groups__name__in=both))
    found = _of_centre(centre, Role.HEAD)
    if found:
        return found
    administrators = _reachable(User.objects.filter(groups__name=Role.ADMINISTRATOR))
    return [*_of_centre(centre, Role.DISPATCHER), *administrators]


def _on_duty(centre: int | None) -> list[User]:
    """Who is on duty, and the head; without anybody on duty the dispatchers of the centre."""
    duty = on_duty(centre)
    if not duty and centre is not None:
        duty = _of_centre(centre, Role.DISPATCHER)
    return [*duty, *_heads(centre)]


def _of_centre(centre: int, role: Role) -> list[User]:
    return _reachable(User.objects.filter(groups__name=role, memberships__provider=centre))


def _reachable(people: QuerySet[User]) -> list[User]:
    """Who can log in, has an address, and is not away: a letter to who is away helps nobody."""
    there = people.filter(is_active=True).exclude(email="").exclude(pk__in=away())
    return list(there.distinct().order_by("pk"))


WATCHES: dict[AlarmKind, Watch] = {
    AlarmKind.URGENT: Watch(urgent_alone, _on_duty, again=datetime.timedelta(hours=1)),
    AlarmKind.FORGOTTEN: Watch(
        urgent_forgotten, _on_duty, holder=True, again=datetime.timedelta(hours=1)
    ),
    AlarmKind.UNROUTED: Watch(left_alone, _heads, again=datetime.timedelta(days=1)),
    AlarmKind.FIRST_ANSWER: Watch(_first_answer, holder=True),
    AlarmKind.SOON: Watch(_soon, holder=True),
    AlarmKind.LATE: Watch(_late, _heads, holder=True),
}
