"""Forms that the catalogue's pages offer: to apply for a measure, to ask the centre."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue.models import Measure
from catalogue.slots import Link
from forms.models import FormDefinition


def forms_for(measure: Measure) -> list[Link]:
    """Forms by which this measure is asked for, then the general question about it."""
    own = FormDefinition.objects.public().filter(measures=measure)
    links = [
        Link(_("Apply: %(form)s") % {"form": form.title}, form.get_absolute_url(), _note(form))
        for form in own
    ]
    about = urlencode({"measure": measure.slug})
    return links + [
        Link(_("Ask the centre"), f"{form.get_absolute_url()}?{about}", _note(form))
        for form in _general().exclude(pk__in=[form.pk for form in own])
    ]


def forms_to_ask() -> list[Link]:
    """The general question to the centre, wherever a family reads."""
    return [Link(_("Ask the centre"), form.get_absolute_url(), _note(form)) for form in _general()]


def _general() -> models.QuerySet[FormDefinition]:
    return FormDefinition.objects.public().filter(offered_everywhere=True)


def _note(form: FormDefinition) -> str:
    return ngettext("It takes %(count)s minute", "It takes %(count)s minutes", form.minutes) % {
        "count": form.minutes
    }
