"""In production families load one stylesheet."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from themes.storage import IMPORT, OneStylesheetStorage

STATIC = Path(__file__).parents[2] / "themes" / "static"


@pytest.fixture
def collected(tmp_path):
    """Collects the styles into a folder, as collectstatic does; gives the storage."""
    source = FileSystemStorage(STATIC)
    names = [f"themes/css/{path.name}" for path in (STATIC / "themes" / "css").glob("*.css")]

    def collect() -> OneStylesheetStorage:
        storage = OneStylesheetStorage(location=tmp_path, base_url="/static/")
        for name in names:
            if not storage.exists(name):  # collectstatic leaves what it has brought before
                storage.save(name, ContentFile((STATIC / name).read_bytes()))
        outcomes = storage.post_process({name: (source, name) for name in names})
        assert not [error for _, _, error in outcomes if isinstance(error, Exception)]
        return storage

    return collect


def test_the_stylesheet_of_production_holds_all_the_others(collected):
    storage = collected()
    whole = Path(storage.path(storage.stored_name(storage.stylesheet))).read_text()
    assert not IMPORT.search(whole)
    for path in (STATIC / "themes" / "css").glob("*.css"):
        if path.name != "main.css":
            assert path.read_text() in whole, path.name


def test_collecting_again_leaves_the_stylesheet_as_it_was(collected):
    first = Path(collected().path("themes/css/main.css")).read_text()
    assert Path(collected().path("themes/css/main.css")).read_text() == first


def test_browsers_that_ask_for_an_icon_unasked_get_one(client):
    answer = client.get("/favicon.ico")
    assert answer.status_code == 302
    icon = STATIC / answer.headers["Location"].removeprefix("/static/")
    assert icon.read_bytes()[:4] == b"\x00\x00\x01\x00"
    assert "max-age=86400" in answer.headers["Cache-Control"]
