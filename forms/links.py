"""Forms that the catalogue's pages offer: to apply for a measure, to ask the centre."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue.models import Measure
from catalogue.slots import Link
from forms.models import FormDefinition


def forms_for(measure: Measure) -> list[Link]:
    """Forms by which this measure is asked for, then the general question about it."""
    own = Q(pk__in=measure.forms.through.objects.filter(measure=measure).values("formdefinition"))
    found = FormDefinition.objects.public().filter(own | Q(offered_everywhere=True))
    rows = found.annotate(is_own=ExpressionWrapper(own, BooleanField())).order_by(
        "-is_own", "sort_key"
    )
    about = urlencode({"measure": measure.slug})
    return [
        Link(_("Apply: %(form)s") % {"form": form.title}, form.get_absolute_url(), _note(form))
        if form.is_own
        else Link(_("Ask the centre"), f"{form.get_absolute_url()}?{about}", _note(form))
        for form in rows
    ]


def forms_to_ask() -> list[Link]:
    """The general question to the centre, wherever a family reads."""
    general = FormDefinition.objects.public().filter(offered_everywhere=True)
    return [Link(_("Ask the centre"), form.get_absolute_url(), _note(form)) for form in general]


def _note(form: FormDefinition) -> str:
    return ngettext("It takes %(count)s minute", "It takes %(count)s minutes", form.minutes) % {
        "count": form.minutes
    }
