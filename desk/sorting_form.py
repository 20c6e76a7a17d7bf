"""The form of sorting: what a case is about, how much it presses, whose it is, who may see it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cms.models import User
from forms import moves
from forms.models import IntakeCase, Topic
from forms.sorting import Sorted


class SortForm(forms.Form):
    use_required_attribute = False
    template_name = "intake_desk/fields.html"
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput())
    topic = forms.ModelChoiceField(
        Topic.objects.all(),
        label=_("Topic"),
        empty_label=None,
        error_messages={"required": _("Please choose the topic.")},
    )
    curator = forms.ModelChoiceField(
        User.objects.none(), label=_("Curator of the family"), required=False, empty_label=_("none")
    )
    urgent = forms.BooleanField(label=_("The case is urgent"), required=False)
    secret = forms.BooleanField(
        label=_("Only named people see it"),
        required=False,
        help_text=_("Violence in the family, the health of a child."),
    )

    def __init__(self, case: IntakeCase, data: Any = None) -> None:
        initial = {
            "version": case.version,
            "topic": case.topic_id,
            "curator": case.curator_id,
            "urgent": case.urgent,
            "secret": case.secret,
        }
        super().__init__(data, initial=initial, auto_id="sort-%s")
        curator = self.fields["curator"]
        assert isinstance(curator, forms.ModelChoiceField)
        known = User.objects.filter(pk=case.curator_id) if case.curator_id else None
        people = moves.colleagues(case)
        curator.queryset = (people | known.distinct()) if known is not None else people

    def wanted(self) -> Sorted:
        given = self.cleaned_data
        return Sorted(given["topic"], given["urgent"], given["secret"], given["curator"])
