"""Students that a partner organisation brings along and books for."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from instainstru.accounts.models import Partner, User
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.events.notify import PLACEHOLDER_DOMAIN
from instainstru.lib import clock
from instainstru.lib.errors import DomainError, Invalid, NotFound
from students.models import Student


def partner_of(user: User) -> Partner:
    """The organisation ``user`` acts for; refuses everybody else."""
    partner = getattr(user, "partner", None)
    if not isinstance(partner, Partner):
        raise DomainError("Only partners bring students along.", code="partners_only", status=403)
    return partner


def students_of(user: User) -> QuerySet[Student]:
    """The students ``user`` may book for: themselves, and those their organisation brought."""
    return Student.objects.select_related("user").filter(Q(user=user) | Q(partner__user=user))


def student_of(user: User, student_id: int) -> Student:
    """One of them; absent and somebody else's are the same."""
    student = students_of(user).filter(pk=student_id).first()
    if student is None:
        raise NotFound("There is no such student of yours.")
    return student


@transaction.atomic
def bring(
    partner: Partner, *, first_name: str, last_name: str, email: str = "", time_zone: str = "", by: Any
) -> Student:
    """A new student of the partner's. Letters go to ``email``; without one nobody is written to.

    They cannot sign in with a password; whoever proves to read the address can enter by code.
    """
    time_zone = time_zone or partner.user.time_zone
    if not clock.is_zone(time_zone):
        raise Invalid("Write an IANA time zone, such as America/New_York.", field="time_zone")
    user = User(
        email=email.lower() or f"student-{uuid.uuid4().hex}@{PLACEHOLDER_DOMAIN}",
        first_name=first_name,
        last_name=last_name,
        time_zone=time_zone,
    )
    user.set_unusable_password()
    try:
        user.full_clean()
    except ValidationError as error:
        fields = {name: " ".join(messages) for name, messages in error.message_dict.items()}
        raise DomainError("Please correct the marked fields.", code="invalid", fields=fields) from error
    user.save(force_insert=True)
    student = Student.objects.create(user=user, partner=partner)
    record(Kind.STUDENT_BROUGHT, student, by=by, data={"partner": partner.pk})
    return student
