"""The form of an intent: what is refused, and how its words are understood."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.translation import gettext, ngettext
from wagtail.admin import messages
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import Panel

from search import wordcheck
from search.guarded import GuardedSave
from search.lexicon import Lexicon, alternatives, current_lexicon
from search.models import Intent
from search.query import Asked
from search.reader import read_query

MOST_LINES = 12  # of an intent: each has to stand in a query


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

    @property
    def own_title(self) -> str:
        """As it is saved."""
        return str(self.initial["title"]) if self.instance.pk else ""

    def lines(self) -> list[str]:
        """The words as they stand in the form, saved or not."""
        written = str(self["words"].field.prepare_value(self["words"].value()) or "")
        return [line.strip() for line in written.splitlines() if line.strip()][:MOST_LINES]


class WordsPanel(Panel):
    """Under the words: how search understands them, with a button that asks for it anew."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "search/desk/words.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            lines = self.form.lines()
            context["lines"] = wordcheck.understood(lines)
            context["twins"] = wordcheck.twins(lines, current_lexicon(), self.form.own_title)
            return context


class TellsOfWords(GuardedSave):
    """Tells of examples that the rule does not fit, and of words that may be misunderstood."""

    def form_valid(self, form: Any) -> HttpResponse:
        own_title = form.own_title
        response = super().form_valid(form)
        if response.status_code == 302:  # saved, not asked about
            self._warn(form.cleaned_data["words"], {own_title, form.cleaned_data["title"]})
        return response

    def _warn(self, lines: list[str], own_titles: set[str]) -> None:
        request = self.request  # type: ignore[attr-defined]
        for line in wordcheck.understood(lines):
            for hint in (hint for each in line for hint in each.hints):
                messages.warning(
                    request,
                    gettext(
                        "“%(word)s” is read as a form of “%(read_as)s”. If you mean the other "
                        "word, add “%(add)s” after a comma."
                    )
                    % {"word": hint.word, "read_as": hint.read_as, "add": hint.add},
                )
        for twin in wordcheck.twins(lines, current_lexicon()):
            if twin.whole and twin.title not in own_titles:
                messages.warning(
                    request,
                    gettext("The intent “%(title)s” has the same words.") % {"title": twin.title},
                )

    def _unmet(self, form: Any, proposed: Lexicon) -> list[str]:
        title, examples = form.cleaned_data["title"], form.cleaned_data["examples"]
        if not form.cleaned_data["active"]:
            return []
        return [
            example
            for example in examples
            if title not in read_query(example, Asked(), proposed).understood.intents
        ]
