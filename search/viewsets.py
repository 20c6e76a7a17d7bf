"""The back office's desk of search: an edit of anything here is live with the next search."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
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
from search.choosing import RecordsInput
from search.desk import QuestionsViewSet, TrialViewSet, WeightsViewSet
from search.guarded import GuardedDelete, GuardedSave
from search.intent_form import IntentForm, TellsOfWords, WordsPanel
from search.models import Intent, PinnedAnswer, Synonym

LISTED_WORDS = 4  # of a line of an intent, in the list


def _targets(*names: str) -> list[FieldPanel]:
    return [FieldPanel(name, widget=RecordsInput(name)) for name in names]


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
            MultiFieldPanel(
                _targets("measures", "situations", "categories", "providers", "territories"),
                heading=_("Leads to"),
                classname="collapsed",
            ),
        ]
    )


class IntentAddView(TellsOfWords, AddView):
    pass


class IntentChangeView(TellsOfWords, ChangeView):
    pass


def _leads_to(intent: Any) -> str:
    """What it leads to, in words; the view has counted."""
    if intent.is_foreign:
        return gettext("not ours")
    if not intent.targets:
        return gettext("nowhere: its records are gone")
    text = ngettext("%(count)d record", "%(count)d records", intent.targets)
    return text % {"count": intent.targets}


class IntentIndexView(IndexView):
    def get_base_queryset(self) -> Any:
        counts = (Coalesce(_count_of(Intent._meta.get_field(name)), 0) for name in Intent.TARGETS)
        return super().get_base_queryset().annotate(targets=sum(counts, Value(0)))


def _count_of(relation: Any) -> Subquery:
    links = relation.remote_field.through.objects.filter(intent=OuterRef("pk")).order_by()
    return Subquery(links.values("intent").annotate(all=Count("*")).values("all"))


def _lines(intent: Intent) -> str:
    return " + ".join(_shortened(line) for line in intent.words)


def _shortened(line: str) -> str:
    """The first alternatives of a line and how many more there are."""
    words = [each.strip() for each in line.split(",")]
    shown, rest = words[:LISTED_WORDS], len(words) - LISTED_WORDS
    if rest > 0:
        shown.append(gettext("%(count)d more") % {"count": rest})
    return f"({', '.join(shown)})" if len(words) > 1 else line


class IntentViewSet(DeskViewSet):
    model = Intent
    name = "intents"
    icon = "comment"
    menu_label = _("Intents")
    menu_name = "intents"
    add_view_class = IntentAddView
    edit_view_class = IntentChangeView
    index_view_class = IntentIndexView
    list_display = [
        "title",
        Column("lines", label=_("Words"), accessor=_lines),
        Column("leads_to", label=_("Leads to"), accessor=_leads_to),
        BooleanColumn("active", label=_("In use")),
    ]
    list_filter = ["active", "is_foreign"]
    ordering = ["sort_key"]
    search_fields = ["title", "words", "examples"]

    edit_handler = ObjectList(
        [
            FieldPanel("title"),
            FieldPanel("words"),
            WordsPanel(),
            FieldPanel("examples"),
            FieldPanel("active"),
            MultiFieldPanel(
                [FieldPanel("is_foreign"), *_targets(*Intent.TARGETS)],
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
