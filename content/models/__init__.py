"""Pages for people, one module a subject; import them from here."""

from content.models.home import HomePage
from content.models.information import InformationPage, SectionPage
from content.models.news import NewsIndexPage, NewsPage
from content.models.situations import LifeSituationPage, SituationIndexPage

__all__ = [
    "HomePage",
    "InformationPage",
    "LifeSituationPage",
    "NewsIndexPage",
    "NewsPage",
    "SectionPage",
    "SituationIndexPage",
]
