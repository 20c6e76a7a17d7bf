"""Questions on facts of a family, as a form: each fact by its type, none has to be answered."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from catalogue.models.taxonomy import FactType
from catalogue.words import FactWords, facts_in_words
from desk.hearing import Heard
from desk.known_facts import is_unnamed, title_of_unnamed
from desk.measures import PREFIX, ToAsk
from forms.answers import plain
from forms.asking import field_for
from forms.choosers import Choosers

MOST = 60
_KINDS = {
    FactType.BOOL: "yesno",
    FactType.NUMBER: "number",
    FactType.MONEY: "money",
    FactType.DATE: "date",
    FactType.CHOICE: "choice",
    FactType.MULTI: "multichoice",
    FactType.TERRITORY: "territory",
}


def as_json(fact: FactWords) -> dict[str, Any]:
    """What is needed to ask for a fact later as it is asked today."""
    low, high = fact.limits
    return {
        "fact": fact.key,
        "type": _KINDS[FactType(fact.type)],
        "label": fact.question,
        "help": fact.help,
        "minimum": 0 if low is None else plain(low),
        "maximum": plain(high),
        "options": [
            {"value": value, "label": label} for value, (label, _said) in fact.options.items()
        ],
    }


def fact_field(spec: Mapping[str, Any], choosers: Choosers) -> forms.Field:
    """The field that a question on a fact has; an answer is never demanded.

    :param spec: as `as_json` makes it.
    """
    own = {"required": False, "whole": False, "unit": "", "when": "any"}
    return field_for({**spec, **own}, choosers)


class FactsForm(forms.Form):
    """What the family is asked, each question once."""

    use_required_attribute = False
    template_name = "intake_desk/fields.html"
    writing_id = forms.UUIDField(required=False, widget=forms.HiddenInput())

    def __init__(self, asked: Iterable[ToAsk], data: Any = None) -> None:
        super().__init__(data, initial={"writing_id": uuid.uuid4()}, auto_id="fact-%s")
        lists = Choosers()
        self.asked = {one.name: one for one in asked}
        for name, one in self.asked.items():
            self.fields[name] = fact_field(as_json(one.fact), lists)
            if one.title:
                self.fields[name].label = f"{one.title}. {one.fact.question}"
            if one.least is not None:
                named = _("Named already: %(count)s.") % {"count": one.least}
                self.fields[name].help_text = f"{named} {self.fields[name].help_text}".strip()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not list(self.heard()):
            raise forms.ValidationError(
                _("Write at least one answer. What is not known stays open.")
            )
        return cleaned

    def heard(self) -> Iterator[Heard]:
        """What was answered."""
        for name, one in self.asked.items():
            value = plain(self.cleaned_data.get(name))
            if value not in (None, "", []):
                yield Heard(one.fact.key, value, one.fact.question, one.child)


def asked_by(names: Iterable[str], children: Mapping[str, str]) -> list[ToAsk]:
    """The questions that a page was sent with, whatever is known by now.

    :param children: titles of the children that the form names, by the paths of their rows.
    """
    own = dict.fromkeys(name for name in names if name.startswith(PREFIX) and "\0" not in name)
    found = [name.removeprefix(PREFIX).partition(":") for name in list(own)[:MOST]]
    facts = facts_in_words({key for key, _sign, _child in found})
    unnamed = {child for _key, _sign, child in found if is_unnamed(child)}
    titles = {**children, **{child: title_of_unnamed(child) for child in unnamed}}
    return [
        ToAsk(facts[key], child, titles.get(child, ""))
        for key, _sign, child in found
        if key in facts and (not child or child in titles)
    ]
