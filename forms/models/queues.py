"""Where cases wait: topics with their terms, queues of centres, rules that choose between them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalogue.models import Measure, Provider, Territory
from cms.fields import RussianSortKeyField
from forms.models.centres import Department, OfCentreQuerySet
from forms.models.channels import Channel


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
    first_answer_days = models.PositiveSmallIntegerField(
        _("first answer within, working days"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
    )
    wait_days = models.PositiveSmallIntegerField(
        _("the family is waited for, working days"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text=_("When it does not answer, the case comes back to who asked."),
    )
    urgent_minutes = models.PositiveSmallIntegerField(
        _("an urgent case is taken within, minutes"),
        default=30,
        validators=[MinValueValidator(5), MaxValueValidator(1440)],
        help_text=_("Round the clock. After that the duty person and the head are told."),
    )
    secret = models.BooleanField(
        _("only named people see the cases"),
        default=False,
        help_text=_("Violence in the family, the health of a child: see the queue for who it is."),
    )

    class Meta:
        verbose_name = _("topic of cases")
        verbose_name_plural = _("topics of cases")
        ordering = ["sort_key", "pk"]

    def __str__(self) -> str:
        return self.title


class QueueQuerySet(OfCentreQuerySet):
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
    department = models.ForeignKey(
        Department,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="queues",
        verbose_name=_("department"),
        help_text=_("Empty: for the whole centre."),
    )
    confidants = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="+",
        verbose_name=_("people for secret cases"),
        help_text=_("Who sees the secret cases of this queue. Nobody named: the head."),
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
            models.CheckConstraint(
                condition=models.Q(department__isnull=True) | models.Q(centre__isnull=False),
                name="queue_department_needs_centre",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.centre}: {self.title}" if self.centre else self.title

    def clean(self) -> None:
        """Cases do not change hands because somebody renamed a queue; the database refuses too."""
        if self.department is not None and self.department.centre_id != self.centre_id:
            raise ValidationError({"department": _("This department is of another centre.")})
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
    channel = models.CharField(
        _("came through"), max_length=10, choices=Channel, blank=True, default=""
    )
    measure = models.ForeignKey(
        Measure,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("about the measure"),
    )
    # As forms.logic tells, about the answers to `form`; empty: whatever was answered.
    condition = models.JSONField(_("answers"), default=dict, blank=True)
    condition_in_words = models.CharField(max_length=600, blank=True, editable=False)
    queue = models.ForeignKey(
        Queue, on_delete=models.CASCADE, related_name="rules", verbose_name=_("goes to the queue")
    )
    active = models.BooleanField(_("in force"), default=True)
    note = models.CharField(_("why"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(condition={}) | models.Q(form__isnull=False),
                name="routingrule_answers_of_a_form",
                violation_error_message=_("Answers are those to a form: choose the form first."),
            )
        ]

    def __str__(self) -> str:
        about = (self.form, self.topic, self.measure, self.territory)
        named = [str(part) for part in about if part is not None]
        if self.channel:
            named.append(str(self.get_channel_display()))
        if self.urgent is not None:
            named.append(str(self.get_urgent_display()))
        if self.condition_in_words:
            named.append(self.condition_in_words)
        return f"{', '.join(named) or _('everything')} → {self.queue}"


class RoutingState(models.Model):
    """One row, whose stamp is another as soon as the rules or what they are read with is another.

    The database keeps it, so that a process may keep the rules.
    """

    stamp = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.stamp)
