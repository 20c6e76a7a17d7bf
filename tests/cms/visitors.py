"""Who opens addresses: one browser each, and whose rows are none of its business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.cache import caches
from django.db import transaction
from django.test import Client

from cms.access import Role
from desk import partner_link
from forms.opened import opening
from tests.cms.walk import APART, MEASURE, OTHER, OWN, SECRET, Route, World
from tests.cms.world import STAFF
from tests.factories import UserFactory

# Published.
EVERYBODY = {"catalogue:measure", "api:measure"}
# How centres are arranged.
OF_CENTRES = {
    *("departments", "department-tasks", "queues", "curators", "duty", "clocks", "special-days"),
    *("rooms", "appointment_kinds", "working_hours", "changed_days"),
}
# Rows that are not its own and that a visitor may know of all the same.
TENDS_CATALOGUE = {
    MEASURE,
    "wagtailsnippetchoosers_catalogue_measure",
    "wagtail_bulk_action",
    "wagtailadmin_editing_sessions:ping",
    "providers",
    "offices",
    "catalogue_exchange",
}
MAY_KNOW: dict[str, set[str]] = {
    Role.HEAD: {"intake:glass"},  # a secret case: for an hour, with a reason, and told
    Role.EDITOR: TENDS_CATALOGUE,
    Role.CHIEF_EDITOR: TENDS_CATALOGUE,
    Role.ANALYST: {"plans", "counted_as"},  # of all centres
    "all-mighty": {"wagtailusers_users", *TENDS_CATALOGUE},
    Role.ADMINISTRATOR: {
        "wagtailusers_users",
        "second_factor:reset",
        *TENDS_CATALOGUE,
        "intake:mailbox",
        "intake:check_mailbox",
        *OF_CENTRES,
    },
}


class Walker:
    """One person that opens addresses; whatever an address does is taken back."""

    def __init__(self, user: Any = None, client: Client | None = None) -> None:
        self.client = client or Client()
        self.client.raise_request_exception = False
        if user is not None:
            self.client.force_login(user)
        self.jar = {name: morsel.value for name, morsel in self.client.cookies.items()}

    def open(self, path: str, method: str, data: Any = None) -> Any:
        self.client.cookies.clear()
        for name, value in self.jar.items():
            self.client.cookies[name] = value
        with transaction.atomic():
            response = getattr(self.client, method)(path, data)
            response.raw = b"".join(response) if response.streaming else response.content
            response.content_text = response.raw.decode("utf-8", "replace")
            transaction.set_rollback(True)
        if method != "get":
            caches["default"].clear()  # it may hold what was taken back
        return response


@dataclass(frozen=True)
class Visitor:
    """Somebody with rows of its own; `theirs` are not to be known of."""

    name: str
    theirs: tuple[str, ...] = (OTHER,)
    mine: str = OWN


_OF_ROLE = {
    Role.SPECIALIST: (OTHER, SECRET, APART),
    Role.DISPATCHER: (OTHER, SECRET),
    Role.HEAD: (OTHER, SECRET),
}
VISITORS = {
    "staff": [Visitor(role, theirs) for role, theirs in _OF_ROLE.items()],
    "staff of another centre": [
        Visitor(f"{role} of another centre", (OWN,), OTHER) for role in STAFF
    ],
    "others": [
        *(Visitor(role) for role in Role if role not in STAFF),
        Visitor("partner of another organisation", (OWN,), OTHER),
        Visitor("all-mighty", (SECRET,)),
    ],
    "no staff": [
        Visitor(name)
        for name in (
            "anonymous",
            "family",
            "partner by its link",
            "gone yesterday",
            "without a role",
            "of no centre",
        )
    ],
}


def may_know(name: str, route: Route) -> bool:
    """Whether the rows of others behind this route are the business of the visitor of this name."""
    known = EVERYBODY | MAY_KNOW.get(name, set())
    return route.name in known or route.namespace in known


def walker_of(visitor: Visitor, world: World) -> Walker:
    """In its own browser: logged in, or with what it has opened."""
    name = visitor.name
    if name == "anonymous":
        return Walker()
    if name == "family":
        client = Client()
        session = client.session
        session.update(opening(world.cases[OWN].ref))
        session.save()
        return Walker(client=client)
    if name == "partner by its link":
        client, sent = Client(), world.referrals[OWN]
        keys = {"token": partner_link.token_of(sent), "code": partner_link.code_of(sent)}
        assert client.post("/partner/open/", keys).status_code == 303
        return Walker(client=client)
    return Walker(_account_of(name, world))


def _account_of(name: str, world: World) -> Any:
    if name in world.people:
        return world.people[name]
    if name == "all-mighty":
        return UserFactory(is_superuser=True)
    if name == "without a role":
        return UserFactory(provider=world.cases[OTHER].centre)
    if name == "of no centre":
        return UserFactory(role=Role.HEAD)
    if name == "partner of another organisation":
        return world.people["partner2"]
    if name == "gone yesterday":
        gone = UserFactory(role=Role.HEAD, provider=world.cases[OTHER].centre)
        gone.is_active = False  # its browser keeps the session
        gone.save()
        return gone
    role = name.removesuffix(" of another centre")
    return UserFactory(role=Role(role), provider=world.cases[OTHER].centre)
