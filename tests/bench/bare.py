"""Plain SQL behind a bare view: the yardstick of accepting a submission.

Each POST writes the very rows that the portal has written for its last submission, with new keys,
in one transaction and with prepared statements; nothing is judged, encrypted, routed or hashed.
"""

from __future__ import annotations

import os
import secrets
import threading
import uuid
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

# A submission's rows, each table with its column of the submission or of the case.
OF_SUBMISSION = ("submissionkey", "blindmark", "consentgiven")
OF_CASE = ("caseevent",)
PREFIX = "intake_forms_"
# What is written beside them: the session that may see the receipt, the counts of the pace.
BESIDE = {"django_session": 1, f"{PREFIX}arrival": 3}

Rows = list[tuple[str, dict[str, Any]]]
_held = threading.local()


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    connection, rows = _ready()
    with connection.transaction(), connection.cursor() as cursor:
        _insert(cursor, rows)
    start_response("303 See Other", [("Location", "/receipts/"), ("Content-Length", "0")])
    return [b""]


def _ready() -> tuple[Any, Rows]:
    if not hasattr(_held, "connection"):
        _held.connection = psycopg.connect(os.environ["BENCH_DATABASE"], autocommit=True)
        _held.rows = _sample(_held.connection)
    return _held.connection, _held.rows


def _sample(connection: Any) -> Rows:
    """The rows of the submission that came last."""
    cursor = connection.cursor(row_factory=dict_row)

    def found(table: str, rest: str, *values: Any) -> Rows:
        query = f"select * from {table} {rest}"
        return [(table, row) for row in cursor.execute(query, values).fetchall()]

    rows = found(f"{PREFIX}submission", "order by received_at desc limit 1")
    key = rows[0][1]["id"]
    for table in OF_SUBMISSION:
        rows += found(f"{PREFIX}{table}", "where submission_id = %s", key)
    rows += found(f"{PREFIX}intakecase", "where submission_id = %s", key)
    case = rows[-1][1]["id"]
    for table in OF_CASE:
        rows += found(f"{PREFIX}{table}", "where case_id = %s", case)
    for table, count in BESIDE.items():
        rows += found(table, f"order by 1 desc limit {count}")
    return rows


def _insert(cursor: Any, rows: Rows) -> None:
    submission, case = uuid.uuid4(), None
    fresh = {"idempotency_key": uuid.uuid4(), "session_key": secrets.token_hex(16)}
    for table, sample in rows:
        row = {**sample, **{name: value for name, value in fresh.items() if name in sample}}
        if table == f"{PREFIX}submission":
            row["id"] = submission
        else:
            row.pop("id", None)
        if "submission_id" in row:
            row["submission_id"] = submission
        if "case_id" in row:
            row["case_id"] = case
        if "ref" in row:
            row["ref"] = secrets.token_hex(5)
        row = {
            name: psycopg.types.json.Jsonb(value) if isinstance(value, dict) else value
            for name, value in row.items()
        }
        statement = sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        )
        if table.endswith("intakecase"):
            cursor.execute(statement + sql.SQL(" returning id"), list(row.values()))
            case = cursor.fetchone()[0]
        else:
            cursor.execute(statement, list(row.values()))
