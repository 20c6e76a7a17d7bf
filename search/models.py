"""What search keeps in the database: what editors teach it, the outbox of changes, the query log.

The index itself is no model: it is a copy that can be dropped and built again at any time.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.models import Orderable

from catalogue.models import Category, Measure, Provider, Situation, Territory
from cms.fields import RussianSortKeyField
from search.plan import FIELDS

LONGEST_LINE = 600  # of an intent's words


class SynonymKind(models.TextChoices):
    COLLOQUIAL = "colloquial", _("how people say it")
    ABBREVIATION = "abbreviation", _("abbreviation")
    SYNONYM = "synonym", _("same meaning")


class Synonym(models.Model):
    """Words that mean the same to a family, and the records they point to.

    Applied to queries only, never at indexing: an edit is live with the next search.
    """

    canonical = models.CharField(_("main name"), max_length=120, unique=True)
    sort_key = RussianSortKeyField(source="canonical")
    terms = ArrayField(
        models.CharField(max_length=120),
        verbose_name=_("other words for it"),
        default=list,
        blank=True,
        help_text=_("A word or a phrase a line."),
    )
    kind = models.CharField(
        _("kind"), max_length=12, choices=SynonymKind, default=SynonymKind.COLLOQUIAL
    )
    one_way = models.BooleanField(
        _("one way"),
        default=False,
        help_text=_(
            "The other words lead to the main name, but the main name does not lead to them."
        ),
    )
    measures = models.ManyToManyField(
        Measure, blank=True, related_name="+", verbose_name=_("leads to measures")
    )
    situations = models.ManyToManyField(
        Situation, blank=True, related_name="+", verbose_name=_("leads to life situations")
    )
    categories = models.ManyToManyField(
        Category, blank=True, related_name="+", verbose_name=_("leads to categories of families")
    )
    providers = models.ManyToManyField(
        Provider, blank=True, related_name="+", verbose_name=_("leads to providers")
    )
    territories = models.ManyToManyField(
        Territory, blank=True, related_name="+", verbose_name=_("leads to territories")
    )

    class Meta:
        verbose_name = _("synonym")
        verbose_name_plural = _("synonyms")
        ordering = ["sort_key"]

    def __str__(self) -> str:
        return self.canonical


class Intent(models.Model):
    """What a family means by words that are no name of anything: "муж бьёт, куда идти".

    A query means it when each line of `words` has an alternative whose words all stand in it.
    It leads to records, or it is marked as foreign: never both, never neither.
    """

    TARGETS = ("measures", "situations", "categories", "providers")

    title = models.CharField(_("what is meant"), max_length=120, unique=True)
    sort_key = RussianSortKeyField()
    words = ArrayField(
        models.CharField(max_length=LONGEST_LINE),
        verbose_name=_("words that mean it"),
        help_text=_(
            "A set of words a line, alternatives with commas between them. A query is meant when "
            "each line has an alternative in it, in any order and in any form."
        ),
    )
    examples = ArrayField(
        models.CharField(max_length=200),
        verbose_name=_("examples of queries"),
        default=list,
        blank=True,
        help_text=_("How families ask it, a query a line. They are checked when you save."),
    )
    measures = models.ManyToManyField(
        Measure, blank=True, related_name="+", verbose_name=_("leads to measures")
    )
    situations = models.ManyToManyField(
        Situation, blank=True, related_name="+", verbose_name=_("leads to life situations")
    )
    categories = models.ManyToManyField(
        Category, blank=True, related_name="+", verbose_name=_("leads to categories of families")
    )
    providers = models.ManyToManyField(
        Provider, blank=True, related_name="+", verbose_name=_("leads to providers")
    )
    is_foreign = models.BooleanField(
        _("not ours"),
        default=False,
        help_text=_(
            "A question that the portal has nothing for: the family gets an honest “nothing "
            "found” and the ways out."
        ),
    )
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("intent")
        verbose_name_plural = _("intents")
        ordering = ["sort_key"]

    def __str__(self) -> str:
        return self.title


class PinnedAnswer(ClusterableModel):
    """Measures that editors put first for certain queries, for a while or for good."""

    phrases = ArrayField(
        models.CharField(max_length=120),
        verbose_name=_("pinned for the queries"),
        help_text=_(
            "A query a line. It fits in any form and order of its words, with or without words "
            "like “how to get”, but not with other words beside it."
        ),
    )
    from_day = models.DateField(
        _("first day"), null=True, blank=True, help_text=_("Empty: from now on.")
    )
    to_day = models.DateField(
        _("last day"),
        null=True,
        blank=True,
        help_text=_("The last day. Empty: until you take it off."),
    )
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("pinned answer")
        verbose_name_plural = _("pinned answers")
        ordering = ["phrases", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(from_day__isnull=True)
                | models.Q(to_day__isnull=True)
                | models.Q(from_day__lte=models.F("to_day")),
                name="pinnedanswer_days_in_order",
                violation_error_message=_("The last day is before the first."),
            )
        ]

    def __str__(self) -> str:
        return ", ".join(self.phrases)


class PinnedMeasure(Orderable):
    """A place in a pinned answer."""

    answer = ParentalKey(PinnedAnswer, on_delete=models.CASCADE, related_name="places")
    measure = models.ForeignKey(
        Measure, on_delete=models.CASCADE, related_name="+", verbose_name=_("measure")
    )

    class Meta(Orderable.Meta):
        verbose_name = _("measure in its place")
        verbose_name_plural = _("measures in their places")
        constraints = [
            models.UniqueConstraint(fields=["answer", "measure"], name="pinnedmeasure_once")
        ]

    def __str__(self) -> str:
        return str(self.measure)


def _weight(verbose_name: Any) -> models.FloatField:
    return models.FloatField(
        verbose_name,
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0), MaxValueValidator(20.0)],
    )


class FieldWeights(models.Model):
    """What a word is worth by where it was found: one row at most, and what is empty is the plan's.

    Which records answer never depends on it, only their order.
    """

    title = _weight(_("title of a measure"))
    names = _weight(_("other names of it"))
    summary = _weight(_("its summary"))
    who = _weight(_("for whom it is"))
    taxonomy = _weight(_("its situations and categories"))
    body = _weight(_("its text"))
    law = _weight(_("its laws"))
    provider_names = _weight(_("its providers"))
    territory_names = _weight(_("its territories"))

    class Meta:
        verbose_name = _("weights of search")
        verbose_name_plural = _("weights of search")
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="fieldweights_one_row")
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    def as_pairs(self) -> tuple[tuple[str, float], ...]:
        """What plans are made with; a field that is worth nothing is left out."""
        chosen = ((name, getattr(self, name)) for name, _ in FIELDS)
        usual = dict(FIELDS)
        pairs = ((name, usual[name] if worth is None else worth) for name, worth in chosen)
        return tuple((name, worth) for name, worth in pairs if worth)


class ChangeKind(models.TextChoices):
    MEASURE = "measure", "measure"
    SITUATION = "situation", "situation"
    PROVIDER = "provider", "provider"
    LEXICON = "lexicon", "lexicon"  # names and synonyms that queries are read with
    EVERYTHING = "everything", "everything"  # a table was emptied as a whole


class SearchChange(models.Model):
    """The outbox of search: written only by triggers, in the transaction of the change itself.

    `xid` is the transaction's number. Rows are read in the order (xid, seq) and only below the
    oldest transaction that still runs: a number drawn early may be committed late.
    """

    seq = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=12, choices=ChangeKind)
    object_id = models.BigIntegerField()
    xid = models.BigIntegerField(editable=False)  # its default is set by the migration
    written_at = models.DateTimeField(editable=False)  # likewise

    class Meta:
        verbose_name = _("change to be indexed")
        verbose_name_plural = _("changes to be indexed")
        ordering = ["xid", "seq"]
        indexes = [
            models.Index(fields=["xid", "seq"], name="searchchange_order"),
            models.Index(
                fields=["-seq"],
                name="searchchange_lexicon",
                condition=models.Q(kind=ChangeKind.LEXICON),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class IndexComparison(models.Model):
    """What came of comparing a copy of the index with the database, as its indexer has told it."""

    engine = models.CharField(max_length=12)
    host = models.CharField(max_length=255)
    finished_at = models.DateTimeField(auto_now_add=True)
    seconds = models.FloatField()
    records = models.PositiveIntegerField()
    missing = models.PositiveIntegerField()
    stale = models.PositiveIntegerField()
    surplus = models.PositiveIntegerField()
    failure = models.CharField(max_length=300, blank=True)  # why it was not brought to its end

    class Meta:
        verbose_name = _("comparison of the search index")
        verbose_name_plural = _("comparisons of the search index")
        ordering = ["-finished_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.engine} {self.finished_at:%Y-%m-%d %H:%M}"

    @property
    def differences(self) -> int:
        return self.missing + self.stale + self.surplus


class SearchEvent(models.Model):
    """How often a query was asked on a day, and how much it found. Nothing about who asked.

    Digits and names of people are masked before they come here.
    """

    day = models.DateField(_("day"))
    query = models.CharField(_("query"), max_length=200)
    lemmas = models.CharField(max_length=200, editable=False)  # groups queries of the same words
    filters = models.CharField(_("filters"), max_length=300, blank=True)
    results = models.PositiveIntegerField(_("found"))
    times = models.PositiveIntegerField(_("times"), default=1)

    class Meta:
        verbose_name = _("search query")
        verbose_name_plural = _("search queries")
        ordering = ["-day", "-times", "query"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "query", "filters"], name="searchevent_day_query_filters"
            )
        ]

    def __str__(self) -> str:
        return self.query


class SearchClick(models.Model):
    """How often a measure was opened from the answer to a query on a day. Nothing about who."""

    day = models.DateField(_("day"))
    query = models.CharField(_("query"), max_length=200)
    lemmas = models.CharField(max_length=200, editable=False, db_index=True)  # as of the query
    slug = models.SlugField(_("measure"), max_length=80)
    times = models.PositiveIntegerField(_("times"), default=1)

    class Meta:
        verbose_name = _("opened answer")
        verbose_name_plural = _("opened answers")
        ordering = ["-day", "-times", "query"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "query", "slug"], name="searchclick_day_query_slug"
            )
        ]

    def __str__(self) -> str:
        return f"{self.query} → {self.slug}"


class ClickMark(models.Model):
    """That somebody opened an answer today, so that it counts once: see search.visitors."""

    day = models.DateField(db_index=True)
    visitor = models.CharField(max_length=64, db_index=True)  # a digest of the day
    answer = models.CharField(max_length=64, unique=True)  # of the visitor, a query and a measure
    slug = models.SlugField(max_length=80, db_index=False)

    class Meta:
        verbose_name = _("mark of an opened answer")
        verbose_name_plural = _("marks of opened answers")

    def __str__(self) -> str:
        return self.slug
