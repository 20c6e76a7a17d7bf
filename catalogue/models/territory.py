"""Territories as a tree: country, regions, municipalities, settlements."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.fields import RussianSortKeyField


class TerritoryKind(models.TextChoices):
    """Kinds of municipal entities as law 131-FZ and OKTMO know them."""

    COUNTRY = "country", _("country")
    REGION = "region", _("region")
    MUNICIPAL_DISTRICT = "municipal_district", _("municipal district")
    MUNICIPAL_OKRUG = "municipal_okrug", _("municipal okrug")
    URBAN_OKRUG = "urban_okrug", _("urban okrug")
    CITY_DISTRICT = "city_district", _("city district")
    URBAN_SETTLEMENT = "urban_settlement", _("urban settlement")
    RURAL_SETTLEMENT = "rural_settlement", _("rural settlement")


class TerritoryQuerySet(models.QuerySet["Territory"]):
    def within(self, territory: Territory) -> TerritoryQuerySet:
        """The territory itself and everything inside it."""
        return self.filter(ancestor_ids__contains=[territory.pk])

    def around(self, territory: Territory) -> TerritoryQuerySet:
        """The territory itself and everything that it lies in, the country first."""
        return self.filter(pk__in=territory.ancestor_ids).order_by("depth")


class Territory(models.Model):
    """A place where measures are in force and providers work.

    `ancestor_ids` (the country first, the territory itself last) and `depth` are kept by a
    trigger of the database, which also refuses a cycle.
    """

    slug = models.SlugField(_("short name in addresses"), max_length=80, unique=True)
    title = models.CharField(_("name"), max_length=200)
    sort_key = RussianSortKeyField()
    locative = models.CharField(
        _("where"),
        max_length=200,
        blank=True,
        help_text=_("The name after «I live»: в Тихвинском районе."),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=TerritoryKind)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("lies in"),
    )
    ancestor_ids = ArrayField(models.BigIntegerField(), editable=False, default=list)
    depth = models.PositiveSmallIntegerField(editable=False, default=0)
    okato = models.CharField(_("OKATO code"), max_length=11, blank=True)
    oktmo = models.CharField(_("OKTMO code"), max_length=11, blank=True)
    aliases = ArrayField(
        models.CharField(max_length=120), verbose_name=_("also called"), default=list, blank=True
    )
    primary_hotline = models.ForeignKey(
        "catalogue.Hotline",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("hotline to call first"),
    )
    source = models.TextField(_("source"), blank=True)
    note = models.TextField(_("note"), blank=True)

    objects = TerritoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("territory")
        verbose_name_plural = _("territories")
        ordering = ["sort_key", "pk"]
        indexes = [GinIndex(fields=["ancestor_ids"], name="territory_ancestors")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(okato="")
                | models.Q(okato__regex=r"^(\d{2}|\d{5}|\d{8}|\d{11})$"),
                name="territory_okato_digits",
            ),
            models.CheckConstraint(
                condition=models.Q(oktmo="") | models.Q(oktmo__regex=r"^(\d{8}|\d{11})$"),
                name="territory_oktmo_digits",
            ),
        ]

    def __str__(self) -> str:
        return self.title
