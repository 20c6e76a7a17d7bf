"""People and cases of two centres, as the floor below makes them; a clock; who reads figures."""

import pytest

from cms.access import Role
from tests.clock import Clock
from tests.factories import UserFactory
from tests.forms.conftest import case, centre, specialist, store, stranger

__all__ = ["case", "centre", "specialist", "store", "stranger"]


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def head(client, centre):
    """The head of the centre, logged in."""
    person = UserFactory(role=Role.HEAD, provider=centre)
    client.force_login(person)
    return person


@pytest.fixture
def analyst(client):
    """An analyst, logged in."""
    person = UserFactory(role=Role.ANALYST)
    client.force_login(person)
    return person
