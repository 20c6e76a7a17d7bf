"""Forms that editors build, what families send through them, and the desk that answers."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntakeFormsConfig(AppConfig):
    name = "forms"
    label = "intake_forms"  # "forms" is the label of django.forms, which themes the widgets
    verbose_name = _("Forms and intake")

    def ready(self) -> None:
        from catalogue import slots
        from forms import alarms, checks, granting, links  # noqa: F401 - letters of theirs

        slots.apply_links.append(links.forms_for)
        slots.ask_links.append(links.forms_to_ask)
