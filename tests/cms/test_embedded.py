"""The embedded server outlives its clients, comes back when killed, and stops with the last."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from cms.embedded import EmbeddedPostgres, EmbeddedServerError, installation_home

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
FAST = {"fsync": "off"}


@pytest.fixture
def home():
    with tempfile.TemporaryDirectory(prefix="nav") as folder:
        server = EmbeddedPostgres(Path(folder))
        yield Path(folder)
        server.stop()


@pytest.fixture
def server(home):
    server = EmbeddedPostgres(home, FAST)
    server.hold()
    yield server
    server.release()


def postmaster(server: EmbeddedPostgres) -> psutil.Process:
    return psutil.Process(int((server.data / "postmaster.pid").read_text().splitlines()[0]))


def in_another_process(home: Path, code: str) -> subprocess.Popen:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from cms.embedded import EmbeddedPostgres\n"
        f"server = EmbeddedPostgres(Path({str(home)!r}), {{'fsync': 'off'}})\n"
        "server.hold(); print('holding', flush=True)\n" + code
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"holding\n"
    return process


def test_server_answers_with_a_database_of_ours(server):
    with psycopg.connect(server.conninfo()) as connection:
        encoding, lowered = connection.execute(
            "select current_setting('server_encoding'), lower('ЁЖ')"
        ).fetchone()
    assert (encoding, lowered) == ("UTF8", "ёж")


def test_what_is_committed_is_on_disk_unless_asked_otherwise(home):
    server = EmbeddedPostgres(home)
    server.hold()
    with psycopg.connect(server.conninfo()) as connection:
        assert connection.execute("show fsync").fetchone() == ("on",)
        assert connection.execute("show synchronous_commit").fetchone() == ("on",)
    server.release()


def test_listens_on_no_network_address_and_in_a_private_folder(server):
    with psycopg.connect(server.conninfo()) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
    assert server.socket_folder.stat().st_mode & 0o777 == 0o700
    assert server.folder.stat().st_mode & 0o777 == 0o700


def test_long_path_moves_the_socket_to_a_short_private_folder(home):
    deep = home / ("long-" * 30)
    server = EmbeddedPostgres(deep, FAST)
    server.hold()
    try:
        assert len(str(server.socket_folder)) < 80
        assert server.socket_folder.stat().st_mode & 0o777 == 0o700
        assert server.is_up()
    finally:
        server.release()


def test_last_user_stops_the_server(home):
    first = in_another_process(home, "time.sleep(60)")
    second = EmbeddedPostgres(home, FAST)
    second.hold()
    first.kill()
    first.wait()
    first.stdout.close()
    assert second.is_up()
    second.release()
    assert not second.is_up()


def test_server_that_was_barred_from_its_folder_is_stopped(home):
    """Who starts pytest beside us shuts the folders of other runs; an administrator may, too."""
    server = EmbeddedPostgres(home / "above", FAST)
    server.hold()
    running = postmaster(server)
    home.chmod(0o700)
    server.release()
    assert not running.is_running()
    assert not server.is_up()


def test_killed_client_leaves_the_server_to_the_others(server, home):
    client = in_another_process(home, "time.sleep(60)")
    client.send_signal(signal.SIGKILL)
    client.wait()
    client.stdout.close()
    assert server.is_up()
    server.release()
    assert not server.is_up(), "a dead client must not keep the server for ever"


def test_killed_postmaster_comes_back_with_what_was_committed(server):
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute("create table kept as select 42 as answer")
    postmaster(server).kill()
    server.ensure_up()
    with psycopg.connect(server.conninfo()) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_stale_pid_of_a_foreign_live_process_is_seen_through(server):
    server.release()
    lines = f"{os.getpid()}\n{server.data}\n1\n5432\n{server.socket_folder}\n\n0 0\nready\n"
    (server.data / "postmaster.pid").write_text(lines)
    again = EmbeddedPostgres(server.home, FAST)
    again.hold()
    assert again.is_up()
    assert postmaster(again).name() == "postgres"
    again.release()


def test_watcher_starts_a_killed_server_again(home):
    environment = {**os.environ, "NAVIGATOR_HOME": str(home)}
    watcher = subprocess.Popen([sys.executable, "-m", "cms.embedded"], cwd=ROOT, env=environment)
    server = EmbeddedPostgres(home)
    try:
        assert wait_until(server.is_up)
        killed = postmaster(server)
        killed.kill()
        assert wait_until(lambda: server.is_up() and postmaster(server).pid != killed.pid)
    finally:
        watcher.terminate()
        watcher.wait(30)
    assert not server.is_up()


def test_two_starters_make_one_server(home):
    program = (
        "from pathlib import Path; from cms.embedded import EmbeddedPostgres as E\n"
        f"s = E(Path({str(home)!r}), {{'fsync': 'off'}}); s.hold(); assert s.is_up()"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]


@pytest.mark.parametrize("name", ["мой портал", "a;b & c (1)"])
def test_folder_may_have_spaces_and_russian_letters(home, name):
    server = EmbeddedPostgres(home / name, FAST)
    server.hold()
    assert server.is_up()
    server.release()


@pytest.mark.parametrize("name", ["it's", "$(touch x)", "a,b", "`x`"])
def test_folder_that_a_shell_would_read_is_refused(home, name):
    with pytest.raises(EmbeddedServerError, match="NAVIGATOR_HOME"):
        EmbeddedPostgres(home / name).hold()


def test_folder_that_is_a_file_is_told(home):
    (home / "file").write_text("")
    with pytest.raises(EmbeddedServerError, match="cannot be used"):
        EmbeddedPostgres(home / "file" / "inside").hold()


def test_making_of_the_database_that_was_broken_off_begins_anew(home):
    half = home / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    server = EmbeddedPostgres(home, FAST)
    server.hold()
    assert server.is_up()
    assert not half.exists()
    server.release()


def test_database_that_was_not_made_in_time_is_made_by_the_next(server):
    with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
        connection.execute("drop database navigator")
    server.ensure_up()
    assert server.is_up()


def test_all_processes_meet_whatever_their_shells_say(home):
    deep = home / ("long-" * 30)
    program = (
        "from pathlib import Path; from cms.embedded import EmbeddedPostgres as E\n"
        f"s = E(Path({str(deep)!r}), {{'fsync': 'off'}}); s.hold(); print(s.socket_folder)"
    )
    server = EmbeddedPostgres(deep, FAST)
    server.hold()
    environment = {**os.environ, "PGPORT": "6000", "TMPDIR": str(home)}
    other = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert other.stdout.strip() == str(server.socket_folder), other.stderr
    server.release()
    assert not server.is_up()


def test_relative_home_means_the_same_folder_from_everywhere(monkeypatch, tmp_path):
    monkeypatch.setenv("NAVIGATOR_HOME", "somewhere")
    monkeypatch.chdir(tmp_path)
    assert installation_home() == ROOT / "somewhere"
    monkeypatch.setenv("NAVIGATOR_HOME", "")
    assert installation_home() == ROOT / "var"


def test_watcher_stops_when_its_terminal_goes(home):
    environment = {**os.environ, "NAVIGATOR_HOME": str(home)}
    watcher = subprocess.Popen([sys.executable, "-m", "cms.embedded"], cwd=ROOT, env=environment)
    server = EmbeddedPostgres(home)
    assert wait_until(server.is_up)
    watcher.send_signal(signal.SIGHUP)
    assert watcher.wait(30) == 0
    assert not server.is_up()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_folder_of_somebody_else_is_refused(home):
    (home / "postgres").mkdir()
    os.chown(home / "postgres", 12345, 12345)
    with pytest.raises(EmbeddedServerError, match="belongs to somebody else"):
        EmbeddedPostgres(home).hold()


def wait_until(condition, seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return True
        except (OSError, ValueError, psutil.Error):
            pass
        time.sleep(0.1)
    return False
