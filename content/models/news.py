"""News, the newest first."""

from __future__ import annotations

from typing import Any

from django.core.paginator import InvalidPage, Paginator
from django.db import models
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField

from content.blocks import BodyBlock
from content.models.portal_page import PortalPage, shown

PAGE = 10


class NewsIndexPage(PortalPage):
    parent_page_types = ["content.HomePage"]
    subpage_types = ["content.NewsPage"]
    max_count = 1

    class Meta:
        verbose_name = _("list of news")
        verbose_name_plural = _("lists of news")

    def get_context(self, request: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        news = shown(NewsPage).child_of(self).order_by("-date", "-pk")
        try:
            context["news"] = Paginator(news, PAGE).page(request.GET.get("page", 1))
        except InvalidPage as error:
            raise Http404 from error
        return context


class NewsPage(PortalPage):
    date = models.DateField(_("date"), default=timezone.localdate)
    body = StreamField(BodyBlock(), verbose_name=_("text"), blank=True)

    content_panels = [*PortalPage.content_panels, FieldPanel("date"), FieldPanel("body")]
    parent_page_types = ["content.NewsIndexPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("piece of news")
        verbose_name_plural = _("news")
        indexes = [models.Index(fields=["-date"], name="newspage_date")]
