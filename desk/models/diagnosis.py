"""Primary diagnosis: signs to tick, what they come to, and urgent help that was given at once."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import Fact, Measure
from catalogue.models.taxonomy import FactType
from cms.fields import RussianSortKeyField
from forms.models import Department, IntakeCase
from forms.models.centres import OfCentreQuerySet


class SignGroup(models.TextChoices):
    """In this order the signs stand on the page: what may not wait comes first."""

    SAFETY = "safety", _("Safety")
    HEALTH = "health", _("Health")
    NEEDS = "needs", _("Food, clothes, a roof")
    CHILD = "child", _("Care for the child")
    FAMILY = "family", _("In the family")
    PAPERS = "papers", _("Papers and money")


class UrgentHelpKind(models.Model):
    """A kind of urgent social service (442-ФЗ, ст. 21 ч. 1)."""

    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    title = models.CharField(_("name"), max_length=200)
    position = models.PositiveSmallIntegerField(_("place in the order"), default=100)
    by_law = models.CharField(_("by law"), max_length=200, blank=True)
    retired = models.BooleanField(_("retired"), default=False)

    class Meta:
        verbose_name = _("kind of urgent help")
        verbose_name_plural = _("kinds of urgent help")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title


class RiskSign(models.Model):
    """Something that is seen or heard; how much it weighs, and what is done about it."""

    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    title = models.CharField(_("sign"), max_length=200)
    sort_key = RussianSortKeyField()
    group = models.CharField(_("about"), max_length=10, choices=SignGroup)
    position = models.PositiveSmallIntegerField(_("place in the order"), default=100)
    weight = models.PositiveSmallIntegerField(
        _("weight"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text=_("1: worth knowing; 5: very serious."),
    )
    urgent = models.BooleanField(
        _("cannot wait"),
        default=False,
        help_text=_("One such sign alone makes the case urgent."),
    )
    advice = models.CharField(_("what to do at once"), max_length=400, blank=True)
    help_kinds = models.ManyToManyField(
        UrgentHelpKind, blank=True, related_name="+", verbose_name=_("urgent help")
    )
    measures = models.ManyToManyField(
        Measure, blank=True, related_name="+", verbose_name=_("measures to tell about")
    )
    fact = models.ForeignKey(
        Fact,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"type": FactType.BOOL, "retired": False},
        verbose_name=_("what it says of the family"),
        help_text=_("Ticked, this is known as true when measures are looked for."),
    )
    retired = models.BooleanField(_("retired"), default=False)

    class Meta:
        verbose_name = _("sign of risk")
        verbose_name_plural = _("signs of risk")
        ordering = ["position", "sort_key", "pk"]

    def __str__(self) -> str:
        return self.title


class DepartmentTask(models.Model):
    """Which signs a department of a centre deals with: it is proposed when they are ticked."""

    centre = models.ForeignKey(
        "catalogue.Provider",
        on_delete=models.CASCADE,
        related_name="+",
        limit_choices_to={"is_centre": True},
        verbose_name=_("centre"),
    )
    department = models.OneToOneField(
        Department, on_delete=models.CASCADE, related_name="task", verbose_name=_("department")
    )
    signs = models.ManyToManyField(
        RiskSign, related_name="departments", verbose_name=_("signs that it deals with")
    )

    objects = OfCentreQuerySet.as_manager()

    class Meta:
        verbose_name = _("task of a department")
        verbose_name_plural = _("tasks of departments")
        ordering = ["centre", "department"]

    def __str__(self) -> str:
        return str(self.department)


class Level(models.TextChoices):
    LOW = "low", _("no risk seen")
    MEDIUM = "medium", _("needs attention")
    HIGH = "high", _("high risk")


class Diagnosis(models.Model):
    """What was seen of a family on a day. Never changed: a later one stands beside it.

    The signs, the note and what was proposed lie sealed with the key of the submission; only the
    level and the sum are read without it.
    """

    PURPOSE = "diagnosis"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="diagnoses", verbose_name=_("case")
    )
    level = models.CharField(_("level"), max_length=8, choices=Level)
    score = models.PositiveSmallIntegerField(_("sum of weights"))
    body = models.BinaryField(_("signs and note, sealed"))
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("who")
    )

    class Meta:
        verbose_name = _("primary diagnosis")
        verbose_name_plural = _("primary diagnoses")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.level}"

    @property
    def purpose(self) -> str:
        return f"{self.PURPOSE}:{self.pk}"


class UrgentHelp(models.Model):
    """Urgent help that was given, without a programme and without a contract (442-ФЗ, ст. 21).

    What was given to whom lies sealed; the act is printed from it and signed by the family.
    """

    PURPOSE = "urgent-help"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="urgent_help", verbose_name=_("case")
    )
    kinds = models.ManyToManyField(UrgentHelpKind, related_name="+", verbose_name=_("kinds"))
    given_at = models.DateTimeField(_("given"))
    body = models.BinaryField(_("what and to whom, sealed"))
    at = models.DateTimeField(_("entered"), default=timezone.now, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("who")
    )

    class Meta:
        verbose_name = _("urgent help")
        verbose_name_plural = _("urgent help")
        ordering = ["-given_at"]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.given_at:%d.%m.%Y}"

    @property
    def purpose(self) -> str:
        return f"{self.PURPOSE}:{self.pk}"
