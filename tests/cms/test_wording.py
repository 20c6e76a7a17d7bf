"""Sentences of Wagtail and Django that would be wrong Russian have our words instead."""

import re
from pathlib import Path

import django
import pytest
import wagtail
import wagtail_modeladmin
from babel.messages.pofile import read_po
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from cms.access import Role
from tests.factories import TerritoryFactory, UserFactory

OURS = Path(settings.LOCALE_PATHS[0]) / "ru" / "LC_MESSAGES" / "django.po"
WAGTAIL = Path(wagtail.__file__).parent
THEIRS = [
    WAGTAIL,
    *(WAGTAIL / name for name in ("admin", "snippets", "users", "documents", "images", "sites")),
    WAGTAIL / "contrib" / "settings",
    Path(wagtail_modeladmin.__file__).parent,
    Path(django.__file__).parent / "conf",
]
# Filters of the registers come from there; the rest of Django's own admin is not used.
ADMIN = Path(django.__file__).parent / "contrib" / "admin"
# The name of a model or a field inside a sentence would have to be declined.
NAMES = re.compile(
    r"%\((model_name|snippet_type_name|snippet_plural_name|related_model_name"
    r"|model|field_labels?|verbose_name\w*)\)s|\{model_name\}"
)
# A label with a colon, which nobody has to decline.
FINE = {"%(field_label)s:"}


def _first(message):
    return message.id if isinstance(message.id, str) else message.id[0]


def _catalogue(path, language):
    with path.open("rb") as file:
        return [message for message in read_po(file, locale=language) if message.id]


@pytest.fixture(scope="module")
def ours():
    return {(_first(message), message.context) for message in _catalogue(OURS, "ru")}


def _sources(folder):
    return _catalogue(folder / "locale" / "en" / "LC_MESSAGES" / "django.po", "en")


@pytest.mark.parametrize("folder", THEIRS, ids=lambda folder: folder.name)
def test_no_sentence_has_the_name_of_a_model_inside(folder, ours):
    wrong = {
        _first(message)
        for message in _sources(folder)
        if NAMES.search(_first(message)) and (_first(message), message.context) not in ours
    }

    assert wrong - FINE == set()


@pytest.mark.parametrize("folder", THEIRS, ids=lambda folder: folder.name)
def test_nothing_is_left_in_english(folder, ours):
    path = folder / "locale" / "ru" / "LC_MESSAGES" / "django.po"
    russian = {
        (_first(message), message.context)
        for message in _catalogue(path, "ru")
        if message.string and all(message.string) and not message.fuzzy
    }

    wanted = {(_first(message), message.context) for message in _sources(folder)}

    assert wanted - russian - ours == set()


def test_every_sentence_of_ours_is_still_theirs(ours):
    theirs = {
        (_first(message), message.context)
        for folder in [*THEIRS, ADMIN]
        for message in _sources(folder)
    }

    assert ours - theirs == set()


def test_every_sentence_keeps_its_fields():
    for message in _catalogue(OURS, "ru"):
        strings = [message.string] if isinstance(message.string, str) else message.string
        ids = str(message.id)
        for string in strings:
            assert string
            for name in re.findall(r"%\(\w+\)[sd]|\{\w+\}", string):
                assert name in ids, message.id


def test_our_words_win():
    assert _("Add %(model_name)s") == "Добавить"
    assert _("%(label)s and Publish") % {"label": _("Approve")} == "Одобрить и опубликовать"


def test_a_list_says_how_many_without_declining(client, db):
    TerritoryFactory()
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))

    page = client.get(reverse("territory:index")).content.decode()

    assert "Всего:" in page
    assert "Добавить территория" not in page
