"""Processes are killed while they work: what was acknowledged is there, once, and every letter arrives."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bookings.tests.machine import Machine, MailServer, wait_for
from instainstru.events import dispatch

pytestmark = pytest.mark.xdist_group("faults")
AFTER_THE_LEASE = str(int(dispatch.LEASE.total_seconds()) + 1)
UNDONE = "SELECT count(*) FROM events_delivery WHERE done_at IS NULL"


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def machine(mail_server: MailServer) -> Iterator[Machine]:
    data = Path(tempfile.mkdtemp(prefix="faults-"))
    machine = Machine(data, mail_port=mail_server.port)
    try:
        machine.set_up()
        machine.start_web()
        yield machine
    finally:
        machine.end()
        shutil.rmtree(data)


@pytest.fixture
def worker(machine: Machine) -> Iterator[Callable[..., None]]:
    """Start a worker; it ends with the test."""
    yield lambda **environment: machine.start("worker", **environment)
    if "worker" in machine.processes:
        machine.kill("worker")


def letters_of(machine: Machine) -> set[str]:
    """Every letter that must have arrived: two for each booked lesson."""
    events = machine.query("SELECT id FROM events_event WHERE kind = 'booking.confirmed'")
    return {f"event-{pk}-{party}" for (pk,) in events for party in ("student", "instructor")}


def all_delivered(machine: Machine) -> bool:
    undispatched = "SELECT count(*) FROM events_event WHERE dispatched_at IS NULL"
    return machine.number(undispatched) == 0 and machine.number(UNDONE) == 0


def test_a_worker_killed_with_a_letter_in_its_hands_repeats_that_letter_and_no_other(
    machine: Machine, mail_server: MailServer, worker: Callable[..., None]
) -> None:
    times = machine.free_times(3)
    mail_server.block_after(1)
    worker()
    for number, body in enumerate(times):
        assert machine.book(body, key=machine.keys[0], name=f"worker-{number}")
    wait_for(lambda: len(mail_server.received) == 2, "the letter in the worker's hands")

    machine.kill("worker")
    [(steps,)] = machine.query("SELECT steps_done FROM events_delivery WHERE attempts = 1")
    assert steps == ["letter to student"]
    interrupted = mail_server.received[1]
    mail_server.go_on()
    worker(APP_CLOCK_OFFSET=AFTER_THE_LEASE)
    machine.wake()
    wait_for(lambda: all_delivered(machine), "all deliveries")

    arrived = Counter(mail_server.received)
    assert set(arrived) == letters_of(machine)
    assert arrived.pop(interrupted) == 2
    assert set(arrived.values()) == {1}
    attempts = machine.query("SELECT attempts FROM events_delivery ORDER BY id")
    assert sorted(attempts) == [(1,), (1,), (2,)]


def test_bookings_go_on_without_the_broker_and_their_letters_come_when_it_is_back(
    machine: Machine, mail_server: MailServer, worker: Callable[..., None]
) -> None:
    times = machine.free_times(4)
    worker()
    assert machine.book(times[0], key=machine.keys[0], name="broker-0")
    wait_for(lambda: all_delivered(machine), "the first letters")

    os.kill(machine.servers()["valkey"], signal.SIGKILL)
    for number in (1, 2, 3):
        assert machine.book(times[number], key=machine.keys[0], name=f"broker-{number}")
    assert not all_delivered(machine)
    machine.servers()
    machine.wake()
    wait_for(lambda: all_delivered(machine), "the letters of the time without a broker")

    assert set(mail_server.received) == letters_of(machine)
    assert machine.number("SELECT count(*) FROM events_delivery") == len(letters_of(machine)) / 2


@pytest.mark.parametrize("victim", ["web", "postgres"])
def test_what_was_acknowledged_before_a_crash_is_there_once_and_the_rest_can_be_repeated(
    machine: Machine, victim: str
) -> None:
    bodies = machine.free_times(16)
    names = [f"{victim}-{number}" for number in range(len(bodies))]
    acknowledged: dict[str, str] = {}
    pid = machine.processes["web"].pid if victim == "web" else machine.servers()["postgres"]

    def book(number: int) -> None:
        key = machine.keys[number % len(machine.keys)]
        found = machine.book(bodies[number], key=key, name=names[number])
        if found:
            acknowledged[names[number]] = found

    def book_and_kill(number: int) -> None:
        book(number)
        if number == 5:  # its neighbours are under way
            (os.killpg if victim == "web" else os.kill)(pid, signal.SIGKILL)

    with ThreadPoolExecutor(4) as clients:
        list(clients.map(book_and_kill, range(len(bodies))))
    before = dict(acknowledged)
    assert 0 < len(before) < len(bodies)

    if victim == "web":
        machine.kill("web")
        machine.start_web()
    else:
        machine.servers()
    with ThreadPoolExecutor(4) as clients:
        list(clients.map(book, range(len(bodies))))

    assert set(acknowledged) == set(names)
    assert {name: acknowledged[name] for name in before} == before
    assert len(set(acknowledged.values())) == len(bodies)
    stored = machine.query(
        "SELECT id::text, status, version FROM bookings_booking WHERE id = ANY(%s::uuid[])",
        list(acknowledged.values()),
    )
    assert sorted(stored) == sorted((pk, "confirmed", 1) for pk in acknowledged.values())
    assert_no_leftovers(machine)


def assert_no_leftovers(machine: Machine) -> None:
    """Every booking has its block and its event, and nothing has any without one."""
    bookings = machine.number("SELECT count(*) FROM bookings_booking")
    assert (
        machine.number("SELECT count(*) FROM instructors_calendarblock WHERE booking_id IS NOT NULL")
        == bookings
    )
    assert machine.number("SELECT count(*) FROM events_event WHERE kind = 'booking.confirmed'") == bookings
    assert machine.number("SELECT count(*) FROM bookings_idempotencykey") == bookings
