"""Becoming an instructor, the public face, and standing with us."""

from __future__ import annotations

import hashlib
import math
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Greatest, Length
from django.utils.text import slugify

from instainstru.accounts.models import User
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock
from instainstru.lib.compiled import Compiled
from instainstru.lib.errors import Conflict, DomainError, Invalid, NotFound
from instructors.models import Instructor, Offering, WeeklyHours
from instructors.services import calendar, catalogue

# Facts an instructor changes about themselves.
OWN_FACTS = (
    "slug", "headline", "bio", "photo", "languages", "time_zone", "place", "address",
    "cancellation_preset", "overnight_rule", "notice_min", "buffer_min", "travel_min",
)  # fmt: skip
# Less than this says nothing about anybody.
SHORTEST_BIO = 40


def instructor_of(user: User) -> Instructor:
    """The user's instructor; ``NotFound`` where they are none."""
    instructor = Instructor.objects.select_related("user", "place").filter(user=user).first()
    if instructor is None:
        raise NotFound("You do not teach here yet.")
    return instructor


def named(text: str) -> Q:
    """The condition for an instructor by number or slug."""
    return Q(pk=int(text)) if catalogue.is_number(text) else Q(slug=text)


def listed() -> QuerySet[Instructor]:
    """The listed instructors with their public facts and what they teach: two queries."""
    offerings = Offering.objects.select_related("subject").filter(is_listed=True).order_by("pk")
    return (
        Instructor.objects.filter(status=Instructor.Status.LISTED)
        .select_related("user", "place")
        .prefetch_related(Prefetch("offerings", offerings))
    )


def visible(slug: str, *, to: User | AnonymousUser) -> Instructor:
    """The listed instructor of that address; drafts and suspended ones only for themselves."""
    found = _by_slug(slug=slug)
    if not found or not (found[0].is_listed or found[0].user_id == to.pk):
        raise NotFound
    return found[0]


_by_slug = Compiled(
    lambda slug: Instructor.objects.select_related("user", "place").filter(slug=slug), slug=str
)


@transaction.atomic
def become_instructor(user: User, *, by: Any) -> Instructor:
    """Start a draft profile for the user; a second call returns the first one's."""
    existing = Instructor.objects.filter(user=user).first()
    if existing:
        return existing
    instructor = Instructor.objects.create(user=user, slug=free_slug(user), time_zone=user.time_zone)
    record(Kind.INSTRUCTOR_CREATED, instructor, by=by)
    return instructor


def free_slug(user: User) -> str:
    """An unused address from the user's name, numbered where others have it."""
    base = slugify(f"{user.first_name} {user.last_name[:1]}")[:40].strip("-") or "instructor"
    taken = set(Instructor.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 1
    slug = base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


@transaction.atomic
def change(instructor: Instructor, *, by: Any, **facts: Any) -> Instructor:
    """Change some of ``OWN_FACTS``; refusals name their fields.

    A new time zone keeps the wall times of the hours and so moves the open days.
    """
    unknown = set(facts) - set(OWN_FACTS)
    if unknown:
        raise TypeError(f"not facts of a profile: {sorted(unknown)}")
    locked = calendar.lock_instructor(instructor)
    before = {name: getattr(locked, name) for name in facts}
    for name, value in facts.items():
        setattr(locked, name, value)
    if "place" in facts:
        locked.latitude, locked.longitude = public_point(locked)
    try:
        locked.full_clean()
    except ValidationError as error:
        fields = {name: " ".join(messages) for name, messages in error.message_dict.items()}
        raise DomainError("Please correct the marked fields.", code="invalid", fields=fields) from error
    locked.save()
    changed = sorted(name for name in facts if before[name] != getattr(locked, name))
    if {"time_zone", "buffer_min", "travel_min"} & set(changed):
        calendar.rebuild(locked)
    catalogue.refresh_listing(locked)
    if "photo" in changed and before["photo"]:
        old = before["photo"]
        transaction.on_commit(lambda: old.storage.delete(old.name))
    if changed:
        record(Kind.INSTRUCTOR_CHANGED, locked, by=by, data={"changed": changed})
    return locked


def public_point(instructor: Instructor) -> tuple[float | None, float | None]:
    """The place's centre, shifted 25–50 m by a fixed direction of this instructor's own (privacy rule)."""
    place = instructor.place
    if place is None:
        return None, None
    return shifted(place.latitude, place.longitude, key=f"instructor-{instructor.pk}")


def shifted(latitude: float, longitude: float, *, key: str) -> tuple[float, float]:
    """The point moved by 25–50 m; the same key always moves it the same way."""
    digest = hashlib.sha256(key.encode()).digest()
    angle = digest[0] / 256 * 2 * math.pi
    metres = 25 + digest[1] / 256 * 25
    degree = 111_320.0
    return (
        round(latitude + metres * math.sin(angle) / degree, 6),
        round(longitude + metres * math.cos(angle) / (degree * math.cos(math.radians(latitude))), 6),
    )


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


def waiting(among: QuerySet[Instructor]) -> QuerySet[Instructor]:
    """Drafts of which nothing is ``missing``: they wait for staff to verify them."""
    own = {"instructor": OuterRef("pk")}
    return among.alias(bio_length=Length("bio")).filter(
        Exists(Offering.objects.filter(**own, is_active=True)),
        Exists(WeeklyHours.objects.filter(**own)),
        ~Q(headline=""),
        status=Instructor.Status.DRAFT,
        bio_length__gte=SHORTEST_BIO,
        place__isnull=False,
    )


def verify(instructor: Instructor, *, by: User) -> Instructor:
    """Staff have checked who this is: verified and listed. Refuses while something is missing."""
    return _stand(instructor, Instructor.Status.LISTED, kind=Kind.INSTRUCTOR_VERIFIED, by=by)


def suspend(instructor: Instructor, *, by: User, reason: str) -> Instructor:
    """Take the instructor out of search at once; lessons already booked stay."""
    if not reason.strip():
        raise Invalid("Say why: it is kept with the event.", field="reason", code="reason_required")
    return _stand(
        instructor, Instructor.Status.SUSPENDED, kind=Kind.INSTRUCTOR_SUSPENDED, by=by, reason=reason
    )


def reinstate(instructor: Instructor, *, by: User) -> Instructor:
    """End a suspension."""
    if instructor.status != Instructor.Status.SUSPENDED:
        raise Conflict("This instructor is not suspended.", code="wrong_status")
    return _stand(instructor, Instructor.Status.LISTED, kind=Kind.INSTRUCTOR_REINSTATED, by=by)


@transaction.atomic
def _stand(instructor: Instructor, status: str, *, kind: Kind, by: User, reason: str = "") -> Instructor:
    locked = calendar.lock_instructor(instructor)
    if status == Instructor.Status.LISTED:
        needs = missing(locked)
        if needs:
            raise DomainError("The profile is not complete: " + " ".join(needs.values()), code="incomplete")
        locked.verified_at = locked.verified_at or clock.now()
    locked.status = status
    locked.suspended_reason = reason.strip()[:300]
    locked.save(update_fields=["status", "verified_at", "suspended_reason"])
    if locked.open_until is None:
        calendar.rebuild(locked)
    catalogue.refresh_listing(locked)
    record(kind, locked, by=by, data={"reason": reason} if reason else {})
    return locked


def count_lessons(instructor_id: int, number: int) -> None:
    """Write down that so many more lessons were given; negative where one turned out not to be."""
    Instructor.objects.filter(pk=instructor_id).update(
        lesson_count=Greatest(F("lesson_count") + number, Value(0))
    )


def set_commission_step(instructor_id: int, step: int) -> None:
    """Write down which of the rules' commissions is an instructor's from now on."""
    Instructor.objects.filter(pk=instructor_id).update(commission_step=step)
