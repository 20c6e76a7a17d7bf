"""A portal of real processes that are born fast: web servers and workers forked from one parent.

    python -m tests.preforked PORT WEB WORKERS FOLDER

The parent holds the listening socket and gives birth again to whoever dies; in FOLDER it keeps a
file for each child, named by its kind and pid. Tests kill the children.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import sys
from pathlib import Path


def main(port: int, web: int, workers: int, folder: Path) -> None:
    import django

    django.setup()
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

    from cms.wsgi import application

    class Quiet(WSGIRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    listening = socket.create_server(("127.0.0.1", port), backlog=200)
    listening.setblocking(False)  # several wait for the same visitor; one gets it

    def serve() -> None:
        server = ThreadedWSGIServer(
            ("127.0.0.1", port), Quiet, bind_and_activate=False, allow_reuse_address=True
        )
        server.socket.close()
        server.socket, server.daemon_threads = listening, True
        server.server_name, server.server_port = "127.0.0.1", port
        server.setup_environ()
        server.set_app(application)
        server.serve_forever(0.05)

    def work() -> None:
        from django.core.management import call_command

        call_command("procrastinate", "worker", "--delete-jobs", "successful")

    children: dict[int, str] = {}

    def bear(kind: str) -> None:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            random.seed()
            try:
                {"web": serve, "worker": work}[kind]()
            finally:
                os._exit(1)
        children[pid] = kind
        (folder / f"{kind}.{pid}").touch()

    def stop(*_: object) -> None:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    for kind in ["web"] * web + ["worker"] * workers:
        bear(kind)
    while True:
        pid, _status = os.wait()
        kind = children.pop(pid)
        (folder / f"{kind}.{pid}").unlink()
        bear(kind)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), Path(sys.argv[4]))
