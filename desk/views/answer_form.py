"""What a partner types, by its link or in its account, and the page that it sees."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk import answering, packets, steps
from desk.answering import AlreadyAnswered, Who
from desk.models import Referral, ReferralState, Result
from forms.asking import accepted
from forms.detecting import Refused
from forms.fields import TextField
from forms.views.status import PapersField, PapersWidget

MOST_TEXT = 4000
RESULTS = [(one.value, one.label) for one in Result if one != Result.TAKEN_OVER]


class WritingForm(forms.Form):
    use_required_attribute = False
    writing_id = forms.UUIDField(widget=forms.HiddenInput())

    def with_new_id(self) -> None:
        """An old or damaged page: what was typed is kept, the id is made anew."""
        if "writing_id" in self.errors:
            del self.errors["writing_id"]
            self.cleaned_data["writing_id"] = uuid.uuid4()


class RefuseForm(WritingForm):
    """That the organisation cannot help, and why."""

    reason = TextField(
        label=gettext_lazy("Why you cannot help"),
        help_text=gettext_lazy("The centre will look for another way at once."),
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Please say why in a few words.")},
    )


class AnswerForm(WritingForm):
    """What came of it."""

    result = forms.ChoiceField(
        label=gettext_lazy("What came of it"),
        choices=RESULTS,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Please choose what came of it.")},
    )
    text = TextField(
        label=gettext_lazy("Your answer to the centre"),
        help_text=gettext_lazy("What was done, what is next and when."),
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Please write the answer.")},
    )
    papers = PapersField(
        label=gettext_lazy("Papers, if there are any"),
        required=False,
        widget=PapersWidget(
            attrs={
                "multiple": True,
                "accept": accepted("papers"),
                "data-most-megabytes": answering.MOST_MEGABYTES,
                "data-most-files": answering.MOST_FILES,
            }
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["papers"].help_text = _(
            "Up to %(files)s files, each at most %(most)s MB: photos, PDF, documents."
        ) % {"files": answering.MOST_FILES, "most": answering.MOST_MEGABYTES}


def typed_in_vain(request: HttpRequest) -> str:
    """What a partner has sent to a referral that is over: its own words, so that it can copy them."""
    given = (request.POST.get(name, "").strip() for name in ("text", "reason"))
    return "\n\n".join(filter(None, given))[:MOST_TEXT]


class Page:
    """One showing of a referral to its partner: what was typed, what to tell, with which status."""

    def __init__(self, referral: Referral, who: Who) -> None:
        self.referral = referral
        self.who = who
        self.refusal = RefuseForm(initial={"writing_id": uuid.uuid4()})
        self.answer = AnswerForm(initial={"writing_id": uuid.uuid4()})
        self.open = ""  # the form that could not be taken
        self.told = ""
        self.status = 200

    def take(self, request: HttpRequest) -> bool:
        """Do what was sent; False when the page has to be shown again, with the reason.

        :raises desk.answering.Over: nothing can be done any more.
        :raises forms.files.NoRoom: the disk is full.
        """
        action = request.POST.get("action", "")
        self.keep(request)
        try:
            if action == "accept":
                answering.accept(self.referral.pk, self.who)
                return True
            if action == "refuse":
                return self._refuse()
            if action == "answer":
                return self._answer()
        except AlreadyAnswered:
            self.told = _("This referral is answered already. What is kept stands below.")
            self.status = 409
            self.referral.refresh_from_db(fields=["state"])
            return False
        self.told, self.status = _("Please choose what to do."), 422
        return False

    def keep(self, request: HttpRequest) -> None:
        """What was typed stands on the page again."""
        action = request.POST.get("action", "")
        if action == "refuse":
            self.refusal, self.open = RefuseForm(request.POST), action
            self.refusal.with_new_id()
        elif action == "answer":
            self.answer, self.open = AnswerForm(request.POST, request.FILES), action
            self.answer.with_new_id()

    def _refuse(self) -> bool:
        if not self.refusal.is_valid():
            self.status = 422
            return False
        answering.refuse(self.referral.pk, self.who, **self.refusal.cleaned_data)
        return True

    def _answer(self) -> bool:
        if not self.answer.is_valid():
            self.status = 422
            return False
        wanted = self.answer.cleaned_data
        try:
            answering.answer(
                self.referral.pk,
                self.who,
                result=Result(wanted["result"]),
                text=wanted["text"],
                writing_id=wanted["writing_id"],
                received=wanted["papers"],
            )
        except Refused as reason:
            self.answer.add_error("papers", str(reason))
            self.status = 422
            return False
        return True

    def _lost(self, kept_text: str) -> str:
        """What was typed and came too late beside the answer that is kept."""
        forms_of = {"answer": self.answer["text"], "refuse": self.refusal["reason"]}
        typed = forms_of[self.open].value() if self.open else ""
        typed = str(typed or "").strip()[:MOST_TEXT]
        return "" if typed == kept_text.strip() else typed

    def context(self) -> dict[str, Any]:
        """:raises forms.models.Erased: the personal data of the case were erased."""
        referral = self.referral
        kept = answering.answer_of(referral)
        kept_text = steps.text_of(kept, referral.case) if kept else ""
        return {
            "referral": referral,
            "centre": referral.case.centre,
            "told": self.told,
            "kept": kept,
            "kept_text": kept_text,
            "lost": self._lost(kept_text) if kept else "",
            "packet": None if kept else packets.read(referral),
            "is_accepted": referral.state == ReferralState.ACCEPTED,
            "is_late": referral.state == ReferralState.SILENT,
            "refusal": self.refusal,
            "answer": self.answer,
            "open": self.open,
        }
