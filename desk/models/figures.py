"""Figures of the desk: what happened each day, in counters that name nobody, and the plans beside them."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import Category, Indicator, Provider, Territory
from forms.models import Channel, IntakeCase, Topic

# Where buckets of waiting end, in working hours; a working day counts for eight. The last is open.
EDGES = (0.5, 1, 2, 4, 8, 12, 16, 20, 24, 32, 40, 60, 80, 120, 240, 480, 960)
BUCKETS = len(EDGES) + 1


def _of(model: type[models.Model]) -> Any:
    """Rows are found by their first day; a place of its own for each column would only cost."""
    return models.ForeignKey(
        model, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )


def _waits() -> Any:
    """How many waited how long, by bucket; nothing where nobody did, as in most cells."""
    return ArrayField(models.IntegerField(), null=True)


class Counts(models.Model):
    """Counters of one cell: a centre, a topic, a channel, a place. A case stands in the cell that
    it belongs to now."""

    centre = _of(Provider)
    topic = _of(Topic)
    channel = models.CharField(max_length=10, choices=Channel, blank=True)
    territory = _of(Territory)

    received = models.IntegerField(default=0)
    urgent = models.IntegerField(default=0)
    recurring_known = models.IntegerField(default=0)
    recurring = models.IntegerField(default=0)
    taken = models.IntegerField(default=0)
    answered = models.IntegerField(default=0)
    answered_late = models.IntegerField(default=0)
    decided = models.IntegerField(default=0)
    decided_late = models.IntegerField(default=0)
    remote = models.IntegerField(default=0)
    reopened = models.IntegerField(default=0)
    referred = models.IntegerField(default=0)
    urgent_help = models.IntegerField(default=0)
    helped = models.IntegerField(default=0)
    advised = models.IntegerField(default=0)
    sent_on = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    duplicate = models.IntegerField(default=0)
    withdrawn = models.IntegerField(default=0)
    not_ours = models.IntegerField(default=0)
    rated_1 = models.IntegerField(default=0)
    rated_2 = models.IntegerField(default=0)
    rated_3 = models.IntegerField(default=0)
    rated_4 = models.IntegerField(default=0)
    rated_5 = models.IntegerField(default=0)
    # Why it was refused: names of forms.reasons behind a common beginning.
    why_no_right = models.IntegerField(default=0)
    why_no_papers = models.IntegerField(default=0)
    why_no_service = models.IntegerField(default=0)
    why_no_places = models.IntegerField(default=0)
    why_other_agency = models.IntegerField(default=0)
    why_other = models.IntegerField(default=0)
    wait_taken = _waits()
    wait_answered = _waits()
    wait_decided = _waits()

    class Meta:
        abstract = True


# Names of the columns that are counted, and of those that hold buckets.
COUNTERS = tuple(
    field.name for field in Counts._meta.local_fields if type(field) is models.IntegerField
)
WAITS = tuple(field.name for field in Counts._meta.local_fields if isinstance(field, ArrayField))


class DayCounts(Counts):
    """What happened on a day, by the clock of the centre."""

    day = models.DateField()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_figures", "Can see the figures of the own centre"),
            ("view_all_figures", "Can see the figures of all centres"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "centre", "topic", "channel", "territory"],
                nulls_distinct=False,
                name="daycounts_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.received}"


class Sums(Counts):
    """Cells of a day or of a month put together: once for each choice of what is told apart.

    A year of a million cases is read from some thousands of these rows.
    """

    class Span(models.TextChoices):
        DAY = "day"
        MONTH = "month"

    TOPIC, CHANNEL, TERRITORY, CENTRE = 1, 2, 4, 8
    # Which choices there are: of a month every one by centre, and one column of the whole country.
    KEPT = {
        Span.DAY: (0, TOPIC, CHANNEL, TERRITORY, CENTRE),
        Span.MONTH: (0, TOPIC, CHANNEL, TERRITORY, *range(CENTRE, 2 * CENTRE)),
    }

    span = models.CharField(max_length=5, choices=Span)
    first = models.DateField()
    kept = models.PositiveSmallIntegerField()  # which of the four are told apart

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["span", "kept", "first", "centre", "topic", "channel", "territory"],
                nulls_distinct=False,
                name="sums_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.span} {self.first}/{self.kept}: {self.received}"

    @classmethod
    def which(cls, span: Span, wanted: int) -> int | None:
        """What is kept apart in the fewest rows that tell these columns; none: only cells do."""
        return next((kept for kept in cls.KEPT[span] if kept & wanted == wanted), None)


class Known(models.Model):
    """What was known of a case when it came, and goes with erasing: whether the family had come
    before with the same. Written once, by the worker; by what it was found is kept nowhere."""

    case = models.OneToOneField(
        IntakeCase, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    recurring = models.BooleanField(null=True)  # none: its answers were gone already

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.pk}: {self.recurring}"


class CategoryCount(models.Model):
    """How many cases of a day were about help that is meant for a category of families.

    Counted once, when the answers are at hand, and tied to no case: it is not computed anew.
    """

    day = models.DateField()
    centre = _of(Provider)
    topic = _of(Topic)
    channel = models.CharField(max_length=10, choices=Channel)
    territory = _of(Territory)
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="+")
    count = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["day", "centre", "topic", "channel", "territory", "category"],
                nulls_distinct=False,
                name="categorycount_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day}, {self.category}: {self.count}"


class FiguresState(models.Model):
    """Until when events are in the figures, and how far counting anew has come. One row.

    :ivar recount_from: this day and all later ones are still to be counted anew; none: all are.
    :ivar check_from: the day with which the next check begins.
    :ivar differed: so many days the last check with differences found to stand otherwise.
    """

    until = models.DateTimeField()
    recount_from = models.DateField(null=True)
    check_from = models.DateField(null=True)
    differed = models.PositiveIntegerField(default=0)
    differed_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{timezone.localtime(self.until):%d.%m.%Y %H:%M}"


class OfCentres(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> OfCentres:
        """Those of the own centres; all of them to who sees the figures of all centres."""
        if user.has_perm("intake_desk.view_all_figures"):
            return self
        return self.filter(centre__in=Provider.objects.centres().of(user).values("pk"))


class Plan(models.Model):
    """What an indicator shall be in a year."""

    indicator = models.ForeignKey(
        Indicator, on_delete=models.CASCADE, related_name="+", verbose_name=_("indicator")
    )
    centre = models.ForeignKey(
        Provider,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"is_centre": True},
        verbose_name=_("centre"),
        help_text=_("Empty: every centre that has no plan of its own."),
    )
    year = models.PositiveSmallIntegerField(
        _("year"), validators=[MinValueValidator(2000), MaxValueValidator(2100)]
    )
    value = models.DecimalField(_("plan"), max_digits=12, decimal_places=2)

    objects = OfCentres.as_manager()

    class Meta:
        verbose_name = _("plan of an indicator")
        verbose_name_plural = _("plans of indicators")
        ordering = ["-year", "indicator", "centre"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "centre", "year"],
                nulls_distinct=False,
                name="plan_of_a_year",
                violation_error_message=_("There is a plan of this indicator for this year."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.indicator}, {self.year}: {self.value}"


class CountedAs(models.Model):
    """What a centre counts for an indicator that says so in words of its own: these topics, these
    places with all that lies in them."""

    indicator = models.ForeignKey(
        Indicator, on_delete=models.CASCADE, related_name="+", verbose_name=_("indicator")
    )
    centre = models.ForeignKey(
        Provider,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"is_centre": True},
        verbose_name=_("centre"),
        help_text=_("Empty: every centre that has chosen nothing itself."),
    )
    topics = models.ManyToManyField(
        Topic, blank=True, related_name="+", verbose_name=_("topics that count")
    )
    territories = models.ManyToManyField(
        Territory, blank=True, related_name="+", verbose_name=_("places that count")
    )

    objects = OfCentres.as_manager()

    class Meta:
        verbose_name = _("what counts for an indicator")
        verbose_name_plural = _("what counts for indicators")
        ordering = ["indicator", "centre"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "centre"],
                nulls_distinct=False,
                name="counted_as_once",
                violation_error_message=_("For this indicator it is chosen already: change that."),
            )
        ]

    def __str__(self) -> str:
        return str(self.indicator)
