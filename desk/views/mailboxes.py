"""Mailboxes, for the administrator: whether they are read, and how to reach them."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from wagtail.admin import messages
from wagtail.log_actions import log

from catalogue.models import Provider
from desk import tasks
from desk.mail import connection, form
from desk.models import DONE, Fate, Mailbox, Trouble
from forms.models import FormDefinition
from forms.views.private import private

_HOST = re.compile(r"[A-Za-z0-9.:-]+")
_WHERE = frozenset(("host", "port", "user", "folder"))
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class MailboxForm(forms.ModelForm[Mailbox]):
    """How a mailbox is reached. The password is never shown; an empty one stays as it was."""

    use_required_attribute = False
    password = forms.CharField(
        label=gettext_lazy("password"),
        max_length=200,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("It is kept encrypted and shown to nobody."),
    )

    class Meta:
        model = Mailbox
        fields = [
            "address",
            "centre",
            "form",
            "host",
            "port",
            "security",
            "user",
            "password",
            "folder",
            "done_folder",
            "since",
            "active",
        ]
        widgets = {"since": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_new = self.instance._state.adding
        centre, of_form = self.fields["centre"], self.fields["form"]
        assert isinstance(centre, forms.ModelChoiceField)
        assert isinstance(of_form, forms.ModelChoiceField)
        centre.queryset = Provider.objects.centres()
        centre.empty_label = _("by the rules")
        fitting = [each.pk for each in FormDefinition.objects.all() if form.fits(each)]
        of_form.queryset = FormDefinition.objects.filter(pk__in=fitting)
        of_form.empty_label = None
        if self.is_new:
            self.fields["password"].required = True
        else:
            self.fields["password"].help_text = _("Leave it empty to keep the password as it is.")

    def clean_host(self) -> str:
        host: str = self.cleaned_data["host"].strip()
        if not _HOST.fullmatch(host):
            raise ValidationError(_("A name of a server, for example imap.example.ru."))
        return host

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("user", "password", "folder", "done_folder"):
            if _CONTROL.search(cleaned.get(name) or ""):
                self.add_error(name, _("There is a sign in it that cannot be seen."))
        if cleaned.get("folder") and cleaned.get("folder") == cleaned.get("done_folder"):
            self.add_error(
                "done_folder", _("It has to be another folder than the one that is read.")
            )
        return cleaned

    def keep(self) -> Mailbox:
        box: Mailbox = self.save(commit=False)
        if self.cleaned_data["password"]:
            box.keep_password(self.cleaned_data["password"])
        box.save()
        if _WHERE & set(self.changed_data):  # numbers of letters are those of a folder
            box.letters.update(uid_validity=0)
        return box


def _require_right(request: HttpRequest) -> None:
    if not request.user.has_perm("intake_desk.change_mailbox"):
        raise Http404


@private
@require_safe
def mailboxes(request: HttpRequest) -> HttpResponse:
    _require_right(request)
    boxes = Mailbox.objects.select_related("centre", "form").annotate(
        taken_in=Count("letters", filter=Q(letters__fate__in=DONE)),
        unsorted=Count("letters", filter=Q(letters__fate=Fate.UNSORTED)),
    )
    return render(request, "intake_desk/mailboxes.html", {"boxes": boxes})


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def mailbox(request: HttpRequest, mailbox: uuid.UUID | None = None) -> HttpResponse:
    _require_right(request)
    found = get_object_or_404(Mailbox, pk=mailbox) if mailbox else Mailbox()
    if request.method != "POST":
        return _page(request, found, MailboxForm(instance=found))
    typed = MailboxForm(request.POST, instance=found)
    if not typed.is_valid():
        return _page(request, found, typed, status=422)
    box = typed.keep()
    log(instance=box, action="wagtail.create" if typed.is_new else "wagtail.edit")
    _tell_of_connection(request, box)
    return _to(box)


@private
@require_POST
def check_mailbox(request: HttpRequest, mailbox: uuid.UUID) -> HttpResponse:
    _require_right(request)
    box = get_object_or_404(Mailbox, pk=mailbox)
    if _tell_of_connection(request, box) and box.active:
        tasks.ask_to_read(str(box.pk))
    return _to(box)


def _tell_of_connection(request: HttpRequest, box: Mailbox) -> bool:
    trouble = connection.check(box)
    if trouble is None:
        messages.success(request, _("The connection is in order: letters can be read and sent."))
        return True
    if trouble != Trouble.SENDER:
        box.was_not_read(trouble)
    messages.error(request, _("%(box)s: %(trouble)s.") % {"box": box, "trouble": trouble.label})
    return False


def _to(box: Mailbox) -> HttpResponse:
    response = HttpResponseRedirect(reverse("intake:mailbox", args=[box.pk]))
    response.status_code = 303
    return response


def _page(
    request: HttpRequest, box: Mailbox, typed: MailboxForm, *, status: int = 200
) -> HttpResponse:
    context = {"box": box, "form": typed, "is_new": typed.is_new}
    return render(request, "intake_desk/mailbox.html", context, status=status)
