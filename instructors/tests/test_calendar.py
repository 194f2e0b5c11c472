"""Open days always equal their recomputation, whatever is done in whatever order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bookings.models import Booking, Party, Status
from bookings.services import history, lifecycle, override
from bookings.services.wanted import wish
from bookings.tests.factories import (
    InstructorFactory,
    OfferingFactory,
    StudentFactory,
    in_days,
    local_time,
    teaching,
)
from instainstru.lib import clock
from instainstru.lib.errors import DomainError, Invalid
from instainstru.rules.services import current
from instructors.models import CalendarBlock, DateHours, Modality, OpenDay, WeeklyHours
from instructors.services import horizon, limits, open_days, schedule, weeks

DAYS = st.integers(0, 12)
MINUTES = st.integers(0, 96).map(lambda quarter: quarter * 15)


@st.composite
def windows(draw):
    edges = sorted(draw(st.lists(MINUTES, unique=True, max_size=6)))
    return [(low, high) for low, high in zip(edges[::2], edges[1::2], strict=False)]


class EditsAndBookings(RuleBasedStateMachine):
    """One instructor's calendar under random edits and bookings."""

    def __init__(self) -> None:
        super().__init__()
        self.offering = teaching(
            OfferingFactory(
                instructor=InstructorFactory(lessons_per_day=3),
                durations=[30, 60],
                modalities=[Modality.ONLINE, Modality.AT_STUDENT],
            )
        )
        self.instructor = self.offering.instructor
        self.user = self.instructor.user
        self.students = [StudentFactory() for _ in range(3)]

    @rule(week=st.dictionaries(st.integers(0, 6), windows(), max_size=7))
    def set_week(self, week):
        schedule.set_week(self.instructor, week, by=self.user)

    @rule(day=DAYS, some=windows())
    def set_date(self, day, some):
        schedule.set_date(self.instructor, in_days(day), some, by=self.user)

    @rule(day=DAYS)
    def follow_pattern(self, day):
        self.quietly(schedule.follow_pattern, self.instructor, in_days(day), by=self.user)

    @rule(day=DAYS, week=st.dictionaries(st.integers(0, 6), windows(), max_size=7))
    def save_week(self, day, week):
        monday = weeks.monday_of(in_days(day))
        days = {monday + timedelta(days=number): some for number, some in week.items()}
        self.quietly(weeks.save, self.instructor, monday, days, by=self.user)

    @rule(day=DAYS, source=DAYS)
    def copy_week(self, day, source):
        self.quietly(weeks.copy, self.instructor, in_days(day), source=in_days(source), by=self.user)

    @rule(day=DAYS, number=st.integers(1, 13))
    def apply_week(self, day, number):
        self.quietly(weeks.apply, self.instructor, in_days(day), weeks=number, by=self.user)

    @rule(day=DAYS, quarter=st.integers(0, 95), hours=st.integers(1, 60))
    def time_off(self, day, quarter, hours):
        start = local_time(in_days(day), 0) + timedelta(minutes=15 * quarter)
        self.quietly(
            schedule.add_time_off, self.instructor, start, start + timedelta(hours=hours), by=self.user
        )

    @rule()
    def end_time_off(self):
        block = CalendarBlock.objects.filter(kind="time_off").first()
        if block:
            schedule.remove_time_off(self.instructor, block.pk, by=self.user)

    @rule(who=st.integers(0, 2), day=DAYS, quarter=st.integers(0, 95), length=st.sampled_from([30, 60]),
          home=st.booleans(), hold=st.booleans())  # fmt: skip
    def take(self, who, day, quarter, length, home, hold):
        start = local_time(in_days(day), 0) + timedelta(minutes=15 * quarter)
        student = self.students[who]
        modality = Modality.AT_STUDENT if home else Modality.ONLINE
        wanted = wish(self.offering, starts_at=start, duration_min=length, modality=modality)
        self.quietly(lifecycle.hold if hold else lifecycle.book, wanted, student=student, by=student.user)

    @rule(status=st.sampled_from([Status.HELD, Status.CONFIRMED]))
    def give_back(self, status):
        booking = Booking.objects.filter(status=status).first()
        if booking and status == Status.HELD:
            lifecycle.release(booking, by=self.user)
        elif booking:
            self.quietly(lifecycle.cancel, booking, by=self.user, party=Party.STAFF, reason="test")

    @rule(day=DAYS, quarter=st.integers(0, 95))
    def move(self, day, quarter):
        booking = (
            Booking.objects.filter(status=Status.CONFIRMED).select_related("instructor", "offering").first()
        )
        if booking:
            start = local_time(in_days(day), 0) + timedelta(minutes=15 * quarter)
            self.quietly(
                lifecycle.reschedule, booking, starts_at=start, by=self.user, party=Party.STAFF, reason="test"
            )

    @rule(buffer=st.sampled_from([0, 15, 30]), travel=st.sampled_from([30, 45, 90]))
    def change_gaps(self, buffer, travel):
        facts = {"buffer_min": buffer, "travel_min": travel}
        self.instructor = limits.save(self.instructor, facts, by=self.user)
        self.offering.instructor = self.instructor

    @rule(grid=st.sampled_from([None, 30, 60]), a_day=st.sampled_from([None, 1, 3]),
          a_week=st.sampled_from([None, 2]))  # fmt: skip
    def change_limits(self, grid, a_day, a_week):
        facts = {"grid_min": grid, "lessons_per_day": a_day, "lessons_per_week": a_week}
        self.instructor = limits.save(self.instructor, facts, by=self.user)
        self.offering.instructor = self.instructor

    @rule(who=st.integers(0, 2), day=DAYS, ten=st.integers(0, 143), home=st.booleans())
    def host(self, who, day, ten, home):
        start = local_time(in_days(day), 0) + timedelta(minutes=10 * ten)
        modality = Modality.AT_STUDENT if home else Modality.ONLINE
        wanted = wish(self.offering, starts_at=start, duration_min=30, modality=modality)
        self.quietly(
            override.book, wanted, student=self.students[who], by=self.user, party=Party.INSTRUCTOR,
            reason="test",
        )  # fmt: skip

    def quietly(self, function, *args, **kwargs):
        """Refusals are fine here; each undoes what it began."""
        try:
            with transaction.atomic():
                function(*args, **kwargs)
        except DomainError:
            pass

    @invariant()
    def open_days_equal_their_recomputation(self):
        assert list(horizon.differences()) == []

    @invariant()
    def events_amount_to_the_bookings(self):
        assert list(history.all_differences()) == []

    @invariant()
    def no_free_time_touches_a_lesson(self):
        blocks = CalendarBlock.objects.filter(kind__in=["lesson", "hold"])
        for block in blocks:
            for day in OpenDay.objects.filter(instructor=self.instructor):
                for start, end in day.free:
                    assert end <= block.period.lower or start >= block.buffered.upper


class TestCalendar(TestCase):
    """Each run of the machine starts from an empty database."""

    def test_open_days_stay_true_under_random_edits_and_bookings(self):
        class InOneTransaction(EditsAndBookings):
            def __init__(self) -> None:
                self.point = transaction.atomic()
                self.point.__enter__()
                super().__init__()

            def teardown(self) -> None:
                transaction.set_rollback(True)
                self.point.__exit__(None, None, None)

        run_state_machine_as_test(
            InOneTransaction,
            settings=settings(
                max_examples=15,
                stateful_step_count=15,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                # A failure here is understood from its steps; shrinking it takes minutes of database work.
                phases=[Phase.explicit, Phase.reuse, Phase.generate],
            ),
        )


@pytest.mark.django_db
class TestSchedule:
    def test_the_week_is_replaced_as_a_whole(self):
        instructor = teaching().instructor
        schedule.set_week(instructor, {0: [(540, 600), (600, 660)], 6: [(0, 1440)]}, by=instructor.user)
        assert schedule.week_of(instructor) == {
            0: [(540, 600), (600, 660)], 1: [], 2: [], 3: [], 4: [], 5: [], 6: [(0, 1440)],
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("some", "message"),
        [
            ([(600, 540)], "10:00–09:00: the end must be after the start."),
            ([(600, 600)], "10:00–10:00: the end must be after the start."),
            ([(540, 660), (600, 720)], "Two windows overlap around 10:00."),
            ([(540, 1500)], "Times run from 00:00 to 24:00."),
            ([(-15, 60)], "Times run from 00:00 to 24:00."),
            ([(n, n + 1) for n in range(25)], "A day has room for 24 windows."),
        ],
    )
    def test_windows_that_cannot_be_are_refused_on_their_day(self, some, message):
        instructor = teaching().instructor
        before = list(WeeklyHours.objects.values())
        with pytest.raises(Invalid) as refusal:
            schedule.set_week(instructor, {2: some}, by=instructor.user)
        assert refusal.value.fields == {"day_2": message}
        assert list(WeeklyHours.objects.values()) == before

    def test_a_closed_date_has_no_times_and_following_the_pattern_brings_them_back(self):
        instructor = teaching().instructor
        day = in_days(5)
        schedule.set_date(instructor, day, [], by=instructor.user)
        assert OpenDay.objects.get(instructor=instructor, date=day).free == []
        schedule.follow_pattern(instructor, day, by=instructor.user)
        assert OpenDay.objects.get(instructor=instructor, date=day).free == [
            (local_time(day, 9), local_time(day, 17))
        ]

    def test_an_hour_that_daylight_saving_skips_is_refused_by_name(self):
        instructor = teaching().instructor
        day = next(
            day
            for day in (in_days(n) for n in range(1, 400))
            if clock.day_bounds(day, "America/New_York")[1] - clock.day_bounds(day, "America/New_York")[0]
            == timedelta(hours=23)
        )
        with pytest.raises(clock.SkippedTime, match="02:30 does not exist"):
            schedule.set_date(instructor, day, [(150, 300)], by=instructor.user)
        assert not DateHours.objects.exists()

    def test_the_database_refuses_overlapping_windows_and_closed_dates_with_windows(self):
        instructor = teaching().instructor
        with pytest.raises(IntegrityError, match="weekly_hours_disjoint"), transaction.atomic():
            WeeklyHours.objects.create(instructor=instructor, weekday=0, from_min=600, to_min=660)
        DateHours.objects.create(instructor=instructor, date=in_days(3), is_closed=True)
        with pytest.raises(IntegrityError, match="date_hours_disjoint"), transaction.atomic():
            DateHours.objects.create(instructor=instructor, date=in_days(3), from_min=600, to_min=660)


@pytest.mark.django_db
def test_the_horizon_is_extended_day_by_day_and_old_days_go():
    instructor = teaching().instructor
    first_end = instructor.open_until
    later = clock.now() + timedelta(days=3)
    assert horizon.extend(now=later) == 1
    instructor.refresh_from_db()
    assert instructor.open_until == first_end + timedelta(days=3)
    assert horizon.extend(now=later) == 0
    assert list(horizon.differences()) == []
    far = clock.now() + timedelta(days=horizon.KEEP_DAYS + 2)
    before = OpenDay.objects.count()
    gone = horizon.prune(now=far)
    assert OpenDay.objects.count() == before - gone
    assert not OpenDay.objects.filter(date__lt=(far - timedelta(days=horizon.KEEP_DAYS)).date()).exists()


@pytest.mark.django_db
def test_a_difference_is_found_and_told():
    instructor = teaching().instructor
    day = in_days(4)
    OpenDay.objects.filter(instructor=instructor, date=day).update(free=[])
    (found,) = horizon.differences()
    assert (found["instructor"], found["date"]) == (instructor.pk, day.isoformat())
    assert found["stored"]["free"] == []
    assert found["computed"]["free"] == [
        [clock.rfc3339(local_time(day, 9)), clock.rfc3339(local_time(day, 17))]
    ]


@pytest.mark.django_db
def test_computing_takes_as_many_queries_for_three_instructors_as_for_one(django_assert_num_queries):
    three = [teaching(OfferingFactory()).instructor for _ in range(3)]
    rules = current()
    for some in (three[:1], three):
        with django_assert_num_queries(2):
            open_days.compute(some, in_days(0), in_days(30), rules)
