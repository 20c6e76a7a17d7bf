"""Texts that staff send again and again."""

from __future__ import annotations

import string
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from catalogue.models import Provider
from cms.fields import RussianSortKeyField
from forms.models import Topic
from forms.talk import MAX_TEXT
from forms.visibility import scope_of

# What may stand in braces, and what comes in its place.
PLACEHOLDERS = {
    "number": _("the number of the case"),
    "centre": _("the centre"),
    "topic": _("the topic"),
    "term": _("the day until which an answer comes"),
    "who": _("who writes"),
}


def check_placeholders(text: str) -> None:
    try:
        named = [part for _text, part, _spec, _how in string.Formatter().parse(text)]
    except ValueError as error:
        raise ValidationError(_("A brace is open or closed without its pair.")) from error
    unknown = [name for name in named if name is not None and name not in PLACEHOLDERS]
    if unknown:
        raise ValidationError(
            _("There is no placeholder {%(name)s}. There are: %(known)s.")
            % {"name": unknown[0], "known": ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)}
        )


class TemplateForm(WagtailAdminModelForm):
    """Who tends one centre writes for that one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user, centre = self.for_user, self.fields["centre"]
        if not tends_all(user):
            centre.queryset = centre.queryset.filter(pk__in=scope_of(user).centres)
            centre.required, centre.help_text = True, ""
            centre.initial = next(iter(scope_of(user).centres), None)


def tends_all(user: Any) -> bool:
    return bool(user.is_superuser or user.has_perm("catalogue.manage_all_providers"))


class MessageTemplateQuerySet(models.QuerySet["MessageTemplate"]):
    def visible_to(self, user: Any) -> MessageTemplateQuerySet:
        """Those that a person tends: of its centres, of everybody to who tends all centres."""
        if tends_all(user):
            return self
        return self.filter(centre__in=scope_of(user).centres)

    def offered(self, centre: int | None, topic: int) -> MessageTemplateQuerySet:
        """Those that fit a case."""
        place = Q(centre__isnull=True) | Q(centre=centre)
        return self.filter(place, Q(topic__isnull=True) | Q(topic=topic), retired=False)


class MessageTemplate(models.Model):
    """A text to begin a message to a family with. It is read and changed before it goes."""

    title = models.CharField(_("name"), max_length=100)
    sort_key = RussianSortKeyField()
    body = models.TextField(
        _("text"),
        max_length=MAX_TEXT,
        validators=[check_placeholders],
        help_text=_("In braces: {number}, {centre}, {topic}, {term}, {who}."),
    )
    topic = models.ForeignKey(
        Topic,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("topic"),
        help_text=_("Empty: for every topic."),
    )
    centre = models.ForeignKey(
        Provider,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"is_centre": True},
        verbose_name=_("centre"),
        help_text=_("Empty: for every centre."),
    )
    retired = models.BooleanField(_("retired"), default=False)

    base_form_class = TemplateForm
    objects = MessageTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("template of a message")
        verbose_name_plural = _("templates of messages")
        ordering = ["sort_key", "pk"]

    def __str__(self) -> str:
        return self.title
