"""What waits at the desk: one's own cases, free ones, those past their term."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms import queues
from cms.today import Item, Tone
from desk import appointments_today, counting, referral_today, talks_today
from desk.models import ReceivedMail
from forms.absences import gone_holders
from forms.alarms import left_alone, urgent_alone, urgent_forgotten
from forms.calendars import clock_at_work
from forms.models import HELD, OPEN, RUNNING, IntakeCase, State

OWN_SHOWN = 4


def items(user: Any) -> list[Item]:
    """The most pressing things at the desk for this person, in a constant number of queries."""
    if not user.has_perm("intake_forms.view_intakecase"):
        return []
    with clock_at_work(user):
        return _items(user)


def _items(user: Any) -> list[Item]:
    cases = IntakeCase.objects.visible_to(user)
    now = timezone.now()
    late = Q(state__in=RUNNING, due_at__lt=now)
    counts = counting.capped(
        {
            "late": cases.filter(late & ~Q(assignee=user)),
            "free": cases.filter(state=State.NEW),
            "lost": cases.filter(centre__isnull=True, state=State.NEW),
            "withdrawn": cases.filter(
                state__in=OPEN, submission__withdrawal__erase_by__isnull=False
            ),
            "alone": left_alone(cases),
            "urgent": cases.filter(state=State.NEW, urgent=True),
            "urgent_late": urgent_alone(cases),
            "forgotten": urgent_forgotten(cases),
            "absent": _of_absent(cases, user),
        }
    )
    own = (
        cases.filter(assignee=user, state__in=(State.TRIAGE, State.IN_WORK, State.DECIDED))
        .select_related("topic")
        .order_by("-urgent", "due_at", "pk")
    )
    back = referral_today.returned(user)
    return [
        *_urgent(counts["urgent"], counts["urgent_late"]),
        *_forgotten(counts["forgotten"]),
        *_left_alone(counts["alone"]),
        *_letters(user),
        *_withdrawn(counts["withdrawn"]),
        *_overdue(counts["late"]),
        *_silent(),
        *_absent(counts["absent"]),
        *appointments_today.items(user),
        *talks_today.items(user),
        *(referral_today.told(case) for case in back),
        *(_own(case) for case in own.exclude(pk__in=[case.pk for case in back])[:OWN_SHOWN]),
        *talks_today.unsent_of(user),
        *_free(counts["free"], counts["lost"]),
    ]


def _silent() -> list[Item]:
    """Without its worker nobody is written to: who works here has to look by itself."""
    if queues.MESSAGES not in queues.dead():
        return []
    return [
        Item(
            _("Letters and alarms do not leave"),
            note=_("Families and colleagues are told nothing. Tell the administrator, and call."),
            state=_("broken"),
            tone=Tone.URGENT,
        )
    ]


def _urgent(count: int, late: int) -> list[Item]:
    if not count:
        return []
    title = ngettext(
        "%(count)s urgent case that nobody has taken",
        "%(count)s urgent cases that nobody has taken",
        count,
    )
    note = _("Take it now: a family in danger does not wait.")
    if late:
        note = _("The time for it is over. The duty person and the head have had a letter.")
    return [
        Item(
            title % {"count": counting.said(count)},
            reverse("intake:list") + "?tab=urgent",
            note,
            _("pressing"),
            Tone.URGENT,
        )
    ]


def _forgotten(count: int) -> list[Item]:
    if not count:
        return []
    title = ngettext(
        "%(count)s urgent case was taken, and nothing has been done",
        "%(count)s urgent cases were taken, and nothing has been done",
        count,
    )
    return [
        Item(
            title % {"count": counting.said(count)},
            reverse("intake:list") + "?tab=urgent",
            _("Help the family, or write down in the case what was done."),
            _("pressing"),
            Tone.URGENT,
        )
    ]


def _letters(user: Any) -> list[Item]:
    if not user.has_perm("intake_desk.sort_mail"):
        return []
    count = ReceivedMail.objects.visible_to(user).waiting().count()
    if not count:
        return []
    title = ngettext(
        "%(count)d letter could not be taken in",
        "%(count)d letters could not be taken in",
        count,
    )
    note = _("Look at them: a family may wait for an answer.")
    return [
        Item(
            title % {"count": count}, reverse("intake:letters"), note, _("not sorted"), Tone.URGENT
        )
    ]


def _withdrawn(count: int) -> list[Item]:
    if not count:
        return []
    title = ngettext(
        "%(count)s open case whose consent is withdrawn",
        "%(count)s open cases whose consent is withdrawn",
        count,
    )
    return [
        Item(
            title % {"count": counting.said(count)},
            reverse("intake:list") + "?tab=withdrawn",
            _("Close them: the data has to go within 30 days."),
            _("consent withdrawn"),
            Tone.URGENT,
        )
    ]


def _left_alone(count: int) -> list[Item]:
    if not count:
        return []
    title = ngettext(
        "%(count)s case has lain in “Unrouted” for more than an hour",
        "%(count)s cases have lain in “Unrouted” for more than an hour",
        count,
    )
    return [
        Item(
            title % {"count": counting.said(count)},
            reverse("intake:list") + "?tab=free",
            _("Nobody has looked at them. Take them, or move them to the right queue."),
            _("nobody took it"),
            Tone.URGENT,
        )
    ]


def _own(case: IntakeCase) -> Item:
    day = date_format(timezone.localtime(case.due_at), "j E, H:i")
    if case.is_overdue:
        state, tone = _("overdue"), Tone.URGENT
    elif case.urgent:
        state, tone = _("pressing"), Tone.URGENT
    else:
        state, tone = str(case.get_state_display()), Tone.WAITING
    return Item(
        _("Answer %(number)s: %(topic)s") % {"number": case.number, "topic": case.topic},
        reverse("intake:case", args=[case.pk]),
        _("answer until %(day)s") % {"day": day},
        state,
        tone,
    )


def _overdue(count: int) -> list[Item]:
    if not count:
        return []
    title = ngettext(
        "%(count)s case of colleagues is overdue",
        "%(count)s cases of colleagues are overdue",
        count,
    )
    return [
        Item(
            title % {"count": counting.said(count)},
            reverse("intake:list") + "?tab=overdue",
            _("Ask who can answer today, or take it."),
            _("overdue"),
            Tone.URGENT,
        )
    ]


def _of_absent(cases: Any, user: Any) -> Any:
    """What lies with people who are away, for those who can hand it over."""
    if not user.has_perm("intake_forms.route_intakecase"):
        return cases.none()
    return cases.filter(state__in=HELD, assignee__in=gone_holders())


def _absent(count: int) -> list[Item]:
    if not count:
        return []
    title = ngettext(
        "%(count)s case of colleagues who are away",
        "%(count)s cases of colleagues who are away",
        count,
    )
    return [
        Item(
            title % {"count": counting.said(count)},
            reverse("intake:list") + "?tab=absent",
            _("Hand them to somebody who is there."),
            _("nobody works on it"),
            Tone.WAITING,
        )
    ]


def _free(count: int, lost: int) -> list[Item]:
    if not count:
        return []
    note = ngettext(
        "%(count)s of them belongs to no centre yet.",
        "%(count)s of them belong to no centre yet.",
        lost,
    )
    return [
        Item(
            ngettext("%(count)s free case", "%(count)s free cases", count)
            % {"count": counting.said(count)},
            reverse("intake:list") + "?tab=free",
            note % {"count": counting.said(lost)}
            if lost
            else _("Take the first one: it has waited longest."),
            _("nobody works on it"),
            Tone.WAITING,
        )
    ]
