"""Moving a lesson late: one side asks, the other agrees, declines, or lets it lapse.

Shortly before a lesson neither side may move it alone (``policies.Move.CONSENT``). Who asks names a time
that is free then; it is not held, and agreeing moves the lesson through ``lifecycle.reschedule``, which
refuses when somebody else was quicker. Locks: the student's row, the booking, the request; then those of
moving. Every change is an event of the booking and so counts its version.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from bookings.models import Booking, MoveRequest, Party, RequestStatus, Status
from bookings.services import access, history, lifecycle, policies
from bookings.services.wanted import change
from instainstru.accounts.models import User
from instainstru.events.kinds import Kind
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, NotFound
from instructors.models import Instructor
from students.models import Student

# Who asks should know in time to plan the day; after this they may ask again or leave it.
ANSWER_WITHIN = timedelta(hours=6)
OTHER = {Party.STUDENT: Party.INSTRUCTOR, Party.INSTRUCTOR: Party.STUDENT}
MOST_TO_ANSWER = 5
# What a page says of a request comes with it.
WITH_BOOKING = ("booking__student__user", "booking__instructor__user", "booking__offering__subject")
KINDS = {
    RequestStatus.DECLINED: Kind.BOOKING_MOVE_DECLINED,
    RequestStatus.WITHDRAWN: Kind.BOOKING_MOVE_WITHDRAWN,
    RequestStatus.LAPSED: Kind.BOOKING_MOVE_LAPSED,
}


def ask(booking: Booking, *, starts_at: datetime, by: Any, party: Party, reason: str = "") -> MoveRequest:
    """Ask the other side whether the lesson may be moved there; the time must be free now.

    An open request of the other side is declined with it: this is the answer. Raises ``already_asked``,
    ``no_consent_needed``, ``moved_already``, and whatever moving there would.
    """
    _require_one_of_two(party)
    now = clock.now()
    with change():
        booking = _locked(booking)
        _require_coming(booking, now=now)
        _require_consent_needed(booking, party=party, now=now)
        if standing := _open_request(booking):
            _make_room(standing, booking, by=by, party=party, now=now)
        _refuse_unless_possible(booking, starts_at=starts_at, by=by, party=party)
        request = MoveRequest.objects.create(
            booking=booking,
            asked_by=party,
            starts_at=starts_at,
            lesson_starts_at=booking.starts_at,
            reason=reason.strip(),
            created_at=now,
            created_by=by,
            expires_at=min(now + ANSWER_WITHIN, booking.starts_at, starts_at),
        )
        _note(Kind.BOOKING_MOVE_ASKED, booking, request, by=by, by_role=party, reason=request.reason)
    return request


def accept(request: MoveRequest, *, by: Any, party: Party) -> Booking:
    """Agree: the lesson moves on the terms of a late move. Refuses like ``lifecycle.reschedule``.

    When the time has gone meanwhile (``slot_taken`` and the like) nothing changes and the request stays.
    """
    now = clock.now()
    with change():
        booking, request = _to_answer(request, party=party, now=now)
        moved = lifecycle.reschedule(booking, starts_at=request.starts_at, by=by, party=party, agreed=True)
        _close(request, RequestStatus.ACCEPTED, now=now)
    return moved


def decline(request: MoveRequest, *, by: Any, party: Party, reason: str = "") -> MoveRequest:
    """Say no: the lesson stays where it is."""
    now = clock.now()
    with change():
        booking, request = _to_answer(request, party=party, now=now)
        _end(request, booking, RequestStatus.DECLINED, by=by, by_role=party, now=now, reason=reason.strip())
    return request


def withdraw(request: MoveRequest, *, by: Any, party: Party) -> MoveRequest:
    """Take one's own request back."""
    now = clock.now()
    with change():
        booking, request = _both_locked(request)
        if party != request.asked_by:
            raise NotFound
        _require_open(request)
        _end(request, booking, RequestStatus.WITHDRAWN, by=by, by_role=party, now=now)
    return request


def lapse(request: MoveRequest, *, now: datetime) -> bool:
    """End a request that nobody can answer any more; False when it still can be, or is over."""
    with change():
        booking, request = _both_locked(request)
        if request.status != RequestStatus.OPEN or _is_live(request, booking, now=now):
            return False
        _lapse(request, booking, now=now)
    return True


def request_of(booking: Booking, request_id: UUID | str) -> MoveRequest:
    """A request about that booking; the caller has come to the booking through ``access``."""
    found = MoveRequest.objects.filter(pk=request_id, booking=booking).first()
    if found is None:
        raise NotFound
    found.booking = booking
    return found


def open_of(booking: Booking, *, now: datetime) -> MoveRequest | None:
    """The request that can still be answered, if there is one."""
    request = _live(MoveRequest.objects.filter(booking=booking), now=now).first()
    if request is not None:
        request.booking = booking
    return request


def asked_of_student(user: User, *, now: datetime) -> list[MoveRequest]:
    """What instructors ask the student, the first to lapse first: one query."""
    return _to_be_answered(MoveRequest.objects.filter(booking__student__user=user), Party.STUDENT, now=now)


def asked_of_instructor(instructor: Instructor, *, now: datetime) -> list[MoveRequest]:
    """What students ask the instructor, the first to lapse first: one query."""
    rows = MoveRequest.objects.filter(booking__instructor=instructor)
    return _to_be_answered(rows, Party.INSTRUCTOR, now=now)


def _to_be_answered(rows: QuerySet[MoveRequest], party: Party, *, now: datetime) -> list[MoveRequest]:
    found = _live(rows, now=now).exclude(asked_by=party).select_related(*WITH_BOOKING)
    return list(found.order_by("expires_at")[:MOST_TO_ANSWER])


def due(*, now: datetime) -> QuerySet[MoveRequest]:
    """Open requests that nobody can answer any more."""
    gone = Q(expires_at__lte=now) | ~Q(booking__status=Status.CONFIRMED)
    gone |= ~Q(booking__starts_at=F("lesson_starts_at"))
    return MoveRequest.objects.filter(gone, status=RequestStatus.OPEN).select_related("booking")


def _live(rows: QuerySet[MoveRequest], *, now: datetime) -> QuerySet[MoveRequest]:
    return rows.filter(
        status=RequestStatus.OPEN,
        expires_at__gt=now,
        booking__status=Status.CONFIRMED,
        booking__starts_at=F("lesson_starts_at"),
    )


def _locked(booking: Booking) -> Booking:
    """The booking's present row, locked after its student's."""
    list(Student.objects.select_for_update(no_key=True).only("pk").filter(pk=booking.student_id))
    return access.whole().select_for_update(of=("self",), no_key=True).get(pk=booking.pk)


def _both_locked(request: MoveRequest) -> tuple[Booking, MoveRequest]:
    booking = _locked(request.booking)
    return booking, MoveRequest.objects.select_for_update().get(pk=request.pk)


def _open_request(booking: Booking) -> MoveRequest | None:
    rows = MoveRequest.objects.select_for_update().filter(booking=booking, status=RequestStatus.OPEN)
    return rows.first()


def _to_answer(request: MoveRequest, *, party: Party, now: datetime) -> tuple[Booking, MoveRequest]:
    """Both rows, locked, if ``party`` may answer now."""
    booking, request = _both_locked(request)
    if OTHER.get(party) != request.asked_by:
        raise NotFound
    _require_open(request)
    _require_coming(booking, now=now)
    if not _is_live(request, booking, now=now):
        raise Conflict("It is too late to answer: the request has lapsed.", code="request_lapsed")
    return booking, request


def _require_one_of_two(party: Party) -> None:
    """Staff move lessons themselves, with a reason."""
    if party not in OTHER:
        raise NotFound


def _require_open(request: MoveRequest) -> None:
    if request.status != RequestStatus.OPEN:
        label = request.get_status_display().lower()
        raise Conflict(
            f"This request is not open any more: {label}.",
            code="already_answered",
            data={"request_status": request.status},
        )


def _require_coming(booking: Booking, *, now: datetime) -> None:
    if booking.status != Status.CONFIRMED:
        raise Conflict(
            f"This is not possible any more: the booking is {booking.get_status_display().lower()}.",
            code="wrong_status",
            data={"booking_status": booking.status},
        )
    if now >= booking.starts_at:
        raise Conflict("The lesson has already started.", code="already_started")


def _require_consent_needed(booking: Booking, *, party: Party, now: datetime) -> None:
    terms = policies.reschedule(booking, party=party, now=now)
    if terms.allowed:
        raise Conflict("You can move this lesson without asking.", code="no_consent_needed")
    if terms.move != policies.Move.CONSENT:
        raise Conflict(
            "This lesson was already moved once on short notice. You can cancel it instead.",
            code="moved_already",
        )


def _make_room(standing: MoveRequest, booking: Booking, *, by: Any, party: Party, now: datetime) -> None:
    """End the request that stands in the way of a new one, or refuse."""
    if not _is_live(standing, booking, now=now):
        _lapse(standing, booking, now=now)
    elif standing.asked_by == party:
        raise Conflict(
            "You have asked already. Withdraw that request to ask for another time.", code="already_asked"
        )
    else:
        _end(standing, booking, RequestStatus.DECLINED, by=by, by_role=party, now=now)


def _refuse_unless_possible(booking: Booking, *, starts_at: datetime, by: Any, party: Party) -> None:
    """Move it, and take the move back: what agreeing would be refused for is refused now."""
    with transaction.atomic():
        lifecycle.reschedule(booking, starts_at=starts_at, by=by, party=party, agreed=True)
        transaction.set_rollback(True)


def _is_live(request: MoveRequest, booking: Booking, *, now: datetime) -> bool:
    return (
        now < request.expires_at
        and booking.status == Status.CONFIRMED
        and booking.starts_at == request.lesson_starts_at
    )


def _lapse(request: MoveRequest, booking: Booking, *, now: datetime) -> None:
    if booking.status != Status.CONFIRMED or booking.starts_at != request.lesson_starts_at:
        because = "changed"
    else:
        because = "started" if now >= booking.starts_at else "unanswered"
    asked_by = Party(request.asked_by)
    _end(request, booking, RequestStatus.LAPSED, by=None, by_role=asked_by, now=now, because=because)


def _end(
    request: MoveRequest,
    booking: Booking,
    status: RequestStatus,
    *,
    by: Any,
    by_role: Party,
    now: datetime,
    **details: Any,
) -> None:
    _close(request, status, now=now)
    _note(KINDS[status], booking, request, by=by, by_role=by_role, **details)


def _close(request: MoveRequest, status: RequestStatus, *, now: datetime) -> None:
    request.status, request.closed_at = status, now
    request.save(update_fields=["status", "closed_at"])


def _note(kind: Kind, booking: Booking, request: MoveRequest, *, by: Any, **details: Any) -> None:
    """An event of the booking, whose state stays as it is."""
    booking.version += 1
    booking.save(update_fields=["version"])
    history.note(kind, booking, by=by, asked=request.starts_at, request=str(request.pk), **details)
