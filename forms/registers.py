"""Operational registers of this floor: topics with terms, journals."""

from __future__ import annotations

from cms.registers import NoNewRowsRights, Register
from forms.models import Register as Journal
from forms.models import Topic


class Topics(Register):
    model = Topic
    menu_icon = "tag"
    list_display = ("title", "answer_days")
    search_fields = ("title", "slug")


class Journals(Register):
    model = Journal
    menu_icon = "form"
    permission_helper_class = NoNewRowsRights
    list_display = ("title", "kind", "on_case")
    list_filter = ("kind", "on_case")
    search_fields = ("title", "slug", "purpose")
    # What stands in a journal comes with the data set.
    form_fields_exclude = ("slug", "fields", "source", "named_in_seed")


REGISTERS = [Topics, Journals]
