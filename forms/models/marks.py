"""Marks by which the submissions of a person are found without reading any of them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from forms.models.submission import Submission


class MarkKind(models.TextChoices):
    PHONE = "phone", _("phone")
    EMAIL = "email", _("e-mail")
    SNILS = "snils", _("SNILS")
    PERSON = "person", _("name and date of birth")


class BlindMark(models.Model):
    """A keyed digest of something that names a person. Nothing can be read back from it.

    That two submissions have one mark proves nothing: families share phones.
    """

    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="marks", verbose_name=_("submission")
    )
    kind = models.CharField(_("of what"), max_length=8, choices=MarkKind)
    key_id = models.CharField(_("key"), max_length=16)
    digest = models.BinaryField(_("digest"))

    class Meta:
        verbose_name = _("blind mark")
        verbose_name_plural = _("blind marks")
        constraints = [
            models.UniqueConstraint(fields=["digest", "submission"], name="blindmark_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.pk}"
