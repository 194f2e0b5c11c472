"""One box of the back office that finds anything: by number, whole id, Stripe's id, address or name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.urls import reverse

from bookings.models import Booking, Payment
from bookings.services import access
from instainstru.accounts.models import User
from instainstru.lib import money, when
from instainstru.lib.backoffice import all_in_one, person
from instructors.models import Instructor
from students.models import Student

# So many of each kind; more is a reason to type more.
MOST = 10


@dataclass(frozen=True, slots=True)
class Hit:
    title: str
    note: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind; ``has_more`` where the list stops before its end."""

    label: str
    hits: list[Hit]
    has_more: bool


def find(text: str, *, may_view: Callable[[type[Model]], bool]) -> list[Group]:
    """What ``text`` may mean, only of kinds the person may view; at most six queries."""
    words = text.replace("\x00", "").split()
    if not words:
        return []
    found: dict[type[Model], QuerySet[Any]]
    if len(words) == 1 and (key := _uuid(words[0])):
        found = {
            Booking: access.whole().filter(pk=key),
            Payment: _payments().filter(pk=key),
        }
    elif len(words) == 1 and words[0].startswith("pi_"):
        found = {Payment: _payments().filter(intent_id=words[0])}
    elif len(words) == 1 and words[0].isascii() and words[0].isdigit() and len(words[0]) <= 18:
        found = _numbered(int(words[0]))
    else:
        found = _named(words)
    groups = [_group(model, rows) for model, rows in found.items() if may_view(model)]
    return [group for group in groups if group.hits]


def _uuid(word: str) -> UUID | None:
    try:
        return UUID(word)
    except ValueError:
        return None


def _payments() -> QuerySet[Payment]:
    return Payment.objects.select_related("student__user", "instructor__user")


def _numbered(number: int) -> dict[type[Model], QuerySet[Any]]:
    return {
        Instructor: Instructor.objects.select_related("user").filter(pk=number),
        Student: Student.objects.select_related("user").filter(pk=number),
        User: User.objects.filter(pk=number),
    }


def _named(words: list[str]) -> dict[type[Model], QuerySet[Any]]:
    """By people; a booking is found by either of its two."""
    matching = all_in_one(person(), words)
    people = list(User.objects.filter(matching).order_by("-pk").values_list("pk", flat=True)[: MOST + 1])
    taught_by = Q(user__in=people)
    if len(words) == 1:
        taught_by |= Q(slug=words[0].lower())
    instructors = Instructor.objects.select_related("user").filter(taught_by).order_by("-pk")
    students = Student.objects.select_related("user").filter(user__in=people).order_by("-pk")
    # Keys, not subqueries: with a limit on top, the database would walk all bookings instead.
    either = Q(student__in=[row.pk for row in students]) | Q(instructor__in=[row.pk for row in instructors])
    keys = list(Booking.objects.filter(either).values_list("pk", flat=True).order_by("-pk")[: MOST + 1])
    return {
        Instructor: instructors,
        Student: students,
        Booking: access.whole().filter(pk__in=keys).order_by("-pk"),
        User: User.objects.filter(pk__in=people).order_by("-pk"),
    }


def _group(model: type[Model], rows: QuerySet[Any]) -> Group:
    found = list(rows[: MOST + 1])
    options = model._meta
    name = f"admin:{options.app_label}_{options.model_name}_change"
    hits = [Hit(*HITS[model](row), reverse(name, args=[row.pk])) for row in found[:MOST]]
    return Group(str(options.verbose_name_plural).capitalize(), hits, len(found) > MOST)


def _of_user(user: User) -> tuple[str, str]:
    standing = "guest" if user.is_guest else "staff" if user.is_staff else ""
    return user.full_name or "Guest", " · ".join(filter(None, [user.email, standing, f"id {user.pk}"]))


def _of_instructor(instructor: Instructor) -> tuple[str, str]:
    facts = [instructor.user.email, instructor.get_status_display(), f"id {instructor.pk}"]
    return instructor.user.full_name or instructor.slug, " · ".join(facts)


def _of_student(student: Student) -> tuple[str, str]:
    return student.user.full_name or "Guest", f"{student.user.email} · id {student.pk}"


def _of_booking(booking: Booking) -> tuple[str, str]:
    who = f"{booking.student.user.full_name or 'Guest'} with {booking.instructor.user.full_name}"
    at = when.short(booking.starts_at, booking.time_zone)
    year = f"{booking.starts_at:%Y}"
    return f"{booking.offering.subject.name}, {at} {year}", f"{who} · {booking.get_status_display()}"


def _of_payment(payment: Payment) -> tuple[str, str]:
    much = money.exact(payment.total, payment.currency)
    who = f"{payment.student.user.full_name or 'Guest'} to {payment.instructor.user.full_name}"
    return f"{payment.get_purpose_display()}, {much}", f"{who} · {payment.get_status_display()}"


HITS: dict[type[Model], Callable[[Any], tuple[str, str]]] = {
    Booking: _of_booking,
    Instructor: _of_instructor,
    Payment: _of_payment,
    Student: _of_student,
    User: _of_user,
}
