"""A walk over every address of the portal, as everybody: nothing breaks, nothing of others shows.

The addresses come from the resolver itself (tests/cms/walk.py), so a floor that adds one is
walked too.
"""

from __future__ import annotations

import re

import pytest

from cms.access import Role
from tests.cms.visitors import Walker, may_know
from tests.cms.walk import APART, OTHER, OWN, QUERIES, SECRET, World, addresses, routes
from tests.cms.world import FAMILIES, MARKS, STAFF, world

__all__ = ["world"]

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    # Wagtail leaves the file of a rendition open until it is collected.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

WRITERS = (Role.PARTNER, Role.SPECIALIST, Role.CHIEF_EDITOR)
# Of the back office, only what a person needs to log in.
OPEN = re.compile(r"(?!/admin/)|/admin/(login|password_reset|sprite|jsi18n|modeladmin/jsi18n)/")
BREAKS_ON_PURPOSE = {"wagtailadmin_error_test"}


def hidden_from(role: str, world: World) -> list[str]:
    """What this person must never read anywhere."""
    of_families = [
        text
        for whose in FAMILIES
        for text in (FAMILIES[whose], world.cases[whose].ref, world.cases[whose].number)
    ]
    closed = {
        Role.SPECIALIST: (OTHER, APART, SECRET),
        Role.DISPATCHER: (OTHER, SECRET),
        Role.HEAD: (OTHER, SECRET),
    }.get(role, ())
    others_family = [
        text
        for whose in closed
        for text in (FAMILIES[whose], world.cases[whose].ref, world.cases[whose].number)
    ]
    if role == Role.PARTNER:
        return [MARKS[OTHER], world.people["partner2"].username + "<", *of_families]
    if role in STAFF:
        return [*MARKS.values(), *others_family]
    if role in {Role.EDITOR, Role.CHIEF_EDITOR, Role.ADMINISTRATOR}:
        return of_families
    return [*MARKS.values(), *of_families]


def walk(world: World, role: str, methods: tuple[str, ...]):
    """Every address with the answer; those of rows that are nobody else's business are asked for by
    tests/cms/test_leaks.py."""
    walker = Walker(world.people.get(role))
    for route in routes():
        paths = {OWN: addresses(route, world, OWN)}
        if may_know(role, route) or route.name in QUERIES:
            others = addresses(route, world, OTHER)
            paths[OTHER] = [path for path in others if path not in paths[OWN]]
        for whose, of_whom in paths.items():
            for path in of_whom:
                for method in methods:
                    yield route, whose, method, path, walker.open(path, method)


@pytest.mark.parametrize("role", [*Role, "anonymous"], ids=[*Role.__members__, "anonymous"])
def test_nothing_breaks_and_nothing_of_others_shows(world, role):
    methods = ("get", "post") if role in {*WRITERS, "anonymous"} else ("get",)
    secrets = hidden_from(role, world)
    faults = []
    for route, whose, method, path, response in walk(world, role, methods):
        where = f"{method.upper()} {path} ({route.name}, {whose}) → {response.status_code}"
        if response.status_code >= 500 and route.name not in BREAKS_ON_PURPOSE:
            faults.append(f"{where}: {_reason(response)}")
        answer = response.content_text + str(response.headers)
        faults += [
            f"{where}: shows {text}" for text in secrets if text in answer and text not in path
        ]
        if role == "anonymous" and response.status_code == 200 and not OPEN.match(path):
            faults.append(f"{where}: open to everybody")
    assert not faults, "\n".join(faults)


def _reason(response) -> str:
    if getattr(response, "exc_info", None):
        kind, error, _ = response.exc_info
        return f"{kind.__name__}: {str(error)[:200]}"
    return ""


@pytest.mark.parametrize("role", [Role.PARTNER])
def test_another_rows_revision_is_not_reached_over_ones_own(world, role):
    walker = Walker(world.people[role])
    own, other = world.measures[OWN], world.measures[OTHER]
    state = other.current_workflow_task_state
    base = f"/admin/snippets/catalogue/measure/history/{own.pk}/revisions"
    paths = [
        f"{base}/{other.latest_revision_id}/view/",
        f"{base}/{other.latest_revision_id}/revert/",
        f"{base}/compare/{other.latest_revision_id}...live/",
        f"{base}/compare/live...{other.latest_revision_id}/",
        f"/admin/snippets/catalogue/measure/workflow/action/{own.pk}/approve/{state.pk}/",
        f"/admin/snippets/catalogue/measure/workflow_history/{own.pk}/detail/{state.workflow_state_id}/",
    ]
    for path in paths:
        for method in ("get", "post"):
            response = walker.open(path, method)
            assert response.status_code in {302, 403, 404, 405}, path
            assert MARKS[OTHER] not in response.content_text
    other.refresh_from_db()
    assert other.title == "Опубликовано"


def test_every_named_address_has_values(world):
    """Fails with the place to add one when an address is new."""
    unknown = []
    for route in routes():
        for whose in (OWN, OTHER):
            try:
                assert addresses(route, world, whose)
            except AssertionError as fault:
                unknown.append(str(fault))
    assert not unknown, "\n".join(unknown)
