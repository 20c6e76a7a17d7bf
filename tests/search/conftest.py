"""An index of the test's own, and queries read without a database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from search.engine import Position, get_engine
from search.indexer import rebuild
from tests.search.elasticsearch_server import running_server


@pytest.fixture(scope="session")
def elasticsearch(tmp_path_factory) -> Iterator[str]:
    """Address of a server, started when the first test asks for it."""
    with running_server(tmp_path_factory.mktemp("elasticsearch")) as address:
        yield address


@pytest.fixture
def engine(tmp_path, settings):
    """The engine over an empty folder: there is no index yet."""
    settings.NAVIGATOR_SEARCH_INDEX = tmp_path / "index"
    return get_engine()


@pytest.fixture
def index(engine, db):
    """Builds the index of what the test's database has now; call it again after changes."""

    def build():
        rebuild(engine)
        return engine

    return build


@pytest.fixture
def beginning():
    return Position(0, 0)
