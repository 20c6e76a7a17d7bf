"""What an administrator has to know about the installation itself: search, tasks, imports, people."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from catalogue.models import ImportBatch
from catalogue.models.exchange import BatchState
from cms.access import Role
from cms.models import User
from cms.today import Item, Tone
from search import outbox
from search.engine import ClusterUnreachable, IndexUnavailable, copies, get_engine
from themes.templatetags.russian import human_date

LATE = 60.0  # seconds; the indexer needs one
SILENT = datetime.timedelta(minutes=2)  # a worker tells that it is alive every ten seconds
WITH_ORGANISATION = (Role.DISPATCHER, Role.SPECIALIST, Role.HEAD, Role.PARTNER)
PEOPLE_SHOWN = 3


def items(user: Any) -> list[Item]:
    """For those who tend accounts: what is broken first, then that the rest is well."""
    if not user.has_perm("cms.change_user"):
        return []
    broken = [*_search(), *_worker(), *_tasks(), *_imports()]
    return [*broken, *_people(), *([] if broken else [_well()])]


def _search() -> list[Item]:
    """Of each copy of the index that is kept, the first trouble."""
    main, *others = copies()
    return [*_index(main, others), *(item for name in others for item in _index(name, []))]


def _index(name: str, others: Sequence[str]) -> list[Item]:
    try:
        rows, seconds = outbox.lag(get_engine(name).state().position)
    except ClusterUnreachable:
        meanwhile = (
            _("The embedded index answers families meanwhile. See to the cluster.")
            if others
            else _("Families cannot search. See to the cluster, or set NAVIGATOR_SEARCH_FALLBACK.")
        )
        return [_wrong(_("The Elasticsearch cluster does not answer"), meanwhile)]
    except IndexUnavailable:
        return [
            _wrong(
                _("Search has no index"),
                _("The embedded index answers families meanwhile. See whether the indexer runs.")
                if others
                else _(
                    "Families cannot search. See whether the indexer runs, or run rebuild_index."
                ),
            )
        ]
    if seconds < LATE:
        return []
    title = ngettext(
        "Search is behind by %(count)d change", "Search is behind by %(count)d changes", rows
    )
    return [_wrong(title % {"count": rows}, _("See whether the indexer runs."))]


def _worker() -> list[Item]:
    since = timezone.now() - SILENT
    if ProcrastinateWorker.objects.filter(last_heartbeat__gte=since).exists():
        return []
    return [
        _wrong(
            _("The worker is not running"),
            _("Tables are not loaded and nothing that was put off is done. Start it: make serve."),
        )
    ]


def _tasks() -> list[Item]:
    failed = ProcrastinateJob.objects.filter(status="failed").count()
    if not failed:
        return []
    title = ngettext("%(count)d task has failed", "%(count)d tasks have failed", failed)
    return [_wrong(title % {"count": failed}, _("The reasons stand in the worker's log."))]


def _imports() -> list[Item]:
    last = ImportBatch.objects.exclude(state=BatchState.CHECKED).first()
    if last is None or last.state != BatchState.FAILED:
        return []
    return [
        _wrong(
            _("The last table could not be loaded: %(file)s") % {"file": last.file_name},
            _("brought on %(day)s") % {"day": human_date(last.created_at)},
        )
    ]


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


def _well() -> Item:
    """One line that all is well, for silence may also mean that nobody looked."""
    last = ImportBatch.objects.filter(state=BatchState.DONE).first()
    note = _("Search follows the catalogue, the worker runs, no task has failed.")
    if last is not None:
        day = human_date(last.finished_at or last.created_at)
        note += " " + _("The last table: %(file)s, %(day)s.") % {"file": last.file_name, "day": day}
    return Item(_("The portal is well"), note=note, state=_("in order"), tone=Tone.DONE)


def _wrong(title: str, note: str) -> Item:
    return Item(title, note=note, state=_("broken"), tone=Tone.URGENT)
