"""Cases of the intake desk and the chain of events of each."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import Provider, Territory
from forms.models.centres import Department
from forms.models.channels import Channel
from forms.models.definition import FormDefinition
from forms.models.queues import Queue, RoutingRule, Topic
from forms.models.submission import Submission
from forms.references import grouped
from forms.visibility import may_see


class State(models.TextChoices):
    NEW = "new", _("new")
    TRIAGE = "triage", _("being sorted")
    IN_WORK = "in_work", _("in work")
    WAITING_FAMILY = "waiting_family", _("waiting for the family")
    REFERRED = "referred", _("at a partner")
    DECIDED = "decided", _("decided")
    CLOSED = "closed", _("closed")


class Outcome(models.TextChoices):
    """How a case ended. The last three set a case aside without a decision."""

    HELPED = "helped", _("help was given")
    ADVISED = "advised", _("advice was given")
    REFERRED = "referred", _("sent to another organisation")
    REFUSED = "refused", _("cannot be helped here")
    DUPLICATE = "duplicate", _("sent twice")
    WITHDRAWN = "withdrawn", _("the family took it back")
    NOT_OURS = "not_ours", _("not for the centre")


SET_ASIDE = (Outcome.DUPLICATE, Outcome.WITHDRAWN, Outcome.NOT_OURS)
HELD = (State.TRIAGE, State.IN_WORK, State.WAITING_FAMILY, State.REFERRED, State.DECIDED)
OPEN = (State.NEW, *HELD)
# The term runs: it is not the family's turn, and there is no answer yet.
RUNNING = (State.NEW, State.TRIAGE, State.IN_WORK, State.REFERRED)


# What is read along with a case, or with what belongs to one, to open its answers and to know how
# the family may be reached.
_READ = ("submission__key", "submission__version", "submission__contact_now")


def read_along(path: str = "") -> tuple[str, ...]:
    """:param path: that leads to the case, as `case`; none for the case itself."""
    return tuple(f"{path}__{name}" for name in _READ) if path else _READ


class IntakeCaseQuerySet(models.QuerySet["IntakeCase"]):
    def visible_to(self, user: Any) -> IntakeCaseQuerySet:
        """Cases that a person may see; forms.visibility has the policy."""
        if not user.is_active or not user.has_perm("intake_forms.view_intakecase"):
            return self.none()
        return self.filter(may_see(user))

    def readable(self) -> IntakeCaseQuerySet:
        """Along with everything that opens the answers and says how the family may be reached."""
        return self.select_related(*read_along())

    def locked(self, pk: int) -> IntakeCase:
        """A case whose row is held until the transaction ends.

        The key of its submission is not read along with it but when it is needed: what this has
        waited for may have been its erasing.

        :raises IntakeCase.DoesNotExist: there is none, or not among these.
        """
        rows = self.select_for_update(of=("self",)).select_related("submission__version", "topic")
        return rows.get(pk=pk)

    def overdue(self) -> IntakeCaseQuerySet:
        """Past their term while it is not the family's turn."""
        return self.filter(state__in=RUNNING, due_at__lt=timezone.now())


class IntakeCase(models.Model):
    """A request of a family at the desk of a centre.

    It holds nothing that identifies a person: that lies sealed in the submission, the notes and
    the messages. `centre` is that of its queue. `version` grows with every change, so that a
    stale page cannot overwrite. Only forms.moves changes `state`.
    """

    submission = models.OneToOneField(
        Submission, on_delete=models.PROTECT, related_name="case", verbose_name=_("submission")
    )
    ref = models.CharField(_("number"), max_length=16, unique=True)
    secret_round = models.PositiveSmallIntegerField(
        _("issue of the secret code"), default=0, editable=False
    )
    form = models.ForeignKey(
        FormDefinition, on_delete=models.PROTECT, related_name="cases", verbose_name=_("form")
    )
    topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, related_name="cases", verbose_name=_("topic")
    )
    territory = models.ForeignKey(
        Territory,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("territory"),
    )
    centre = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("centre"),
    )
    queue = models.ForeignKey(
        Queue, on_delete=models.PROTECT, related_name="cases", verbose_name=_("queue")
    )
    department = models.ForeignKey(
        Department,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("department"),
    )
    routed_by = models.ForeignKey(
        RoutingRule, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    route_note = models.CharField(_("why in this queue"), max_length=600, blank=True)
    channel = models.CharField(_("came through"), max_length=10, choices=Channel)
    urgent = models.BooleanField(_("is urgent"), default=False)
    urgent_since = models.DateTimeField(_("urgent since"), null=True, blank=True)
    secret = models.BooleanField(_("only named people see it"), default=False)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.NEW)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("in the hands of"),
    )
    curator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="curated_cases",
        verbose_name=_("curator of the family"),
    )
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True)
    duplicate_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="duplicates",
        verbose_name=_("joined to the case"),
    )
    created_at = models.DateTimeField(_("received"), default=timezone.now, editable=False)
    contact_at = models.DateTimeField(_("the family turned to us"), default=timezone.now)
    # due_at is so many working days of the topic, and those that the family was waited for, after it.
    clock_at = models.DateTimeField(_("the term counts from"), default=timezone.now)
    waited_days = models.PositiveSmallIntegerField(_("working days waited"), default=0)
    first_due_at = models.DateTimeField(_("first answer until"))
    due_at = models.DateTimeField(_("answer until"))
    wait_until = models.DateTimeField(_("the family is waited for until"), null=True, blank=True)
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True)
    waiting_since = models.DateTimeField(_("waiting since"), null=True, blank=True)
    first_answer_at = models.DateTimeField(_("first answer"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = IntakeCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["due_at", "pk"]
        permissions = [
            ("view_unrouted", "Can see cases that no centre has"),
            ("view_whole_centre", "Can see cases of every department, and old closed ones"),
            ("break_glass", "Can open a case that is closed to others, with a reason"),
            ("take_intakecase", "Can take cases and work on them"),
            ("route_intakecase", "Can move cases to another queue"),
            ("hold_intakecase", "Can keep cases from being erased"),
            ("export_person", "Can give out all data of a person"),
            ("reissue_receipt", "Can give out a new secret code"),
        ]
        indexes = [
            models.Index(fields=["centre", "state", "due_at"], name="case_of_centre"),
            models.Index(fields=["assignee", "state", "due_at"], name="case_of_person"),
            # The list of the desk, in its order: of one centre, and of them all.
            models.Index(
                fields=["centre", "-urgent", "due_at", "id"],
                condition=~Q(state=State.CLOSED),
                name="case_open_of_centre",
            ),
            models.Index(
                fields=["-urgent", "due_at", "id"],
                condition=~Q(state=State.CLOSED),
                name="case_open_in_order",
            ),
            # The same of one state and of one queue: tabs, their counts, the filter used most.
            models.Index(
                fields=["state", "-urgent", "due_at", "id"],
                condition=~Q(state=State.CLOSED),
                name="case_open_in_state",
            ),
            models.Index(
                fields=["queue", "-urgent", "due_at", "id"],
                condition=~Q(state=State.CLOSED),
                name="case_open_of_queue",
            ),
            models.Index(
                fields=["centre", "-closed_at", "-id"],
                condition=Q(state=State.CLOSED),
                name="case_closed_of_centre",
            ),
            models.Index(
                fields=["-closed_at", "-id"],
                condition=Q(state=State.CLOSED),
                name="case_closed_in_order",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=State.NEW, assignee__isnull=True, taken_at__isnull=True)
                | Q(state__in=HELD, assignee__isnull=False, taken_at__isnull=False)
                | Q(state=State.CLOSED),
                name="case_held_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state__in=(State.DECIDED, State.CLOSED)) & ~Q(outcome="")
                | ~Q(state__in=(State.DECIDED, State.CLOSED)) & Q(outcome=""),
                name="case_outcome_with_decision",
            ),
            models.CheckConstraint(
                condition=Q(state=State.CLOSED, closed_at__isnull=False)
                | ~Q(state=State.CLOSED) & Q(closed_at__isnull=True),
                name="case_closed_at",
            ),
            models.CheckConstraint(
                condition=Q(state=State.DECIDED, decided_at__isnull=False)
                | Q(state=State.CLOSED)
                | ~Q(state__in=(State.DECIDED, State.CLOSED)) & Q(decided_at__isnull=True),
                name="case_decided_at",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.DECIDED) | ~Q(outcome__in=SET_ASIDE),
                name="case_set_aside_is_closed",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=State.WAITING_FAMILY,
                    waiting_since__isnull=False,
                    wait_until__isnull=False,
                )
                | ~Q(state=State.WAITING_FAMILY)
                & Q(waiting_since__isnull=True, wait_until__isnull=True),
                name="case_waiting_since",
            ),
            models.CheckConstraint(
                condition=Q(urgent=True, urgent_since__isnull=False)
                | Q(urgent=False, urgent_since__isnull=True),
                name="case_urgent_since",
            ),
            models.CheckConstraint(
                condition=Q(duplicate_of__isnull=True)
                | Q(outcome=Outcome.DUPLICATE) & ~Q(duplicate_of=models.F("pk")),
                name="case_duplicate_of",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The reference as people read it."""
        return grouped(self.ref)

    @property
    def is_overdue(self) -> bool:
        return self.state in RUNNING and self.due_at < timezone.now()


class EventKind(models.TextChoices):
    ACCEPTED = "accepted", _("received")
    TAKEN = "taken", _("taken to work")
    RELEASED = "released", _("given back to the queue")
    SORTING = "sorting", _("taken to be sorted")
    SORTED = "sorted", _("sorted")
    ASSIGNED = "assigned", _("handed to a colleague")
    ROUTED = "routed", _("moved to another queue")
    ASKED = "asked", _("the family was asked")
    ANSWERED = "answered", _("a message to the family")
    FAMILY_WROTE = "family_wrote", _("the family wrote")
    RESUMED = "resumed", _("work goes on")
    FAMILY_SILENT = "family_silent", _("the family has not answered in time")
    DECIDED = "decided", _("decided")
    CLOSED = "closed", _("closed")
    SET_ASIDE = "set_aside", _("set aside")
    REOPENED = "reopened", _("opened again")
    MERGED = "merged", _("joined to another case of the family")
    JOINED = "joined", _("another case of the family was joined")
    REFERRED = "referred", _("handed to a partner")
    REFERRAL_ACCEPTED = "referral_accepted", _("the partner has accepted")
    REFERRAL_DECLINED = "referral_declined", _("the partner has declined")
    REFERRAL_ANSWERED = "referral_answered", _("the partner has answered")
    REFERRAL_SILENT = "referral_silent", _("the partner has not answered in time")
    REFERRAL_RECALLED = "referral_recalled", _("taken back from the partner")
    BOOKED = "booked", _("an appointment was made")
    BOOKING_MOVED = "booking_moved", _("an appointment was moved")
    BOOKING_CANCELLED = "booking_cancelled", _("an appointment was cancelled")
    VISITED = "visited", _("the family came")
    MISSED = "missed", _("the family did not come")
    DIAGNOSED = "diagnosed", _("primary diagnosis")
    URGENT_HELP = "urgent_help", _("urgent help was given")
    AMENDED = "amended", _("an answer was corrected")
    FACTS_HEARD = "facts_heard", _("more was learned of the family")
    GRANTED = "granted", _("opened to a person")
    GRANT_ENDED = "grant_ended", _("closed to a person again")
    RATED = "rated", _("the family has rated the help")
    NOTED = "noted", _("note added")
    TALKED = "talked", _("talk with the family")
    PAPERS_BROUGHT = "papers_brought", _("papers of the family were added by the staff")
    REGISTERED = "registered", _("register filled in")
    PAPER_ADDED = "paper_added", _("the family added papers")
    TAKEN_BACK = "taken_back", _("the family took the request back")
    REISSUED = "reissued", _("a new secret code was given out")
    ERASED = "erased", _("personal data erased")
    HELD = "held", _("kept by a legal hold")
    FREED = "freed", _("legal hold lifted")
    CONSENTED = "consented", _("the family has consented")
    CONSENT_WITHDRAWN = "withdrawn", _("consent withdrawn")
    EXPORTED = "exported", _("given out to the person")
    RECONTACTED = "recontacted", _("the family changed how to reach it")
    INFECTED = "infected", _("a file with a virus was destroyed")


_WHAT_HAPPENED = dict(EventKind.choices)


class CaseEvent(models.Model):
    """Something that happened to a case: codes and ids only, never a person's data.

    Events of a case form a chain of hashes; the database refuses to change or delete one.
    """

    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="events", verbose_name=_("case")
    )
    seq = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("what happened"), max_length=20, choices=EventKind)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
    )
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    from_state = models.CharField(max_length=16, choices=State, blank=True)
    to_state = models.CharField(max_length=16, choices=State, blank=True)
    data = models.JSONField(default=dict)
    prev_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("event of a case")
        verbose_name_plural = _("events of cases")
        ordering = ["case", "seq"]
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="caseevent_seq_unique")]
        # Figures are counted from what has happened since the last time.
        indexes = [models.Index(fields=["at"], name="caseevent_at")]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.seq}: {self.kind}"

    def get_kind_display(self) -> str:  # type: ignore[no-redef]
        """As Django has it, which looks through all of the fifty kinds each time: lists of fifty
        rows and long time lines ask for it."""
        return str(_WHAT_HAPPENED.get(self.kind, self.kind))
