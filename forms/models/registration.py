"""What is known of a submission that staff typed in: how it was told, when, by whom, what was left
unasked. Written with the submission; the database refuses to change or delete it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.models.channels import Channel
from forms.models.submission import Submission

# How staff hear of a family. What comes by itself, the portal, e-mail and other systems, is no way.
BY_STAFF = (Channel.VISIT, Channel.PHONE, Channel.POST, Channel.BRIGADE, Channel.PARTNER)


class Teller(models.TextChoices):
    """Who said what was typed. A choice, never a name."""

    PERSON = "person", _("the person itself")
    RELATIVE = "relative", _("a relative or somebody close")
    SPECIALIST = "specialist", _("another specialist")
    ORGANISATION = "organisation", _("an organisation")


class Permission(models.TextChoices):
    """How the consent was given to staff, or why it is not needed (152-ФЗ, ст. 6 ч. 1 п. 6)."""

    SIGNED = "signed", _("signed on paper")
    SPOKEN = "spoken", _("said aloud")
    VITAL = "vital", _("not asked: life or health is in danger")


class Heard(models.TextChoices):
    """How staff has learnt of a consent that was given after the request."""

    SIGNED = Permission.SIGNED.value, Permission.SIGNED.label
    SPOKEN = Permission.SPOKEN.value, _("by word at a visit")
    PHONE = Channel.PHONE.value, _("by phone")
    WEB = Channel.WEB.value, _("in a message on the portal")
    EMAIL = Channel.EMAIL.value, _("in an e-mail")
    POST = Channel.POST.value, _("in a letter by post")


class Registration(models.Model):
    """How a submission came to whoever typed it in. Codes only, no personal data."""

    submission = models.OneToOneField(
        Submission,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="registration",
        verbose_name=_("submission"),
    )
    contacted_at = models.DateTimeField(_("when it was told or came"))
    teller = models.CharField(_("who said it"), max_length=12, choices=Teller)
    permission = models.CharField(_("consent"), max_length=6, choices=Permission, blank=True)
    from_paper = models.BooleanField(_("from paper"), default=False)
    # Paths of questions, as forms.course has them: asked and not answered is something else.
    unasked = models.JSONField(_("not asked"), default=list)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("who typed it in"),
    )
    registered_at = models.DateTimeField(_("typed in"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("registration by staff")
        verbose_name_plural = _("registrations by staff")
        permissions = [
            ("register_intakecase", "Can register requests that came to the staff"),
        ]
        indexes = [
            models.Index(fields=["registered_by", "-registered_at"], name="registration_of_person"),
            models.Index(
                fields=["contacted_at"],
                condition=Q(from_paper=True),
                name="registration_on_paper",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(contacted_at__lte=F("registered_at")),
                name="registration_not_in_the_future",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def day_only(self) -> bool:
        """Of a letter the hour is not known: midnight stands for the day."""
        local = timezone.localtime(self.contacted_at)
        return not (local.hour or local.minute)


def unasked_in(submission: Submission) -> list[str]:
    """Paths of the questions that staff has left unasked; none when a family wrote itself."""
    registration: Any = getattr(submission, "registration", None)
    return list(registration.unasked) if registration else []
