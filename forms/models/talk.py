"""What is written about a case: notes of the staff and messages with the family.

Two tables on purpose: a note can never come out where messages are shown. Both are sealed with
the data key of the submission.
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
