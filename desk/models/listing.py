"""Filters of the list that a person keeps for tomorrow."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedFilter(models.Model):
    """A tab with what narrows it, under a name. Its owner alone sees it."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="case_filters"
    )
    title = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("filter"), max_length=500)  # as desk.narrowing writes it

    class Meta:
        verbose_name = _("kept filter of cases")
        verbose_name_plural = _("kept filters of cases")
        ordering = ["title", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "title"], name="savedfilter_unique")
        ]

    def __str__(self) -> str:
        return self.title
