"""Scripts that lead a dispatcher through a talk, their immutable versions, and the talks."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from modelcluster.models import ClusterableModel
from wagtail.fields import StreamField
from wagtail.models import (
    DraftStateMixin,
    LockableMixin,
    PreviewableMixin,
    Revision,
    RevisionMixin,
    WorkflowMixin,
)

from catalogue.models import Situation
from cms.fields import RussianSortKeyField
from desk.blocks import ScriptStepsBlock
from forms.models import FormDefinition, IntakeCase
from forms.models.versions import PublishedVersion


class Script(
    WorkflowMixin,
    DraftStateMixin,
    LockableMixin,
    RevisionMixin,
    PreviewableMixin,
    ClusterableModel,
):
    """A script as editors write it: situation, actions of the dispatcher, services. Publishing
    compiles it into a ScriptVersion, and only versions are talked by."""

    slug = models.SlugField(_("short name in addresses"), max_length=80, unique=True)
    title = models.CharField(_("name"), max_length=200)
    sort_key = RussianSortKeyField()
    lead = models.TextField(
        _("when to take it"),
        max_length=400,
        blank=True,
        help_text=_("One or two sentences: by what one knows that it is this."),
    )
    situations = ParentalManyToManyField(
        Situation, blank=True, related_name="scripts", verbose_name=_("life situations")
    )
    form = models.ForeignKey(
        FormDefinition,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="scripts",
        verbose_name=_("form"),
        help_text=_(
            "What is filled in during the talk. Empty: the general question to the centre."
        ),
    )
    steps = StreamField(ScriptStepsBlock(), verbose_name=_("steps"), blank=True)

    class Meta:
        verbose_name = _("dispatcher's script")
        verbose_name_plural = _("dispatcher's scripts")
        ordering = ["sort_key", "pk"]

    def __str__(self) -> str:
        return self.title

    def publish(self, revision: Revision, user: Any = None, **kwargs: Any) -> None:
        """Publish, and in the same transaction cut the version that is talked by from now on."""
        from desk.scripting import cut_version

        with transaction.atomic():
            super().publish(revision, user=user, **kwargs)
            published = type(self).objects.get(pk=self.pk)
            if published.live and published.live_revision_id == revision.pk:
                cut_version(published, by=user)

    @property
    def is_urgent(self) -> bool:
        return any(situation.urgent for situation in self.situations.all())

    def version_in_force(self) -> ScriptVersion | None:
        return self.versions.order_by("-number").first()

    def form_questions(self) -> list[tuple[str, str]]:
        """Keys and words of the questions that the script may ask for the form."""
        from desk.talk import can_be_asked

        form = self.form or FormDefinition.objects.general()
        version = form.version_in_force() if form else None
        nodes = can_be_asked(version.schema) if version else {}
        return [(key, node["label"]) for key, node in nodes.items()]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> TemplateResponse:
        from desk.views.scripts import preview

        return preview(request, self)


class ScriptVersion(PublishedVersion):
    """What is said and done: compiled on publishing, never changed by anybody."""

    script = models.ForeignKey(
        Script, on_delete=models.PROTECT, related_name="versions", verbose_name=_("script")
    )
    content = models.JSONField(_("steps"))

    class Meta:
        verbose_name = _("version of a script")
        verbose_name_plural = _("versions of scripts")
        ordering = ["script", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["script", "number"], name="scriptversion_number_unique")
        ]

    def __str__(self) -> str:
        return f"{self.content['title']}, {self.number}"


class ScriptRun(models.Model):
    """A talk by a script: which version, by whom, what was done and when.

    What was answered to the script itself lies sealed with the key of the submission: it opens to
    nobody once the personal data are erased.
    """

    case = models.OneToOneField(
        IntakeCase,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="script_run",
        verbose_name=_("case"),
    )
    version = models.ForeignKey(
        ScriptVersion, on_delete=models.PROTECT, related_name="runs", verbose_name=_("version")
    )
    led_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("who talked"),
    )
    started_at = models.DateTimeField(_("talk began"))
    ended_at = models.DateTimeField(_("talk ended"), default=timezone.now)
    done = models.JSONField(_("steps done"), default=list)  # [[id of the step, moment], …]
    answers = models.BinaryField(_("answers, sealed"))

    PURPOSE = "script run"

    class Meta:
        verbose_name = _("talk by a script")
        verbose_name_plural = _("talks by scripts")
        constraints = [
            models.CheckConstraint(
                condition=Q(started_at__lte=F("ended_at")), name="scriptrun_ends_after_it_began"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def seconds(self) -> int:
        return int((self.ended_at - self.started_at).total_seconds())

    def read_answers(self) -> dict[str, Any]:
        """Answers to questions and forks of the script, by the ids of the steps.

        :raises forms.models.Erased: the key was destroyed.
        """
        opened = self.case.submission.data_key.open(self.PURPOSE, self.answers)
        answers: dict[str, Any] = json.loads(opened)
        return answers
