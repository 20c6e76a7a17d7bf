"""The patterns page shows every component there is."""

from pathlib import Path

import pytest

from themes.storage import IMPORT

pytestmark = pytest.mark.django_db
THEMES = Path(__file__).parents[2] / "themes"


def test_every_component_stands_on_the_patterns_page(client):
    response = client.get("/patterns/")
    assert response.status_code == 200
    shown = {template.name for template in response.templates}
    components = (THEMES / "templates" / "components").glob("*.html")
    assert {f"components/{path.name}" for path in components} <= shown


def test_patterns_are_not_for_search_engines(client):
    assert 'name="robots" content="noindex"' in client.get("/patterns/").text


def test_main_stylesheet_takes_in_every_other_one():
    folder = THEMES / "static" / "themes" / "css"
    named = set(IMPORT.findall((folder / "main.css").read_text()))
    assert named == {path.name for path in folder.glob("*.css")} - {"main.css"}


def test_colours_stand_in_the_tokens_alone():
    folder = THEMES / "static" / "themes" / "css"
    for path in folder.glob("*.css"):
        if path.name not in {"tokens.css", "print.css"}:
            assert "#" not in path.read_text().replace("/*", ""), path.name
