"""What an administrator has to know about the installation itself: search, tasks, imports, people."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from procrastinate.contrib.django.models import ProcrastinateJob

from catalogue.models import ImportBatch
from catalogue.models.exchange import BatchState
from cms import index_health, queues
from cms.access import Role
from cms.index_health import wrong
from cms.models import User
from cms.today import Item, Tone
from desk.models import FiguresState, Mailbox
from forms import ledger
from forms.alarms import left_alone, urgent_alone, urgent_forgotten
from forms.calendars import known_until
from forms.ledger.findings import CHECKS
from forms.models import Notice
from themes.templatetags.russian import human_date

WITH_ORGANISATION = (Role.DISPATCHER, Role.SPECIALIST, Role.HEAD, Role.PARTNER)
DIFFERED_SHOWN = datetime.timedelta(days=7)
PEOPLE_SHOWN = BOXES_SHOWN = REASONS_SHOWN = 3


def items(user: Any) -> list[Item]:
    """For those who tend accounts: what is broken first, then that the rest is well."""
    if not user.has_perm("cms.change_user"):
        return []
    search = index_health.troubles()
    late = [*_urgent(), *_forgotten(), *_left_alone(), *_calendar()]
    broken = [
        *_losses(),
        *search,
        *_workers(),
        *_tasks(),
        *_mail(),
        *_imports(),
        *_figures(),
        *late,
    ]
    if not broken:
        return [*_people(), _well()]
    return [*broken, *_people(), *([] if search else [_search_is_well()])]


def _losses() -> list[Item]:
    """What the sweeper has found and could not mend; small things wait on their page."""
    grave = [kind for kind, check in CHECKS.items() if check.grave]
    found = ledger.open_findings().filter(kind__in=grave).count()
    if not found:
        return []
    title = ngettext(
        "The ledger of cases: %(count)d difference",
        "The ledger of cases: %(count)d differences",
        found,
    )
    note = _("What was sent, receipts and cases do not agree. There it says what to do.")
    return [
        Item(title % {"count": found}, reverse("intake:ledger"), note, _("broken"), Tone.URGENT)
    ]


def _urgent() -> list[Item]:
    count = urgent_alone().count()
    if not count:
        return []
    title = ngettext(
        "%(count)d urgent case has been taken by nobody in time",
        "%(count)d urgent cases have been taken by nobody in time",
        count,
    )
    note = _("Who is on duty and the heads have had a letter. Call the centre.")
    return [Item(title % {"count": count}, "", note, _("nobody took it"), Tone.URGENT)]


def _forgotten() -> list[Item]:
    count = urgent_forgotten().count()
    if not count:
        return []
    title = ngettext(
        "%(count)d urgent case was taken, and nothing has been done in time",
        "%(count)d urgent cases were taken, and nothing has been done in time",
        count,
    )
    note = _("Who took it, who is on duty and the heads have had a letter. Call the centre.")
    return [Item(title % {"count": count}, "", note, _("nothing done"), Tone.URGENT)]


def _left_alone() -> list[Item]:
    """Administrators see no cases; they see to it that somebody does."""
    count = left_alone().count()
    if not count:
        return []
    title = ngettext(
        "%(count)d case has been taken by nobody for more than an hour",
        "%(count)d cases have been taken by nobody for more than an hour",
        count,
    )
    note = _("They lie in “Unrouted”. Heads have had a letter; see to the routing rules.")
    return [
        Item(
            title % {"count": count},
            reverse("intake:routes"),
            note,
            _("nobody took it"),
            Tone.URGENT,
        )
    ]


def _calendar() -> list[Item]:
    """Terms are counted by days off that the government moves anew each year."""
    last = known_until()
    if last is None:
        return []
    title = _("The production calendar is known until %(day)s only") % {"day": human_date(last)}
    note = _(
        "Update the portal, or write down the moved days of the next year: terms go beyond it."
    )
    state = _("ends soon")
    return [Item(title, reverse("special-days:index"), note, state, Tone.WAITING)]


def _workers() -> list[Item]:
    told = {
        queues.MESSAGES: (
            _("The worker of messages is not running"),
            _("Families and staff are told nothing, alarms are silent. Start it: make serve."),
        ),
        queues.DEFAULT: (
            _("The worker is not running"),
            _("Tables are not loaded and nothing that was put off is done. Start it: make serve."),
        ),
    }
    return [wrong(*told[name]) for name in queues.dead()]


def _tasks() -> list[Item]:
    failed = ProcrastinateJob.objects.filter(status="failed").count()
    if not failed:
        return []
    title = ngettext("%(count)d task has failed", "%(count)d tasks have failed", failed)
    return [wrong(title % {"count": failed}, _("The reasons stand in the worker's log."))]


def _mail() -> list[Item]:
    """Letters that do not come in, and messages that do not leave."""
    boxes = [
        Item(
            _("The mailbox %(box)s is not read") % {"box": box},
            reverse("intake:mailbox", args=[box.pk]),
            str(box.get_trouble_display()),
            _("broken"),
            Tone.URGENT,
        )
        for box in Mailbox.objects.not_read()[:BOXES_SHOWN]
    ]
    lost = undelivered()
    if not lost:
        return boxes
    title = ngettext(
        "%(count)d message has not left in a day",
        "%(count)d messages have not left in a day",
        lost,
    )
    why = Notice.objects.not_arrived().values_list("problem", flat=True).order_by("problem")
    note = _("The holders of the cases see it. Reasons: %(reasons)s.")
    reasons = ", ".join(filter(None, why.distinct()[:REASONS_SHOWN]))
    return [*boxes, wrong(title % {"count": lost}, note % {"reasons": reasons or "–"})]


def undelivered() -> int:
    """Messages of a day that have not arrived and are not tried again."""
    return Notice.objects.not_arrived().count()


def _imports() -> list[Item]:
    last = ImportBatch.objects.exclude(state=BatchState.CHECKED).first()
    if last is None or last.state != BatchState.FAILED:
        return []
    return [
        wrong(
            _("The last table could not be loaded: %(file)s") % {"file": last.file_name},
            _("brought on %(day)s") % {"day": human_date(last.created_at)},
        )
    ]


def figures_differed() -> int:
    """Days of the figures that stood otherwise than their events tell, found within a week."""
    lately = timezone.now() - DIFFERED_SHOWN
    state = FiguresState.objects.filter(differed_at__gt=lately).first()
    return state.differed if state else 0


def _figures() -> list[Item]:
    count = figures_differed()
    if not count:
        return []
    title = ngettext(
        "The figures of %(count)d day were wrong and are mended",
        "The figures of %(count)d days were wrong and are mended",
        count,
    )
    note = _("If nobody has changed hours of a centre for days that are past, tell the developers.")
    return [wrong(title % {"count": count}, note)]


def _people() -> list[Item]:
    """Accounts that can log in and then do nothing."""
    needed = [role.value for role in WITH_ORGANISATION]
    people = User.objects.filter(is_active=True, is_superuser=False)
    lost = (
        people.filter(Q(groups=None) | Q(groups__name__in=needed, memberships=None))
        .distinct()
        .order_by("date_joined", "pk")
        .prefetch_related("groups")
    )
    return [_person(person) for person in lost[:PEOPLE_SHOWN]]


def _person(person: User) -> Item:
    if not person.groups.all():
        return Item(
            _("Give a role to %(user)s") % {"user": person},
            reverse("wagtailusers_users:edit", args=[person.pk]),
            _("The account has no role: this person cannot do anything yet."),
            _("no role"),
            Tone.WAITING,
        )
    return Item(
        _("Say where %(user)s works") % {"user": person},
        reverse("catalogue_membership_modeladmin_create"),
        _("The account belongs to no organisation: this person sees nothing yet."),
        _("no organisation"),
        Tone.WAITING,
    )


def _search_is_well() -> Item:
    note = index_health.facts()
    return Item(_("Search is in order"), note=note, state=_("in order"), tone=Tone.DONE)


def _well() -> Item:
    """One line that all is well, for silence may also mean that nobody looked."""
    last = ImportBatch.objects.filter(state=BatchState.DONE).first()
    note = _("Search follows the catalogue, the workers run, no task has failed.")
    note += " " + index_health.facts()
    if last is not None:
        day = human_date(last.finished_at or last.created_at)
        note += " " + _("The last table: %(file)s, %(day)s.") % {"file": last.file_name, "day": day}
    return Item(_("The portal is well"), note=note, state=_("in order"), tone=Tone.DONE)
