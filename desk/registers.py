"""Operational registers of the desk: signs of risk, urgent help, who takes referrals, routes, texts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, InlinePanel

from cms.registers import Register
from desk.models import MessageTemplate, Receiver, RiskSign, RouteTemplate, UrgentHelpKind


class RiskSigns(Register):
    model = RiskSign
    menu_icon = "warning"
    list_display = ("title", "group", "weight", "urgent", "retired")
    list_filter = ("group", "urgent", "retired")
    search_fields = ("title", "advice")


class UrgentHelpKinds(Register):
    model = UrgentHelpKind
    menu_icon = "help"
    list_display = ("title", "by_law", "retired")


class Receivers(Register):
    model = Receiver
    menu_icon = "mail"
    list_display = ("provider", "email", "phone", "answer_days", "accepts")
    list_select_related = ("provider",)
    list_filter = ("accepts",)
    search_fields = ("provider__short_name", "provider__full_name", "note")


class RouteTemplates(Register):
    model = RouteTemplate
    menu_icon = "redirect"
    list_display = ("title", "situation", "active")
    list_select_related = ("situation",)
    list_filter = ("active",)
    search_fields = ("title", "note")
    panels = [
        FieldPanel("title"),
        FieldPanel("situation"),
        FieldPanel("note"),
        FieldPanel("active"),
        InlinePanel("steps", heading=_("steps"), label=_("step"), min_num=1),
    ]


class MessageTemplates(Register):
    model = MessageTemplate
    menu_icon = "doc-full"
    list_display = ("title", "topic", "centre", "retired")
    list_select_related = ("topic", "centre")
    list_filter = ("retired",)
    search_fields = ("title", "body")


REGISTERS = [RiskSigns, UrgentHelpKinds, Receivers, RouteTemplates, MessageTemplates]
