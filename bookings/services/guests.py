"""What becomes of a guest's held times once we know whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from bookings.models import Booking, Status
from bookings.services import lifecycle
from bookings.services.wanted import HoldExpired, StudentBusy, Wanted
from instainstru.accounts.models import User
from instainstru.lib.errors import Conflict
from students.models import Student
from students.services import guests
from students.services.students import student_of

KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Arrival:
    """The account, whether it is new, and a refusal for each hold that could not come along."""

    account: User
    is_new: bool
    refusals: tuple[Conflict, ...] = ()


@transaction.atomic
def hold(wanted: Wanted, *, user: User | None, time_zone: str) -> Booking:
    """Hold a time for ``user``, or for a new guest; refuses like ``lifecycle.hold`` and then makes none."""
    student = student_of(user) if user else guests.create(time_zone=time_zone)
    return lifecycle.hold(wanted, student=student, by=student.user, replace_holds=True)


@transaction.atomic
def arrive(guest: User, *, email: str, first_name: str, last_name: str) -> Arrival:
    """The guest has proved to read ``email``: they become its account, or join it.

    Joining moves the holds in the same transaction, so the time is held throughout.
    """
    account = User.objects.filter(email=email.lower()).first()
    if account is None:
        try:
            with transaction.atomic():
                new = guests.become_account(guest, email=email, first_name=first_name, last_name=last_name)
            return Arrival(new, is_new=True)
        except IntegrityError:
            account = User.objects.get(email=email.lower())
    if not account.is_active:
        raise Conflict("This account is closed. Please write to us.", code="account_closed")
    _verify(account)
    return Arrival(account, is_new=False, refusals=join(guest, account=account))


@transaction.atomic
def join(guest: User, *, account: User) -> tuple[Conflict, ...]:
    """Move the guest's holds to ``account`` and end the guest.

    A hold that cannot move, because it ran out or the account has something then, is given up.
    """
    refusals: list[Conflict] = []
    student = student_of(account)
    for booking in Booking.objects.filter(student__user=guest, status=Status.HELD).select_related(
        "instructor", "offering__instructor"
    ):
        try:
            lifecycle.adopt(booking, student=student, by=account)
        except (StudentBusy, HoldExpired) as refusal:
            lifecycle.release(booking, by=account)
            refusals.append(refusal)
    guests.retire(guest)
    return tuple(refusals)


def _verify(account: User) -> None:
    """The address is proved now. A password set by whoever had not proved it opens nothing any more."""
    known = EmailAddress.objects.filter(user=account, email=account.email)
    if known.filter(verified=True).exists():
        return
    account.set_unusable_password()
    account.save(update_fields=["password"])
    if not known.update(verified=True, primary=True):
        EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)


def forget(*, now: datetime, limit: int = 500) -> int:
    """Delete guests of yesterday and before who never held anything; returns how many.

    Others stay with the holds that name them.
    """
    idle = (
        Student.objects.filter(user__is_guest=True, user__date_joined__lt=now - KEPT)
        .exclude(Exists(Booking.objects.filter(student=OuterRef("pk"))))
        .select_related("user")[:limit]
    )
    for student in idle:
        with transaction.atomic():
            student.delete()
            student.user.delete()
    return len(idle)
