"""The back office's views of forms: a snippet with drafts, review, preview, history."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.panels import (
    FieldPanel,
    HelpPanel,
    MultiFieldPanel,
    ObjectList,
    PublishingPanel,
    TabbedInterface,
    TitleFieldPanel,
)
from wagtail.admin.ui.components import MediaContainer
from wagtail.admin.ui.tables import Column, UpdatedAtColumn
from wagtail.admin.widgets.button import Button
from wagtail.admin.widgets.slug import SlugInput
from wagtail.permissions import policy_registry, register_permission_policy
from wagtail.snippets.views.snippets import (
    CreateView,
    EditView,
    IndexView,
    SnippetViewSet,
    WorkflowActionView,
)

from forms.compiling import SchemaError
from forms.kept import KeptOncePublished, KeptViewSet
from forms.models import FormDefinition, ReadyBlock
from forms.views.check import COMMENT
from forms.views.publish import APPROVE, difference
from forms.views.rules import RulesSidePanel

register_permission_policy(FormDefinition, KeptOncePublished(FormDefinition))


class FormCreateView(CreateView):
    """Adding, with the rules of the form in words beside it."""

    def get_side_panels(self) -> Any:
        return _with_rules(super().get_side_panels(), self)


class FormEditView(EditView):
    """Editing, with the way to the check. What changes for families is shown before it is put in
    force: there it is confirmed."""

    def publish_action(self) -> Any:
        return self._shown_first() or super().publish_action()

    def workflow_action_action(self) -> Any:
        if self.workflow_action == APPROVE and (shown := self._shown_first()):
            data = json.loads(self.request.POST.get("workflow-action-extra-data") or "{}")
            self.request.session[COMMENT] = str(data.get("comment", ""))
            return shown
        return super().workflow_action_action()

    def _shown_first(self) -> HttpResponse | None:
        if not difference(self.object.version_in_force(), self.object):
            return None
        messages.info(self.request, gettext("Kept as a draft. See what changes and publish."))
        return redirect(f"{reverse('intake:check', args=[self.object.pk])}#check-changes")

    def get_side_panels(self) -> Any:
        return _with_rules(super().get_side_panels(), self)

    @property
    def header_more_buttons(self) -> list[Any]:
        return [*_ways(self.object), *super().header_more_buttons]


class FormReviewView(WorkflowActionView):
    """Approving from the start page: what would come into force is seen first there, too."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.action_name != APPROVE:
            return super().post(request, *args, **kwargs)
        request.session[COMMENT] = request.POST.get("comment", "")
        messages.info(request, gettext("See what the check says, then approve below."))
        check = reverse("intake:check", args=[self.object.pk])
        if request.headers.get("x-requested-with") == "XMLHttpRequest":  # the start page's window
            return self.render_modal_json(request, {"step": "success", "redirect": check})
        return redirect(check)


class FormListView(IndexView):
    """The forms, with the ways to bring one in and to the ready blocks."""

    def get_base_queryset(self) -> Any:
        return super().get_base_queryset().select_related("topic")

    @property
    def header_more_buttons(self) -> list[Any]:
        buttons = list(super().header_more_buttons)
        policy = policy_registry.get_by_type(FormDefinition)
        if policy.user_has_permission(self.request.user, "add"):
            url = reverse("intake:form_arrive")
            buttons.append(Button(_("A form from a file"), url=url, icon_name="upload"))
        blocks = ReadyBlockViewSet()
        if policy_registry.get_by_type(ReadyBlock).user_has_permission(self.request.user, "change"):
            url = reverse(blocks.get_url_name("list"))
            buttons.append(Button(_("Ready blocks"), url=url, icon_name=blocks.icon))
        return buttons

    def get_list_more_buttons(self, instance: Any) -> list[Any]:
        own = _ways(instance) if self.get_edit_url(instance) else []
        return [*super().get_list_more_buttons(instance), *own]


def _with_rules(panels: Any, view: Any) -> MediaContainer:
    return MediaContainer([*panels, RulesSidePanel(view.form.instance, view.request)])


def _ways(form: FormDefinition) -> list[Button]:
    """What can be done with a form beside editing it."""
    ways = (
        (_("Check the form"), "intake:check", "circle-check"),
        (_("Make a copy"), "intake:form_copy", "copy"),
        (_("Save questions as a ready block"), "intake:form_ready", "snippet"),
        (_("Save as a file"), "intake:form_file", "download"),
        (_("Where it is used"), "intake:form_usage", "link"),
    )
    return [
        Button(label, url=reverse(name, args=[form.pk]), icon_name=icon, priority=40 + place)
        for place, (label, name, icon) in enumerate(ways)
    ]


def state(form: FormDefinition) -> str:
    """Where a form stands between its drafts and families."""
    if not form.live:
        return gettext("draft")
    return gettext("live, with a draft") if form.has_unpublished_changes else gettext("live")


class FormDefinitionViewSet(KeptViewSet):
    model = FormDefinition
    refusals = {
        SchemaError: _("The form cannot be published as it is: %(reasons)s"),
        ProtectedError: _("Families have answered this form: it can be taken down, not deleted."),
    }
    icon = "form"
    menu_label = _("Forms")
    menu_name = "forms"
    menu_order = 250
    add_to_admin_menu = True
    list_display = [
        "title",
        Column("topic", label=_("Topic"), sort_key="topic__sort_key"),
        Column("state", label=_("State"), accessor=state, sort_key="live"),
        UpdatedAtColumn(),
    ]
    list_filter = ["topic", "urgent", "live"]
    search_fields = ["title", "slug"]
    list_per_page = 50
    search_backend_name = None
    index_view_class = FormListView
    add_view_class = FormCreateView
    edit_view_class = FormEditView
    workflow_action_view_class = FormReviewView
    copy_view_enabled = False  # ours gives the copy a short name of its own

    def place_to_mend(self, request: HttpRequest, instance: Any) -> str:
        """The check of the form for those who may change it; what they typed is kept as a draft."""
        policy = policy_registry.get_by_type(FormDefinition)
        if instance and policy.user_has_permission_for_instance(request.user, "change", instance):
            return reverse("intake:check", args=[instance.pk])
        return super().place_to_mend(request, instance)

    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    TitleFieldPanel("title", targets=["slug"], placeholder=_("Name")),
                    FieldPanel("lead"),
                    HelpPanel(template="intake_forms/admin/builder_help.html"),
                    FieldPanel("steps"),
                ],
                heading=_("Questions"),
            ),
            ObjectList(
                [
                    FieldPanel("slug", widget=SlugInput),
                    FieldPanel("minutes"),
                    FieldPanel("topic"),
                    FieldPanel("urgent"),
                    FieldPanel("sensitive"),
                    FieldPanel("with_time"),
                    FieldPanel("about"),
                    FieldPanel("layout"),
                    MultiFieldPanel(
                        [
                            FieldPanel("measures"),
                            FieldPanel("centres"),
                            FieldPanel("offered_everywhere"),
                        ],
                        heading=_("Where it is offered and who answers"),
                    ),
                    PublishingPanel(),
                ],
                heading=_("Settings"),
            ),
            ObjectList(
                [
                    FieldPanel("consent_text"),
                    FieldPanel("retention_days"),
                    FieldPanel("retention_method"),
                    FieldPanel("basis"),
                    FieldPanel("basis_text"),
                ],
                heading=_("Personal data"),
            ),
        ]
    )


class ReadyBlockViewSet(SnippetViewSet):
    """Questions that are asked in many forms; reached from the list of forms."""

    model = ReadyBlock
    icon = "snippet"
    list_display = ["title", "help", "position"]
    search_fields = ["title", "help"]
    search_backend_name = None
    panels = [
        TitleFieldPanel("title", targets=["slug"], placeholder=_("Name")),
        FieldPanel("help"),
        FieldPanel("questions"),
        FieldPanel("position"),
        FieldPanel("slug", widget=SlugInput),
    ]
