"""The pages of the desk of search that are no lists of records: questions, trial, weights."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView, View
from wagtail.admin import messages
from wagtail.admin.auth import permission_denied
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.base import ViewSet
from wagtail.log_actions import log

from catalogue.models import Measure, Territory
from search import despite, history, questions
from search.choosing import CHOSEN_FROM, LONGEST, find_records
from search.engine import IndexUnavailable
from search.guarded import ANSWER, BACK, ask, is_decided, verdict_on
from search.models import FieldWeights
from search.outage import outage
from search.plan import FIELDS
from search.query import LONGEST_TEXT
from search.questions import Fate, Question
from search.trial import try_out

SEE = "search.view_searchevent"
WEIGH = "search.change_fieldweights"
CHOOSE = [f"search.{do}_{what}" for what in ("synonym", "intent") for do in ("add", "change")]
USUAL_PERIOD = 30  # days
ON_PAGE = 50


class DeskPage(WagtailAdminTemplateMixin):
    """What the pages share: who may open them, and how they look."""

    permission = SEE
    header_icon = "search"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not self.has_right(request.user):
            return permission_denied(request)
        return super().dispatch(request, *args, **kwargs)

    def has_right(self, user: Any) -> bool:
        return bool(user.has_perm(self.permission))

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]


class DeskPageViewSet(ViewSet):
    """One page at one address, in the menu of those who may open it."""

    view_class: type[DeskPage]

    @cached_property
    def menu_item_class(self) -> type[MenuItem]:
        def is_shown(item: MenuItem, request: HttpRequest) -> bool:
            return bool(request.user.has_perm(self.view_class.permission))

        return type(f"{type(self).__name__}MenuItem", (MenuItem,), {"is_shown": is_shown})

    def get_urlpatterns(self) -> list[URLPattern]:
        view: Any = self.construct_view(self.view_class)
        return [path("", view, name="index")]


class QuestionsForm(forms.Form):
    """Wrong values in the address are as good as none."""

    days = forms.TypedChoiceField(
        label=gettext_lazy("Period"),
        choices=[
            (7, gettext_lazy("a week")),
            (30, gettext_lazy("30 days")),
            (90, gettext_lazy("90 days")),
            (365, gettext_lazy("a year")),
        ],
        coerce=int,
        required=False,
    )
    fate = forms.ChoiceField(
        label=gettext_lazy("Which queries"),
        choices=[
            ("", gettext_lazy("all queries")),
            (Fate.NOTHING, gettext_lazy("found nothing")),
            (Fate.UNOPENED, gettext_lazy("found, but nothing was opened")),
            (Fate.OPENED, gettext_lazy("an answer was opened")),
        ],
        required=False,
    )
    q = forms.CharField(label=gettext_lazy("With the words"), max_length=LONGEST, required=False)


class QuestionsView(DeskPage, TemplateView):
    """What families asked, each with the ways to help."""

    template_name = "search/desk/questions.html"
    page_title = gettext_lazy("What families asked")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = QuestionsForm(self._filled(self.request.GET))
        chosen = form.cleaned_data if form.is_valid() else {}
        since = questions.since(chosen.get("days") or USUAL_PERIOD)
        fate = Fate(chosen["fate"]) if chosen.get("fate") else None
        rows = questions.grouped(since, fate, chosen.get("q", ""))
        page = Paginator(rows, ON_PAGE).get_page(self.request.GET.get("p"))
        kept = urlencode({name: value for name, value in chosen.items() if value})
        return super().get_context_data(
            form=form,
            page=page,
            rows=[
                {"question": question, "actions": self._actions(question)}
                for question in questions.questions(list(page.object_list), since)
            ],
            kept=f"{kept}&" if kept else "",
            kept_days=history.KEPT.days,
            **kwargs,
        )

    def _filled(self, given: QueryDict) -> dict[str, Any]:
        return {
            "days": given.get("days", USUAL_PERIOD),
            "fate": given.get("fate", ""),
            "q": given.get("q", "").replace("\0", "")[:LONGEST],
        }

    def _actions(self, question: Question) -> list[tuple[str, str]]:
        """What can be made of a question in one click: the form is filled in already."""
        text = question.plain
        if not text:
            return []
        user: Any = self.request.user
        offers = [
            ("search.add_synonym", _("Synonym"), "synonyms:add", {"terms": text}),
            (
                "search.add_pinnedanswer",
                _("Pin an answer"),
                "pinned_answers:add",
                {"phrases": text},
            ),
            (
                "search.add_intent",
                _("Intent"),
                "intents:add",
                {"title": text, "words": "\n".join(text.split()), "examples": text},
            ),
            (
                "catalogue.add_measure",
                _("Draft of a measure"),
                Measure.snippet_viewset.get_url_name("add"),
                {"title": text, "synonyms": text},
            ),
        ]
        links = [
            (label, f"{reverse(name)}?{urlencode(fields)}")
            for permission, label, name, fields in offers
            if user.has_perm(permission)
        ]
        return [*links, (_("Try it"), f"{reverse('search_trial:index')}?{urlencode({'q': text})}")]


class QuestionsViewSet(DeskPageViewSet):
    name = "search_questions"
    url_prefix = "search-questions"
    icon = "help"
    menu_label = gettext_lazy("What families asked")
    menu_name = "search-questions"
    view_class = QuestionsView


class TrialForm(forms.Form):
    q = forms.CharField(label=gettext_lazy("Query"), max_length=LONGEST_TEXT, required=False)
    territory = forms.ModelChoiceField(
        label=gettext_lazy("The family lives in"),
        queryset=Territory.objects.all(),
        to_field_name="slug",
        required=False,
        empty_label=gettext_lazy("not said"),
    )


class TrialView(DeskPage, TemplateView):
    """Shows how a query is read and why each answer stands where it stands."""

    template_name = "search/desk/trial.html"
    page_title = gettext_lazy("Try a query")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = TrialForm(self.request.GET or None)
        trial, unavailable = None, None
        if form.is_valid() and form.cleaned_data["q"]:
            place = form.cleaned_data["territory"]
            try:
                trial = try_out(form.cleaned_data["q"], place.slug if place else "")
            except IndexUnavailable as error:
                unavailable = outage(error)
        return super().get_context_data(form=form, trial=trial, unavailable=unavailable, **kwargs)


class TrialViewSet(DeskPageViewSet):
    name = "search_trial"
    url_prefix = "search-trial"
    icon = "view"
    menu_label = gettext_lazy("Try a query")
    menu_name = "search-trial"
    view_class = TrialView


class RecordsView(DeskPage, View):
    """Records of a kind whose titles have the words, for who chooses what something leads to."""

    def has_right(self, user: Any) -> bool:
        return any(user.has_perm(permission) for permission in CHOOSE)

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        if name not in CHOSEN_FROM:
            raise Http404
        found, more = find_records(name, request.GET.get("q", ""))
        response = JsonResponse({"found": [asdict(record) for record in found], "more": more})
        response["Cache-Control"] = "no-store"
        return response


class RecordsViewSet(ViewSet):
    name = "search_records"
    url_prefix = "search-records"

    def get_urlpatterns(self) -> list[URLPattern]:
        return [path("<slug:name>/", self.construct_view(RecordsView), name="find")]


class WeightsForm(forms.ModelForm):
    class Meta:
        model = FieldWeights
        fields = [name for name, _ in FIELDS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, usual in FIELDS:
            self.fields[name].help_text = _("Empty: %(usual)s, as the portal has it.") % {
                "usual": f"{usual:g}".replace(".", ",")
            }
            self.fields[name].widget.attrs.update(step="0.1", min="0", max="20")


class WeightsView(DeskPage, FormView):
    """What a word is worth by where it is found; guarded like every edit here."""

    permission = WEIGH
    template_name = "search/desk/weights.html"
    page_title = gettext_lazy("Weights of fields")
    form_class = WeightsForm

    def get_form_kwargs(self) -> dict[str, Any]:
        instance = FieldWeights.objects.first() or FieldWeights(pk=1)
        return {**super().get_form_kwargs(), "instance": instance}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entries = despite.lately(FieldWeights(pk=1))
        return super().get_context_data(despite=entries, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get(ANSWER) == BACK:
            form = self.get_form()
            form.is_valid()
            return self.render_to_response(self.get_context_data(form=form))
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        found = verdict_on(self.request, form.save)
        if found and not is_decided(self.request, found[0]):
            return ask(self.request, found[0], self.page_title)
        with transaction.atomic():
            weights = form.save()
            log(instance=weights, action="wagtail.edit", user=self.request.user)
            if found:
                despite.remember(weights, self.request, found[0])
        messages.success(self.request, _("Saved: the next search weighs so."))
        return redirect("search_weights:index")


class WeightsViewSet(DeskPageViewSet):
    name = "search_weights"
    url_prefix = "search-weights"
    icon = "sliders"
    menu_label = gettext_lazy("Weights of fields")
    menu_name = "search-weights"
    view_class = WeightsView
