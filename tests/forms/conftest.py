"""People and cases of two centres."""

from __future__ import annotations

import pytest

from cms.access import Role
from tests.factories import ProviderFactory, UserFactory
from tests.intake import make_case


@pytest.fixture
def centre(db):
    return ProviderFactory(centre=True)


@pytest.fixture
def specialist(centre):
    return UserFactory(
        role=Role.SPECIALIST, provider=centre, first_name="Образец", last_name="Первый"
    )


@pytest.fixture
def stranger(db):
    """A specialist of another centre."""
    return UserFactory(role=Role.SPECIALIST, provider=ProviderFactory(centre=True))


@pytest.fixture
def case(centre):
    return make_case(centre=centre)


@pytest.fixture
def store(settings, tmp_path):
    """The folder of the files of families, the test's own."""
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path / "private"
    return settings.NAVIGATOR_PRIVATE_FILES
