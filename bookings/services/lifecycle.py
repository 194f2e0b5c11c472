"""Every change of a booking's state: one function each, and nobody else writes ``status``.

How time is taken (``hold``, ``book``), in which order locks are, stands in ``taking.py``; what all changes
are made of in ``steps.py``. Booking over an instructor's own rules is ``override.book``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bookings.models import LIVE, Booking, Party, Payment, Status
from bookings.services import grace, history, no_shows, policies, steps, taking
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import plan, upfront
from bookings.services.payments.plan import NOTHING_SAID, Pay
from bookings.services.taking import book, hold
from bookings.services.wanted import HoldExpired, StudentBusy, Wanted, change
from instainstru.events.kinds import Kind
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid, NotFound
from instructors.models import CalendarBlock
from instructors.services import calendar, profile
from students.models import Student

__all__ = [
    "adopt", "book", "cancel", "complete", "confirm", "expire", "extend", "hold", "keep", "linger",
    "pay_first", "release", "report_no_show", "reschedule",
]  # fmt: skip


# So much of a hold is left at least when a card is asked: longer than any answer takes, and than it takes
# the worker to go on with what the page did not finish.
WHILE_ASKED = timedelta(minutes=2)


def _refuse_if_expired(booking: Booking, *, now: datetime) -> None:
    expired = booking.expires_at is not None and booking.expires_at <= now
    if booking.status == Status.EXPIRED or (booking.status == Status.HELD and expired):
        raise HoldExpired(Wanted(booking.offering, booking.starts_at, booking.duration_min, booking.modality))


def extend(booking: Booking, *, by: Any) -> Booking:
    """Give a hold its length once more, counted from now; raises ``already_extended``."""
    now = clock.now()
    with change():
        booking = steps.lock(booking)
        _refuse_if_expired(booking, now=now)
        steps.require(booking, Status.HELD)
        if booking.was_extended:
            raise Conflict("A hold can be extended once, and this one was.", code="already_extended")
        _extend(booking, by=by, now=now)
    return booking


def release(booking: Booking, *, by: Any) -> Booking:
    """Give a hold up; one that is already over stays as it is."""
    with change():
        booking = steps.lock(booking)
        if booking.status in (Status.RELEASED, Status.EXPIRED):
            return booking
        steps.drop_hold(booking, Status.RELEASED, by=by, now=clock.now())
        if gateway.is_configured():
            upfront.stop(booking)
    return booking


def expire(booking: Booking, *, now: datetime) -> bool:
    """End a hold that ran out by ``now``; False when it was confirmed, extended or ended meanwhile."""
    with change():
        booking = steps.lock(booking)
        if booking.status != Status.HELD or booking.expires_at is None or booking.expires_at > now:
            return False
        steps.drop_hold(booking, Status.EXPIRED, by=None, now=now)
    return True


def keep(booking: Booking, *, by: Any, note: str | None = None) -> Booking:
    """The student goes to pay: what they wrote is kept, and the hold lasts its length again if it may."""
    now = clock.now()
    with change():
        booking = steps.lock(booking)
        _keep(booking, note=note, now=now)
        _lengthen(booking, by=by, now=now)
    return booking


def pay_first(booking: Booking, *, by: Any, pay: Pay, note: str | None = None) -> Payment:
    """Begin to pay for a held time that is too near to be booked unpaid; see ``upfront``.

    A hold that would run out while the card is asked lasts its length again if it may. Raises
    ``payment_under_way`` where that was begun already: a constraint says so.
    """
    now = clock.now()
    with change():
        booking = steps.lock(booking)
        _keep(booking, note=note, now=now)
        if not booking.is_held_at(now + WHILE_ASKED):
            _lengthen(booking, by=by, now=now)
        return plan.plan(booking, pay, by=by, upfront=True)


def _keep(booking: Booking, *, note: str | None, now: datetime) -> None:
    _refuse_if_expired(booking, now=now)
    steps.require(booking, Status.HELD)
    if note is not None and note != booking.note:
        booking.note = note
        booking.save(update_fields=["note"])


def linger(booking: Booking, *, by: Any) -> None:
    """The card was not simply taken, and its student has more to do: a time that is still held lasts its
    length again if it may."""
    now = clock.now()
    with change():
        booking = steps.lock(booking)
        if booking.is_held_at(now):
            _lengthen(booking, by=by, now=now)


def _lengthen(booking: Booking, *, by: Any, now: datetime) -> None:
    if not booking.was_extended:
        _extend(booking, by=by, now=now)


def _extend(booking: Booking, *, by: Any, now: datetime) -> None:
    booking.was_extended = True
    booking.expires_at = now + timedelta(minutes=booking.rules.hold_min)
    steps.save(booking, "was_extended", "expires_at")
    history.note(Kind.BOOKING_HOLD_EXTENDED, booking, by=by)


def confirm(
    booking: Booking, *, by: Any, note: str | None = None, pay: Pay = NOTHING_SAID,
    paid: Callable[[], Payment] | None = None,
) -> Booking:  # fmt: skip
    """Make a held time a lesson; raises ``HoldExpired`` when it came too late.

    ``paid`` locks an attempt to pay before (``pay_first``) for which the card holds the amount.
    """
    now = clock.now()
    with change():
        booking = steps.lock(booking)
        _refuse_if_expired(booking, now=now)
        steps.enter(booking, Status.CONFIRMED)
        booking.confirmed_at = now
        booking.expires_at = None
        if note is not None:
            booking.note = note
        steps.save(booking, "status", "confirmed_at", "expires_at", "note")
        calendar.settle(booking_id=booking.pk)
        history.note(Kind.BOOKING_CONFIRMED, booking, by=by)
        if paid is not None:
            upfront.take_over(booking, paid)
        else:
            plan.plan(booking, pay, by=by, newest_card=booking.newest_card)
    return booking


def adopt(booking: Booking, *, student: Student, by: Any) -> Booking:
    """Move a hold to another student: the account a guest turned out to have.

    Both students' rows are locked, by id. Raises ``StudentBusy`` when the account has something then.
    """
    now = clock.now()
    with change():
        for student_id in sorted({booking.student_id, student.pk}):
            steps.lock_student(student_id)
        booking = steps.lock(booking)
        _refuse_if_expired(booking, now=now)
        steps.require(booking, Status.HELD)
        wanted = Wanted(booking.offering, booking.starts_at, booking.duration_min, booking.modality)
        taking.refuse_oneself(wanted, student)
        for other in taking.own_in_the_way(wanted, student, now=now, replace_holds=True):
            steps.drop_hold(other, Status.RELEASED, by=by, now=now)
        booking.student = student
        steps.save(booking, "student")
        history.note(Kind.BOOKING_HELD, booking, by=by)
    return booking


def cancel(booking: Booking, *, by: Any, party: Party, reason: str = "") -> Booking:
    """Cancel a lesson by the policy it was booked under; the tier is kept with it.

    Students and instructors can until it starts; staff always, with a reason.
    """
    now = clock.now()
    if party == Party.STAFF and not reason.strip():
        raise Invalid("Say why: both sides are told.", field="reason", code="reason_required")
    with change():
        booking = steps.lock(booking)
        steps.enter(booking, Status.CANCELLED)
        if party in (Party.STUDENT, Party.INSTRUCTOR) and now >= booking.starts_at:
            raise Conflict("The lesson has already started.", code="already_started")
        terms = grace.cancellation(booking, party=party, now=now)
        booking.cancellation_tier = terms.tier
        booking.cancelled_by = party
        booking.reason = reason.strip()
        booking.ended_at = now
        steps.save(booking, "status", "cancellation_tier", "cancelled_by", "reason", "ended_at")
        calendar.give_back(booking.instructor, booking_id=booking.pk)
        history.note(Kind.BOOKING_CANCELLED, booking, by=by, tier=terms.tier, by_role=party)
        plan.end(booking, terms.tier, now=now)
    return booking


def reschedule(
    booking: Booking, *, starts_at: datetime, by: Any, party: Party, reason: str = "", agreed: bool = False
) -> Booking:
    """Move a lesson to another time of the same instructor, length and place.

    Terms: ``policies.reschedule``; ``agreed`` says that the other side asked for it (``consent``).
    Raises ``SlotTaken`` and the refusals of ``hold`` for the new time, ``needs_consent`` and
    ``moved_already``; nothing changes then.
    """
    now = clock.now()
    if party == Party.STAFF and not reason.strip():
        raise Invalid("Say why: both sides are told.", field="reason", code="reason_required")
    wanted = Wanted(booking.offering, starts_at, booking.duration_min, booking.modality)
    with change(wanted):
        booking = steps.lock(booking)
        steps.require(booking, Status.CONFIRMED)
        if party != Party.STAFF and now >= booking.starts_at:
            raise Conflict("The lesson has already started.", code="already_started")
        if starts_at == booking.starts_at:
            raise Invalid("That is the time it has.", field="starts_at", code="same_time")
        terms = policies.reschedule(booking, party=party, now=now)
        if not (agreed and terms.move == policies.Move.CONSENT):
            _refuse_move(terms)
        _move(booking, wanted, now=now)
        previous = booking.starts_at
        booking.starts_at, booking.ends_at = wanted.starts_at, wanted.ends_at
        if terms.move == policies.Move.FREE:
            booking.policy_starts_at = wanted.starts_at
        else:
            booking.late_moves += 1
        steps.save(booking, "starts_at", "ends_at", "policy_starts_at", "late_moves")
        history.note(
            Kind.BOOKING_RESCHEDULED,
            booking,
            by=by,
            previous=previous,
            reason=reason,
            by_role=party,
            agreed=agreed,
        )
        plan.move(booking, now=now)
    return booking


def _refuse_move(terms: policies.Reschedule) -> None:
    if terms.allowed:
        return
    if terms.move == policies.Move.ONCE:
        raise Conflict(
            "This lesson was already moved once on short notice. You can cancel it instead.",
            code="moved_already",
        )
    raise Conflict(
        "So close to the lesson it can only be moved if the other side agrees. You can cancel it instead.",
        code="needs_consent",
    )


def _move(booking: Booking, wanted: Wanted, *, now: datetime) -> None:
    """Exchange the booking's block for one at the wanted time."""
    taking.lock_days(wanted, booking)
    rules, _ = calendar.reread(wanted.instructor)
    taking.require_within_limits(wanted, rules=rules, now=now)
    clash = Booking.objects.filter(
        student_id=booking.student_id,
        status__in=LIVE,
        starts_at__lt=wanted.ends_at,
        ends_at__gt=wanted.starts_at,
    ).exclude(pk=booking.pk)
    if clash.exists():
        raise StudentBusy("There is another lesson or held time of yours then.")
    calendar.give_back(wanted.instructor, booking_id=booking.pk)
    days = taking.require_free(wanted, taking.lock_days(wanted), now=now)
    calendar.take(
        wanted.instructor,
        days=days,
        booking_id=booking.pk,
        kind=CalendarBlock.Kind.LESSON,
        start=wanted.starts_at,
        end=wanted.ends_at,
        travels=wanted.travels,
        rules=rules,
    )


def complete(booking: Booking, *, by: Any, party: Party, now: datetime | None = None) -> Booking:
    """The lesson was given; possible from its end, and not for the student to say.

    Scheduled work says up to when in ``now``.
    """
    now = now or clock.now()
    if party == Party.STUDENT:
        raise NotFound("The instructor says that a lesson was given.")
    with change():
        booking = steps.lock(booking)
        steps.enter(booking, Status.COMPLETED)
        if now < booking.ends_at:
            raise Conflict(
                "The lesson is not over yet.",
                code="too_early",
                data={"possible_from": clock.rfc3339(booking.ends_at)},
            )
        booking.ended_at = now
        steps.save(booking, "status", "ended_at")
        profile.count_lessons(booking.instructor_id, 1)
        history.note(Kind.BOOKING_COMPLETED, booking, by=by)
    return booking


def report_no_show(booking: Booking, *, by: Any, party: Party, absent: Party | None = None) -> Booking:
    """Say that the other side did not come; staff name who in ``absent``.

    The lesson's money is frozen until the other side's answer (``no_shows``).
    """
    now = clock.now()
    other = {Party.STUDENT: Party.INSTRUCTOR, Party.INSTRUCTOR: Party.STUDENT}
    missing = other.get(party) or absent
    if missing not in (Party.STUDENT, Party.INSTRUCTOR):
        raise Invalid("Say who did not come.", field="absent")
    with change():
        booking = steps.lock(booking)
        was_completed = booking.status == Status.COMPLETED
        steps.enter(booking, Status.NO_SHOW)
        low, high = policies.no_show_window(booking)
        if not low <= now <= high:
            raise Conflict(
                f"A no-show can be reported from {booking.rules.no_show_wait_min} minutes after the start "
                f"until {booking.rules.no_show_report_h} hours after the end.",
                code="too_early" if now < low else "too_late",
                data={"possible_from": clock.rfc3339(low), "possible_until": clock.rfc3339(high)},
            )
        booking.absent = missing
        booking.ended_at = now
        steps.save(booking, "status", "absent", "ended_at")
        if was_completed:
            profile.count_lessons(booking.instructor_id, -1)
        report = no_shows.ask(booking, by_role=party, now=now)
        history.note(
            Kind.BOOKING_NO_SHOW, booking, by=by, absent=missing, by_role=party, answer_by=report.answer_by
        )
        plan.freeze(booking, why=plan.NO_SHOW, now=now)
    return booking
