"""How events reach their reactions, and what happens when they do not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.core.cache import cache
from django.db import connection, transaction
from redis.exceptions import ConnectionError as NoServer

from instainstru.events import dispatch
from instainstru.events.dispatch import Outcome, Reactions, Steps
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.events.models import Delivery, Event
from instainstru.lib import clock, valkey
from instainstru.rules.models import Rules

NOW = datetime(2026, 12, 3, 18, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Ear:
    """A reaction that remembers what it heard, and fails as often as it is told to."""

    def __init__(self, name: str = "ear", fails: int = 0) -> None:
        self.__name__ = name
        self.heard: list[tuple[str, int]] = []
        self.fails = fails

    def __call__(self, event: Event, steps: Steps) -> None:
        if self.fails:
            self.fails -= 1
            raise RuntimeError("nobody listens")
        self.heard.append((event.subject_id, event.version))


def happened(subject_id: str = "1", version: int = 1, kind: Kind = Kind.RULES_CHANGED) -> Event:
    return Event.objects.create(
        kind=kind, subject_type="rules", subject_id=subject_id, version=version, created_at=NOW
    )


def to(*ears: Ear, kind: Kind = Kind.RULES_CHANGED) -> Reactions:
    return {kind: ears}


def run(reactions: Reactions, *, now: datetime = NOW) -> list[Outcome]:
    """Everything due at ``now``, until nothing is."""
    outcomes = []
    dispatch.fan_out(reactions, now=now)
    while claimed := dispatch.claim_due(now=now):
        outcomes += [
            dispatch.deliver(pk, attempts=attempts, reactions=reactions, now=now) for pk, attempts in claimed
        ]
    return outcomes


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tasks that were sent; the broker is the outermost edge."""
    names: list[str] = []
    # Whatever an earlier test met.
    monkeypatch.setattr(dispatch, "_resting_until", 0.0)
    monkeypatch.setattr(current_app, "send_task", lambda name, **options: names.append(name))
    return names


@pytest.mark.django_db
def test_every_reaction_hears_every_event_of_its_kind_once() -> None:
    one, two, other = Ear("one"), Ear("two"), Ear("other")
    reactions = {Kind.RULES_CHANGED: (one, two), Kind.API_KEY_CREATED: (other,)}
    happened("1")
    happened("2")

    assert run(reactions) == [Outcome.DONE] * 4
    assert run(reactions) == []

    assert one.heard == two.heard == [("1", 1), ("2", 1)]
    assert other.heard == []
    assert not Event.objects.filter(dispatched_at=None).exists()


@pytest.mark.django_db
def test_an_event_nobody_reacts_to_is_dispatched_and_leaves_no_delivery() -> None:
    event = happened()
    assert dispatch.fan_out({}, now=NOW) == 1
    event.refresh_from_db()
    assert event.dispatched_at == NOW
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_an_event_of_a_kind_we_no_longer_know_stops_nobody() -> None:
    ear = Ear()
    Event.objects.create(kind="old.kind", subject_type="old", subject_id="1", version=1, created_at=NOW)
    happened()
    assert run(to(ear)) == [Outcome.DONE]
    assert ear.heard == [("1", 1)]


@pytest.mark.django_db
def test_a_batch_takes_the_oldest_and_leaves_the_rest() -> None:
    events = [happened(str(number)) for number in range(3)]
    assert dispatch.fan_out(to(Ear()), now=NOW, limit=2) == 2
    assert list(Event.objects.filter(dispatched_at=None)) == [events[2]]


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_under_a_lower_id_is_not_lost() -> None:
    ear = Ear()
    late_is_written, may_commit = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            happened("late")
            late_is_written.set()
            may_commit.wait(10)

    writer = in_thread(late)
    late_is_written.wait(10)
    happened("early")
    assert run(to(ear)) == [Outcome.DONE]
    may_commit.set()
    writer.join(10)

    assert run(to(ear)) == [Outcome.DONE]
    assert ear.heard == [("early", 1), ("late", 1)]
    early, late_one = Event.objects.get(subject_id="early"), Event.objects.get(subject_id="late")
    assert late_one.pk < early.pk


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_pass_over_each_others_events() -> None:
    first, second = happened("1"), happened("2")
    has_claimed, may_commit = threading.Event(), threading.Event()

    def other_dispatcher() -> None:
        with transaction.atomic():
            assert dispatch.fan_out(to(Ear()), now=NOW, limit=1) == 1
            has_claimed.set()
            may_commit.wait(10)

    other = in_thread(other_dispatcher)
    has_claimed.wait(10)
    assert dispatch.fan_out(to(Ear()), now=NOW) == 1
    assert list(Delivery.objects.values_list("event_id", flat=True)) == [second.pk]
    may_commit.set()
    other.join(10)

    assert set(Delivery.objects.values_list("event_id", flat=True)) == {first.pk, second.pk}


@pytest.mark.django_db(transaction=True)
def test_a_later_event_waits_while_another_dispatcher_still_holds_the_earlier() -> None:
    ear = Ear()
    happened("1", version=1)
    happened("1", version=2)
    has_claimed, may_commit = threading.Event(), threading.Event()

    def other_dispatcher() -> None:
        with transaction.atomic():
            dispatch.fan_out(to(ear), now=NOW, limit=1)
            has_claimed.set()
            may_commit.wait(10)

    other = in_thread(other_dispatcher)
    has_claimed.wait(10)
    assert run(to(ear)) == []
    assert Delivery.objects.get().event.version == 2
    may_commit.set()
    other.join(10)

    assert run(to(ear)) == [Outcome.DONE, Outcome.DONE]
    assert ear.heard == [("1", 1), ("1", 2)]


@pytest.mark.django_db
def test_a_subjects_events_arrive_in_order_and_one_at_a_time() -> None:
    ear = Ear()
    for version in (1, 2, 3):
        happened("a", version)
    happened("b")
    dispatch.fan_out(to(ear), now=NOW)
    assert len(dispatch.claim_due(now=NOW)) == 2  # one of each subject

    Delivery.objects.update(next_try_at=NOW)
    run(to(ear))
    assert [version for subject, version in ear.heard if subject == "a"] == [1, 2, 3]
    assert ("b", 1) in ear.heard


@pytest.mark.django_db
def test_a_failing_delivery_holds_up_its_own_subject_and_reaction_only() -> None:
    deaf, well = Ear("deaf", fails=1), Ear("well")
    for subject, version in [("a", 1), ("a", 2), ("b", 1)]:
        happened(subject, version)

    outcomes = run(to(deaf, well))

    assert sorted(outcome.value for outcome in outcomes) == ["done"] * 4 + ["retry"]
    assert deaf.heard == [("b", 1)]
    assert sorted(well.heard) == [("a", 1), ("a", 2), ("b", 1)]
    assert run(to(deaf, well), now=NOW + 30 * SECOND) == [Outcome.DONE, Outcome.DONE]
    assert deaf.heard == [("b", 1), ("a", 1), ("a", 2)]


@pytest.mark.django_db
def test_a_parked_delivery_lets_the_later_ones_pass() -> None:
    ear = Ear()
    happened("a", 1)
    happened("a", 2)
    dispatch.fan_out(to(ear), now=NOW)
    Delivery.objects.filter(event__version=1).update(next_try_at=None)
    assert run(to(ear)) == [Outcome.DONE]
    assert ear.heard == [("a", 2)]


@pytest.mark.django_db
@pytest.mark.parametrize(("waiting", "wakes"), [(True, ["events.dispatch"]), (False, [])])
def test_whoever_finishes_wakes_the_dispatcher_only_for_a_successor(
    waiting: bool, wakes: list[str], sent: list[str]
) -> None:
    ear = Ear()
    happened("a", 1)
    happened("a" if waiting else "b", 2 if waiting else 1)
    dispatch.fan_out(to(ear), now=NOW)
    pk, attempts = dispatch.claim_due(now=NOW)[0]
    dispatch.deliver(pk, attempts=attempts, reactions=to(ear), now=NOW)
    assert sent == wakes


@pytest.mark.django_db
def test_failures_are_tried_again_after_the_schedule_and_then_parked() -> None:
    ear = Ear(fails=99)
    happened()
    now, waits = NOW, []
    while True:
        outcomes = run(to(ear), now=now)
        assert len(outcomes) == 1
        delivery = Delivery.objects.get()
        if delivery.next_try_at is None:
            break
        assert outcomes == [Outcome.RETRY]
        waits.append(int((delivery.next_try_at - now).total_seconds()))
        assert run(to(ear), now=delivery.next_try_at - SECOND) == []
        now = delivery.next_try_at

    assert waits == [30, 120, 600, 1800, 7200]
    assert outcomes == [Outcome.PARKED]
    assert (delivery.attempts, delivery.done_at) == (6, None)
    assert delivery.last_error == "RuntimeError: nobody listens"
    assert ear.fails == 99 - 6
    assert run(to(ear), now=NOW + timedelta(days=365)) == []


@pytest.mark.django_db
def test_a_delivery_that_kills_its_worker_each_time_is_parked_too() -> None:
    happened()
    reactions: Reactions = {Kind.RULES_CHANGED: (killer,)}
    dispatch.fan_out(reactions, now=NOW)
    now = NOW
    for attempt in range(6):
        [(pk, attempts)] = dispatch.claim_due(now=now)
        assert attempts == attempt
        with pytest.raises(KeyboardInterrupt):
            dispatch.deliver(pk, attempts=attempts, reactions=reactions, now=now)
        now += dispatch.LEASE
    [(pk, attempts)] = dispatch.claim_due(now=now)
    assert dispatch.deliver(pk, attempts=attempts, reactions=reactions, now=now) == Outcome.PARKED
    delivery = Delivery.objects.get()
    assert delivery.next_try_at is delivery.done_at is None
    assert delivery.last_error == "Attempt 6 did not come to an end."


def killer(event: Event, steps: Steps) -> None:
    raise KeyboardInterrupt  # passes every handler, like the end of the process


@pytest.mark.django_db
def test_an_outcome_that_comes_after_its_lease_does_not_overwrite_the_next_attempts() -> None:
    happened()
    late = Ear("slow")

    def slow(event: Event, steps: Steps) -> None:
        [(pk, attempts)] = dispatch.claim_due(now=NOW + dispatch.LEASE)
        dispatch.deliver(pk, attempts=attempts, reactions=to(late), now=NOW + dispatch.LEASE)
        raise RuntimeError("too late to matter")

    assert run({Kind.RULES_CHANGED: (slow,)}) == [Outcome.RETRY]
    delivery = Delivery.objects.get()
    assert (delivery.done_at, delivery.last_error) == (NOW + dispatch.LEASE, "")


@pytest.mark.django_db
def test_a_delivery_to_a_reaction_that_is_gone_fails_with_a_sentence() -> None:
    happened()
    dispatch.fan_out(to(Ear("gone")), now=NOW)
    assert run(to(Ear("here"))) == [Outcome.RETRY]
    assert "Nothing called gone reacts to rules.changed any more." in Delivery.objects.get().last_error


@pytest.mark.django_db
def test_a_step_that_was_done_is_not_repeated_by_the_retry() -> None:
    letters: list[str] = []

    def two_letters(event: Event, steps: Steps) -> None:
        steps.once("first", lambda: letters.append("first"))
        if len(letters) < 2:
            letters.append("failed")
            raise RuntimeError("the second letter was refused")
        steps.once("second", lambda: letters.append("second"))

    happened()
    reactions = {Kind.RULES_CHANGED: (two_letters,)}
    assert run(reactions) == [Outcome.RETRY]
    assert Delivery.objects.get().steps_done == ["first"]
    assert run(reactions, now=NOW + 30 * SECOND) == [Outcome.DONE]
    assert letters == ["first", "failed", "second"]
    assert Delivery.objects.get().steps_done == ["first", "second"]


@pytest.mark.django_db
def test_a_replay_gives_parked_deliveries_all_their_attempts_again_and_nothing_else() -> None:
    ear = Ear(fails=99)
    happened("parked")
    done_event = happened("done")
    dispatch.fan_out(to(ear), now=NOW)
    Delivery.objects.filter(event=done_event).update(done_at=NOW, next_try_at=None)
    Delivery.objects.exclude(event=done_event).update(next_try_at=None, attempts=6, steps_done=["first"])

    assert dispatch.replay(Delivery.objects.all()) == 1

    ear.fails = 0
    replayed = Delivery.objects.exclude(event=done_event).get()
    assert (replayed.attempts, replayed.steps_done) == (0, ["first"])
    assert replayed.next_try_at is not None
    assert run(to(ear), now=replayed.next_try_at) == [Outcome.DONE]
    assert ear.heard == [("parked", 1)]


@pytest.mark.django_db(transaction=True)
def test_many_events_in_a_row_send_one_message(sent: list[str]) -> None:
    rules = Rules.objects.first() or Rules.objects.create(created_at=NOW)
    for _ in range(3):
        with transaction.atomic():
            record(Kind.RULES_CHANGED, rules)
            record(Kind.RULES_CHANGED, rules)
            assert len(sent) < 2
    assert sent == ["events.dispatch"]


def test_who_asks_after_the_dispatcher_began_to_look_wakes_it_again(sent: list[str]) -> None:
    dispatch.wake()
    dispatch.wake()
    dispatch.awake()
    dispatch.wake()
    assert sent == ["events.dispatch"] * 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("broken", ["cache", "broker"])
def test_a_dead_cache_or_broker_is_no_error_to_who_commits_and_is_left_alone_for_a_while(
    broken: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []

    def dead(*args: Any, **kwargs: Any) -> None:
        asked.append(broken)
        raise NoServer("gone")

    target: tuple[Any, str] = (valkey.Server, "ask")
    if broken == "broker":
        target = (current_app, "send_task")
    monkeypatch.setattr(*target, dead)
    monkeypatch.setattr(dispatch, "_resting_until", 0.0)
    rules = Rules.objects.first() or Rules.objects.create(created_at=NOW)
    for _ in range(2):
        with transaction.atomic():
            record(Kind.RULES_CHANGED, rules)
    assert Event.objects.count() == 2
    assert asked == [broken]
    assert "The dispatcher could not be woken: gone" in caplog.text

    monkeypatch.setattr(dispatch, "_resting_until", clock.monotonic() - 1)
    cache.clear()
    dispatch.wake()
    assert asked == [broken] * 2


@pytest.mark.django_db
def test_what_is_recorded_outside_a_transaction_is_refused(sent: list[str]) -> None:
    """pytest's own transaction is stepped out of for a moment."""
    connection.in_atomic_block = False
    try:
        with pytest.raises(RuntimeError, match=r"record\(\) belongs in the transaction"):
            record(Kind.RULES_CHANGED, Rules(pk=1))
    finally:
        connection.in_atomic_block = True
    assert not Event.objects.exists()
    assert sent == []


def in_thread(work: Callable[[], None]) -> threading.Thread:
    """``work`` on a connection of its own, which it closes."""

    def run_and_close() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run_and_close, daemon=True)
    thread.start()
    return thread
