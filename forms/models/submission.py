"""What a family sent, sealed and immutable, and the one key that opens it."""

from __future__ import annotations

import datetime
import json
import uuid
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from forms.crypto import DataKey, unwrap
from forms.models.channels import Channel
from forms.models.definition import ConsentText, FormVersion


class Erased(Exception):
    """The key of a submission was destroyed: nobody can read it any more."""


class Submission(models.Model):
    """Answers to a version of a form. The database refuses to change or delete it.

    Erasure destroys its SubmissionKey, and with it everything sealed with that key.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(
        FormVersion,
        on_delete=models.PROTECT,
        related_name="submissions",
        verbose_name=_("version of the form"),
    )
    channel = models.CharField(_("came through"), max_length=10, choices=Channel)
    idempotency_key = models.UUIDField(unique=True, editable=False)
    answers = models.BinaryField(_("answers, sealed"))
    received_at = models.DateTimeField(_("received"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["-received_at"]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_kept(self) -> bool:
        """Its personal data have not been erased."""
        return hasattr(self, "key")

    @cached_property
    def data_key(self) -> DataKey:
        """:raises Erased: the key was destroyed."""
        try:
            return unwrap(self.pk, self.key.wrapped)
        except SubmissionKey.DoesNotExist as error:
            raise Erased(str(self.pk)) from error

    @property
    def day(self) -> datetime.date:
        """The day of sending: ages in the answers are those of that day."""
        return timezone.localdate(self.received_at)

    def read_answers(self) -> dict[str, Any]:
        """:raises Erased: the key was destroyed."""
        answers: dict[str, Any] = json.loads(self.data_key.open("answers", self.answers))
        return answers


class SubmissionKey(models.Model):
    """The data key of a submission, wrapped by a key of the installation."""

    submission = models.OneToOneField(
        Submission, on_delete=models.PROTECT, primary_key=True, related_name="key"
    )
    wrapped = models.BinaryField()
    wrapped_by = models.CharField(max_length=16, db_index=True)
    # The key under which the blind marks were made; empty: never yet.
    marked_by = models.CharField(max_length=16, db_index=True, default="")

    def __str__(self) -> str:
        return str(self.pk)


class ConsentGiven(models.Model):
    """A consent as it was given: which wording, when, in what way. Never changed."""

    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="consents", verbose_name=_("submission")
    )
    text = models.ForeignKey(
        ConsentText, on_delete=models.PROTECT, related_name="given", verbose_name=_("text")
    )
    field = models.CharField(_("question"), max_length=60)
    # A channel; or, when staff has heard it, how: one of Permission.
    way = models.CharField(
        _("way"),
        max_length=10,
        choices=[
            *Channel.choices,
            ("signed", _("signed on paper")),
            ("spoken", _("said aloud")),
        ],
    )
    given_at = models.DateTimeField(_("given"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("consent given")
        verbose_name_plural = _("consents given")
        constraints = [
            models.UniqueConstraint(fields=["submission", "field"], name="consentgiven_once")
        ]

    def __str__(self) -> str:
        return f"{self.submission_id}: {self.text}"
