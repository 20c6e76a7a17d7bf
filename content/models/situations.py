"""The stories of life situations: what to do, step by step, and the measures that help."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.blocks import PageChooserBlock
from wagtail.fields import StreamField

from catalogue.models import Situation
from catalogue.place import chosen_territory
from catalogue.slots import links_to_ask
from content.blocks import GroupOfSituationsBlock, PhoneBlock, StepBlock
from content.models.portal_page import PortalPage, shown, shown_in_order
from content.story import tell


class SituationIndexPage(PortalPage):
    """All life situations in groups; one that no group names stands in the last."""

    groups = StreamField(
        [("group", GroupOfSituationsBlock())],
        verbose_name=_("groups"),
        blank=True,
        help_text=_("The order and the groups of the list. Nothing is lost: the rest comes last."),
    )
    rest_title = models.CharField(_("heading over the rest"), max_length=120)

    content_panels = [
        *PortalPage.content_panels,
        FieldPanel("groups"),
        FieldPanel("rest_title"),
    ]
    parent_page_types = ["content.HomePage"]
    subpage_types = ["content.LifeSituationPage"]
    max_count = 1

    class Meta:
        verbose_name = _("list of life situations")
        verbose_name_plural = _("lists of life situations")

    def get_context(self, request: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        left = {page.pk: page for page in shown(LifeSituationPage).child_of(self)}
        groups = []
        for each in self.groups.raw_data:
            keys = [item["value"] for item in each["value"]["pages"]]
            pages = [left.pop(key) for key in keys if key in left]
            groups.append({"title": each["value"]["title"], "pages": pages})
        groups.append({"title": self.rest_title, "pages": list(left.values())})
        context["groups"] = [group for group in groups if group["pages"]]
        return context


class LifeSituationPage(PortalPage):
    situation = models.ForeignKey(
        Situation,
        on_delete=models.PROTECT,
        related_name="pages",
        verbose_name=_("life situation"),
        help_text=_("The term of the catalogue whose story this is."),
    )
    who = models.CharField(_("for whom"), max_length=300, blank=True)
    quiet = models.BooleanField(
        _("a frightening subject"),
        default=False,
        help_text=_(
            "Shows a button to leave the page quickly. Give the page a neutral title for the "
            "browser too (Promote, title tag): others may see it."
        ),
    )
    phones_title = models.CharField(_("heading over the phones"), max_length=120, blank=True)
    phones = StreamField(
        [("phone", PhoneBlock())],
        verbose_name=_("phones to call at once"),
        blank=True,
        help_text=_("Stand before everything else."),
    )
    steps = StreamField([("step", StepBlock())], verbose_name=_("steps"), blank=True)
    related = StreamField(
        [("page", PageChooserBlock("content.LifeSituationPage", label=_("life situation")))],
        verbose_name=_("related situations"),
        blank=True,
    )

    content_panels = [
        *PortalPage.content_panels,
        FieldPanel("situation"),
        FieldPanel("who"),
        MultiFieldPanel(
            [FieldPanel("quiet"), FieldPanel("phones_title"), FieldPanel("phones")],
            heading=_("Help right now"),
        ),
        FieldPanel("steps"),
        FieldPanel("related"),
    ]
    parent_page_types = ["content.SituationIndexPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("story of a life situation")
        verbose_name_plural = _("stories of life situations")

    def get_context(self, request: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        context["story"] = tell(self.steps, chosen_territory(request))
        keys = [each["value"] for each in self.related.raw_data]
        context["neighbours"] = shown_in_order(LifeSituationPage, keys)
        context["ask"] = links_to_ask()
        return context
