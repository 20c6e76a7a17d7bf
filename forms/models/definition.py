"""Forms as editors build them, and the immutable versions that families answer."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
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

from catalogue.models import Measure, Provider
from cms.fields import RussianSortKeyField
from forms.blocks import StepsBlock
from forms.models.queues import Topic
from forms.models.versions import PublishedVersion

DEFAULT_CONSENT = (
    "Я разрешаю центру «{centre}» хранить и использовать то, что написано в этой форме, только для "
    "того, чтобы мне помочь. Сведения видят сотрудники, которые занимаются моим обращением. Другим "
    "организациям их передадут только с моего отдельного согласия или когда этого требует закон. "
    "Срок – {retention_days} дней после закрытия обращения, затем сведения удалят. Разрешение "
    "можно отозвать: {withdraw_contact}."
)


DEFAULT_ABOUT = (
    "Это заявка в центр, ответит специалист. Это не обращение по закону №\u00a059-ФЗ: такое подают "
    "через Госуслуги с подтверждённой учётной записью, письмом или лично."
)
# Who is in danger has to know first what the form is not.
DEFAULT_ABOUT_URGENT = (
    "Это не вызов экстренных служб: если опасность прямо сейчас, звоните 112. " + DEFAULT_ABOUT
)


class Layout(models.TextChoices):
    """How the steps of a form stand on pages."""

    AUTO = "auto", _("a short form on one page, a long one step by step")
    ONE = "one", _("everything on one page")
    STEPS = "steps", _("a page for each step")


class RetentionMethod(models.TextChoices):
    """What becomes of personal data when its term is over."""

    DELETE = "delete", _("delete everything")
    ANONYMISE = "anonymise", _("keep chosen answers without the person, for counting")


class Basis(models.TextChoices):
    """On what a form may ask for personal data (152-ФЗ, ст. 6 ч. 1 п. 1, 2, 5)."""

    CONSENT = "consent", _("consent of the person")
    LAW = "law", _("a duty by law")
    CONTRACT = "contract", _("a contract with the person")


class FormDefinitionQuerySet(models.QuerySet["FormDefinition"]):
    def public(self) -> FormDefinitionQuerySet:
        """Forms that families may fill in now: published and not past their day."""
        return self.filter(live=True).filter(
            models.Q(expire_at__isnull=True) | models.Q(expire_at__gt=timezone.now())
        )

    def general(self) -> FormDefinition | None:
        """The question to the centre that fits everything."""
        return self.public().filter(offered_everywhere=True).first()


class FormDefinition(
    WorkflowMixin,
    DraftStateMixin,
    LockableMixin,
    RevisionMixin,
    PreviewableMixin,
    ClusterableModel,
):
    """A form for families. Publishing compiles it into a FormVersion, and only versions are filled
    in: whatever is edited later, an answer is read with the questions that were asked."""

    slug = models.SlugField(_("short name in addresses"), max_length=80, unique=True)
    title = models.CharField(_("name"), max_length=200)
    sort_key = RussianSortKeyField()
    lead = models.TextField(
        _("lead"),
        max_length=600,
        blank=True,
        help_text=_("One or two sentences: what happens after the form is sent."),
    )
    minutes = models.PositiveSmallIntegerField(
        _("takes, minutes"), default=3, validators=[MinValueValidator(1), MaxValueValidator(120)]
    )
    urgent = models.BooleanField(
        _("is urgent"),
        default=False,
        help_text=_("Phones to call stand before the first question; the case goes first."),
    )
    sensitive = models.BooleanField(
        _("on a sensitive subject"),
        default=False,
        help_text=_(
            "Phones to call and a quick exit stand on its pages, which have a neutral title. "
            "An urgent form has all this by itself."
        ),
    )
    with_time = models.BooleanField(
        _("families choose a time"),
        default=False,
        help_text=_(
            "For visits and consultations: once the form is sent, the free times of the centre "
            "stand on the receipt and on the page of the request."
        ),
    )
    about = models.TextField(
        _("what this form is and is not"),
        max_length=1000,
        blank=True,
        help_text=_(
            "Stands on the form and on the receipt. Empty: that this is a request to the centre "
            "and not an appeal under the law No. 59-FZ."
        ),
    )
    topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, related_name="forms", verbose_name=_("topic")
    )
    retention_days = models.PositiveSmallIntegerField(
        _("kept after closing, days"),
        default=365,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
    )
    retention_method = models.CharField(
        _("then"), max_length=10, choices=RetentionMethod, default=RetentionMethod.DELETE
    )
    basis = models.CharField(
        _("basis"),
        max_length=8,
        choices=Basis,
        default=Basis.CONSENT,
        help_text=_("What is kept by law or contract stays when a consent is withdrawn."),
    )
    basis_text = models.CharField(
        _("which law or contract"),
        max_length=300,
        blank=True,
        help_text=_("Article and law, or the name of the contract."),
    )
    consent_text = models.TextField(
        _("text of the consent"),
        max_length=4000,
        default=DEFAULT_CONSENT,
        help_text=_("May hold {centre}, {retention_days} and {withdraw_contact}."),
    )
    layout = models.CharField(_("pages"), max_length=5, choices=Layout, default=Layout.AUTO)
    steps = StreamField(StepsBlock(), verbose_name=_("steps"), blank=True)
    measures = ParentalManyToManyField(
        Measure,
        blank=True,
        related_name="forms",
        verbose_name=_("measures"),
        help_text=_("On their pages the form is offered as the way to apply."),
    )
    centres = ParentalManyToManyField(
        Provider,
        blank=True,
        related_name="forms",
        limit_choices_to={"is_centre": True},
        verbose_name=_("centres"),
        help_text=_("Empty: every centre answers it."),
    )
    offered_everywhere = models.BooleanField(
        _("offered on every measure"),
        default=False,
        help_text=_("For a general question to the centre."),
    )

    objects = FormDefinitionQuerySet.as_manager()

    class Meta:
        verbose_name = _("form")
        verbose_name_plural = _("forms")
        ordering = ["sort_key", "pk"]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        super().clean()
        if self.basis != Basis.CONSENT and not self.basis_text.strip():
            raise ValidationError({"basis_text": _("Please name the law or the contract.")})

    def get_absolute_url(self) -> str:
        return reverse("intake_forms:form", args=[self.slug])

    def publish(self, revision: Revision, user: Any = None, **kwargs: Any) -> None:
        """Publish, and in the same transaction cut the version that families answer from now on.

        What is set for later is checked now, too, while somebody looks.

        :raises forms.compiling.SchemaError: the form cannot be asked as it stands.
        """
        from forms.publishing import checked, cut_version

        with transaction.atomic():
            draft = revision.as_object()
            if draft.go_live_at and draft.go_live_at > timezone.now():
                checked(draft)
            super().publish(revision, user=user, **kwargs)
            published = type(self).objects.select_related("topic").get(pk=self.pk)
            if published.live and published.live_revision_id == revision.pk:
                cut_version(published, by=user)

    @property
    def is_public(self) -> bool:
        """Families may fill it in now; the same as `objects.public()` says."""
        return self.live and (self.expire_at is None or self.expire_at > timezone.now())

    @property
    def about_text(self) -> str:
        default = DEFAULT_ABOUT_URGENT if self.urgent else DEFAULT_ABOUT
        return self.about.strip() or default

    def version_in_force(self) -> FormVersion | None:
        return self.versions.select_related("consent_text").order_by("-number").first()

    @property
    def preview_modes(self) -> list[tuple[str, str]]:
        from forms.views.preview import modes

        return modes(self)

    def serve_preview(self, request: HttpRequest, mode_name: str) -> TemplateResponse:
        from forms.views.preview import preview

        return preview(request, self, mode_name)


class ConsentText(models.Model):
    """A wording of a consent, word for word as families saw it. Never changed."""

    code = models.SlugField(_("form"), max_length=80)
    number = models.PositiveIntegerField(_("number"))
    body = models.TextField(_("text"))
    sha256 = models.CharField(_("digest"), max_length=64)
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("text of a consent")
        verbose_name_plural = _("texts of consents")
        ordering = ["code", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["code", "number"], name="consenttext_number_unique"),
            models.UniqueConstraint(fields=["code", "sha256"], name="consenttext_body_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.code}, {self.number}"


class FormVersion(PublishedVersion):
    """What families are asked: compiled once, on publishing, and never changed by anybody."""

    form = models.ForeignKey(
        FormDefinition, on_delete=models.PROTECT, related_name="versions", verbose_name=_("form")
    )
    schema = models.JSONField(_("questions"))
    consent_text = models.ForeignKey(
        ConsentText,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="versions",
        verbose_name=_("consent"),
    )

    class Meta:
        verbose_name = _("version of a form")
        verbose_name_plural = _("versions of forms")
        ordering = ["form", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["form", "number"], name="formversion_number_unique")
        ]

    def __str__(self) -> str:
        return f"{self.schema['title']}, {self.number}"
