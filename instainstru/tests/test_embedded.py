"""The embedded servers, each test with real processes on a data directory of the module's own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.xdist_group("embedded")

# Prints the servers' pids and stays until its input ends.
USER = """
import json, sys
from instainstru import embedded
embedded.database_url(), embedded.redis_url()
print(json.dumps(embedded.status()), flush=True)
sys.stdin.read()
"""

# Leaves a child behind that ends like any Python process, while the parent goes on.
FORKING = """
import os, sys
from instainstru import embedded
embedded.start()
if os.fork() == 0:
    sys.exit(0)
os.wait()
from instainstru.embedded import postgres, valkey
print(postgres.ready(), valkey.ready())
"""

WRITE = """
import psycopg, redis
from instainstru import embedded
with psycopg.connect(embedded.database_url()) as connection:
    connection.execute("CREATE TABLE kept AS SELECT 'row' AS what")
redis.Redis.from_url(embedded.redis_url(3)).lpush("queue", "task")
"""

READ = """
import psycopg, redis
from instainstru import embedded
with psycopg.connect(embedded.database_url()) as connection:
    print(connection.execute("SELECT what FROM kept").fetchone()[0])
print(redis.Redis.from_url(embedded.redis_url(3)).rpop("queue").decode())
"""


class Machine:
    """One data directory, used by processes of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.environment = {**os.environ, "DATA_DIR": str(data)}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(command, check=False, env=self.environment, capture_output=True, text=True)

    def code(self, code: str) -> list[str]:
        done = self.run("-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    def command(self, *arguments: str) -> dict[str, object]:
        done = self.run("-m", "instainstru.embedded", *arguments)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def user(self) -> tuple[subprocess.Popen[str], dict[str, object]]:
        process = subprocess.Popen(
            [sys.executable, "-c", USER],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        return process, json.loads(process.stdout.readline())


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate()
    assert process.returncode == 0


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    # Not pytest's own: a socket's path must be short, and the servers may run as another user.
    path = Path(tempfile.mkdtemp(prefix="embedded-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def machine(directory: Path) -> Iterator[Machine]:
    machine = Machine(directory / "data")
    yield machine
    machine.command("stop", "--force")


def test_processes_share_the_servers_and_the_last_to_leave_stops_them(machine):
    first, seen_by_first = machine.user()
    second, seen_by_second = machine.user()
    assert seen_by_first == seen_by_second
    assert seen_by_first["postgres"]
    assert seen_by_first["valkey"]

    leave(first)
    assert machine.command("status") == seen_by_second
    leave(second)
    assert machine.command("status") == {**seen_by_second, "postgres": None, "valkey": None}


def test_three_that_ask_at_once_get_one_server(machine):
    users = [
        subprocess.Popen(
            [sys.executable, "-c", USER.replace("sys.stdin.read()", "")],
            env=machine.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    outputs = [user.communicate()[0] for user in users]
    assert [user.returncode for user in users] == [0, 0, 0]
    assert all(json.loads(output)["postgres"] for output in outputs)


def test_a_user_that_is_killed_does_not_keep_the_servers_up(machine):
    killed, _ = machine.user()
    polite, _ = machine.user()
    killed.kill()
    killed.communicate()
    leave(polite)
    assert machine.command("status")["postgres"] is None


def test_a_forked_child_that_ends_takes_nothing_from_its_parent(machine):
    assert machine.code(FORKING) == ["True", "True"]


def test_what_was_started_by_hand_stays_until_it_is_stopped(machine):
    started = machine.command("start")
    assert machine.command("status") == started
    assert started["kept"]

    user, _ = machine.user()
    refused = machine.run("-m", "instainstru.embedded", "stop")
    assert refused.returncode == 1
    assert "still use" in refused.stderr
    leave(user)
    assert machine.command("stop")["postgres"] is None


def test_killed_servers_come_back_with_all_that_was_acknowledged(machine):
    before = machine.command("start")
    machine.code(WRITE)
    for name in ("postgres", "valkey"):
        os.kill(int(str(before[name])), signal.SIGKILL)

    assert machine.code(READ) == ["row", "task"]
    after = machine.command("status")
    assert after["postgres"] not in (None, before["postgres"])
    assert after["valkey"] not in (None, before["valkey"])


def test_files_of_a_dead_server_whose_pid_is_a_strangers_do_not_prevent_a_start(machine):
    machine.command("start")
    machine.command("stop")
    stranger = f"{os.getpid()}\n"
    (machine.data / "postgres" / "postmaster.pid").write_text(stranger)
    (machine.data / "valkey" / "valkey.pid").write_text(stranger)
    (machine.data / "valkey" / "valkey.sock").write_text("")

    started = machine.command("start")
    assert started["postgres"] not in (None, os.getpid())
    assert started["valkey"] not in (None, os.getpid())


def test_a_path_too_long_for_a_socket_is_no_obstacle(directory):
    machine = Machine(directory / ("long-" * 20) / "data")
    machine.environment["TMPDIR"] = str(directory)
    user, seen = machine.user()
    leave(user)
    assert seen["postgres"]
    assert seen["valkey"]


def test_data_of_another_major_version_is_refused_with_a_way_out(machine):
    machine.command("start")
    machine.command("stop")
    version = machine.data / "postgres" / "PG_VERSION"
    ours = version.read_text()
    version.write_text("15\n")
    refused = machine.run("-m", "instainstru.embedded", "start")
    version.write_text(ours)
    assert refused.returncode == 1
    assert "written by PostgreSQL 15" in refused.stderr
    assert "make reset" in refused.stderr


def test_nothing_of_them_can_be_reached_from_the_network(machine):
    started = machine.command("start")
    for name in ("postgres", "valkey"):
        server = psutil.Process(int(str(started[name])))
        assert server.net_connections("inet") == []
