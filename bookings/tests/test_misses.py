"""Lessons instructors let down: what counts, what follows, how it ends by itself, and forgiving."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from bookings.models import Booking, Miss, Party
from bookings.reactions import REACTIONS, count_miss
from bookings.services import lifecycle, misses
from bookings.services.misses import Consequence
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time, utc
from instainstru.events import dispatch
from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instainstru.events.models import Delivery, Event
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid, NotFound
from instructors.models import Instructor, Place
from instructors.services import catalogue, standing

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _complete(cast: Cast) -> None:
    """Ana's profile is whole, so that she can be listed again."""
    cast.piano.instructor.place = Place.objects.get(slug="brooklyn")
    cast.piano.instructor.save(update_fields=["place"])


START = utc("2026-12-03 18:00")


@pytest.mark.parametrize(("number", "days"), [(0, None), (1, None), (2, 7), (3, 14), (4, 30)])
def test_what_follows_is_a_warning_then_days_counted_from_the_last(number: int, days: int | None):
    moments = [START + n * DAY for n in range(number)]
    expected = None if days is None else Consequence(moments[-1] + days * DAY)
    assert misses.consequence(moments) == expected
    assert misses.consequence(moments[::-1]) == expected


@pytest.mark.parametrize("number", [5, 6, 20])
def test_after_the_fourth_staff_look(number: int):
    assert misses.consequence([START] * number) == Consequence(None)


@pytest.fixture
def clocked(monkeypatch: pytest.MonkeyPatch) -> Any:
    def at(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    return at


def lesson(cast: Cast, days: int, hour: int = 10) -> Booking:
    return booked(cast.piano, local_time(in_days(days), hour), cast.ben_student)


def let_down(
    booking: Booking, cast: Cast, clocked: Any, *, before: timedelta = timedelta(hours=2)
) -> Booking:
    """The instructor cancels so long before the start, and what reacts has reacted."""
    clocked(booking.starts_at - before)
    booking = lifecycle.cancel(booking, by=cast.ana, party=Party.INSTRUCTOR, reason="ill")
    misses.count(Booking.objects.get(pk=booking.pk), now=clock.now())
    return booking


def ana(cast: Cast) -> Instructor:
    return Instructor.objects.get(pk=cast.piano.instructor_id)


@pytest.mark.parametrize(
    ("before", "counts"),
    [
        (timedelta(hours=24), False),
        (timedelta(hours=24, seconds=1), False),
        (timedelta(hours=24, seconds=-1), True),
        (timedelta(seconds=1), True),
    ],
)
def test_a_cancellation_counts_if_it_is_later_than_students_may_for_free(
    cast: Cast, clocked: Any, before: timedelta, counts: bool
):
    let_down(lesson(cast, 5), cast, clocked, before=before)
    assert [miss.cause for miss in Miss.objects.all()] == (["late_cancellation"] if counts else [])
    assert ana(cast).is_listed


@pytest.mark.parametrize("party", [Party.STUDENT, Party.STAFF, Party.SYSTEM])
def test_what_others_cancel_does_not_count(cast: Cast, clocked: Any, party: Party):
    booking = lesson(cast, 5)
    clocked(booking.starts_at - timedelta(hours=2))
    booking = lifecycle.cancel(booking, by=cast.ben, party=party, reason="because")
    assert misses.count(booking, now=clock.now()) is None
    assert not Miss.objects.exists()


@pytest.mark.parametrize(("absent", "number"), [(Party.INSTRUCTOR, 1), (Party.STUDENT, 0)])
def test_not_coming_counts_against_who_did_not_come(cast: Cast, clocked: Any, absent: Party, number: int):
    booking = lesson(cast, 5)
    clocked(booking.ends_at)
    booking = lifecycle.report_no_show(booking, by=cast.staff, party=Party.STAFF, absent=absent)
    misses.count(booking, now=clock.now())
    assert [miss.cause for miss in Miss.objects.all()] == ["no_show"] * number


def test_the_first_is_a_warning_the_next_hide_for_longer_and_then_staff_look(cast: Cast, clocked: Any):
    offering = cast.piano
    lessons = [lesson(cast, 5 + n) for n in range(5)]
    hidden = []
    for booking in lessons:
        let_down(booking, cast, clocked)
        found = ana(cast)
        left = found.hidden_until - clock.now() if found.hidden_until else None
        hidden.append((found.status, left))
    assert hidden == [
        ("listed", None),
        ("suspended", 7 * DAY),
        ("suspended", 14 * DAY),
        ("suspended", 30 * DAY),
        ("suspended", None),
    ]
    offering.refresh_from_db()
    assert not offering.is_listed
    with pytest.raises(NotFound):
        catalogue.offered(offering.pk)
    assert list(standing.to_review(Instructor.objects.all())) == [ana(cast)]
    assert [miss.number for miss in Miss.objects.order_by("pk")] == [1, 2, 3, 4, 5]
    told = [event.kind for event in history(ana(cast)) if "booking" in event.data]
    assert told == [Kind.INSTRUCTOR_WARNED] + [Kind.INSTRUCTOR_HIDDEN] * 4


def test_a_lesson_counts_once_however_often_it_is_heard_of(cast: Cast, clocked: Any):
    booking = let_down(lesson(cast, 5), cast, clocked)
    for _ in range(3):
        assert misses.count(booking, now=clock.now()) == Miss.objects.get()
    assert ana(cast).is_listed


def test_hidden_time_ends_by_itself_and_not_before(cast: Cast, clocked: Any):
    for day in (5, 6):
        let_down(lesson(cast, day), cast, clocked)
    until = ana(cast).hidden_until
    assert until is not None
    assert standing.show_again(now=until - timedelta(seconds=1)) == 0
    assert not ana(cast).is_listed
    assert (standing.show_again(now=until), standing.show_again(now=until)) == (1, 0)
    found = ana(cast)
    assert (found.status, found.is_hidden, found.hidden_until, found.suspended_reason) == (
        "listed",
        False,
        None,
        "",
    )
    cast.piano.refresh_from_db()
    assert cast.piano.is_listed


def test_misses_of_more_than_a_year_ago_do_not_count(cast: Cast, clocked: Any):
    let_down(lesson(cast, 5), cast, clocked)
    Miss.objects.update(happened_at=clock.now() - timedelta(days=364))
    let_down(lesson(cast, 6), cast, clocked)
    assert Miss.objects.latest("pk").number == 1
    assert ana(cast).is_listed


def test_who_is_suspended_by_staff_stays_so(cast: Cast, clocked: Any):
    lessons = [lesson(cast, day) for day in (5, 6)]
    standing.suspend(ana(cast), by=cast.staff, reason="Papers")
    for booking in lessons:
        let_down(booking, cast, clocked)
    found = ana(cast)
    assert (found.is_hidden, found.hidden_until, found.suspended_reason) == (False, None, "Papers")
    assert standing.show_again(now=clock.now() + 100 * DAY) == 0
    assert history(found)[-1].kind == Kind.INSTRUCTOR_WARNED


def test_staff_may_suspend_who_is_hidden_and_reinstate_who_is_to_be_looked_at(cast: Cast, clocked: Any):
    for day in (5, 6):
        let_down(lesson(cast, day), cast, clocked)
    standing.suspend(ana(cast), by=cast.staff, reason="Papers")
    assert (ana(cast).is_hidden, ana(cast).suspended_reason) == (False, "Papers")
    standing.reinstate(ana(cast), by=cast.staff)
    assert ana(cast).is_listed


def test_forgiving_one_undoes_what_it_brought(cast: Cast, clocked: Any):
    lessons = [lesson(cast, 5 + n) for n in range(3)]
    for booking in lessons:
        let_down(booking, cast, clocked)
    first, second, third = Miss.objects.order_by("pk")
    misses.forgive(third, reason="Snow", by=cast.staff)
    assert ana(cast).hidden_until == second.happened_at + 7 * DAY
    misses.forgive(first, reason="Snow too", by=cast.staff)
    assert ana(cast).is_listed
    first.refresh_from_db()
    assert (first.forgiven_by, first.forgiven_why) == (cast.staff, "Snow too")
    told = [event for event in history(ana(cast)) if event.kind == Kind.INSTRUCTOR_FORGIVEN]
    assert [(event.by, event.data["reason"]) for event in told] == [
        (cast.staff, "Snow"),
        (cast.staff, "Snow too"),
    ]


def test_forgiving_needs_a_reason_and_happens_once(cast: Cast, clocked: Any):
    let_down(lesson(cast, 5), cast, clocked)
    miss = Miss.objects.get()
    with pytest.raises(Invalid):
        misses.forgive(miss, reason=" ", by=cast.staff)
    misses.forgive(miss, reason="Snow", by=cast.staff)
    with pytest.raises(Conflict):
        misses.forgive(miss, reason="Snow", by=cast.staff)


def test_a_cancelled_lesson_is_looked_at_after_it_is_cancelled():
    assert count_miss in REACTIONS[Kind.BOOKING_CANCELLED]


class AtOnce:
    """Steps of a delivery that are all still to be done."""

    def once(self, name: str, do: Any) -> None:
        do()


@pytest.mark.parametrize(("ending", "number"), [("given", 0), ("not_by_student", 1)])
def test_a_no_show_that_was_settled_counts_only_if_it_was_one(
    cast: Cast, clocked: Any, ending: str, number: int
):
    booking = lesson(cast, 5)
    clocked(booking.ends_at)
    lifecycle.report_no_show(booking, by=cast.ben, party=Party.STUDENT)
    event = Event(
        kind="booking.settled", subject_type="booking", subject_id=booking.pk, data={"ending": ending}
    )
    count_miss(event, AtOnce())  # type: ignore[arg-type]
    assert Miss.objects.count() == number


def test_the_instructor_reads_how_long_and_why(cast: Cast, clocked: Any):
    for day in (5, 6):
        let_down(lesson(cast, day), cast, clocked)
    misses.forgive(Miss.objects.latest("pk"), reason="Snow", by=cast.staff)
    for _ in range(4):
        dispatch.fan_out(REACTIONS, now=clock.now())
        for delivery_id, attempts in dispatch.claim_due(now=clock.now()):
            dispatch.deliver(delivery_id, attempts=attempts, reactions=REACTIONS, now=clock.now())
    assert not Delivery.objects.filter(done_at__isnull=True).exists()
    letters = {
        letter.subject: letter.body
        for letter in mail.outbox
        if letter.to == ["Ana Alvarez <ana@example.com>"]
    }
    warned, hidden = letters["A lesson you could not give"], letters["Students do not find you for a while"]
    assert "less than 24 hours before it" in warned
    assert "What follows the next within a year: hidden for 7 days." in warned
    assert "so students do not find you until " in hidden
    assert "number 2 within a year" in hidden
    assert "does not count as missed any more" in letters["A missed lesson is forgiven"]
    assert "Your profile is back" in letters
