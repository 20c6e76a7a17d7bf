"""Records that are kept for later floors of work: indicators and sample families."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Indicator(models.Model):
    """A figure that a centre reports on, with planned and reached values by period."""

    table = models.CharField(_("table"), max_length=300)
    number = models.CharField(_("number in the table"), max_length=20, blank=True)
    group = models.CharField(_("group"), max_length=300, blank=True)
    name = models.CharField(_("name"), max_length=500)
    unit = models.CharField(_("unit"), max_length=60, blank=True)
    values = models.JSONField(
        _("values"), default=list, help_text=_('A list of {"period", "value"}.')
    )
    parent_number = models.CharField(_("part of number"), max_length=300, blank=True)
    source = models.CharField(_("source"), max_length=200)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("indicator")
        verbose_name_plural = _("indicators")
        ordering = ["source", "table", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "table", "number", "name"],
                name="indicator_unique",
            )
        ]

    def __str__(self) -> str:
        return self.name


class SampleFamily(models.Model):
    """An invented family with the measures that must and must not fit it. Never a real one."""

    slug = models.SlugField(_("short name"), max_length=80, unique=True)
    title = models.CharField(_("in words"), max_length=300)
    facts = models.JSONField(_("facts"), default=dict)
    must_match = models.JSONField(_("must fit"), default=list)
    must_not_match = models.JSONField(_("must not fit"), default=list)

    class Meta:
        verbose_name = _("sample family")
        verbose_name_plural = _("sample families")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title
