"""Demo lessons, past and coming: bookings, the time they take, and the events that tell of them.

Lessons come in courses: one student, one offering, the same hour for some weeks. Nothing overlaps, and
every lesson lies within its instructor's hours.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from bookings.demo.people import Scene, Teacher
from bookings.models import Booking, Party, Status
from bookings.services import history, policies
from bookings.services.wanted import price_of
from instainstru.events.kinds import Kind
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.ids import id_at
from instainstru.lib.intervals import Range, overlaps
from instructors.models import CalendarBlock, Modality, Offering
from instructors.services import calendar, open_days
from students.models import Student

DAY = timedelta(days=1)
PAST_DAYS, COMING_DAYS = 90, 35
# A course that finds no room after so many tries is given up.
TRIES = 25
NOTES = (
    "", "", "", "", "First lesson, a little nervous.", "Could we look at last week's piece again?",
    "Please ring the upper bell.", "I have a test on Friday.", "Working towards an exam in spring.",
    "My daughter will be with me.", "I would like to focus on the basics.", "Running five minutes late is possible.",
)  # fmt: skip
REASONS = (
    "", "Something came up at work.", "I have caught a cold.", "Travelling that week after all.",
    "Schedule conflict.", "Family emergency.",
)  # fmt: skip


@dataclass(slots=True)
class Lessons:
    """What has been made for one or more instructors, on its way into the database."""

    bookings: list[Booking] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


class Scheduler:
    """Places lessons; knows when each student is busy."""

    def __init__(self, scene: Scene, students: list[Student], *, known: int) -> None:
        self._scene = scene
        self._rng = scene.rng("lessons")
        self._students = students
        # The students the demo introduces by name have lessons with the busy instructor and elsewhere.
        self._known = students[:known]
        self._busy: dict[int, list[Range]] = defaultdict(list)

    def fill(self, teacher: Teacher, number: int, out: Lessons, *, introduce: bool = False) -> int:
        """Place up to ``number`` lessons with the instructor; returns how many found room."""
        placed = tries = 0
        while placed < number and tries < TRIES:
            made = self._course(teacher, number - placed, out, introduce=introduce)
            tries = 0 if made else tries + 1
            placed += made
        return placed

    def _course(self, teacher: Teacher, most: int, out: Lessons, *, introduce: bool) -> int:
        rng = self._rng
        offering = rng.choice(teacher.offerings)
        student = self._student(introduce=introduce)
        modality = rng.choice(offering.modalities)
        duration = rng.choice(offering.durations)
        start = self._start(teacher, duration)
        if start is None:
            return 0
        placed = 0
        for _ in range(min(most, rng.choice((1, 1, 1, 2, 3, 4, 6)))):
            placed += self._lesson(teacher, offering, student, start, duration, modality, out)
            day = clock.local(start, teacher.diary.tz)
            # The same wall time next week, whatever the clocks do in between.
            start = open_days.at_minute(day.date() + 7 * DAY, day.hour * 60 + day.minute, teacher.diary.tz)
        return placed

    def _student(self, *, introduce: bool) -> Student:
        share = 0.4 if introduce else min(0.2, 2 * len(self._known) / len(self._students))
        return self._rng.choice(self._known if self._known and self._rng.random() < share else self._students)

    def _start(self, teacher: Teacher, duration: int) -> datetime | None:
        """A start within the hours of some day, on the hour or half past, or None."""
        rng = self._rng
        back = min(PAST_DAYS, (self._scene.dawn - teacher.since).days - 21)
        day = (
            clock.local(self._scene.dawn, teacher.diary.tz).date()
            + rng.randint(-max(0, back), self._coming_days(teacher)) * DAY
        )
        hours = teacher.diary.hours(day)
        if not hours:
            return None
        low, high = rng.choice(hours)
        room = int((high - low).total_seconds() // 60) - duration
        return low + timedelta(minutes=30 * rng.randint(0, room // 30)) if room >= 0 else None

    def _coming_days(self, teacher: Teacher) -> int:
        """How far ahead lessons are booked: within the horizon."""
        return min(COMING_DAYS, teacher.diary.limits.horizon_days)

    def _lesson(
        self, teacher: Teacher, offering: Offering, student: Student, start: datetime, duration: int,
        modality: str, out: Lessons,
    ) -> int:  # fmt: skip
        end = start + timedelta(minutes=duration)
        limits = teacher.diary.limits
        travels = modality == Modality.AT_STUDENT
        latest = self._scene.dawn + self._coming_days(teacher) * DAY
        # The longer gap always, so that the order in which lessons are placed does not matter.
        gap = timedelta(minutes=limits.gap(travels=True))
        if start >= latest or not teacher.diary.fits(start, end, gap):
            return 0
        if any(overlaps((start, end), other) for other in self._busy[student.pk]):
            return 0
        booking = self._booking(teacher, offering, student, (start, end), modality)
        story = Story(booking, student, teacher, self._scene, self._rng)
        story.tell()
        out.bookings.append(booking)
        out.events.extend(story.events)
        if booking.status != Status.CANCELLED:
            self._busy[student.pk].append((start, end))
            kind = CalendarBlock.Kind.LESSON
            block = calendar.block_of(
                teacher.instructor, booking.pk, kind, start, end, travels=travels, limits=limits
            )
            block.created_at = booking.created_at
            teacher.diary.add(block)
        return 1

    def _booking(
        self, teacher: Teacher, offering: Offering, student: Student, period: Range, modality: str
    ) -> Booking:
        rng, scene = self._rng, self._scene
        start, end = period
        newest = min(scene.dawn, start - timedelta(hours=6))
        oldest = max(start - timedelta(days=21), teacher.since)
        span = max(60.0, (newest - oldest).total_seconds())
        created = newest - timedelta(seconds=int(rng.random() ** 2 * span))
        return Booking(
            id=id_at(created, rng.getrandbits(80)),
            student=student,
            instructor=teacher.instructor,
            offering=offering,
            status=Status.CONFIRMED,
            starts_at=start,
            ends_at=end,
            policy_starts_at=start,
            modality=modality,
            price=price_of(offering, int((end - start).total_seconds() // 60)),
            price_per_hour=offering.price_per_hour,
            currency=settings.CURRENCY,
            time_zone=teacher.instructor.time_zone,
            rules=scene.rules,
            cancellation_preset=teacher.instructor.cancellation_preset,
            note=rng.choice(NOTES),
            created_at=created,
            created_by_id=student.user_id,
            confirmed_at=created,
        )


class Story:
    """What happened to one booking, told as its events; the booking ends in the state they amount to."""

    def __init__(self, booking: Booking, student: Student, teacher: Teacher, scene: Scene, rng: Any) -> None:
        self.events: list[Event] = []
        self._booking = booking
        self._student_user = student.user_id
        self._instructor_user = teacher.instructor.user_id
        self._dawn = scene.dawn
        self._rng = rng

    def tell(self) -> None:
        booking, rng = self._booking, self._rng
        self._note(Kind.BOOKING_CONFIRMED, booking.created_at, by=self._student_user)
        over = booking.ends_at <= self._dawn
        dice = rng.random()
        if dice < (0.12 if over else 0.05):
            self._cancel()
        elif over and dice < 0.135:
            self._no_show()
        elif over:
            self._complete()

    def _cancel(self) -> None:
        booking, rng = self._booking, self._rng
        until = min(self._dawn, booking.starts_at - timedelta(minutes=20))
        span = (until - booking.created_at).total_seconds()
        if span < 60:
            return
        at = booking.created_at + timedelta(seconds=int(span * rng.uniform(0.05, 1)))
        party = Party.STUDENT if rng.random() < 0.8 else Party.INSTRUCTOR
        booking.status = Status.CANCELLED
        booking.cancelled_by = party
        booking.cancellation_tier = policies.cancellation(booking, party=party, now=at).tier
        booking.reason = rng.choice(REASONS)
        booking.ended_at = at
        by = self._student_user if party == Party.STUDENT else self._instructor_user
        self._note(Kind.BOOKING_CANCELLED, at, by=by, tier=booking.cancellation_tier, by_role=party)

    def _no_show(self) -> None:
        booking = self._booking
        booking.status = Status.NO_SHOW
        booking.absent = Party.STUDENT
        booking.ended_at = at = booking.starts_at + timedelta(minutes=self._rng.randint(16, 40))
        self._note(
            Kind.BOOKING_NO_SHOW, at, by=self._instructor_user, absent=Party.STUDENT, by_role=Party.INSTRUCTOR
        )

    def _complete(self) -> None:
        """By the instructor soon after, or by the schedule a day later, if that day is over."""
        booking, rng = self._booking, self._rng
        by_hand = rng.random() < 0.4
        wait = timedelta(minutes=rng.randint(3, 90)) if by_hand else timedelta(hours=24, minutes=1)
        at = booking.ends_at + wait
        if at > self._dawn:
            return
        booking.status = Status.COMPLETED
        booking.ended_at = at
        self._note(Kind.BOOKING_COMPLETED, at, by=self._instructor_user if by_hand else None)

    def _note(self, kind: Kind, at: datetime, *, by: int | None, **details: str) -> None:
        """The event as ``history.note`` would have recorded it then, already delivered."""
        booking = self._booking
        booking.version = len(self.events) + 1
        data = {"state": history.state_of(booking), **{name: str(value) for name, value in details.items()}}
        self.events.append(
            Event(
                kind=str(kind), subject_type="booking", subject_id=str(booking.pk), version=booking.version,
                by_id=by, data=data, created_at=at, dispatched_at=at,
            )
        )  # fmt: skip
