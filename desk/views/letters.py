"""«Письма»: what came by mail and became no case, for those who sort it."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin import messages

from desk import tasks
from desk.models import Fate, Reason, ReceivedMail
from forms.views.private import private

ON_PAGE = 50
TABS = {
    "unsorted": (Fate.UNSORTED, Fate.AGAIN),
    "automatic": (Fate.AUTOMATIC,),
    "settled": (Fate.SETTLED,),
}
# Of these there is nothing that could be taken in.
HOPELESS = (Reason.TOO_LARGE, Reason.DEADLY, Reason.EMPTY)


@private
@require_safe
def letters(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if not user.has_perm("intake_desk.sort_mail"):
        raise Http404
    visible = ReceivedMail.objects.visible_to(user)
    counts = visible.aggregate(
        **{name: Count("pk", filter=Q(fate__in=fates)) for name, fates in TABS.items()}
    )
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "unsorted"
    found = visible.filter(fate__in=TABS[tab]).select_related("mailbox", "settled_by")
    if tab == "unsorted":
        found = found.order_by("came_at", "pk")  # who has waited longest first
    labels = {
        "unsorted": _("Not sorted"),
        "automatic": _("Written by programs"),
        "settled": _("No cases"),
    }
    context = {
        "tabs": [
            {"name": name, "label": labels[name], "count": counts[name], "current": name == tab}
            for name in TABS
        ],
        "tab": tab,
        "page": Paginator(found, ON_PAGE).get_page(request.GET.get("page", "1")[:6]),
        "hopeless": HOPELESS,
    }
    return render(request, "intake_desk/letters.html", context)


@private
@require_POST
def decide(request: HttpRequest, letter: uuid.UUID) -> HttpResponse:
    """It is a case after all, or it is none: whoever was first has decided."""
    user: Any = request.user
    found = ReceivedMail.objects.visible_to(user).select_related("mailbox")
    row = get_object_or_404(found, pk=letter)
    rows = ReceivedMail.objects.filter(
        pk=row.pk, fate__in=(Fate.UNSORTED, Fate.AUTOMATIC, Fate.SETTLED)
    )
    if request.POST.get("do") == "case":
        if row.reason in HOPELESS or not row.mailbox.active:
            raise Http404  # the page does not offer it
        changed = rows.update(fate=Fate.AGAIN, forced=True, settled_by=user)
        tasks.ask_to_read(str(row.mailbox_id))
        told = _("The letter is being taken in: in a minute it is among the cases.")
    else:
        changed = rows.exclude(fate=Fate.SETTLED).update(fate=Fate.SETTLED, settled_by=user)
        told = _("The letter is put aside. It stays in the mailbox.")
    if changed:
        messages.success(request, told)
    else:
        messages.warning(request, _("Somebody has decided on this letter already."))
    response = HttpResponseRedirect(reverse("intake:letters"))
    response.status_code = 303
    return response
