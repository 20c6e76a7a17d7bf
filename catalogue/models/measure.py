"""A measure of support: what a family can get, and everything it needs to know to get it."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from modelcluster.models import ClusterableModel
from wagtail.fields import StreamField
from wagtail.models import (
    DraftStateMixin,
    LockableMixin,
    PreviewableMixin,
    Revision,
    RevisionMixin,
    WorkflowMixin,
)

from catalogue.blocks import RulesBlock
from catalogue.compiling import compile_rules
from catalogue.fact_choices import remembering
from catalogue.models.law import LegalAct
from catalogue.models.providers import Provider
from catalogue.models.taxonomy import Category, DocumentType, Situation
from catalogue.models.territory import Territory
from cms.fields import RussianSortKeyField


class MeasureKind(models.TextChoices):
    PAYMENT = "payment", _("payment")
    BENEFIT_IN_KIND = "benefit_in_kind", _("help in kind")
    SERVICE = "service", _("service")
    DISCOUNT = "discount", _("discount")
    LEGAL_GUARANTEE = "legal_guarantee", _("legal guarantee")
    CONSULTATION = "consultation", _("consultation")


class Level(models.TextChoices):
    FEDERAL = "federal", _("federal")
    REGIONAL = "regional", _("regional")
    MUNICIPAL = "municipal", _("municipal")


class Verification(models.TextChoices):
    """What stands behind a record: a page that was read, the source document, or knowledge."""

    PAGE = "page", _("checked against a published page")
    SEED = "seed", _("taken from the centre's document")
    NONE = "none", _("not checked")


class Channel(models.TextChoices):
    PORTAL = "portal", _("state services portal")
    IN_PERSON = "in_person", _("in person")
    PHONE = "phone", _("by phone")
    MFC = "mfc", _("multi-function centre")
    SFR = "sfr", _("Social Fund")
    MOBILE_TEAM = "mobile_team", _("mobile team")


class Period(models.TextChoices):
    ONCE = "once", _("once")
    MONTH = "month", _("every month")
    YEAR = "year", _("every year")


class MeasureQuerySet(models.QuerySet["Measure"]):
    def public(self) -> MeasureQuerySet:
        """What families may see: published and not past its visibility."""
        now = timezone.now()
        return self.filter(live=True).filter(
            models.Q(expire_at__isnull=True) | models.Q(expire_at__gt=now)
        )

    def open_on(self, day: datetime.date) -> MeasureQuerySet:
        """Measures that are not closed for new applications on that day."""
        return self.filter(models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=day))

    def in_territory(self, territory: Territory) -> MeasureQuerySet:
        """Measures in force in a territory: its own and those of everything it lies in."""
        return self.filter(territories__in=territory.ancestor_ids).distinct()

    def visible_to(self, user: Any) -> MeasureQuerySet:
        """What a person may see and change in the back office: all, or those it keeps."""
        if user.has_perm("catalogue.manage_all_measures"):
            return self
        if not user.is_active:
            return self.none()
        return self.filter(owner__in=Provider.objects.of(user).values("pk"))


class Measure(
    WorkflowMixin,
    DraftStateMixin,
    LockableMixin,
    RevisionMixin,
    PreviewableMixin,
    ClusterableModel,
):
    """A measure of support.

    The dates: `valid_from/to` – the measure is open for applications; `go_live_at/expire_at`
    (of DraftStateMixin) – the page is shown; `apply_from/to` – the nearest application window,
    every year on the same days when `apply_yearly`; outside the window the right stays.

    `rules` is what editors change; publishing compiles it into `condition_groups`.
    """

    slug = models.SlugField(_("short name in addresses"), max_length=80, unique=True)
    title = models.CharField(_("name"), max_length=200)
    sort_key = RussianSortKeyField()
    kind = models.CharField(_("kind"), max_length=20, choices=MeasureKind)
    summary = models.TextField(
        _("in a sentence"), max_length=400, help_text=_("What it is, in the words of a family.")
    )
    who = models.TextField(_("who gets it"), max_length=600, blank=True)
    rules = StreamField(
        RulesBlock(),
        verbose_name=_("conditions"),
        blank=True,
        help_text=_(
            "A family qualifies when every condition of at least one variant holds. "
            "No variants: everybody."
        ),
    )
    deadline_days = models.PositiveSmallIntegerField(
        _("decided within, working days"), null=True, blank=True
    )
    levels = ArrayField(
        models.CharField(max_length=10, choices=Level),
        verbose_name=_("levels"),
        default=list,
        blank=True,
        help_text=_("Empty for what an organisation gives by itself."),
    )
    synonyms = ArrayField(
        models.CharField(max_length=120), verbose_name=_("people call it"), default=list, blank=True
    )
    owner = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="kept_measures",
        verbose_name=_("kept by"),
        help_text=_("The organisation that posted it and keeps it fresh."),
    )
    territories = ParentalManyToManyField(
        Territory, blank=True, related_name="measures", verbose_name=_("territories")
    )
    situations = ParentalManyToManyField(
        Situation, blank=True, related_name="measures", verbose_name=_("life situations")
    )
    categories = ParentalManyToManyField(
        Category, blank=True, related_name="measures", verbose_name=_("categories of families")
    )
    providers = ParentalManyToManyField(
        Provider, blank=True, related_name="measures", verbose_name=_("providers")
    )
    excludes = ParentalManyToManyField(
        "self",
        blank=True,
        symmetrical=False,
        related_name="excluded_by",
        verbose_name=_("not given together with"),
    )
    excludes_note = models.TextField(_("why and for whom"), blank=True)
    valid_from = models.DateField(_("open from"), null=True, blank=True)
    valid_to = models.DateField(_("open until"), null=True, blank=True)
    apply_from = models.DateField(_("apply from"), null=True, blank=True)
    apply_to = models.DateField(_("apply until"), null=True, blank=True)
    apply_yearly = models.BooleanField(_("every year on these days"), default=False)
    apply_note = models.CharField(_("the window in words"), max_length=300, blank=True)
    verification = models.CharField(
        _("verification"), max_length=4, choices=Verification, default=Verification.NONE
    )
    verified_on = models.DateField(_("checked on"), null=True, blank=True)
    verified_by = models.CharField(_("checked by"), max_length=200, blank=True)
    verification_note = models.TextField(_("what was confirmed and what was not"), blank=True)
    as_of = models.DateField(_("facts as of"), null=True, blank=True)
    as_of_estimated = models.BooleanField(_("that date is estimated"), default=False)
    stale = models.BooleanField(_("may be out of date"), default=False)
    source = models.TextField(_("source"), blank=True)

    objects = MeasureQuerySet.as_manager()

    class Meta:
        verbose_name = _("measure")
        verbose_name_plural = _("measures")
        ordering = ["sort_key", "pk"]
        permissions = [("manage_all_measures", "Can manage measures of everybody")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_from__isnull=True)
                | models.Q(valid_to__isnull=True)
                | models.Q(valid_from__lte=models.F("valid_to")),
                name="measure_valid_dates",
            ),
            models.CheckConstraint(
                condition=models.Q(apply_from__isnull=True)
                | models.Q(apply_to__isnull=True)
                | models.Q(apply_from__lte=models.F("apply_to")),
                name="measure_apply_dates",
            ),
            models.CheckConstraint(
                condition=models.Q(apply_yearly=False) | models.Q(apply_to__isnull=False),
                name="measure_yearly_window_has_end",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("catalogue:measure", args=[self.slug])

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Wagtail walks the rules for references, and each condition would read the facts anew.
        with remembering():
            super().save(*args, **kwargs)

    def publish(self, revision: Revision, *args: Any, **kwargs: Any) -> None:
        """Publish, and compile the rules in the same transaction: both happen or neither.

        Every way to publish comes through here: the editor, a workflow, a schedule.
        """
        with transaction.atomic():
            super().publish(revision, *args, **kwargs)
            self._compile()

    def unpublish(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().unpublish(*args, **kwargs)
            self._compile()

    def _compile(self) -> None:
        # As the row is now: publishing works on another object, and a scheduled one waits.
        compile_rules(Measure.objects.filter(pk=self.pk).only("live", "rules", "title"))

    def get_preview_template(self, request: HttpRequest, mode_name: str) -> str:
        return "catalogue/measure.html"

    def get_preview_context(self, request: HttpRequest, mode_name: str) -> dict[str, Any]:
        from catalogue.measure_page import draft_page  # it shows this model

        context = super().get_preview_context(request, mode_name)
        return {**context, **draft_page(request, self)}

    @property
    def is_public(self) -> bool:
        """As `public()` has it, for a measure that is at hand."""
        return self.live and (self.expire_at is None or self.expire_at > timezone.now())

    @property
    def is_verified(self) -> bool:
        """Its key facts stand on a page that was read. Otherwise families see «уточните»."""
        return self.verification == Verification.PAGE and not self.stale


class Amount(models.Model):
    """How much, in words and, where it is one sum for all, as a number; as of a day."""

    measure = ParentalKey(Measure, on_delete=models.CASCADE, related_name="amounts")
    text = models.TextField(_("in words"), max_length=600)
    number = models.DecimalField(
        _("sum"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("Only when it is one sum for everybody."),
    )
    currency = models.CharField(_("currency"), max_length=3, default="RUB", blank=True)
    period = models.CharField(_("period"), max_length=5, choices=Period, blank=True)
    as_of = models.DateField(_("as of"), null=True, blank=True)
    valid_to = models.DateField(_("until"), null=True, blank=True)
    sort_order = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("amount")
        verbose_name_plural = _("amounts")
        ordering = ["sort_order", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(number__isnull=True) | models.Q(number__gte=0),
                name="amount_not_negative",
            )
        ]

    def __str__(self) -> str:
        return self.text


class RequiredDocument(models.Model):
    """A paper that a measure asks for."""

    measure = ParentalKey(Measure, on_delete=models.CASCADE, related_name="documents")
    document_type = models.ForeignKey(
        DocumentType, on_delete=models.PROTECT, related_name="required_by", verbose_name=_("paper")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    sort_order = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("required paper")
        verbose_name_plural = _("required papers")
        ordering = ["sort_order", "pk"]

    def __str__(self) -> str:
        return str(self.document_type)


class ApplicationStep(models.Model):
    """A step of applying, through one channel."""

    measure = ParentalKey(Measure, on_delete=models.CASCADE, related_name="steps")
    channel = models.CharField(_("channel"), max_length=12, choices=Channel)
    text = models.TextField(_("what to do"), max_length=600)
    sort_order = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("step of applying")
        verbose_name_plural = _("steps of applying")
        ordering = ["sort_order", "pk"]

    def __str__(self) -> str:
        return self.text


class LegalBasis(models.Model):
    """A legal act that a measure rests on, cited with article and clause."""

    measure = ParentalKey(Measure, on_delete=models.CASCADE, related_name="legal_basis")
    act = models.ForeignKey(
        LegalAct, on_delete=models.PROTECT, related_name="cited_by", verbose_name=_("legal act")
    )
    citation = models.CharField(
        _("as cited"), max_length=500, help_text=_("With article and clause, as families see it.")
    )
    sort_order = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("legal basis")
        verbose_name_plural = _("legal basis")
        ordering = ["sort_order", "pk"]

    def __str__(self) -> str:
        return self.citation
