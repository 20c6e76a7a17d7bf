"""Who takes referrals, and the usual ways through agencies: "step – agency – term"."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.models import Orderable

from catalogue.models import Provider, Situation
from cms.fields import RussianSortKeyField
from forms.models import IntakeCase

MOST_DAYS = 60


def working_days(default: int = 5) -> Any:
    return models.PositiveSmallIntegerField(
        _("answers within, working days"),
        default=default,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
    )


class ReceiverQuerySet(models.QuerySet["Receiver"]):
    def taking(self) -> ReceiverQuerySet:
        return self.filter(accepts=True).select_related("provider")


class Receiver(models.Model):
    """An organisation that takes referrals through the portal, and where it is told of them.

    Another centre of the installation is one, too: hard cases are handed up to it.
    """

    provider = models.OneToOneField(
        Provider, on_delete=models.PROTECT, related_name="receiver", verbose_name=_("provider")
    )
    email = models.EmailField(
        _("mailbox for referrals"),
        blank=True,
        help_text=_(
            "A letter with a link goes here; nothing about the family stands in it. Empty: the "
            "link is given by hand, or the organisation looks into its account."
        ),
    )
    phone = models.CharField(
        _("phone of those who answer"),
        max_length=60,
        blank=True,
        help_text=_("The code that opens the link is told by phone."),
    )
    answer_days = working_days()
    note = models.CharField(_("with what it helps"), max_length=300, blank=True)
    accepts = models.BooleanField(_("takes referrals now"), default=True)

    objects = ReceiverQuerySet.as_manager()

    class Meta:
        verbose_name = _("who takes referrals")
        verbose_name_plural = _("who takes referrals")
        ordering = ["provider__sort_key", "pk"]

    def __str__(self) -> str:
        return str(self.provider)

    def clean(self) -> None:
        """A group stands for many organisations: nobody would answer."""
        if self.provider_id and self.provider.is_group:
            raise ValidationError(
                {"provider": _("This stands for many organisations. Choose one of them.")}
            )


class RouteTemplate(ClusterableModel):
    """A usual way of a family through agencies in one situation."""

    title = models.CharField(_("name"), max_length=200, unique=True)
    sort_key = RussianSortKeyField()
    situation = models.ForeignKey(
        Situation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("situation"),
    )
    note = models.TextField(_("when it fits"), blank=True)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("route template")
        verbose_name_plural = _("route templates")
        ordering = ["sort_key", "pk"]

    def __str__(self) -> str:
        return self.title

    def as_steps(self) -> list[dict[str, Any]]:
        """The steps as a case keeps them: what is changed here later changes no case."""
        return [
            {
                "title": step.title,
                "provider": step.provider_id,
                "days": step.days,
                "after": step.after,
                "message": step.message,
            }
            for step in self.steps.all()
        ]


class RouteStep(Orderable):
    """What to ask of whom, and how soon."""

    template = ParentalKey(RouteTemplate, on_delete=models.CASCADE, related_name="steps")
    title = models.CharField(_("step"), max_length=200)
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency")
    )
    days = working_days()
    after = models.BooleanField(
        _("only after the step before is answered"),
        default=False,
        help_text=_("Otherwise it may be sent at once."),
    )
    message = models.TextField(
        _("what to ask"),
        blank=True,
        max_length=1000,
        help_text=_("Stands in the message to begin with. No names here."),
    )

    class Meta(Orderable.Meta):
        verbose_name = _("step of a route")
        verbose_name_plural = _("steps of routes")

    def __str__(self) -> str:
        return self.title


class CaseRoute(models.Model):
    """A route that was chosen for a case, with its steps as they were then."""

    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="routes", verbose_name=_("case")
    )
    title = models.CharField(_("name"), max_length=200)
    steps = models.JSONField(_("steps"))
    chosen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("who")
    )
    chosen_at = models.DateTimeField(_("when"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("route of a case")
        verbose_name_plural = _("routes of cases")
        ordering = ["chosen_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "title"], name="caseroute_once"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.title}"
