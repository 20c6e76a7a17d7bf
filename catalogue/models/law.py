"""Legal acts as records: what measures and conditions rest on."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.fields import RussianSortKeyField


class LegalAct(models.Model):
    """A law, decree or order. The full title names it; number and date find it."""

    title = models.CharField(_("full name"), max_length=500, unique=True)
    sort_key = RussianSortKeyField()
    kind = models.CharField(_("kind"), max_length=120, blank=True)
    number = models.CharField(_("number"), max_length=40, blank=True, db_index=True)
    date = models.DateField(_("date"), null=True, blank=True)
    url = models.URLField(_("address of the text"), blank=True)

    class Meta:
        verbose_name = _("legal act")
        verbose_name_plural = _("legal acts")
        ordering = ["sort_key", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "number", "date"],
                condition=~models.Q(number="") & models.Q(date__isnull=False),
                name="legalact_kind_number_date",
            )
        ]

    def __str__(self) -> str:
        return self.title
