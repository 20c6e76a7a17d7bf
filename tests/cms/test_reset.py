"""The demonstration's data can be thrown away, nothing else, and not under a running portal."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from cms.embedded import EmbeddedPostgres


@pytest.fixture
def home(settings, tmp_path):
    settings.NAVIGATOR_HOME = tmp_path
    settings.EMBEDDED = EmbeddedPostgres(tmp_path)
    for name in ("postgres", "media", "keys", "letters"):
        (tmp_path / name).mkdir()
    return tmp_path


def answer(monkeypatch, word: str) -> None:
    monkeypatch.setattr("builtins.input", lambda question: word)


def test_what_the_portal_gathered_goes_and_other_things_stay(home, monkeypatch):
    answer(monkeypatch, "да")
    call_command("reset")
    assert [path.name for path in home.iterdir()] == ["letters"]


def test_nothing_goes_without_a_yes(home, monkeypatch):
    answer(monkeypatch, "")
    call_command("reset")
    assert (home / "keys").exists()


@pytest.mark.slow
def test_a_running_portal_is_not_pulled_away(home, monkeypatch):
    answer(monkeypatch, "да")
    user = EmbeddedPostgres(home, {"fsync": "off"})
    user.hold()
    with pytest.raises(CommandError, match="остановите"):
        call_command("reset")
    user.release()
    call_command("reset")
    assert not (home / "postgres").exists()


def test_only_a_demonstration_can_be_thrown_away(home, settings):
    settings.NAVIGATOR_DEMO = False
    with pytest.raises(CommandError, match="демонстрацию"):
        call_command("reset")


def test_a_database_of_its_own_is_left_to_its_owner(home, settings):
    settings.EMBEDDED = None
    with pytest.raises(CommandError, match="DATABASE_URL"):
        call_command("reset")
