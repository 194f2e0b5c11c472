"""Where an instructor stands with us: draft, submitted, listed, suspended, and who moves it.

The instructor submits and withdraws; staff verify, send back, suspend and reinstate; a rule hides who lets
lessons down, which is a suspension that ends by itself. Editing a profile
changes nothing of this: a submitted one keeps its place in the queue, a listed one stays listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from instainstru.accounts.models import User
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, DomainError, Invalid
from instructors.models import Instructor, Offering, WeeklyHours
from instructors.services import calendar, catalogue, founding

Status = Instructor.Status
# Less than this says nothing about anybody.
SHORTEST_BIO = 40
# What staff did last, for those who come second.
DEEDS = {
    Kind.INSTRUCTOR_VERIFIED: "verified and listed it",
    Kind.INSTRUCTOR_SENT_BACK: "sent it back",
    Kind.INSTRUCTOR_SUSPENDED: "suspended it",
    Kind.INSTRUCTOR_HIDDEN: "hid it",
    Kind.INSTRUCTOR_REINSTATED: "ended the suspension",
    Kind.INSTRUCTOR_WITHDRAWN: "withdrew it",
    Kind.INSTRUCTOR_SUBMITTED: "submitted it",
}


def missing(instructor: Instructor) -> dict[str, str]:
    """What still keeps the profile from being listed: field to sentence; empty when nothing does."""
    needs = {}
    if not instructor.headline:
        needs["headline"] = "Say in a line what you teach."
    if len(instructor.bio) < SHORTEST_BIO:
        needs["bio"] = "Tell students about yourself in a few sentences."
    if instructor.place is None:
        needs["place"] = "Say where you are."
    if not Offering.objects.filter(instructor=instructor, is_active=True).exists():
        needs["offerings"] = "Offer at least one subject."
    if not WeeklyHours.objects.filter(instructor=instructor).exists():
        needs["hours"] = "Say when you teach."
    return needs


def submitted(among: QuerySet[Instructor]) -> QuerySet[Instructor]:
    """Those that wait for staff, in no order yet; ``submitted_at`` says since when."""
    return among.filter(status=Status.SUBMITTED)


@transaction.atomic
def submit(instructor: Instructor, *, by: Any) -> Instructor:
    """Ask to be checked and listed; refuses with what is missing."""
    locked = _locked(instructor, Status.DRAFT)
    _refuse_incomplete(locked)
    now = clock.now()
    return _stand(locked, Status.SUBMITTED, kind=Kind.INSTRUCTOR_SUBMITTED, by=by, submitted_at=now)


@transaction.atomic
def withdraw(instructor: Instructor, *, by: Any) -> Instructor:
    """Take the profile out of the queue again."""
    locked = _locked(instructor, Status.SUBMITTED)
    return _stand(locked, Status.DRAFT, kind=Kind.INSTRUCTOR_WITHDRAWN, by=by)


@transaction.atomic
def send_back(instructor: Instructor, *, by: User, reason: str) -> Instructor:
    """Staff want something changed first; the instructor reads ``reason`` and may submit again."""
    words = _said(reason, "Say what to change: the instructor reads it.")
    locked = _locked(instructor, Status.SUBMITTED)
    return _stand(
        locked, Status.DRAFT, kind=Kind.INSTRUCTOR_SENT_BACK, by=by, reason=words, sent_back_reason=words
    )


@transaction.atomic
def verify(instructor: Instructor, *, by: User) -> Instructor:
    """Staff have checked who this is: verified and listed. Refuses while something is missing."""
    locked = _locked(instructor, Status.SUBMITTED)
    _refuse_incomplete(locked)
    return _stand(
        locked,
        Status.LISTED,
        kind=Kind.INSTRUCTOR_VERIFIED,
        by=by,
        verified_at=locked.verified_at or clock.now(),
    )


@transaction.atomic
def suspend(instructor: Instructor, *, by: User, reason: str) -> Instructor:
    """Take the instructor out of search, or out of the queue, at once; lessons already booked stay."""
    words = _said(reason, "Say why: it is kept with the event.")
    # Who is hidden by rule may be suspended for good.
    hidden = (Status.SUSPENDED,) if instructor.is_hidden else ()
    locked = _locked(instructor, Status.LISTED, Status.SUBMITTED, *hidden)
    return _stand(
        locked, Status.SUSPENDED, kind=Kind.INSTRUCTOR_SUSPENDED, by=by, reason=words, suspended_reason=words
    )


@transaction.atomic
def reinstate(instructor: Instructor, *, by: User) -> Instructor:
    """End a suspension. Who was never verified is a draft again: lifting is not checking."""
    locked = _locked(instructor, Status.SUSPENDED)
    if not locked.is_verified:
        return _stand(locked, Status.DRAFT, kind=Kind.INSTRUCTOR_REINSTATED, by=by)
    _refuse_incomplete(locked)
    return _stand(locked, Status.LISTED, kind=Kind.INSTRUCTOR_REINSTATED, by=by)


@transaction.atomic
def hide(
    instructor: Instructor, *, until: datetime | None, reason: str, kind: Kind, told: Mapping[str, Any],
    by: Any = None,
) -> bool:  # fmt: skip
    """Suspend by rule until then, or until staff have looked; False where nobody could find them anyway.

    ``kind`` and ``told`` are the event's: what was it that this follows from?
    """
    locked = calendar.lock_instructor(instructor)
    if not locked.is_listed and not locked.is_hidden:
        return False
    data = {**told, "until": until.isoformat() if until else None}
    _stand(
        locked, Status.SUSPENDED, kind=kind, by=by, told=data,
        suspended_reason=reason, is_hidden=True, hidden_until=until,
    )  # fmt: skip
    return True


@transaction.atomic
def show(instructor: Instructor, *, by: Any = None, now: datetime | None = None) -> bool:
    """End what ``hide`` began, with ``now`` only if its time is over; False where there is nothing to end.

    A profile that is not complete any more is a draft.
    """
    locked = calendar.lock_instructor(instructor)
    if not locked.is_hidden or (now and (locked.hidden_until is None or locked.hidden_until > now)):
        return False
    is_fit = locked.is_verified and not missing(locked)
    _stand(locked, Status.LISTED if is_fit else Status.DRAFT, kind=Kind.INSTRUCTOR_REINSTATED, by=by)
    return True


def show_again(*, now: datetime, limit: int = 200) -> int:
    """Show those whose hidden time is over; returns how many."""
    over = Instructor.objects.filter(is_hidden=True, hidden_until__lte=now).order_by("hidden_until", "pk")
    return sum(show(instructor, now=now) for instructor in over[:limit])


def to_review(among: QuerySet[Instructor]) -> QuerySet[Instructor]:
    """Those hidden until staff have looked."""
    return among.filter(is_hidden=True, hidden_until__isnull=True)


def _said(reason: str, otherwise: str) -> str:
    words = reason.strip()[:300]
    if not words:
        raise Invalid(otherwise, field="reason", code="reason_required")
    return words


def _locked(instructor: Instructor, *expected: Status) -> Instructor:
    """The instructor's present row, locked; refuses any other standing and says who was quicker."""
    locked = calendar.lock_instructor(instructor)
    if locked.status not in expected:
        raise Conflict(
            f"This is not possible any more: the profile is {_called(locked)}.{_last_deed(locked)}",
            code="wrong_status",
            data={"instructor_status": locked.status},
        )
    return locked


def _called(instructor: Instructor) -> str:
    names = {Status.DRAFT: "a draft", Status.SUBMITTED: "submitted and waits for us"}
    return names.get(Status(instructor.status), instructor.get_status_display().lower())


def _last_deed(instructor: Instructor) -> str:
    """Who brought it where it stands, in a sentence that begins with a space; nothing where unknown."""
    event = (
        Event.objects.filter(subject_type="instructor", subject_id=str(instructor.pk), kind__in=DEEDS)
        .select_related("by")
        .order_by("-version")
        .first()
    )
    if event is None or event.by is None:
        return ""
    return f" {event.by.full_name} {DEEDS[Kind(event.kind)]}."


def _refuse_incomplete(instructor: Instructor) -> None:
    if needs := missing(instructor):
        raise DomainError(
            "The profile is not complete: " + " ".join(needs.values()), code="incomplete", fields=needs
        )


def _stand(
    locked: Instructor,
    status: Status,
    *,
    kind: Kind,
    by: Any,
    reason: str = "",
    told: Mapping[str, Any] | None = None,
    **facts: Any,
) -> Instructor:
    """Write the standing; facts of another standing end with it."""
    changes = {
        "status": status,
        "submitted_at": None,
        "sent_back_reason": "",
        "suspended_reason": "",
        "is_hidden": False,
        "hidden_until": None,
        **facts,
    }
    for name, value in changes.items():
        setattr(locked, name, value)
    locked.save(update_fields=[*changes])
    if locked.open_until is None:
        calendar.rebuild(locked)
    founding.admit(locked)
    catalogue.refresh_listing(locked)
    data = {**(told or {}), "status": str(status)}
    record(kind, locked, by=by, data={**data, "reason": reason} if reason else data)
    return locked
