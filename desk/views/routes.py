"""Routing rules: the list in words, a rule from menus, and what it would have done before it does."""

from __future__ import annotations

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from wagtail.admin import messages

from desk.routing_form import RouteForm
from forms.models import RoutingRule, RoutingState
from forms.routing import in_order, with_words
from forms.routing_trial import trial
from forms.views.private import private


@private
@require_safe
def routes(request: HttpRequest) -> HttpResponse:
    _demand(request, "view")
    rules = in_order(with_words(RoutingRule.objects.all()))
    context = {
        "in_force": [rule for rule in rules if rule.active],
        "off": [rule for rule in rules if not rule.active],
        "may_change": request.user.has_perm("intake_forms.change_routingrule"),
    }
    return render(request, "intake_desk/routes.html", context)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def route(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A rule from menus. It is kept only from the page that tells what it would have done."""
    _demand(request, "change" if pk else "add")
    rule = get_object_or_404(RoutingRule, pk=pk) if pk else RoutingRule(active=False)
    if request.method != "POST":
        return _form(request, RouteForm(instance=rule), rule)
    typed = RouteForm(request.POST, instance=rule)
    if "look" in request.POST:  # the form has been chosen: its questions are wanted
        return _form(request, typed.without_errors(), rule)
    if not typed.is_valid():
        return _form(request, typed, rule, status=422)
    changed = typed.save(commit=False)
    if "keep" not in request.POST and "force" not in request.POST:
        return _trial(request, changed)
    return _keep(request, changed)


@private
@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Off at once; on only through the trial."""
    _demand(request, "change")
    RoutingRule.objects.filter(pk=get_object_or_404(RoutingRule, pk=pk).pk).update(active=False)
    messages.success(request, _("The rule is off. Cases that it has sent stay where they are."))
    return HttpResponseRedirect(reverse("intake:routes"))


@private
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    _demand(request, "delete")
    get_object_or_404(RoutingRule, pk=pk, active=False).delete()
    messages.success(request, _("The rule is deleted."))
    return HttpResponseRedirect(reverse("intake:routes"))


def _demand(request: HttpRequest, action: str) -> None:
    if not request.user.has_perm(f"intake_forms.{action}_routingrule"):
        raise Http404


def _form(
    request: HttpRequest, typed: RouteForm, rule: RoutingRule, status: int = 200
) -> HttpResponse:
    context = {"form": typed, "rule": rule}
    return render(request, "intake_desk/route.html", context, status=status)


def _trial(
    request: HttpRequest, changed: RoutingRule, told: str = "", status: int = 200
) -> HttpResponse:
    now = list(with_words(RoutingRule.objects.filter(active=True)))
    tried = _in_force(changed)
    then = [*(rule for rule in now if rule.pk != changed.pk), tried]
    context = {
        "rule": changed,
        "trial": trial(now, then),
        "told": told,
        "typed": [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name not in ("csrfmiddlewaretoken", "keep", "force", "stamp", "look")
        ],
        "stamp": _stamp(),
    }
    return render(request, "intake_desk/route_trial.html", context, status=status)


def _in_force(changed: RoutingRule) -> RoutingRule:
    """The rule as it would be: with all that deciding looks at, and not kept."""
    tried = RoutingRule(
        **{
            field.attname: getattr(changed, field.attname)
            for field in changed._meta.concrete_fields
        }
    )
    for name in ("form", "topic", "measure", "territory", "queue"):
        setattr(tried, name, getattr(changed, name))
    tried.active = True
    return tried


def _keep(request: HttpRequest, changed: RoutingRule) -> HttpResponse:
    """In force only when the rules are still those that it was tried with."""
    with transaction.atomic():
        RoutingState.objects.select_for_update().get()
        if "force" in request.POST and request.POST.get("stamp") != _stamp():
            told = _("Other rules have changed meanwhile. This is what it would do now.")
            return _trial(request, changed, told, status=409)
        changed.active = "force" in request.POST
        changed.save()
    done = _("The rule is in force.") if changed.active else _("The rule is kept, switched off.")
    messages.success(request, done)
    return HttpResponseRedirect(reverse("intake:routes"))


def _stamp() -> str:
    """Another as soon as any rule is."""
    return str(RoutingState.objects.get().stamp)
