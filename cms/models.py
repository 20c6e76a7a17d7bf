"""The ground that every floor stands on: people, files, abstract pages, site settings."""

from __future__ import annotations

from http import HTTPMethod
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.documents.models import AbstractDocument, Document
from wagtail.images.models import AbstractImage, AbstractRendition, Image
from wagtail.models import Page

from cms.page_cache import same_for_everybody


class User(AbstractUser):
    """Somebody who logs in: staff of a centre, an editor, a partner. Families have no accounts."""

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.get_full_name() or self.get_username()


class PortalImage(AbstractImage):
    """A picture of the portal; `alt` says in words what it shows."""

    alt = models.CharField(
        _("what the picture shows"),
        max_length=250,
        blank=True,
        help_text=_("Read aloud to those who do not see it. Empty for mere decoration."),
    )

    admin_form_fields = (*Image.admin_form_fields, "alt")

    class Meta(AbstractImage.Meta):
        verbose_name = _("image")
        verbose_name_plural = _("images")
        permissions = [("choose_portalimage", "Can choose images")]

    @property
    def default_alt_text(self) -> str:
        return self.alt


class PortalRendition(AbstractRendition):
    image = models.ForeignKey(PortalImage, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["image", "filter_spec", "focal_point_key"], name="cms_rendition_unique"
            )
        ]


class PortalDocument(AbstractDocument):
    """A file that editors publish. Papers of families never come here."""

    admin_form_fields = Document.admin_form_fields

    class Meta(AbstractDocument.Meta):
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        permissions = [("choose_portaldocument", "Can choose documents")]


class BasePage(Page):
    """What every page of the portal has: a lead, and a title that may be neutral."""

    lead = models.TextField(
        _("lead"),
        blank=True,
        max_length=600,
        help_text=_("One or two sentences: what the page helps with. Shown in lists too."),
    )

    # Everything published is for everybody: no page behind a password or a login.
    private_page_options: list[str] = []
    allowed_http_methods = [HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.OPTIONS]

    content_panels = [*Page.content_panels, FieldPanel("lead")]

    class Meta:
        abstract = True

    @same_for_everybody
    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().serve(request, *args, **kwargs)


@register_setting(icon="cog")
class SiteSettings(BaseSiteSetting):
    """Words and phones that stand on every page of a site."""

    portal_name = models.CharField(_("name of the portal"), max_length=80, default="Навигатор")
    centre_name = models.CharField(
        _("name of the centre"), max_length=200, default="Семейный многофункциональный центр"
    )
    help_phone = models.CharField(_("phone of the centre"), max_length=40, blank=True)
    help_hours = models.CharField(_("hours of the phone"), max_length=120, blank=True)
    withdraw_contact = models.CharField(
        _("where a consent is withdrawn"),
        max_length=200,
        default="напишите или придите в центр",
        help_text=_("Goes into the text of every consent."),
    )
    no_address_text = models.TextField(
        _("said where no address is known"),
        default=(
            "Точный адрес мы пока не подтвердили. Позвоните: {title}, {phone}. "
            "Там подскажут, куда и когда прийти."
        ),
        help_text=_("{title} and {phone} are those of the hotline of the region."),
    )
    quick_exit_url = models.URLField(
        _("where the quick exit leads"), default="https://www.gosuslugi.ru/"
    )

    panels = [
        MultiFieldPanel([FieldPanel("portal_name"), FieldPanel("centre_name")], heading=_("Names")),
        MultiFieldPanel([FieldPanel("help_phone"), FieldPanel("help_hours")], heading=_("Contact")),
        MultiFieldPanel(
            [
                FieldPanel("withdraw_contact"),
                FieldPanel("no_address_text"),
                FieldPanel("quick_exit_url"),
            ],
            heading=_("Standard words"),
        ),
    ]

    class Meta:
        verbose_name = _("portal settings")
