"""What search keeps in the database: editors' synonyms, the outbox of changes, the query log.

The index itself is no model: it is a copy that can be dropped and built again at any time.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalogue.models import Category, Measure, Provider, Situation, Territory
from cms.fields import RussianSortKeyField


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


class SearchEvent(models.Model):
    """How often a query was asked on a day, and how much it found. Nothing about who asked.

    Digits and names of people are masked before they come here.
    """

    day = models.DateField(_("day"))
    query = models.CharField(_("query"), max_length=200)
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
