"""Cases of many centres, as many as wanted, written in bulk: what the list of the desk is measured on.

python -m tests.bench.cases 100000 [share of closed ones]        inside an installation whose database is running

Seeded, so that two runs make the same cases. Answers are sealed as the portal seals them, marks and
chains of events are real: the pages open, `verify_events` holds.
"""

from __future__ import annotations

import datetime
import hmac
import json
import random
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

SEED = 20261123
CENTRES, PEOPLE, TOPICS, DEPARTMENTS = 80, 12, 12, 3
BATCH = 5000
SPREAD = 1_234_567_890_123
CLOSED_SHARE = 0.88  # of a portal that has run for two years
FAMILIES_SHARE = 0.6  # families to cases: some come again
# Of the open ones; urgent ones are a part of them all.
STATES = (
    ("new", 0.30),
    ("triage", 0.05),
    ("in_work", 0.40),
    ("waiting_family", 0.13),
    ("referred", 0.07),
    ("decided", 0.05),
)
URGENT_SHARE, SECRET_SHARE = 0.01, 0.01
CHANNELS = ("web", "web", "web", "phone", "visit", "email")
NAMES = ("Образец Анна Планетова", "Образец Борис Ручьёв", "Образец Вера Полянская")


@dataclass(frozen=True)
class Place:
    """A centre with its queue by department, and its people."""

    centre: int
    queues: tuple[tuple[int, int | None], ...]
    people: tuple[int, ...]


@dataclass(frozen=True)
class World:
    """What cases refer to, by keys."""

    version: int
    form: int
    topics: tuple[int, ...]
    places: tuple[Place, ...]


def world() -> World:
    """Make the centres, queues, topics, people and the form, or find those of a run before."""
    from django.contrib.auth.models import Group

    from catalogue.models import Membership, Provider
    from cms.access import Role
    from cms.models import User
    from forms.models import Department, FormDefinition, Queue, Topic
    from tests.intake import simple_steps

    topics = [
        Topic.objects.get_or_create(slug=f"bench-{n}", defaults={"title": f"Тема {n}"})[0]
        for n in range(TOPICS)
    ]
    form = FormDefinition.objects.filter(slug="bench-cases").first()
    if form is None:
        form = FormDefinition(slug="bench-cases", title="Образец", topic=topics[0])
        form.steps, form.live = simple_steps(), False
        form.save()
        form.save_revision().publish()
    version = form.version_in_force()
    assert version is not None
    specialists = Group.objects.get(name=Role.SPECIALIST.value)
    places = []
    for n in range(CENTRES):
        centre, _made = Provider.objects.get_or_create(
            slug=f"bench-centre-{n}",
            defaults={
                "full_name": f"Центр {n}",
                "short_name": f"Центр {n}",
                "kind": "family_mfc",
                "is_centre": True,
            },
        )
        queues: list[tuple[int, int | None]] = []
        for d in range(DEPARTMENTS):
            department = None
            if d:
                department, _made = Department.objects.get_or_create(
                    centre=centre, title=f"Отдел {d}"
                )
            queue, _made = Queue.objects.get_or_create(
                slug=f"bench-{n}-{d}",
                defaults={"title": f"Очередь {d}", "centre": centre, "department": department},
            )
            queues.append((queue.pk, department.pk if department else None))
        people = []
        for p in range(PEOPLE):
            user, made = User.objects.get_or_create(
                username=f"bench-{n}-{p}",
                defaults={"first_name": "Образец", "last_name": f"{n}-{p}"},
            )
            if made:
                user.groups.add(specialists)
                Membership.objects.create(user=user, provider=centre)
                for department in Department.objects.filter(centre=centre):
                    department.people.add(user)
            people.append(user.pk)
        places.append(Place(centre.pk, tuple(queues), tuple(people)))
    return World(version.pk, form.pk, tuple(topic.pk for topic in topics), tuple(places))


def make(count: int, seed: int = SEED, closed: float = CLOSED_SHARE) -> float:
    """Add so many cases; seconds that it took.

    :param closed: which share of them is closed.
    """
    from django.db import connection

    started, about, chance = time.monotonic(), world(), random.Random(seed)
    families = max(1, int(count * FAMILIES_SHARE))
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(max(id), 0) from intake_forms_intakecase")
        (first,) = cursor.fetchone()
    with _without_indexes() if count > BATCH else nullcontext():
        _fill(about, chance, range(first + 1, first + 1 + count), families, closed)
    with connection.cursor() as cursor:
        for table in ("intakecase", "caseevent", "blindmark"):
            name = f"intake_forms_{table}"
            cursor.execute(
                f"select setval(pg_get_serial_sequence('{name}', 'id'), (select max(id) from {name}))"
            )
        for table in _COLUMNS:
            cursor.execute(f"vacuum analyze intake_forms_{table}")
    return time.monotonic() - started


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Indexes that no constraint needs are made when everything is there: in a third of the time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select i.indexname, i.indexdef from pg_indexes i where i.tablename = any(%s) and not"
            " exists (select from pg_constraint c where c.conindid = i.indexname::regclass)",
            [[f"intake_forms_{table}" for table in _COLUMNS]],
        )
        known = cursor.fetchall()
        for name, _made in known:
            cursor.execute(f"drop index {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("set maintenance_work_mem = '512MB'")
        for _name, made in known:
            cursor.execute(made)


def _fill(about: World, chance: random.Random, wanted: range, families: int, closed: float) -> None:
    from django.db import connection, transaction

    for begin in range(wanted.start, wanted.stop, BATCH):
        keys = range(begin, min(begin + BATCH, wanted.stop))
        rows = _rows(about, chance, keys, families, closed)
        with transaction.atomic(), connection.cursor() as cursor:
            # What is made holds by itself: nothing is checked row by row.
            cursor.execute("set local session_replication_role = replica")
            for table, columns in _COLUMNS.items():
                with cursor.cursor.copy(
                    f"copy intake_forms_{table} ({', '.join(columns)}) from stdin"
                ) as copy:
                    for row in rows[table]:
                        copy.write_row(row)


_COLUMNS = {
    "submission": ("id", "version_id", "channel", "idempotency_key", "answers", "received_at"),
    "submissionkey": ("submission_id", "wrapped", "wrapped_by", "marked_by"),
    "intakecase": (
        "id", "submission_id", "ref", "secret_round", "form_id", "topic_id", "centre_id",
        "queue_id", "department_id", "route_note", "channel", "urgent", "urgent_since", "secret",
        "state", "assignee_id", "outcome", "created_at", "contact_at", "clock_at", "waited_days",
        "first_due_at", "due_at", "wait_until", "taken_at", "waiting_since", "decided_at",
        "closed_at", "version",
    ),
    "caseevent": (
        "case_id", "seq", "kind", "actor_id", "at", "from_state", "to_state", "data", "prev_hash",
        "hash",
    ),
    "blindmark": ("submission_id", "kind", "key_id", "digest"),
}  # fmt: skip


def _rows(
    about: World, chance: random.Random, keys: range, families: int, closed: float
) -> dict[str, list[Any]]:
    from forms import crypto, marks

    now = datetime.datetime.now(datetime.UTC)
    marking = crypto.derived_keys(marks.PURPOSE)[crypto.newest_key_id()]
    newest, rows = crypto.newest_key_id(), {table: [] for table in _COLUMNS}
    for pk in keys:
        case = _case(about, chance, pk, now, closed)
        owner = case["submission_id"]
        phone = f"+7921{chance.randrange(families):07}"
        answers = {"story": "Образец вопроса", "name": NAMES[pk % 3], "way": "call", "phone": phone}
        key = crypto.new_key(owner)
        sealed = key.seal("answers", json.dumps(answers, ensure_ascii=False).encode())
        rows["submission"].append(
            (owner, about.version, case["channel"], uuid.uuid4(), sealed, case["created_at"])
        )
        rows["submissionkey"].append((owner, crypto.wrap(key), newest, newest))
        rows["intakecase"].append(tuple(case[name] for name in _COLUMNS["intakecase"]))
        rows["caseevent"] += _events(case)
        # As forms.marks makes it; parsing each number would take longer than all the rest.
        digest = hmac.digest(marking, f"phone:{phone}".encode(), "sha256")
        rows["blindmark"].append((owner, "phone", newest, digest))
    assert marks.mark("phone", phone)[0] == digest
    return rows


def _case(
    about: World, chance: random.Random, pk: int, now: datetime.datetime, closed: float
) -> dict[str, Any]:
    from forms.references import ALPHABET, check_symbol

    place = chance.choice(about.places)
    queue, department = chance.choice(place.queues)
    is_closed = chance.random() < closed
    age = datetime.timedelta(minutes=chance.randrange(60 * 24 * (700 if is_closed else 20)))
    created = now - age
    names, shares = zip(*STATES, strict=True)
    state = "closed" if is_closed else chance.choices(names, shares)[0]
    due = created + datetime.timedelta(days=4)
    taken = created + datetime.timedelta(hours=3)
    urgent = chance.random() < URGENT_SHARE
    ended = state in ("closed", "decided")
    digits = pk * SPREAD % 17**10  # another for each key: the factor has nothing in common with 17
    body = "".join(ALPHABET[digits // 17**n % 17] for n in range(10))
    return {
        "id": pk,
        "submission_id": uuid.UUID(int=chance.getrandbits(128), version=4),
        "ref": body + check_symbol(body),
        "secret_round": 0,
        "form_id": about.form,
        "topic_id": chance.choice(about.topics),
        "centre_id": place.centre,
        "queue_id": queue,
        "department_id": department,
        "route_note": "",
        "channel": chance.choice(CHANNELS),
        "urgent": urgent,
        "urgent_since": created if urgent else None,
        "secret": chance.random() < SECRET_SHARE,
        "state": state,
        "assignee_id": None if state == "new" else chance.choice(place.people),
        "outcome": "advised" if ended else "",
        "created_at": created,
        "contact_at": created,
        "clock_at": created,
        "waited_days": 0,
        "first_due_at": created + datetime.timedelta(days=1),
        "due_at": due,
        "wait_until": now + datetime.timedelta(days=9) if state == "waiting_family" else None,
        "taken_at": None if state == "new" else taken,
        "waiting_since": taken if state == "waiting_family" else None,
        "decided_at": due if ended else None,
        "closed_at": due if state == "closed" else None,
        "version": 1,
    }


_WAY = {
    "new": (),
    "triage": (("sorting", "triage"),),
    "in_work": (("taken", "in_work"),),
    "waiting_family": (("taken", "in_work"), ("asked", "waiting_family")),
    "referred": (("taken", "in_work"), ("referred", "referred")),
    "decided": (("taken", "in_work"), ("decided", "decided")),
    "closed": (("taken", "in_work"), ("decided", "decided"), ("closed", "closed")),
}


def _events(case: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The chain that leads to the state of a case."""
    from forms.events import hash_of

    before = previous = ""
    steps = (("accepted", "new"), *_WAY[case["state"]])
    for seq, (kind, state) in enumerate(steps, start=1):
        event: Any = SimpleNamespace(  # a row of the model takes ten times as long to make
            case_id=case["id"],
            seq=seq,
            kind=kind,
            actor_id=case["assignee_id"] if seq > 1 else None,
            at=case["created_at"] + datetime.timedelta(hours=seq - 1),
            from_state=before,
            to_state=state,
            data={},
            prev_hash=previous,
        )
        previous, before = hash_of(event), state
        yield (
            event.case_id, seq, kind, event.actor_id, event.at, event.from_state, state, "{}",
            event.prev_hash, previous,
        )  # fmt: skip


if __name__ == "__main__":
    import django

    django.setup()
    wanted, share = int(sys.argv[1]), float((sys.argv[2:] or [CLOSED_SHARE])[0])
    print(f"{wanted} cases in {make(wanted, closed=share):.1f} s")
