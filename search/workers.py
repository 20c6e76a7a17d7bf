"""Reads and analyses a large catalogue in several processes, for a rebuild of the index.

Each process takes its share of the records and sends documents in parcels. It waits while nobody
takes them, so little is held in memory, and ends when the rebuild does, even a killed one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

import django
from django.db import connection

from search.engine import Document

PARCEL = 200  # records


class WorkerFailed(Exception):
    """A process of a rebuild has ended before its work was done."""


def analysed(kind: str, ids: Sequence[int]) -> Iterator[Document]:
    """The documents of the records of a kind, in whatever order they come."""
    context = get_context("spawn")
    count = os.cpu_count() or 1
    workers = {}
    try:
        for share in range(count):
            receiver, sender = context.Pipe(duplex=False)
            arguments = (sender, _database(), kind, ids[share::count])
            worker = context.Process(target=_work, args=arguments, daemon=True)
            worker.start()
            sender.close()
            workers[receiver] = worker
        yield from _received(list(workers))
        for worker in workers.values():
            worker.join()
            if worker.exitcode:
                raise WorkerFailed("A process that read the catalogue has failed.")
    finally:
        for worker in workers.values():
            worker.terminate()


def _received(receivers: list[Connection]) -> Iterator[Document]:
    while receivers:
        for receiver in wait(receivers):
            assert isinstance(receiver, Connection)
            try:
                yield from receiver.recv()
            except EOFError:
                receivers.remove(receiver)


def _database() -> str:
    return str(connection.settings_dict["NAME"])


def _work(sender: Connection, database: str, kind: str, ids: Sequence[int]) -> None:
    django.setup()
    connection.settings_dict["NAME"] = database
    from search.documents import sources  # needs the models

    with suppress(BrokenPipeError):  # whoever wanted it is gone
        for start in range(0, len(ids), PARCEL):
            parcel = sources(kind, ids[start : start + PARCEL])
            sender.send([source.analysed() for source in parcel])
    sender.close()
