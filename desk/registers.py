"""Operational registers of the desk: signs of risk, kinds of urgent help."""

from __future__ import annotations

from cms.registers import Register
from desk.models import RiskSign, UrgentHelpKind


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


REGISTERS = [RiskSigns, UrgentHelpKinds]
