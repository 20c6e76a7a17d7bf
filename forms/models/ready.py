"""Questions that are asked in many forms, ready to be put into one."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.fields import StreamField

from forms.blocks import ReadyQuestionsBlock


class ReadyBlock(models.Model):
    """Questions that an editor puts into a form as a copy: what is changed here later changes no
    form, what is changed there changes nothing here."""

    slug = models.SlugField(_("short name"), max_length=80, unique=True)
    title = models.CharField(_("name"), max_length=60)
    help = models.CharField(
        _("what it asks"), max_length=200, blank=True, help_text=_("Editors read it in the menu.")
    )
    position = models.PositiveSmallIntegerField(_("place in the menu"), default=100)
    questions = StreamField(ReadyQuestionsBlock(), verbose_name=_("questions"))

    class Meta:
        verbose_name = _("ready block")
        verbose_name_plural = _("ready blocks")
        ordering = ["position", "title", "pk"]

    def __str__(self) -> str:
        return self.title
