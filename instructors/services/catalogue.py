"""What an instructor offers, and the facts search reads beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock, money
from instainstru.lib.compiled import Compiled
from instainstru.lib.errors import DomainError, Invalid, NotFound
from instainstru.rules import services as rules_service
from instructors.models import Alias, Audience, Instructor, Level, Modality, Offering, Subject
from instructors.services import stored_days
from instructors.services.search import rank, vocabulary
from instructors.services.slots import limits_of

SHORTEST, LONGEST = 15, 480
# Minor units in a unit of money.
MINOR = 100


def lesson_price(price_per_hour: int, duration_min: int) -> int:
    """The price of a lesson in minor units; half a unit is rounded up."""
    return (price_per_hour * duration_min * 2 + 60) // 120


def offering_of(instructor: Instructor, offering_id: int) -> Offering:
    """The instructor's own offering; ``NotFound`` for anybody else's."""
    offering = (
        Offering.objects.select_related("subject").filter(pk=offering_id, instructor=instructor).first()
    )
    if offering is None:
        raise NotFound
    return offering


def offered(offering_id: int) -> Offering:
    """An offering that can be booked, with its subject and instructor; raises ``NotFound``."""
    found = _offered(pk=offering_id)
    if not found:
        raise NotFound("There is no such offering.")
    return found[0]


_offered = Compiled(
    lambda pk: (
        Offering.objects.select_related("subject", "instructor__user")
        .filter(pk=pk, is_listed=True)
        .defer("description", "instructor__bio", "instructor__user__password")
        .order_by()
    ),
    pk=int,
)


def is_number(text: str) -> bool:
    """Whether the text is a row's number, as opposed to a slug."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def taught_by(instructor: Instructor) -> list[Offering]:
    """What the instructor teaches at present, in the catalogue's order; each knows its instructor."""
    offerings = _taught_by(instructor=instructor.pk)
    for offering in offerings:
        offering.instructor = instructor
    return offerings


_taught_by = Compiled(
    lambda instructor: (
        Offering.objects.select_related("subject")
        .filter(instructor=instructor, is_active=True)
        .order_by("subject__position", "subject__slug")
    ),
    instructor=int,
)


def similar(offering: Offering) -> list[Offering]:
    """The three best ranked others who teach the same subject."""
    return _similar(subject=offering.subject_id, instructor=offering.instructor_id)


_similar = Compiled(
    lambda subject, instructor: (
        Offering.objects.select_related("subject", "instructor__user")
        .filter(subject=subject, is_listed=True)
        .exclude(instructor=instructor)
        .only(
            "price_per_hour", "subject__name", "instructor__slug", "instructor__photo",
            "instructor__user__first_name", "instructor__user__last_name",
        )
        .order_by("-rank", "id")[:3]
    ),
    subject=int,
    instructor=int,
)  # fmt: skip


@transaction.atomic
def save_offering(offering: Offering, *, by: Any) -> Offering:
    """Store a new or changed offering and the facts search reads from it.

    Lists are put in order and freed of repetition; refusals name their field.
    """
    offering.durations = sorted(set(offering.durations))
    if any(not SHORTEST <= length <= LONGEST or length % 5 for length in offering.durations):
        raise Invalid(f"Lengths run from {SHORTEST} to {LONGEST} minutes in steps of 5.", field="durations")
    offering.modalities = [value for value in Modality.values if value in offering.modalities]
    offering.levels = [value for value in Level.values if value in offering.levels]
    offering.audiences = [value for value in Audience.values if value in offering.audiences]
    try:
        offering.full_clean()
    except ValidationError as error:
        fields = {name: " ".join(messages) for name, messages in error.message_dict.items()}
        raise DomainError("Please correct the marked fields.", code="invalid", fields=fields) from error
    is_new = offering.pk is None
    _refuse_cheap(offering)
    offering.save()
    refresh_listing(offering.instructor)
    data = {"offering": offering.pk, "new": is_new, "price_per_hour": offering.price_per_hour}
    record(Kind.OFFERING_CHANGED, offering.instructor, by=by, data=data)
    return offering


def _refuse_cheap(offering: Offering) -> None:
    """Refuse a price below the rules' floor where it is set, or goes on the market again.

    A price from before the floor stands, so that everything else of its offering can be changed.
    """
    floor = rules_service.current(fresh=True).price_floor_units * MINOR
    if offering.price_per_hour >= floor:
        return
    stored = Offering.objects.filter(pk=offering.pk).values_list("price_per_hour", "is_active").first()
    if stored is None or stored[0] != offering.price_per_hour or (offering.is_active and not stored[1]):
        raise Invalid(
            f"An hour costs {money.show(floor)} or more here.", field="price_per_hour", code="below_floor"
        )


@transaction.atomic
def set_ways(instructor: Instructor, ways: Mapping[Offering, Sequence[str]], *, by: Any) -> None:
    """How the lessons of each offering may be met; those that stay as they are leave no event."""
    changed = []
    for offering, wanted in ways.items():
        kept = [value for value in Modality.values if value in wanted]
        if not kept:
            raise Invalid("Choose at least one way to meet.", field="modalities")
        if kept != offering.modalities:
            offering.modalities = kept
            offering.save(update_fields=["modalities"])
            changed.append(offering)
    if changed:
        refresh_listing(instructor)
    for offering in changed:
        data = {"offering": offering.pk, "modalities": offering.modalities}
        record(Kind.OFFERING_CHANGED, instructor, by=by, data=data)


@transaction.atomic
def withdraw_offering(offering: Offering, *, by: Any) -> None:
    """Take an offering off the market; its lessons stay."""
    offering.is_active = False
    offering.save(update_fields=["is_active"])
    refresh_listing(offering.instructor)
    record(
        Kind.OFFERING_CHANGED, offering.instructor, by=by, data={"offering": offering.pk, "withdrawn": True}
    )


@transaction.atomic
def add_alias(text: str, *, subject: str) -> Alias:
    """Have search understand another word for a subject, in this process at once, everywhere soon."""
    word = " ".join(text.lower().split())
    target = Subject.objects.filter(slug=subject).first()
    if target is None:
        raise NotFound("There is no such subject.")
    alias = Alias(text=word, subject=target)
    try:
        alias.full_clean()
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="text") from error
    alias.save()
    transaction.on_commit(vocabulary.forget)
    return alias


def refresh_listing(instructor: Instructor) -> None:
    """Write the instructor's facts down on their offerings, where search reads them."""
    limits = limits_of(instructor, rules_service.current())
    offerings = list(Offering.objects.filter(instructor=instructor))
    for offering in offerings:
        offering.is_listed = offering.is_active and instructor.is_listed
        offering.rating = instructor.rating
        offering.latitude, offering.longitude = instructor.latitude, instructor.longitude
        offering.notice_min = limits.notice[offering.modalities[0]]
    Offering.objects.bulk_update(
        offerings, ["is_listed", "rating", "latitude", "longitude", "notice_min"], batch_size=100
    )
    rank.refresh([instructor.pk], now=clock.now())
    stored_days.refresh_next_free(instructor)
