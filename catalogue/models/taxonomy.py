"""What measures are sorted by: categories of families, situations, facts, kinds of papers."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel

from cms.fields import RussianSortKeyField


class Category(models.Model):
    """A category of families in the law's or the centres' sense: large, guardian, low-income."""

    slug = models.SlugField(_("short name in addresses"), max_length=80, unique=True)
    title = models.CharField(_("name"), max_length=200)
    sort_key = RussianSortKeyField()
    definition = models.TextField(_("definition"), blank=True)
    legal_basis = ArrayField(
        models.CharField(max_length=400), verbose_name=_("legal basis"), default=list, blank=True
    )
    synonyms = ArrayField(
        models.CharField(max_length=120), verbose_name=_("also called"), default=list, blank=True
    )
    source = ArrayField(
        models.CharField(max_length=400), verbose_name=_("source"), default=list, blank=True
    )

    class Meta:
        verbose_name = _("category of families")
        verbose_name_plural = _("categories of families")
        ordering = ["sort_key", "pk"]

    def __str__(self) -> str:
        return self.title


class Situation(models.Model):
    """A life situation as a term to sort by. The page that tells its story points down to it."""

    slug = models.SlugField(_("short name in addresses"), max_length=80, unique=True)
    title = models.CharField(_("name"), max_length=200)
    sort_key = RussianSortKeyField()
    summary = models.TextField(_("in a sentence"), blank=True)
    who = models.CharField(_("for whom"), max_length=300, blank=True)
    urgent = models.BooleanField(
        _("urgent"), default=False, help_text=_("Phones to call stand before everything else.")
    )
    categories = models.ManyToManyField(
        Category, blank=True, related_name="situations", verbose_name=_("categories of families")
    )
    synonyms = ArrayField(
        models.CharField(max_length=120), verbose_name=_("also called"), default=list, blank=True
    )
    source = models.TextField(_("source"), blank=True)

    class Meta:
        verbose_name = _("life situation")
        verbose_name_plural = _("life situations")
        ordering = ["sort_key", "pk"]

    def __str__(self) -> str:
        return self.title


class FactType(models.TextChoices):
    """What kind of answer a fact takes. `money` is in roubles; `multi` is several choices."""

    BOOL = "bool", _("yes or no")
    NUMBER = "number", pgettext_lazy("type of an answer", "number")
    MONEY = "money", _("sum in roubles")
    DATE = "date", _("date")
    CHOICE = "choice", _("one of")
    MULTI = "multi", _("several of")
    TERRITORY = "territory", _("territory")


class Counted(models.TextChoices):
    """How a number reads in a condition."""

    PLAIN = "plain", _("15 years or more")
    LEVEL = "level", _("not above 2 minimums")
    MONTHS = "months", _("months, said in years where whole")
    PEOPLE = "people", _("three or more children")
    ORDINAL = "ordinal", _("the third or a later one")
    SPAN = "span", _("from 1 to 4")
    SHARE = "share", _("a share, said in per cent")


class FactQuerySet(models.QuerySet["Fact"]):
    def in_use(self) -> FactQuerySet:
        return self.filter(retired=False)


class Fact(ClusterableModel):
    """Something we may ask about a family. Facts are retired, never deleted."""

    field = models.SlugField(_("key"), max_length=60, unique=True)
    type = models.CharField(_("type of the answer"), max_length=10, choices=FactType)
    title = models.CharField(_("name"), max_length=200)
    sort_key = RussianSortKeyField()
    question = models.CharField(_("question to a family"), max_length=300)
    help = models.CharField(_("hint"), max_length=300, blank=True)
    per_child = models.BooleanField(_("asked about each child"), default=False)
    sensitive = models.BooleanField(_("sensitive"), default=False)
    minimum = models.DecimalField(
        _("lowest value"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    maximum = models.DecimalField(
        _("highest value"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    derived_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="derives",
        verbose_name=_("computed from"),
        help_text=_("Known when the other fact is known; then it is not asked."),
    )
    words = models.CharField(
        _("said in conditions"),
        max_length=200,
        blank=True,
        help_text=_(
            "A statement, not a question. {} stands for the answer: «The child is {}». "
            "For yes or no: what is said when the answer is yes."
        ),
    )
    words_no = models.CharField(_("said when the answer is no"), max_length=200, blank=True)
    counted = models.CharField(
        _("how the number reads"), max_length=8, choices=Counted, default=Counted.PLAIN
    )
    unit_forms = models.CharField(
        _("unit after 1, 2 and 5"),
        max_length=120,
        blank=True,
        help_text=_("Three forms with commas between: год, года, лет."),
    )
    retired = models.BooleanField(_("retired"), default=False)
    position = models.PositiveIntegerField(_("place in the list"), default=0)

    objects = FactQuerySet.as_manager()

    class Meta:
        verbose_name = _("fact about a family")
        verbose_name_plural = _("facts about a family")
        ordering = ["position", "field"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(minimum__isnull=True)
                | models.Q(maximum__isnull=True)
                | models.Q(minimum__lte=models.F("maximum")),
                name="fact_minimum_below_maximum",
            )
        ]

    def __str__(self) -> str:
        return self.title


class FactOption(models.Model):
    """One of the answers of a fact of type choice or multi."""

    fact = ParentalKey(Fact, on_delete=models.CASCADE, related_name="options")
    value = models.SlugField(_("key"), max_length=60)
    label = models.CharField(_("words"), max_length=200)
    words = models.CharField(
        _("said in conditions"),
        max_length=200,
        blank=True,
        help_text=_("Stands in place of {} in the words of the fact."),
    )
    sort_order = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["sort_order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["fact", "value"], name="factoption_value_unique")
        ]

    def __str__(self) -> str:
        return self.label


class DocumentType(models.Model):
    """A paper that measures ask for, named once for all of them (HSDS: required document)."""

    name = models.CharField(_("name"), max_length=300, unique=True)
    sort_key = RussianSortKeyField(source="name")

    class Meta:
        verbose_name = _("paper")
        verbose_name_plural = _("papers")
        ordering = ["sort_key", "pk"]

    def __str__(self) -> str:
        return self.name
