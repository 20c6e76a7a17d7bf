"""Files that families add: on disk only sealed, under a name that says nothing."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.crypto import DataKey
from forms.models.drafts import FormDraft
from forms.models.submission import Submission


class Scan(models.TextChoices):
    PENDING = "pending", _("is being checked")
    CLEAN = "clean", _("checked, clean")
    INFECTED = "infected", _("has a virus")
    UNSCANNED = "unscanned", _("not checked for viruses")
    ERROR = "error", _("could not be checked")


class UploadedFile(models.Model):
    """A file of a begun form, after sending of its submission.

    It has a key of its own, sealed with the key of its owner: with that key the file is gone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(
        FormDraft,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="files",
        verbose_name=_("form that was begun"),
    )
    submission = models.ForeignKey(
        Submission,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        verbose_name=_("submission"),
    )
    brought = models.ForeignKey(
        "intake_forms.PapersBrought",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="files",
        verbose_name=_("added by the staff"),
    )
    path = models.CharField(_("question"), max_length=140)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(_("digest"), max_length=64)
    kind = models.CharField(_("kind"), max_length=100)
    scan = models.CharField(_("check for viruses"), max_length=10, choices=Scan)
    key = models.BinaryField()
    name = models.BinaryField(_("name, sealed"))
    uploaded_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("file of a family")
        verbose_name_plural = _("files of families")
        ordering = ["uploaded_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(draft__isnull=True) ^ models.Q(submission__isnull=True),
                name="uploadedfile_one_owner",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def seal_key(self, owner: DataKey, own: DataKey) -> None:
        self.key = owner.seal(f"file:{self.pk}", own.secret)

    def open_key(self, owner: DataKey) -> DataKey:
        return DataKey(self.pk, owner.open(f"file:{self.pk}", self.key))
