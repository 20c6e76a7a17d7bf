"""What was heard of a family, for the copy of its data that it gets."""

from __future__ import annotations

from django.utils.translation import gettext as _

from catalogue.words import facts_in_words
from desk.fact_form import as_json
from desk.hearing import said_since
from desk.models import HeardWhere
from forms.models import IntakeCase
from forms.reading import in_words
from forms.slots import Given
from themes.templatetags.russian import human_moment


def own_copy(case: IntakeCase) -> list[Given]:
    """What it has told; signs that a specialist has seen are no answers of its own.

    :raises forms.models.Erased: the personal data of the case were erased.
    """
    said = list(said_since(case, (HeardWhere.TALK, HeardWhere.SCRIPT)))
    if not said:
        return []
    facts = facts_in_words({one.fact for one in said})
    rows = [
        (
            f"{one.source.words} {human_moment(one.source.at)}",
            in_words(as_json(facts[one.fact]), one.value) if one.fact in facts else str(one.value),
        )
        for one in said
    ]
    return [Given(_("What you have told us"), rows)]
