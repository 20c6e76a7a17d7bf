"""Referrals of a case: what was sent to whom until when, and everything that came of it.

What was sent never changes, what happened is only added; the database refuses anything else. Texts
are sealed with the key of the submission and are gone with it.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import Provider
from desk.models.routes import CaseRoute
from forms.models import IntakeCase


class ReferralKind(models.TextChoices):
    PARTNER = "partner", _("to a partner")
    CENTRE = "centre", _("a hard case to another centre")


class ReferralState(models.TextChoices):
    SENT = "sent", _("sent")
    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("declined")
    ANSWERED = "answered", _("answered")
    RECALLED = "recalled", _("recalled")
    SILENT = "silent", _("no answer in time")


class ConsentWay(models.TextChoices):
    """How the family allowed its data to be handed over."""

    PAPER = "paper", _("in writing, the paper lies in the centre")
    VISIT = "visit", _("by word at a visit")
    PHONE = "phone", _("by phone")
    PORTAL = "portal", _("in a message on the portal")


class Way(models.TextChoices):
    """Through what something happened to a referral."""

    STAFF = "staff", _("the centre")
    LINK = "link", _("by the link")
    ACCOUNT = "account", _("in the account")
    PORTAL = "portal", _("the portal")


AWAITED = (ReferralState.SENT, ReferralState.ACCEPTED)
BY_PEOPLE = (Way.STAFF, Way.ACCOUNT)
BY_PARTNER = (Way.LINK, Way.ACCOUNT)


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, user: Any) -> ReferralQuerySet:
        """Referrals to the organisations that a person works for: its packet, never the case."""
        if not user.is_active or not user.has_perm("intake_desk.answer_referral"):
            return self.none()
        return self.filter(provider__in=Provider.objects.of(user).values("pk"))

    def of_cases_of(self, user: Any) -> ReferralQuerySet:
        """Referrals of the cases that a person may see at the desk."""
        return self.filter(case__in=IntakeCase.objects.visible_to(user).values("pk"))

    def awaited(self) -> ReferralQuerySet:
        return self.filter(state__in=AWAITED)


class Referral(models.Model):
    """A packet that went to an organisation. Only `state` changes, and only forward.

    The link of the partner is computed from the key of the submission, so it is stored nowhere and
    gone with the key; the digest finds the referral by it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="referrals", verbose_name=_("case")
    )
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="referrals", verbose_name=_("to whom")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=ReferralKind)
    route = models.ForeignKey(
        CaseRoute,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="referrals",
        verbose_name=_("route"),
    )
    step = models.PositiveSmallIntegerField(_("step of the route"), null=True, blank=True)
    packet = models.BinaryField(_("what was handed over, sealed"))
    fields = ArrayField(
        models.CharField(max_length=140), verbose_name=_("keys of the answers"), default=list
    )
    files = models.PositiveSmallIntegerField(_("files"), default=0)
    is_personal = models.BooleanField(_("personal data went"))
    consent_way = models.CharField(
        _("consent to hand over"), max_length=6, choices=ConsentWay, blank=True
    )
    consent_on = models.DateField(_("consent given on"), null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("who")
    )
    sent_at = models.DateTimeField(_("sent"), default=timezone.now, editable=False)
    due_at = models.DateTimeField(_("answer until"))
    token_digest = models.CharField(max_length=64, null=True, blank=True, unique=True)
    state = models.CharField(
        _("state"), max_length=8, choices=ReferralState, default=ReferralState.SENT
    )

    objects = ReferralQuerySet.as_manager()

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        ordering = ["-sent_at", "pk"]
        permissions = [
            ("refer_case", "Can hand cases over to partners"),
            ("answer_referral", "Can answer referrals to the own organisation"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state__in=AWAITED), name="referral_awaited"
            ),
            models.Index(fields=["provider", "state", "due_at"], name="referral_of_provider"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ReferralKind), name="referral_kind"),
            models.CheckConstraint(condition=Q(state__in=ReferralState), name="referral_state"),
            models.CheckConstraint(
                condition=Q(kind=ReferralKind.PARTNER, token_digest__isnull=False)
                | Q(kind=ReferralKind.CENTRE, token_digest__isnull=True),
                name="referral_link_for_partners",
            ),
            models.CheckConstraint(
                condition=Q(consent_way="", consent_on__isnull=True)
                | Q(consent_way__in=ConsentWay, consent_on__isnull=False),
                name="referral_consent_whole",
            ),
            models.CheckConstraint(
                condition=Q(is_personal=False) | ~Q(consent_way=""),
                name="referral_personal_with_consent",
            ),
            models.CheckConstraint(
                condition=Q(files=0) | Q(is_personal=True), name="referral_files_are_personal"
            ),
            models.CheckConstraint(
                condition=Q(due_at__gt=F("sent_at")), name="referral_term_after_sending"
            ),
            models.CheckConstraint(
                condition=Q(route__isnull=True, step__isnull=True)
                | Q(route__isnull=False, step__isnull=False),
                name="referral_step_of_route",
            ),
            models.UniqueConstraint(
                fields=["case", "provider"],
                condition=Q(state__in=AWAITED),
                name="referral_one_awaited_from_each",
                violation_error_message=_("This organisation has not answered yet."),
            ),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state__in=AWAITED, kind=ReferralKind.CENTRE),
                name="referral_one_centre_awaited",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def purpose(self) -> str:
        """What the packet is sealed for: it opens as nothing else."""
        return f"referral:{self.pk}"

    @property
    def is_awaited(self) -> bool:
        return self.state in AWAITED

    @property
    def is_to_centre(self) -> bool:
        return self.kind == ReferralKind.CENTRE


class Step(models.TextChoices):
    """What happens to a referral."""

    SENT = "sent", _("sent")
    OPENED = "opened", _("opened")
    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("declined")
    ANSWERED = "answered", _("answered")
    RECALLED = "recalled", _("recalled")
    SILENT = "silent", _("no answer in time")


class Result(models.TextChoices):
    """With what a partner comes back."""

    HELPED = "helped", _("the family was helped")
    GOES_ON = "goes_on", _("we help and go on")
    NOT_FOUND = "not_found", _("we could not reach the family")
    NO_HELP = "no_help", _("we could not help")
    TAKEN_OVER = "taken_over", _("the centre has taken the case over")


class ReferralEvent(models.Model):
    """Something that happened to a referral. Rows are only added."""

    PURPOSE = "referral event"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    referral = models.ForeignKey(
        Referral, on_delete=models.PROTECT, related_name="events", verbose_name=_("referral")
    )
    seq = models.PositiveSmallIntegerField(_("number"))
    kind = models.CharField(_("what happened"), max_length=10, choices=Step)
    way = models.CharField(_("through"), max_length=7, choices=Way)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
    )
    result = models.CharField(_("result"), max_length=10, choices=Result, blank=True)
    body = models.BinaryField(_("text, sealed"), null=True)
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("event of a referral")
        verbose_name_plural = _("events of referrals")
        ordering = ["referral", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["referral", "seq"], name="referralevent_seq"),
            models.UniqueConstraint(
                fields=["referral"],
                condition=Q(kind__in=(Step.REFUSED, Step.ANSWERED, Step.RECALLED)),
                name="referralevent_one_end",
            ),
            models.UniqueConstraint(
                fields=["referral", "kind"],
                condition=Q(kind__in=(Step.SENT, Step.ACCEPTED, Step.SILENT)),
                name="referralevent_once",
            ),
            models.CheckConstraint(
                condition=Q(way__in=BY_PEOPLE, actor__isnull=False)
                | Q(way__in=(Way.LINK, Way.PORTAL), actor__isnull=True),
                name="referralevent_actor",
            ),
            models.CheckConstraint(
                condition=Q(kind=Step.SENT, way=Way.STAFF)
                | Q(kind=Step.SILENT, way=Way.PORTAL)
                | Q(kind=Step.RECALLED, way__in=(Way.STAFF, Way.PORTAL))
                | Q(
                    kind__in=(Step.OPENED, Step.ACCEPTED, Step.REFUSED, Step.ANSWERED),
                    way__in=BY_PARTNER,
                ),
                name="referralevent_way",
            ),
            models.CheckConstraint(
                condition=Q(kind=Step.ANSWERED, result__in=Result)
                | ~Q(kind=Step.ANSWERED) & Q(result=""),
                name="referralevent_result",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=(Step.REFUSED, Step.ANSWERED), body__isnull=False)
                | Q(kind=Step.ANSWERED, result=Result.TAKEN_OVER)
                | Q(kind=Step.RECALLED)
                | Q(
                    kind__in=(Step.SENT, Step.OPENED, Step.ACCEPTED, Step.SILENT),
                    body__isnull=True,
                ),
                name="referralevent_body",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.referral_id}/{self.seq}: {self.kind}"

    @property
    def purpose(self) -> str:
        return f"{self.PURPOSE}:{self.pk}"
