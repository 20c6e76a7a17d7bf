"""What is written about a case: notes of the staff, messages with the family, talks with it, who
brought its papers, and what is not sent yet.

Tables of their own on purpose: a note can never come out where messages are shown. All are sealed
with the data key of the submission.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.models.cases import IntakeCase


class Writing(models.Model):
    """A sealed text on a case. Its id is made with the page, so that a repeat is not doubled."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    body = models.BinaryField(_("text, sealed"))
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)

    PURPOSE = ""

    class Meta:
        abstract = True
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def purpose(self) -> str:
        """What the text is sealed for: it opens as nothing else."""
        return f"{self.PURPOSE}:{self.pk}"


class InternalNote(Writing):
    """A note of the staff for the staff. Families and partners never see one."""

    PURPOSE = "note"

    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="notes", verbose_name=_("case")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("author"),
    )

    class Meta(Writing.Meta):
        verbose_name = _("internal note")
        verbose_name_plural = _("internal notes")


class Direction(models.TextChoices):
    TO_FAMILY = "out", _("to the family")
    FROM_FAMILY = "in", _("from the family")


class CaseMessage(Writing):
    """A message between the centre and the family."""

    PURPOSE = "message"

    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="messages", verbose_name=_("case")
    )
    direction = models.CharField(_("direction"), max_length=3, choices=Direction)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("author"),
    )

    class Meta(Writing.Meta):
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(direction=Direction.TO_FAMILY, author__isnull=False)
                | models.Q(direction=Direction.FROM_FAMILY, author__isnull=True),
                name="casemessage_author",
            )
        ]


class TalkWay(models.TextChoices):
    """Where a talk was held."""

    CALL = "call", _("call")
    VISIT = "visit", _("visit to the centre")
    HOME = "home", _("visit to the family")
    VIDEO = "video", _("video call")
    ELSEWHERE = "elsewhere", _("meeting elsewhere")


class TalkResult(models.TextChoices):
    TALKED = "talked", _("we talked")
    LATER = "later", _("asked to be called later")
    NOT_REACHED = "not_reached", _("could not be reached")
    WRONG = "wrong", _("the number is not of the family")
    REFUSED = "refused", _("does not want to talk")


REACHED = (TalkResult.TALKED, TalkResult.LATER, TalkResult.REFUSED)


class Conversation(Writing):
    """A talk of the staff with the family about a case: when it was held, and what was said."""

    PURPOSE = "talk"

    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="talks", verbose_name=_("case")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("who")
    )
    way = models.CharField(_("how"), max_length=10, choices=TalkWay)
    direction = models.CharField(_("who turned to whom"), max_length=3, choices=Direction)
    held_at = models.DateTimeField(_("when it was held"))
    result = models.CharField(_("what came of it"), max_length=12, choices=TalkResult)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)

    class Meta(Writing.Meta):
        verbose_name = _("talk with the family")
        verbose_name_plural = _("talks with families")
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(next_try_at__isnull=False),
                name="talk_next_try",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(way__in=TalkWay, direction__in=Direction, result__in=TalkResult),
                name="talk_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(held_at__lte=models.F("at")), name="talk_was_held"
            ),
            models.CheckConstraint(
                condition=models.Q(next_try_at__isnull=True)
                | models.Q(next_try_at__gt=models.F("held_at")),
                name="talk_next_try_after",
            ),
            # Who turned to us was there.
            models.CheckConstraint(
                condition=models.Q(direction=Direction.TO_FAMILY) | models.Q(result__in=REACHED),
                name="talk_of_who_came",
            ),
        ]


class BroughtBy(models.TextChoices):
    """How papers of a family have come into the hands of the staff."""

    COUNTER = "counter", _("brought to the centre")
    MESSENGER = "messenger", _("sent by a messenger")
    EMAIL = "email", _("sent to a mailbox of a colleague")
    POST = "post", _("came by post")
    HOME = "home", _("taken at a visit")


class PapersBrought(Writing):
    """Papers of the family that the staff has added: its text is who brought them."""

    PURPOSE = "papers"

    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="+", verbose_name=_("case")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("who")
    )
    way = models.CharField(_("how"), max_length=10, choices=BroughtBy)
    brought_on = models.DateField(_("when they were brought"))

    class Meta(Writing.Meta):
        verbose_name = _("papers that were brought")
        verbose_name_plural = _("papers that were brought")
        constraints = [
            models.CheckConstraint(condition=models.Q(way__in=BroughtBy), name="papersbrought_way"),
        ]


class Unsent(Writing):
    """What somebody has typed on a case and not sent: for this person only, until it is sent or
    thrown away."""

    PURPOSE = "unsent"

    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="+", verbose_name=_("case")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("whose"),
    )
    place = models.CharField(_("form"), max_length=30)

    class Meta(Writing.Meta):
        verbose_name = _("text that is not sent")
        verbose_name_plural = _("texts that are not sent")
        indexes = [models.Index(fields=["case", "user"], name="unsent_of_person")]

    @property
    def purpose(self) -> str:
        return f"{self.PURPOSE}:{self.pk}:{self.user_id}"
