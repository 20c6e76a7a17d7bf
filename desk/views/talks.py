"""A talk with the family, and papers that it has brought: written down on the page of its case."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from desk import unsent
from desk.bring_form import BringForm
from desk.conversation_form import ConversationForm
from desk.views.page import back_to, posted, show, visible
from forms import conversing, papers
from forms.crypto import CryptoError
from forms.detecting import Refused
from forms.files import NoRoom
from forms.models import Erased
from forms.moves import NotAllowed
from forms.views.pages import no_room
from forms.views.private import private


@sensitive_post_parameters()
@private
@posted
def talk(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible(request, pk)
    if not conversing.may_tell(request.user):
        return show(request, found, told=_("This cannot be done now."), status=409)
    typed = ConversationForm(found, request.user, request.POST)
    if not typed.is_valid():
        return show(request, found, talked=typed, status=422)
    writing_id = typed.cleaned_data["writing_id"]
    try:
        conversing.tell(
            case_id=found.pk, actor=request.user, held=typed.held, writing_id=writing_id
        )
    except (NotAllowed, Erased, CryptoError):
        told = _("This cannot be done now.")
        return show(request, visible(request, pk), talked=typed, told=told, status=409)
    unsent.forget(found, request.user, writing_id)
    return back_to(found, "#happened")


@sensitive_post_parameters()
@private
@posted
def bring(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible(request, pk)
    if not papers.may_bring(found, request.user):
        return show(request, found, told=_("This cannot be done now."), status=409)
    typed = BringForm(found, request.POST, request.FILES)
    if not typed.is_valid():
        return show(request, found, brought=typed, status=422)
    try:
        papers.bring(
            case_id=found.pk,
            actor=request.user,
            received=typed.cleaned_data["papers"],
            bringing=typed.bringing,
            writing_id=typed.cleaned_data["writing_id"],
        )
    except Refused as reason:
        typed.add_error("papers", str(reason))
        return show(request, found, brought=typed, status=422)
    except NoRoom:
        return no_room(request)
    except (NotAllowed, Erased, CryptoError):
        told = _("This cannot be done now.")
        return show(request, visible(request, pk), brought=typed, told=told, status=409)
    return back_to(found, "#files")
