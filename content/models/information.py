"""Sections of the portal and their pages of information."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page

from content.blocks import BodyBlock
from content.models.portal_page import PortalPage, shown


class SectionPage(PortalPage):
    """A few words and the pages below."""

    body = StreamField(BodyBlock(), verbose_name=_("text"), blank=True)

    content_panels = [*PortalPage.content_panels, FieldPanel("body")]
    parent_page_types = ["content.HomePage", "content.SectionPage"]
    subpage_types = ["content.InformationPage", "content.SectionPage"]

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")

    def get_context(self, request: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        context["pages"] = [
            *shown(InformationPage).child_of(self),
            *shown(SectionPage).child_of(self),
        ]
        context["pages"].sort(key=_place_in_tree)
        return context


class InformationPage(PortalPage):
    body = StreamField(BodyBlock(), verbose_name=_("text"), blank=True)

    content_panels = [*PortalPage.content_panels, FieldPanel("body")]
    parent_page_types = ["content.HomePage", "content.SectionPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("page of information")
        verbose_name_plural = _("pages of information")


def _place_in_tree(page: Page) -> str:
    return page.path
