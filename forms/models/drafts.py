"""What a family has begun and not sent yet: sealed with a key of its own, deleted after its term."""

from __future__ import annotations

import json
import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from forms import crypto
from forms.crypto import DataKey
from forms.models.definition import FormVersion
from forms.models.submission import Channel
from forms.references import grouped, secret_from

Typed = dict[str, list[str]]


class FormDraft(models.Model):
    """Begun with the first thing sent from a blank form, never by looking at one.

    Its id is the idempotency key that the blank form was given. What was typed is kept as it was
    typed, under the names of the fields, so that a slip comes back as it was written.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ref = models.CharField(_("number"), max_length=11, unique=True)
    version = models.ForeignKey(
        FormVersion,
        on_delete=models.PROTECT,
        related_name="drafts",
        verbose_name=_("version of the form"),
    )
    channel = models.CharField(
        _("came through"), max_length=10, choices=Channel, default=Channel.WEB
    )
    # Of the staff, who registers it; of a family nobody. Only that person gets it back.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who registers it"),
    )
    typed = models.BinaryField(_("answers, sealed"))
    wrapped = models.BinaryField()
    wrapped_by = models.CharField(max_length=16, db_index=True)
    step = models.CharField(_("last step"), max_length=60, blank=True)
    revision = models.PositiveIntegerField(_("number of the change"), default=0)
    marks = models.JSONField(_("last change of each step, and the page it came from"), default=dict)
    kept = models.BooleanField(_("kept for later on purpose"), default=False)
    created_at = models.DateTimeField(_("begun"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now)
    expires_at = models.DateTimeField(_("kept until"), db_index=True)

    was_changed = False  # by the page that has just been sent

    class Meta:
        verbose_name = _("form that was begun")
        verbose_name_plural = _("forms that were begun")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return grouped(self.ref)

    @property
    def code(self) -> str:
        """The code with which the family comes back; stored nowhere."""
        return secret_from(self.data_key.code("return"))

    @cached_property
    def data_key(self) -> DataKey:
        return crypto.unwrap(self.pk, self.wrapped)

    def read_typed(self) -> Typed:
        typed: Typed = json.loads(self.data_key.open("typed", self.typed))
        return typed

    def write_typed(self, typed: Typed) -> None:
        """Seal it into the row, without saving the row."""
        plain = json.dumps(typed, ensure_ascii=False, separators=(",", ":")).encode()
        self.typed = self.data_key.seal("typed", plain)
