"""The first page: one question, the commonest situations, phones for those who cannot wait."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.fields import StreamField

from catalogue.slots import links_to_ask
from cms.models import BasePage
from content.blocks import PhoneBlock, SituationLinkBlock
from content.models.news import NewsIndexPage, NewsPage
from content.models.portal_page import shown, shown_in_order
from content.models.situations import LifeSituationPage, SituationIndexPage

MOST_NEWS = 3


class HomePage(BasePage):
    question = models.CharField(
        _("question"), max_length=80, help_text=_("The heading of the page, over the search box.")
    )
    search_hint = models.CharField(
        _("label of the search box"),
        max_length=120,
        help_text=_("Tell to write in one's own words."),
    )
    situations_title = models.CharField(_("heading over the situations"), max_length=120)
    situations = StreamField(
        [("situation", SituationLinkBlock())],
        verbose_name=_("life situations"),
        blank=True,
        max_num=9,
        help_text=_("Six to nine of the commonest. All others stand one link further."),
    )
    urgent_title = models.CharField(_("heading over the phones"), max_length=120)
    phones = StreamField([("phone", PhoneBlock())], verbose_name=_("phones"), blank=True, max_num=5)
    news_title = models.CharField(_("heading over the news"), max_length=120)

    content_panels = [
        *BasePage.content_panels,
        MultiFieldPanel([FieldPanel("question"), FieldPanel("search_hint")], heading=_("Search")),
        MultiFieldPanel(
            [FieldPanel("situations_title"), FieldPanel("situations")], heading=_("Life situations")
        ),
        MultiFieldPanel(
            [FieldPanel("urgent_title"), FieldPanel("phones")], heading=_("Help right now")
        ),
        FieldPanel("news_title"),
    ]
    parent_page_types = ["wagtailcore.Page"]
    subpage_types = [
        "content.SituationIndexPage",
        "content.SectionPage",
        "content.InformationPage",
        "content.NewsIndexPage",
    ]
    max_count = 1

    class Meta:
        verbose_name = _("home page")
        verbose_name_plural = _("home pages")

    def get_context(self, request: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        chosen = [each["value"] for each in self.situations.raw_data]
        words = {each["page"]: each.get("words") for each in chosen}
        context["links"] = [
            {"title": words[page.pk] or page.title, "page": page}
            for page in shown_in_order(LifeSituationPage, words)
        ]
        context["all_situations"] = shown(SituationIndexPage).child_of(self).first()
        context["news"] = shown(NewsPage).descendant_of(self).order_by("-date", "-pk")[:MOST_NEWS]
        context["ask"] = links_to_ask()
        context["all_news"] = shown(NewsIndexPage).child_of(self).first()
        return context
