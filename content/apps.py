"""Pages for people: home, sections, life situations, news."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentConfig(AppConfig):
    name = "content"
    verbose_name = _("Pages")

    def ready(self) -> None:
        from catalogue import slots
        from content import links

        slots.situation_links.append(links.stories_of)
