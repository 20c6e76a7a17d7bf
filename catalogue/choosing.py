"""The chooser of measures: searched by words of titles, however many there are."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.choosers import BaseFilterForm
from wagtail.snippets.views.chooser import ChooseResultsView, ChooseView, SnippetChooserViewSet

LONGEST = 100  # characters that are looked for


class TitleFilterForm(BaseFilterForm):
    q = forms.CharField(label=_("Words of the title"), max_length=LONGEST, required=False)

    def filter(self, objects: Any) -> Any:
        objects = super().filter(objects)
        words = self.cleaned_data.get("q", "")
        for word in words.split():
            objects = objects.filter(title__icontains=word)
        self.is_searching, self.search_query = bool(words), words
        return objects


class _ByTitle:
    filter_form_class = TitleFilterForm
    page_subtitle = ""


class ChooseMeasure(_ByTitle, ChooseView):
    pass


class ChooseMeasureResults(_ByTitle, ChooseResultsView):
    pass


class MeasureChooser(SnippetChooserViewSet):
    choose_view_class = ChooseMeasure
    choose_results_view_class = ChooseMeasureResults
    page_title = _("Choose a measure")
