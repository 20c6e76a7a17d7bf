"""Who gives help: organisations, their offices, hotlines, people and agreements."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalogue.models.territory import Territory
from cms.fields import RussianSortKeyField


class ProviderKind(models.TextChoices):
    SOCIAL_SERVICE = "social_service", _("social service")
    REHABILITATION_CENTRE = "rehabilitation_centre", _("rehabilitation centre")
    CHILDREN_HOME = "children_home", _("children's home")
    NGO = "ngo", _("non-profit organisation")
    AUTHORITY = "authority", _("authority")
    EDUCATION = "education", _("education")
    SOCIAL_PROTECTION = "social_protection", _("social protection")
    HEALTHCARE = "healthcare", _("healthcare")
    FAMILY_MFC = "family_mfc", _("family centre")
    RESIDENTIAL_CARE = "residential_care", _("residential care")
    COMMISSION = "commission", _("commission")
    EMPLOYMENT = "employment", _("employment service")
    GUARDIANSHIP = "guardianship", _("guardianship")
    REGISTRY_OFFICE = "registry_office", _("registry office")
    BANK = "bank", _("bank")
    FEDERAL_SERVICE = "federal_service", _("federal service")
    MUNICIPAL_ADMINISTRATION = "municipal_administration", _("municipal administration")
    EMERGENCY = "emergency", _("emergency service")
    FOUNDATION = "foundation", _("foundation")
    PORTAL = "portal", _("portal")
    POLICE = "police", _("police")
    CULTURE = "culture", _("culture")
    MEDIA = "media", _("media")
    BUSINESS_SUPPORT = "business_support", _("business support")
    POST = "post", _("post")
    LAW_ENFORCEMENT = "law_enforcement", _("law enforcement")
    LEGAL_AID = "legal_aid", _("legal aid")
    PSYCHOLOGY_CENTRE = "psychology_centre", _("psychology centre")
    FEDERAL_FUND = "federal_fund", _("federal fund")
    MFC = "mfc", _("multi-function centre")
    DEVELOPMENT_INSTITUTE = "development_institute", _("development institute")
    EMPLOYER = "employer", _("employer")
    HOTLINE = "hotline", _("hotline")
    TRANSPORT = "transport", _("transport")
    COURT = "court", _("court")


class ProviderQuerySet(models.QuerySet["Provider"]):
    def centres(self) -> ProviderQuerySet:
        """Family centres: those with an intake desk."""
        return self.filter(is_centre=True)

    def of(self, user: Any) -> ProviderQuerySet:
        """The organisations that a person belongs to."""
        return self.filter(memberships__user=user)

    def visible_to(self, user: Any) -> ProviderQuerySet:
        """What a person may see and change in the back office: all of them, or its own."""
        if user.has_perm("catalogue.manage_all_providers"):
            return self
        if not user.is_active:
            return self.none()
        return self.filter(pk__in=Provider.objects.of(user).values("pk"))


class Provider(models.Model):
    """An organisation that gives or arranges help (HSDS: organization).

    A group (`is_group`) stands for many organisations of one sort that are not listed one by one.
    """

    slug = models.SlugField(_("short name in addresses"), max_length=80, unique=True)
    full_name = models.CharField(_("full name"), max_length=400)
    short_name = models.CharField(_("short name"), max_length=200)
    sort_key = RussianSortKeyField(source="short_name")
    kind = models.CharField(_("kind"), max_length=30, choices=ProviderKind)
    is_centre = models.BooleanField(
        _("has an intake desk"),
        default=False,
        help_text=_("A family centre whose staff answer what families send."),
    )
    is_group = models.BooleanField(_("stands for many of a sort"), default=False)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="branches",
        verbose_name=_("belongs to"),
    )
    territories = models.ManyToManyField(
        Territory, blank=True, related_name="providers", verbose_name=_("works in")
    )
    website = models.URLField(_("site"), blank=True)
    aliases = ArrayField(
        models.CharField(max_length=200), verbose_name=_("also called"), default=list, blank=True
    )
    source = models.TextField(_("source"), blank=True)
    note = models.TextField(_("note"), blank=True)

    objects = ProviderQuerySet.as_manager()

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        ordering = ["sort_key", "pk"]
        permissions = [("manage_all_providers", "Can manage providers of everybody")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(is_centre=True, is_group=True),
                name="provider_group_has_no_desk",
            )
        ]

    def __str__(self) -> str:
        return self.short_name


class Membership(models.Model):
    """A person works for an organisation: staff of a centre, an account of a partner."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("user"),
    )
    provider = models.ForeignKey(
        Provider, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("provider")
    )

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "provider"], name="membership_unique")
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.provider}"


class OfficeContact(models.TextChoices):
    FULL = "full", _("address and phone are known")
    PARTIAL = "partial", _("known in part")
    NONE = "none", _("not known")


class CoordinatesPrecision(models.TextChoices):
    HOUSE = "house", _("the house")
    STREET = "street", _("the street")
    SETTLEMENT = "settlement", _("the settlement only")


class OfficeQuerySet(models.QuerySet["Office"]):
    def visible_to(self, user: Any) -> OfficeQuerySet:
        """Offices of the organisations that a person may see in the back office."""
        return self.filter(provider__in=Provider.objects.visible_to(user).values("pk"))


class Office(models.Model):
    """A place where a provider receives families (HSDS: location)."""

    provider = models.ForeignKey(
        Provider, on_delete=models.CASCADE, related_name="offices", verbose_name=_("provider")
    )
    title = models.CharField(_("name"), max_length=200)
    territory = models.ForeignKey(
        Territory, on_delete=models.PROTECT, related_name="offices", verbose_name=_("territory")
    )
    settlement = models.CharField(_("settlement"), max_length=120, blank=True)
    address = models.CharField(_("address"), max_length=300, blank=True)
    phones = ArrayField(
        models.CharField(max_length=60), verbose_name=_("phones"), default=list, blank=True
    )
    email = models.EmailField(_("e-mail"), blank=True)
    website = models.URLField(_("site"), blank=True)
    hours = models.CharField(_("hours"), max_length=300, blank=True)
    hours_structured = models.JSONField(
        _("hours by day"),
        null=True,
        blank=True,
        help_text=_('Keys mo…su, values like "09:00-13:00,14:00-18:00".'),
    )
    lat = models.DecimalField(_("latitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    lon = models.DecimalField(_("longitude"), max_digits=8, decimal_places=5, null=True, blank=True)
    coordinates_precision = models.CharField(
        _("the point shows"), max_length=12, choices=CoordinatesPrecision, blank=True
    )
    contact = models.CharField(
        _("what is known"), max_length=8, choices=OfficeContact, default=OfficeContact.NONE
    )
    verified = models.BooleanField(_("verified"), default=False)
    verified_fields = ArrayField(
        models.CharField(max_length=30), verbose_name=_("verified fields"), default=list, blank=True
    )
    stale = models.BooleanField(_("may be out of date"), default=False)
    as_of = models.DateField(_("as of"), null=True, blank=True)
    source = models.TextField(_("source"), blank=True)
    note = models.TextField(_("note"), blank=True)

    objects = OfficeQuerySet.as_manager()

    class Meta:
        verbose_name = _("office")
        verbose_name_plural = _("offices")
        ordering = ["title", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "title", "territory", "address"], name="office_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(lat__isnull=True, lon__isnull=True)
                | models.Q(lat__range=(-90, 90), lon__range=(-180, 180)),
                name="office_coordinates",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class HotlineKind(models.TextChoices):
    EMERGENCY = "emergency", _("emergency")
    HELP = "help", _("help and trust")
    BENEFITS = "benefits", _("payments and benefits")
    REFERENCE = "reference", _("reference")
    HEALTH = "health", _("health")
    SVO = "svo", _("families of servicemen")


class HotlineQuerySet(models.QuerySet["Hotline"]):
    def public(self) -> HotlineQuerySet:
        return self.filter(publish=True)


class Hotline(models.Model):
    """A phone line: emergency, of a region, of a fund."""

    slug = models.SlugField(_("short name"), max_length=80, unique=True)
    title = models.CharField(_("name"), max_length=200)
    phone = models.CharField(_("phone"), max_length=60)
    kind = models.CharField(_("kind"), max_length=12, choices=HotlineKind)
    for_whom = models.CharField(_("for whom"), max_length=300, blank=True)
    hours = models.CharField(_("hours"), max_length=200, blank=True)
    territory = models.ForeignKey(
        Territory, on_delete=models.PROTECT, related_name="hotlines", verbose_name=_("territory")
    )
    publish = models.BooleanField(_("shown to families"), default=False)
    verified = models.BooleanField(_("verified"), default=False)
    as_of = models.DateField(_("as of"), null=True, blank=True)
    source = models.TextField(_("source"), blank=True)
    note = models.TextField(_("note"), blank=True)

    objects = HotlineQuerySet.as_manager()

    class Meta:
        verbose_name = _("hotline")
        verbose_name_plural = _("hotlines")
        ordering = ["title", "pk"]

    def __str__(self) -> str:
        return f"{self.title}: {self.phone}"


class Agreement(models.Model):
    """An agreement on co-operation with a partner."""

    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="agreements", verbose_name=_("provider")
    )
    number = models.CharField(_("number"), max_length=60, blank=True)
    subject = models.CharField(_("subject"), max_length=300)
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    valid_to = models.DateField(_("valid until"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["-signed_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(signed_on__isnull=True)
                | models.Q(valid_to__isnull=True)
                | models.Q(signed_on__lte=models.F("valid_to")),
                name="agreement_dates",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.subject}"
