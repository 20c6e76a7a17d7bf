"""Puts the guard before the views that change what queries are read with."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.admin import messages

from cms.loading import DataSetError
from search import despite, guard
from search.engine import IndexUnavailable
from search.facets import title_of
from search.lexicon import Lexicon, current_lexicon
from search.titles import titles_of_measures

ANSWER = "guard"  # the field with the editor's answer
GO, BACK, CHECK = "go", "back", "check"
SHOWN = 20  # queries of each sort
_FIRST = 3  # measures that are named

logger = logging.getLogger(__name__)


def verdict_on(
    request: HttpRequest, edit: Callable[[], object]
) -> tuple[guard.Verdict, Lexicon] | None:
    """What an edit would do to the graded queries; nothing, when there is nothing to tell by.

    Why it could not be told is said to the editor beside the next page.
    """
    try:
        queries = guard.graded_queries()
        if not queries:
            messages.info(request, _("There are no graded queries, so the edit was not checked."))
            return None
        proposed = guard.proposed_lexicon(edit)
        return guard.compare(current_lexicon(), proposed, queries), proposed
    except IndexUnavailable:
        messages.warning(request, _("Search is being set up, so the edit was not checked."))
    except DataSetError:
        logger.exception("The graded queries cannot be read")
        messages.warning(request, _("The graded queries cannot be read: tell the administrator."))
    return None


def told(verdict: guard.Verdict) -> dict[str, Any]:
    """A verdict for a template."""
    listed = [*verdict.worse[:SHOWN], *verdict.better[:SHOWN]]
    titles = titles_of_measures(
        slug
        for each in listed
        for side in (each.before, each.after)
        for slug in side.found[:_FIRST]
    )
    lexicon = current_lexicon()

    def rows(changes: tuple[guard.Change, ...]) -> list[dict[str, Any]]:
        return [
            {
                "query": change.query,
                "territory": title_of("territory", change.before.graded.territory, lexicon),
                "nothing": change.expects_nothing,
                "story": change.gain_of_story,
                "ndcg": (change.before.ndcg, change.after.ndcg),
                "sides": [
                    [titles.get(slug, slug) for slug in side.found[:_FIRST]]
                    for side in (change.before, change.after)
                ],
            }
            for change in changes[:SHOWN]
        ]

    before, after = verdict.before.figures(), verdict.after.figures()
    figures = [
        (_("Order of the first ten (nDCG@10)"), before["ndcg@10"], after["ndcg@10"]),
        (_("A right answer comes first"), before["hit@1"], after["hit@1"]),
        (_("A right answer is among the first three"), before["hit@3"], after["hit@3"]),
    ]
    if verdict.judges_stories:
        figures.append((_("The right life situation comes first"), *verdict.stories))
    return {
        "queries": verdict.queries,
        "figures": figures,
        "worse": rows(verdict.worse),
        "worse_count": len(verdict.worse),
        "better": rows(verdict.better),
        "better_count": len(verdict.better),
        "falls": bool(verdict.worse),
        "reason_name": despite.REASON,
        "longest_reason": despite.LONGEST_REASON,
    }


def is_decided(request: HttpRequest, verdict: guard.Verdict, unmet: bool = False) -> bool:
    """Whether the edit may go live: nothing changes, or the editor has seen it and says so."""
    if request.POST.get(ANSWER) == GO:
        return bool(despite.reason_of(request)) or not verdict.worse
    if verdict.changes or unmet:
        return False
    say_unchanged(request, verdict)
    return True


def reason_error(request: HttpRequest, verdict: guard.Verdict) -> str:
    if request.POST.get(ANSWER) != GO or not verdict.worse or despite.reason_of(request):
        return ""
    return _("Write why it should be saved although answers get worse.")


def say_unchanged(request: HttpRequest, verdict: guard.Verdict) -> None:
    text = ngettext(
        "Checked on %(count)d graded query: no answer changes for better or worse.",
        "Checked on %(count)d graded queries: no answer changes for better or worse.",
        verdict.queries,
    )
    messages.info(request, text % {"count": verdict.queries})


def ask(
    request: HttpRequest, verdict: guard.Verdict, about: object, unmet: Sequence[str] = ()
) -> HttpResponse:
    """The page that shows what an edit does; it holds what was sent, to be sent once more."""
    ours = {"csrfmiddlewaretoken", ANSWER, despite.REASON}
    context = {
        **told(verdict),
        "reason_error": reason_error(request, verdict),
        "unmet": unmet,
        "fields": [
            (name, value)
            for name, values in request.POST.lists()
            if name not in ours
            for value in values
        ],
        "page_title": _("What changes in the answers"),
        "header_title": _("What changes in the answers"),
        "page_subtitle": str(about),
        "header_icon": "search",
        "action": request.get_full_path(),
    }
    return TemplateResponse(request, "search/desk/verdict.html", context)


class GuardedSave:
    """Mixed in front of a view that adds or changes: asks again when graded answers change."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get(ANSWER) in {BACK, CHECK}:
            self.object = getattr(self, "object", None)  # a view that adds has none yet
            self.form = self.get_form()  # type: ignore[attr-defined]
            self.form.is_valid()
            if request.POST[ANSWER] == CHECK:
                self.form.errors.clear()  # nobody has said yet that it is ready
            return self.render_to_response(self.get_context_data())  # type: ignore[attr-defined]
        return super().post(request, *args, **kwargs)  # type: ignore[misc]

    def form_valid(self, form: Any) -> HttpResponse:
        request: HttpRequest = self.request  # type: ignore[attr-defined]
        found = verdict_on(request, self._try)
        if found and not is_decided(request, found[0], bool(self._unmet(form, found[1]))):
            return self._ask(form, *found)
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
            if found:
                despite.remember(form.instance, request, found[0])
        return response

    def _try(self) -> None:
        """Save the same on an object of its own: the view's form is saved once only."""
        kwargs = self.get_form_kwargs()  # type: ignore[attr-defined]
        model = self.model  # type: ignore[attr-defined]
        pk = getattr(kwargs.get("instance"), "pk", None)
        kwargs["instance"] = model._default_manager.get(pk=pk) if pk else model()
        form = self.get_form_class()(**kwargs)  # type: ignore[attr-defined]
        if form.is_valid():
            form.save()

    def _unmet(self, form: Any, proposed: Lexicon) -> list[str]:
        """What the edit promises and does not keep."""
        return []

    def _ask(self, form: Any, verdict: guard.Verdict, proposed: Lexicon) -> HttpResponse:
        request: HttpRequest = self.request  # type: ignore[attr-defined]
        return ask(request, verdict, form.instance, self._unmet(form, proposed))


class GuardedDelete:
    """Mixed in front of a view that deletes: shows what it does before it asks."""

    @cached_property
    def verdict(self) -> guard.Verdict | None:
        row = self.object  # type: ignore[attr-defined]
        found = verdict_on(
            self.request,  # type: ignore[attr-defined]
            lambda: type(row)._default_manager.filter(pk=row.pk).delete(),
        )
        return found[0] if found else None

    def form_valid(self, form: Any) -> HttpResponse:
        request: HttpRequest = self.request  # type: ignore[attr-defined]
        verdict = self.verdict
        if verdict and verdict.worse and not despite.reason_of(request):
            return self.render_to_response(self.get_context_data(form=form))  # type: ignore[attr-defined]
        with transaction.atomic():
            if verdict:
                despite.remember(self.object, request, verdict)  # type: ignore[attr-defined]
            response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)  # type: ignore[misc]
        verdict = self.verdict
        context["verdict"] = told(verdict) if verdict else None
        is_sent = self.request.method == "POST"  # type: ignore[attr-defined]
        context["reason_error"] = _("Write why it should be deleted.") if is_sent else ""
        return dict(context)
