"""Filters that a person keeps: a name and what the form of the list understands."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from desk.models import SavedFilter
from desk.narrowing import FilterForm, tab_of
from desk.views.cases import may_look, to
from forms.views.private import private

MOST = 20


class KeepForm(forms.Form):
    title = forms.CharField(max_length=60)
    query = forms.CharField(max_length=1000, required=False)


@private
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the filter of the list under a name; the same name again replaces it."""
    user = may_look(request)
    typed = KeepForm(request.POST)
    if not typed.is_valid():
        messages.error(request, _("Please give the filter a name."))
        return to(reverse("intake:list"))
    asked = QueryDict(typed.cleaned_data["query"])
    query = FilterForm(user, data=asked).query(tab_of(user, asked).name)
    own = SavedFilter.objects.filter(owner=user)
    title = typed.cleaned_data["title"]
    if own.exclude(title=title).count() >= MOST:
        messages.error(request, _("That is enough filters: delete one first."))
    else:
        own.update_or_create(title=title, defaults={"query": query, "owner": user})
    return to(f"{reverse('intake:list')}?{query}")


@private
@require_POST
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(SavedFilter, pk=pk, owner=may_look(request)).delete()
    return to(reverse("intake:list"))
