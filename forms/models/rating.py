"""What a family says of the help it got: one tap."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.models.cases import IntakeCase


class Score(models.IntegerChoices):
    NOT_AT_ALL = 1, _("not at all")
    HARDLY = 2, _("rather not")
    PARTLY = 3, _("in part")
    RATHER = 4, _("rather yes")
    YES = 5, _("yes, it helped")


class Rating(models.Model):
    """One for a case; the family may change it. It names nobody."""

    case = models.OneToOneField(
        IntakeCase,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="rating",
        verbose_name=_("case"),
    )
    score = models.PositiveSmallIntegerField(_("score"), choices=Score)
    given_at = models.DateTimeField(_("given"), default=timezone.now)

    class Meta:
        verbose_name = _("rating of a family")
        verbose_name_plural = _("ratings of families")
        constraints = [
            models.CheckConstraint(condition=Q(score__range=(1, 5)), name="rating_score")
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.score}"
