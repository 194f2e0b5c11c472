"""A reported no-show: who is said not to have come agrees or disputes; silence upholds the report.

The lesson's money is frozen with the report (``plan.freeze``) and freed by its ending: a student who did not
come pays as for a lesson that was given, an instructor who did not come gives everything back. What is
disputed staff ``decide``. The booking stays ``no_show`` whatever comes of it. Locks: the student's row, the
booking, the report, the payment. Every change is an event of the booking and so counts its version.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from bookings.models import Booking, NoShowReport, Party, Payment, ReportStatus, Status
from bookings.services import history, steps
from bookings.services.payments import plan
from bookings.services.policies import Tier
from instainstru.accounts.models import User
from instainstru.events.kinds import Kind
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid, NotFound
from instructors.models import Instructor

LONGEST_ANSWER, LONGEST_REASON = 1000, 300
# What becomes of the money where the report is true.
UPHELD: dict[Party, str] = {Party.STUDENT: Payment.GIVEN, Party.INSTRUCTOR: Tier.NOT_BY_STUDENT}
# What staff may decide: the lesson counts as given, or everything goes back to the student.
ENDINGS = (Payment.GIVEN, Tier.NOT_BY_STUDENT.value)
MOST_TO_ANSWER = 5
WITH_BOOKING = ("booking__student__user", "booking__instructor__user", "booking__offering__subject")


def ask(booking: Booking, *, by_role: Party, now: datetime) -> NoShowReport:
    """Open the report, in the transaction of ``lifecycle.report_no_show``."""
    return NoShowReport.objects.create(
        booking=booking,
        reported_by=by_role,
        answer_by=now + timedelta(hours=booking.rules.answer_h),
        created_at=now,
    )


def agree(report: NoShowReport, *, by: Any, party: Party) -> NoShowReport:
    """Say that it is so: the money goes its way at once."""
    now = clock.now()
    with transaction.atomic():
        booking, report = _to_answer(report, party=party, now=now)
        report.answered_at = now
        _close(report, booking, ReportStatus.AGREED, _upheld(booking), by=by, now=now, by_role=party)
    return report


def dispute(report: NoShowReport, *, by: Any, party: Party, text: str) -> NoShowReport:
    """Say that it is not so, in words; staff decide, and the money waits for them."""
    now = clock.now()
    text = text.strip()
    if not text:
        raise Invalid("Say what happened: both we and the other side read it.", field="text")
    if len(text) > LONGEST_ANSWER or "\x00" in text:
        raise Invalid(f"Say it in {LONGEST_ANSWER} characters at most.", field="text")
    with transaction.atomic():
        booking, report = _to_answer(report, party=party, now=now)
        report.status, report.answer, report.answered_at = ReportStatus.DISPUTED, text, now
        report.save(update_fields=["status", "answer", "answered_at"])
        _note(Kind.BOOKING_NO_SHOW_DISPUTED, booking, by=by, by_role=party, text=text)
    return report


def uphold(report: NoShowReport, *, now: datetime) -> bool:
    """End a report that nobody answered in time; False when it was answered, or still can be."""
    with transaction.atomic():
        booking, report = _both_locked(report)
        if report.status != ReportStatus.OPEN or now < report.answer_by:
            return False
        ending = _upheld(booking)
        _close(report, booking, ReportStatus.UNANSWERED, ending, by=None, now=now, by_role=Party.SYSTEM)
    return True


def decide(report: NoShowReport, *, ending: str, reason: str, by: Any) -> NoShowReport:
    """Staff decide a disputed report: ``given`` (the instructor is paid) or ``not_by_student``
    (everything goes back to the student).

    Both sides read the reason. Raises ``Invalid`` at the field, and ``not_disputed``.
    """
    if ending not in ENDINGS:
        raise Invalid("Say whether the lesson counts as given or everything goes back.", field="ending")
    if not reason.strip():
        raise Invalid("Say why: both sides are told.", field="reason", code="reason_required")
    if len(reason.strip()) > LONGEST_REASON:
        raise Invalid(f"Say it in {LONGEST_REASON} characters at most.", field="reason")
    now = clock.now()
    with transaction.atomic():
        booking, report = _both_locked(report)
        if report.status != ReportStatus.DISPUTED:
            label = report.get_status_display()
            raise Conflict(f"There is nothing to decide. {label}.", code="not_disputed")
        report.reason = reason.strip()
        _close(report, booking, ReportStatus.DECIDED, ending, by=by, now=now, by_role=Party.STAFF)
    return report


def report_of(booking: Booking) -> NoShowReport | None:
    """The booking's report, if there was one; the caller came to the booking through ``access``."""
    if booking.status != Status.NO_SHOW:
        return None
    report = NoShowReport.objects.filter(booking=booking).first()
    if report is not None:
        report.booking = booking
    return report


def may_answer(report: NoShowReport, *, party: Party, now: datetime) -> bool:
    """Whether ``party`` is the one to answer, and still can."""
    return report.status == ReportStatus.OPEN and report.booking.absent == party and now < report.answer_by


def asked_of_student(user: User, *, now: datetime) -> list[NoShowReport]:
    """What the student has to answer, the first to be upheld first: one query."""
    return _to_be_answered(NoShowReport.objects.filter(booking__student__user=user), Party.STUDENT, now=now)


def asked_of_instructor(instructor: Instructor, *, now: datetime) -> list[NoShowReport]:
    """What the instructor has to answer, the first to be upheld first: one query."""
    rows = NoShowReport.objects.filter(booking__instructor=instructor)
    return _to_be_answered(rows, Party.INSTRUCTOR, now=now)


def _to_be_answered(rows: QuerySet[NoShowReport], party: Party, *, now: datetime) -> list[NoShowReport]:
    found = rows.filter(status=ReportStatus.OPEN, answer_by__gt=now, booking__absent=party)
    return list(found.select_related(*WITH_BOOKING).order_by("answer_by")[:MOST_TO_ANSWER])


def to_decide(among: QuerySet[NoShowReport]) -> QuerySet[NoShowReport]:
    """Those that both sides tell differently, and that wait for staff."""
    return among.filter(status=ReportStatus.DISPUTED)


def due(*, now: datetime) -> QuerySet[NoShowReport]:
    """Reports that nobody answered in time."""
    rows = NoShowReport.objects.filter(status=ReportStatus.OPEN, answer_by__lte=now)
    return rows.select_related("booking")


def _both_locked(report: NoShowReport) -> tuple[Booking, NoShowReport]:
    booking = steps.lock(report.booking)
    return booking, NoShowReport.objects.select_for_update(of=("self",)).get(pk=report.pk)


def _to_answer(report: NoShowReport, *, party: Party, now: datetime) -> tuple[Booking, NoShowReport]:
    """Both rows, locked, if ``party`` may answer now."""
    booking, report = _both_locked(report)
    if party != booking.absent:
        raise NotFound
    if report.status != ReportStatus.OPEN:
        label = report.get_status_display()
        raise Conflict(
            f"This cannot be answered any more. {label}.",
            code="already_answered",
            data={"report_status": report.status},
        )
    if now >= report.answer_by:
        raise Conflict("It is too late to answer: the report is upheld.", code="too_late")
    return booking, report


def _upheld(booking: Booking) -> str:
    return UPHELD[Party(booking.absent)]


def _close(
    report: NoShowReport,
    booking: Booking,
    status: ReportStatus,
    ending: str,
    *,
    by: Any,
    now: datetime,
    by_role: Party,
) -> None:
    report.status, report.ending = status, ending
    report.closed_at, report.closed_by = now, by
    report.save(update_fields=["status", "ending", "answered_at", "reason", "closed_at", "closed_by"])
    _note(
        Kind.BOOKING_NO_SHOW_SETTLED, booking, by=by, by_role=by_role, because=status, ending=ending,
        reason=report.reason,
    )  # fmt: skip
    plan.unfreeze(booking, ending=ending, now=now, by=by)


def _note(kind: Kind, booking: Booking, *, by: Any, **details: Any) -> None:
    """An event of the booking, whose state stays as it is."""
    booking.version += 1
    booking.save(update_fields=["version"])
    history.note(kind, booking, by=by, **details)
