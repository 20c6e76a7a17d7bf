"""«Добавить бумаги семьи»: what was brought to the staff, by whom and when."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from forms.asking import accepted
from forms.fields import TextField
from forms.models import BroughtBy, IntakeCase
from forms.papers import LONGEST_WHO, MOST_MEGABYTES, Bringing
from forms.views.status import PapersField, PapersWidget
from themes.templatetags.russian import human_date


class BringForm(forms.Form):
    """Papers with who brought them. After a mistake the files have to be chosen once more."""

    use_required_attribute = False
    template_name = "intake_desk/fields.html"
    writing_id = forms.UUIDField(widget=forms.HiddenInput())
    papers = PapersField(
        label=gettext_lazy("Photos or papers"),
        required=False,
        widget=PapersWidget(attrs={"multiple": True, "accept": accepted("papers")}),
    )
    way = forms.ChoiceField(
        label=gettext_lazy("How the papers came"),
        choices=BroughtBy.choices,
        error_messages={"required": gettext_lazy("Please choose how they came.")},
    )
    who = TextField(
        label=gettext_lazy("Who brought or sent them"),
        help_text=gettext_lazy("For example: the mother; the grandmother, by word of the mother."),
        max_length=LONGEST_WHO,
        error_messages={"required": gettext_lazy("Please write who brought them.")},
    )
    on = forms.DateField(
        label=gettext_lazy("Day"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={
            "invalid": gettext_lazy("There is no such day. Please write it as 25.12.2026."),
            "required": gettext_lazy("Please give the day."),
        },
    )

    def __init__(self, case: IntakeCase, data: Any = None, files: Any = None) -> None:
        initial = {"writing_id": uuid.uuid4(), "on": timezone.localdate()}
        super().__init__(data, files, initial=initial, auto_id="brought-%s")
        self.case = case
        self.fields["papers"].help_text = _(
            "Each at most %(most)s MB: photos, PDF, documents. They are checked as the family's own."
        ) % {"most": MOST_MEGABYTES}

    def clean_papers(self) -> Any:
        received = self.cleaned_data["papers"]
        if not received:
            raise forms.ValidationError(_("Please choose a file."))
        return received

    def clean_on(self) -> datetime.date:
        on: datetime.date = self.cleaned_data["on"]
        first = timezone.localdate(min(self.case.created_at, self.case.contact_at))
        if not first <= on <= timezone.localdate():
            raise forms.ValidationError(
                _("The day has to lie between %(first)s and today.") % {"first": human_date(first)}
            )
        return on

    @property
    def bringing(self) -> Bringing:
        """Who brought them and how, once it is judged to be whole."""
        cleaned = self.cleaned_data
        return Bringing(BroughtBy(cleaned["way"]), cleaned["on"], cleaned["who"])
