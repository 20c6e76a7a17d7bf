"""The conditions of measures as rows, compiled from `Measure.rules` on publish.

These rows are never edited by hand: catalogue.rules writes them, eligibility and pages read them.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalogue.models.law import LegalAct
from catalogue.models.taxonomy import Fact


class Operator(models.TextChoices):
    EQ = "eq", _("is")
    NE = "ne", _("is not")
    LT = "lt", _("less than")
    LTE = "lte", _("at most")
    GT = "gt", _("more than")
    GTE = "gte", _("at least")
    IN = "in", _("one of")
    BETWEEN = "between", _("from … to …")


class ConditionGroup(models.Model):
    """A way to qualify: all of its conditions hold. One group of a measure is enough."""

    measure = models.ForeignKey(
        "catalogue.Measure", on_delete=models.CASCADE, related_name="condition_groups"
    )
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("condition group")
        verbose_name_plural = _("condition groups")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "position"], name="conditiongroup_position_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure} / {self.position + 1}"


class Condition(models.Model):
    """Fact, operator, value. `value` is JSON of the fact's type; dates and territories as text."""

    group = models.ForeignKey(ConditionGroup, on_delete=models.CASCADE, related_name="conditions")
    position = models.PositiveSmallIntegerField()
    fact = models.ForeignKey(Fact, on_delete=models.PROTECT, related_name="conditions")
    operator = models.CharField(max_length=8, choices=Operator)
    value = models.JSONField()
    note = models.TextField(blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    legal_act = models.ForeignKey(
        LegalAct, on_delete=models.PROTECT, null=True, blank=True, related_name="conditions"
    )

    class Meta:
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["group", "position"], name="condition_position_unique"),
            models.CheckConstraint(
                condition=models.Q(valid_from__isnull=True)
                | models.Q(valid_to__isnull=True)
                | models.Q(valid_from__lte=models.F("valid_to")),
                name="condition_dates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fact_id} {self.operator} {self.value}"
