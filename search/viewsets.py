"""The back office's desk of search: an edit of anything here is live with the next search."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import SelectMultiple
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.views.generic import CreateView, DeleteView, EditView, IndexView
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.admin.viewsets.model import ModelViewSet

from cms.prefill import Prefilled
from search import analysis
from search.desk import QuestionsViewSet, TrialViewSet, WeightsViewSet
from search.guarded import GuardedDelete, GuardedSave
from search.lexicon import Lexicon, alternatives
from search.models import Intent, PinnedAnswer, Synonym
from search.query import Asked
from search.reader import read_query

_LONG_LIST = SelectMultiple(attrs={"size": 8})
MOST_LINES = 12  # of an intent: each has to stand in a query


def _targets(*names: str) -> MultiFieldPanel:
    return MultiFieldPanel(
        [FieldPanel(name, widget=_LONG_LIST) for name in names],
        heading=_("Leads to"),
        classname="collapsed",
    )


class AddView(Prefilled, GuardedSave, CreateView):
    prefilled = ("canonical", "terms", "title", "words", "examples", "phrases")


class ChangeView(GuardedSave, EditView):
    pass


class RemoveView(GuardedDelete, DeleteView):
    template_name = "search/desk/confirm_delete.html"


class DeskViewSet(ModelViewSet):
    """A list of the desk, guarded."""

    copy_view_enabled = False
    inspect_view_enabled = False
    list_per_page = 50
    search_backend_name = None
    add_view_class: type[CreateView] = AddView
    edit_view_class: type[EditView] = ChangeView
    delete_view_class = RemoveView
    delete_template_name = RemoveView.template_name


def _words(synonym: Synonym) -> str:
    return ", ".join(synonym.terms)


class SynonymViewSet(DeskViewSet):
    model = Synonym
    name = "synonyms"
    icon = "edit"
    menu_label = _("Synonyms of search")
    menu_name = "synonyms"
    list_display = [
        "canonical",
        Column("words", label=_("Other words"), accessor=_words),
        Column("get_kind_display", label=_("Kind")),
    ]
    list_filter = ["kind", "one_way"]
    ordering = ["sort_key"]
    search_fields = ["canonical", "terms"]

    edit_handler = ObjectList(
        [
            FieldPanel("canonical"),
            FieldPanel("terms"),
            FieldPanel("kind"),
            FieldPanel("one_way"),
            _targets("measures", "situations", "categories", "providers", "territories"),
        ]
    )


class IntentForm(WagtailAdminModelForm):
    def clean_words(self) -> list[str]:
        lines: list[str] = self.cleaned_data["words"]
        if len(lines) > MOST_LINES:
            raise ValidationError(
                ngettext(
                    "At most %(count)d line, please: each has to stand in the query.",
                    "At most %(count)d lines, please: each has to stand in the query.",
                    MOST_LINES,
                )
                % {"count": MOST_LINES}
            )
        for line in lines:
            if not alternatives(line):
                raise ValidationError(
                    gettext("There is no word to search by in the line “%(line)s”.")
                    % {"line": line}
                )
        return lines

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        leads = any(cleaned.get(name) for name in Intent.TARGETS)
        if cleaned.get("is_foreign") and leads:
            self.add_error(
                "is_foreign",
                gettext(
                    "It is marked as not ours, and records are chosen as well. Take off the "
                    "mark or the records."
                ),
            )
        elif not cleaned.get("is_foreign") and not leads and not self.errors:
            self.add_error(
                "is_foreign",
                gettext("Choose at least one record that it leads to, or mark it as not ours."),
            )
        return cleaned


class _WithExamples(GuardedSave):
    """Tells of examples that the rule does not fit."""

    def _unmet(self, form: Any, proposed: Lexicon) -> list[str]:
        title, examples = form.cleaned_data["title"], form.cleaned_data["examples"]
        if not form.cleaned_data["active"]:
            return []
        return [
            example
            for example in examples
            if title not in read_query(example, Asked(), proposed).understood.intents
        ]


class IntentAddView(_WithExamples, AddView):
    pass


class IntentChangeView(_WithExamples, ChangeView):
    pass


def _lines(intent: Intent) -> str:
    return " + ".join(f"({line})" if "," in line else line for line in intent.words)


class IntentViewSet(DeskViewSet):
    model = Intent
    name = "intents"
    icon = "comment"
    menu_label = _("Intents")
    menu_name = "intents"
    add_view_class = IntentAddView
    edit_view_class = IntentChangeView
    list_display = [
        "title",
        Column("lines", label=_("Words"), accessor=_lines),
        BooleanColumn("active", label=_("In use")),
    ]
    list_filter = ["active"]
    ordering = ["sort_key"]
    search_fields = ["title", "words", "examples"]

    edit_handler = ObjectList(
        [
            FieldPanel("title"),
            FieldPanel("words"),
            FieldPanel("examples"),
            FieldPanel("active"),
            MultiFieldPanel(
                [
                    FieldPanel("is_foreign"),
                    *(FieldPanel(name, widget=_LONG_LIST) for name in Intent.TARGETS),
                ],
                heading=_("Leads to"),
            ),
        ],
        base_form_class=IntentForm,
    )


class PinnedAnswerForm(WagtailAdminModelForm):
    def clean_phrases(self) -> list[str]:
        phrases: list[str] = self.cleaned_data["phrases"]
        for phrase in phrases:
            if not analysis.terms(phrase):
                raise ValidationError(
                    gettext("There is no word to search by in the line “%(line)s”.")
                    % {"line": phrase}
                )
        return phrases


def _pinned(answer: PinnedAnswer) -> str:
    return "; ".join(str(place.measure) for place in answer.places.all())


def _when(answer: PinnedAnswer) -> str:
    """Whether it is on today, in words."""
    today = timezone.localdate()
    if not answer.active:
        return gettext("switched off")
    if answer.from_day and today < answer.from_day:
        return gettext("pinned from %(day)s") % {"day": answer.from_day.strftime("%d.%m.%Y")}
    if answer.to_day and today > answer.to_day:
        return gettext("its time is over")
    if answer.to_day:
        return gettext("pinned until %(day)s") % {"day": answer.to_day.strftime("%d.%m.%Y")}
    return gettext("in force now")


class PinnedIndexView(IndexView):
    def get_base_queryset(self) -> Any:
        return super().get_base_queryset().prefetch_related("places__measure")


class PinnedAnswerViewSet(DeskViewSet):
    model = PinnedAnswer
    name = "pinned_answers"
    icon = "pin"
    menu_label = _("Pinned answers")
    menu_name = "pinned-answers"
    index_view_class = PinnedIndexView
    list_display = [
        "__str__",
        Column("measures", label=_("Measures in order"), accessor=_pinned),
        Column("when", label=_("When"), accessor=_when),
    ]
    list_filter = ["active"]
    ordering = ["pk"]
    search_fields = ["phrases"]

    edit_handler = ObjectList(
        [
            FieldPanel("phrases"),
            InlinePanel(
                "places",
                heading=_("Measures in order"),
                label=_("place among the answers"),
                min_num=1,
                max_num=10,
            ),
            FieldRowPanel([FieldPanel("from_day"), FieldPanel("to_day")]),
            FieldPanel("active"),
        ],
        base_form_class=PinnedAnswerForm,
    )


class SearchDesk(ViewSetGroup):
    menu_label = _("Search for families")
    menu_name = "search-desk"
    menu_icon = "search"
    menu_order = 300
    items = (
        QuestionsViewSet,
        TrialViewSet,
        SynonymViewSet,
        IntentViewSet,
        PinnedAnswerViewSet,
        WeightsViewSet,
    )
