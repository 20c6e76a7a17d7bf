"""What every published version carries: its number, its digest, when and by whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PublishedVersion(models.Model):
    """Compiled once, on publishing, and never changed by anybody."""

    number = models.PositiveIntegerField(_("number"))
    sha256 = models.CharField(_("digest"), max_length=64)
    published_at = models.DateTimeField(_("published"), default=timezone.now, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("published by"),
    )

    class Meta:
        abstract = True
