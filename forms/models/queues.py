"""Where cases wait: topics with their terms, queues of centres, rules that choose between them."""

from __future__ import annotations

import uuid

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalogue.models import Provider, Territory
from cms.fields import RussianSortKeyField


class Topic(models.Model):
    """What a case is about. Its term is data: so many working days for an answer."""

    slug = models.SlugField(_("short name"), max_length=80, unique=True)
    title = models.CharField(_("name"), max_length=200)
    sort_key = RussianSortKeyField()
    answer_days = models.PositiveSmallIntegerField(
        _("answered within, working days"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
    )

    class Meta:
        verbose_name = _("topic of cases")
        verbose_name_plural = _("topics of cases")
        ordering = ["sort_key", "pk"]

    def __str__(self) -> str:
        return self.title


class QueueQuerySet(models.QuerySet["Queue"]):
    def in_use(self) -> QueueQuerySet:
        return self.filter(retired=False)


class Queue(models.Model):
    """A queue of a centre; without a centre, of the whole installation.

    Every centre has one queue for what no rule claims («Нераспределённые»), so has the
    installation; they are made when first needed.
    """

    slug = models.SlugField(_("short name"), max_length=100, unique=True)
    title = models.CharField(_("name"), max_length=200)
    sort_key = RussianSortKeyField()
    centre = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="queues",
        limit_choices_to={"is_centre": True},
        verbose_name=_("centre"),
        help_text=_("Empty: the queue of the whole installation."),
    )
    unrouted = models.BooleanField(
        _("for what no rule claims"), default=False, help_text=_("One for each centre.")
    )
    retired = models.BooleanField(_("retired"), default=False)

    objects = QueueQuerySet.as_manager()

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering = ["sort_key", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["centre"],
                condition=models.Q(unrouted=True),
                nulls_distinct=False,
                name="queue_one_unrouted_for_a_centre",
            ),
            models.CheckConstraint(
                condition=~models.Q(unrouted=True, retired=True),
                name="queue_unrouted_never_retired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.centre}: {self.title}" if self.centre else self.title

    def clean(self) -> None:
        """Cases do not change hands because somebody renamed a queue; the database refuses too."""
        if self.pk is None or not self.cases.exists():
            return
        if Queue.objects.get(pk=self.pk).centre_id != self.centre_id:
            raise ValidationError(
                {"centre": _("This queue has cases. Make a new queue for the other centre.")}
            )


class RoutingRule(models.Model):
    """Sends a new case to a queue when everything that it names holds; the first that fits wins."""

    position = models.PositiveIntegerField(
        _("place in the order"), default=100, help_text=_("Smaller is tried earlier.")
    )
    form = models.ForeignKey(
        "intake_forms.FormDefinition",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("form"),
    )
    topic = models.ForeignKey(
        Topic,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("topic"),
    )
    territory = models.ForeignKey(
        Territory,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("within the territory"),
    )
    urgent = models.BooleanField(
        _("urgency"),
        null=True,
        blank=True,
        choices=[(None, _("any")), (True, _("is urgent")), (False, _("not urgent"))],
    )
    queue = models.ForeignKey(
        Queue, on_delete=models.CASCADE, related_name="rules", verbose_name=_("goes to the queue")
    )
    active = models.BooleanField(_("in force"), default=True)
    note = models.CharField(_("why"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        named = [str(part) for part in (self.form, self.topic, self.territory) if part is not None]
        return f"{', '.join(named) or _('everything')} → {self.queue}"


class RoutingState(models.Model):
    """One row, whose stamp is another as soon as the rules or what they are read with is another.

    The database keeps it, so that a process may keep the rules.
    """

    stamp = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.stamp)
