"""Work of the tasks of the desk."""

from __future__ import annotations

import datetime

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from cms.access import Role
from cms.models import User
from desk import bulk, planning, presence
from desk.exports import asking, making
from desk.figures import upkeep
from desk.models import (
    Booking,
    BookingState,
    BulkRow,
    CaseExport,
    DayCounts,
    FiguresState,
    JournalEntry,
    Known,
    Presence,
    Reason,
    ReceivedMail,
    Referral,
    ReferralState,
    Slot,
)
from desk.tasks import ask_to_read
from forms import moves
from forms.actions import Action
from forms.events import broken_chains
from forms.models import IntakeCase, Notice, Register, State
from tests.appointments import in_hours, make_hours, make_kind, make_slot
from tests.intake import FormFactory, contact_steps, make_case, reached_by
from tests.letters import letter
from tests.mailboxes import make_box
from tests.referrals import ReceiverFactory, hand_over, taken_case
from tests.work import DAY, Site, Work, letters_left, once_each, same, work_of


def _no_letters() -> None:
    """They are no matter of the task that is tried."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")


def _box(site: Site, letters: int) -> tuple[str, Work]:
    dovecot = site.fixture("dovecot")
    box = make_box(dovecot, site.centre)
    site.settings["MAIL_CA"] = site.fixture("settings").MAIL_CA
    for number in range(letters):
        one = letter(subject=f"Письмо {number}", sender=f"obrazec-{number}@example.org")
        dovecot.deliver(one.as_bytes())

    def done() -> str:
        """A letter at which readers die again and again is left alone, and somebody looks at it."""
        subjects = [case.submission.read_answers()["subject"] for case in IntakeCase.objects.all()]
        deadly = ReceivedMail.objects.filter(reason=Reason.DEADLY).count()
        same(len(set(subjects)), len(subjects))
        same(len(subjects) + deadly, letters)
        same((dovecot.count(), dovecot.count("Обработано")), (deadly, len(subjects)))
        same(list(broken_chains()), [])
        return f"{letters} letters: {len(subjects)} cases, {deadly} left for somebody to look at"

    return str(box.pk), Work(done)


@work_of("intake_desk.read_mailboxes")
def read_mailboxes(site: Site) -> Work:
    return _box(site, 1)[1]


@work_of("intake_desk.read_mailbox")
def read_mailbox(site: Site) -> Work:
    pk, work = _box(site, 3)
    ask_to_read(pk)
    return Work(work.done, args=None)


@work_of("intake_desk.watch_referrals")
def watch_referrals(site: Site) -> Work:
    holder = site.person()
    cases = [taken_case(site.centre, holder) for _ in range(3)]
    for case in cases:
        hand_over(case, holder, ReceiverFactory())
    _no_letters()

    def done() -> str:
        once_each("referral_silent", cases)
        same({one.state for one in Referral.objects.all()}, {ReferralState.SILENT})
        same({one.state for one in IntakeCase.objects.all()}, {State.IN_WORK})
        same(list(broken_chains()), [])
        return f"{len(cases)} cases back from silent partners, each once"

    return Work(done, hours=30 * DAY)


@work_of("intake_desk.do_bulk")
def do_bulk(site: Site) -> Work:
    head, colleague, form = site.person(Role.HEAD), site.person(), FormFactory()
    cases = [make_case(form, centre=site.centre) for _ in range(8)]
    given = {"person": colleague.pk, "reason": "away"}
    bulk.begin(owner=head, action="assign", given=given, cases=[one.pk for one in cases])

    def done() -> str:
        same(list(BulkRow.objects.values_list("state", flat=True)), ["done"] * len(cases))
        once_each("assigned", cases)
        same(set(IntakeCase.objects.values_list("assignee", flat=True)), {colleague.pk})
        return f"{len(cases)} cases handed over, each once"

    return Work(done, args=None)


@work_of("intake_desk.make_export")
def make_export(site: Site) -> Work:
    head, form = site.person(Role.HEAD), FormFactory()
    cases = [make_case(form, centre=site.centre) for _ in range(8)]
    export = _export(head)

    def done() -> str:
        export.refresh_from_db()
        same((export.state, export.done), ("made", len(cases)))
        same([place.name for place in making.folder().iterdir()], [str(export.pk)])
        same(export.events.filter(step="made").count(), 1)
        return f"1 table of {export.done} cases, no half file"

    return Work(done, args=None)


@work_of("intake_desk.sweep_exports")
def sweep_exports(site: Site) -> Work:
    make_case(centre=site.centre)
    exports = [_export(site.person(Role.HEAD)) for _ in range(3)]
    for export in exports:
        making.make(export.pk)

    def done() -> str:
        same(list(making.folder().iterdir()), [])
        return f"{len(exports)} tables gone"

    return Work(done, hours=8 * DAY)


def _export(head: User) -> CaseExport:
    given = {"columns": ["number"], "file_format": "csv", "reason": "report"}
    return asking.ask(asking.Selection.of(head, "tab=open"), version=None, given=given)


@work_of("intake_desk.check_figures")
def check_figures(site: Site) -> Work:
    for _ in range(3):
        make_case(centre=site.centre)
    upkeep.keep_up()
    DayCounts.objects.update(received=9)
    # What has happened within the last hour is no matter of a check.
    FiguresState.objects.update(until=timezone.now() + datetime.timedelta(hours=2))
    _no_letters()

    def done() -> str:
        same(DayCounts.objects.aggregate(all=Sum("received"))["all"], 3)
        same(FiguresState.objects.get().differed, 1)
        return "a day that stood otherwise is mended and kept for administrators"

    return Work(done)


@work_of("intake_desk.count_figures")
def count_figures(site: Site) -> Work:
    cases = [make_case(centre=site.centre) for _ in range(4)]
    moves.take(case_id=cases[0].pk, actor=site.person())

    def done() -> str:
        counted = DayCounts.objects.aggregate(Sum("received"))["received__sum"]
        same(counted, len(cases))
        same(Known.objects.count(), len(cases))
        return f"{counted} cases counted, each once"

    return Work(done)


@work_of("intake_desk.forget_presence")
def forget_presence(site: Site) -> Work:
    case = make_case(centre=site.centre)
    for _ in range(3):
        presence.here(case, site.person())

    def done() -> str:
        same(Presence.objects.count(), 0)
        return "3 signs of presence gone"

    return Work(done, hours=1)


@work_of("intake_desk.plan_slots")
def plan_slots(site: Site) -> Work:
    kind = make_kind(site.centre, minutes=30, weeks_ahead=1)
    for _ in range(2):
        make_hours(site.centre, site.person(), kind)
    with transaction.atomic():
        wanted = planning.plan_all()
        transaction.set_rollback(True)
    assert wanted > 20

    def done() -> str:
        same(Slot.objects.count(), wanted)
        return f"{wanted} slots, none twice"

    return Work(done)


@work_of("intake_desk.sweep_bookings")
def sweep_bookings(site: Site) -> Work:
    """Held too long, over and not marked, and of a case that was closed meanwhile."""
    kind, person = make_kind(site.centre), site.person()
    soon, later = make_slot(kind, person, 5), make_slot(kind, person, 72)
    far = make_slot(kind, person, 90)
    over = Booking.objects.create(slot=soon, case=make_case(centre=site.centre))
    closed = Booking.objects.create(slot=later, case=make_case(centre=site.centre))
    Booking.objects.create(
        slot=far,
        case=make_case(centre=site.centre),
        state=BookingState.HELD,
        held_until=in_hours(1),
    )
    moves.move(
        case_id=closed.case_id, action=Action.SET_ASIDE, actor=person,
        version=closed.case.version, outcome="withdrawn", text="x",
    )  # fmt: skip

    def done() -> str:
        states = dict(Booking.objects.values_list("pk", "state"))
        same(states, {over.pk: BookingState.UNMARKED, closed.pk: BookingState.CANCELLED})
        once_each("booking_cancelled", [closed.case])
        taken = dict(Slot.objects.filter(pk__in=[later.pk, far.pk]).values_list("pk", "taken"))
        same(set(taken.values()), {0} if taken else set())
        return "1 hold gone, 1 appointment to be marked, 1 given back"

    return Work(done, hours=DAY)


@work_of("intake_desk.remind_families")
def remind_families(site: Site) -> Work:
    kind, form = make_kind(site.centre), FormFactory(steps=contact_steps())
    day = timezone.localdate() + datetime.timedelta(days=3)
    start = timezone.make_aware(datetime.datetime.combine(day, datetime.time(12)))
    for number in range(3):
        answers = reached_by("email", email=f"obrazec{number}@example.org")
        case = make_case(form, centre=site.centre, answers=answers)
        Booking.objects.create(slot=make_slot(kind, site.person(), start), case=case)

    def done() -> str:
        told = list(Notice.objects.order_by("pk"))
        same(len(told), 3)
        return letters_left(site, told)

    moment = start - datetime.timedelta(hours=24) + datetime.timedelta(minutes=5)
    return Work(done, hours=(moment - timezone.now()).total_seconds() / 3600)


def _journal(site: Site) -> Work:
    register = Register.objects.create(
        slug="zhurnal",
        title="Журнал",
        on_case=True,
        numbered_since=timezone.now() - datetime.timedelta(days=1),
        fields=[{"name": "applicant", "label": "Кто", "type": "ref:person", "required": True}],
    )
    cases = [make_case(centre=site.centre) for _ in range(5)]
    for case in cases[:2]:
        moves.move(
            case_id=case.pk, action=Action.SET_ASIDE, actor=site.person(), version=case.version,
            outcome="withdrawn", text="x",
        )  # fmt: skip

    def done() -> str:
        lines = JournalEntry.objects.filter(register=register).order_by("number")
        found = [(line.number, line.case_id, line.frozen_at is not None) for line in lines]
        wanted = [(n, case.pk, n <= 2) for n, case in enumerate(cases, start=1)]
        same(found, wanted)
        return f"{len(found)} lines without a gap, 2 sealed"

    return Work(done)


work_of("intake_desk.write_journals")(_journal)
work_of("intake_desk.write_all_journals")(_journal)
