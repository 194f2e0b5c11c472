"""The back office of bookings: found, read as a timeline, acted on with what it means said first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from bookings.admin.words import WRITES_TO
from bookings.models import Booking, Status
from bookings.reactions import REACTIONS
from bookings.services import lifecycle
from bookings.tests.cast import Cast
from bookings.tests.factories import StudentFactory, booked, held, in_days, local_time
from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instainstru.events.models import Delivery, Event
from instainstru.events.notify import PLACEHOLDER_DOMAIN
from instainstru.lib import clock

pytestmark = pytest.mark.django_db
LIST = "/admin/bookings/booking/"


@pytest.fixture
def lesson(cast: Cast) -> Booking:
    return booked(cast.piano, local_time(in_days(3), 10), cast.ben_student)


def act(booking: Booking, name: str) -> str:
    return reverse(f"admin:bookings_booking_{name}", args=[booking.pk])


def page(booking: Booking) -> str:
    return reverse("admin:bookings_booking_change", args=[booking.pk])


def text(response: Any) -> str:
    return " ".join(response.content.decode().replace("&#x27;", "'").split())


def kinds(booking: Booking) -> list[str]:
    return [event.kind for event in history(booking)]


def over(monkeypatch: pytest.MonkeyPatch, booking: Booking, after: timedelta) -> None:
    """It is that long after the lesson's end."""
    monkeypatch.setattr(clock, "now", lambda: booking.ends_at + after)


def test_a_list_takes_as_many_queries_for_three_as_for_one(
    office: Client, cast: Cast, django_assert_num_queries: Any
):
    for number in range(3):
        booked(cast.piano, local_time(in_days(3), 10 + 2 * number))
        if number in (0, 2):
            with django_assert_num_queries(3):  # person, bounded count, rows; the session is cached
                response = office.get(LIST)
            assert len(response.context["cl"].result_list) == number + 1


@pytest.mark.parametrize("query", ["ben", "Baker", "ANA@", "ben baker", "be"])
def test_a_booking_is_found_by_either_of_its_two(office: Client, cast: Cast, lesson: Booking, query: str):
    booked(cast.piano, local_time(in_days(4), 10), StudentFactory(user__first_name="Di"))
    expected = 2 if query == "ANA@" else 1
    rows = office.get(LIST, {"q": query}).context["cl"].result_list
    assert (len(rows), lesson in rows) == (expected, True)


def test_a_booking_is_found_by_its_whole_id(office: Client, cast: Cast, lesson: Booking):
    booked(cast.piano, local_time(in_days(4), 10))
    assert list(office.get(LIST, {"q": str(lesson.pk)}).context["cl"].result_list) == [lesson]


def test_queues_list_stuck_holds_and_recent_no_shows_only(
    office: Client, cast: Cast, lesson: Booking, monkeypatch: pytest.MonkeyPatch
):
    hold = held(cast.piano, local_time(in_days(5), 10), cast.cy_student)
    assert list(office.get(LIST, {"queue": "stuck"}).context["cl"].result_list) == []
    over(monkeypatch, lesson, timedelta(hours=1))
    lifecycle.report_no_show(lesson, by=cast.ana, party="instructor")  # type: ignore[arg-type]
    assert list(office.get(LIST, {"queue": "stuck"}).context["cl"].result_list) == [hold]
    assert list(office.get(LIST, {"queue": "no_show"}).context["cl"].result_list) == [lesson]
    over(monkeypatch, lesson, timedelta(days=9))
    assert list(office.get(LIST, {"queue": "no_show"}).context["cl"].result_list) == []


def test_a_bookings_page_tells_its_story_with_who_and_to_whom(
    office: Client, cast: Cast, lesson: Booking, django_assert_num_queries: Any
):
    start = local_time(in_days(4), 11)
    lifecycle.reschedule(lesson, starts_at=start, by=cast.ben, party="student", reason="Train strike")  # type: ignore[arg-type]
    moved = Event.objects.get(kind=Kind.BOOKING_RESCHEDULED)
    Delivery.objects.create(
        event=moved, reaction="mail_both", attempts=6, steps_done=["letter to student"],
        last_error="Traceback…\nConnectionRefusedError: no",
    )  # fmt: skip
    office.get(page(lesson))
    with django_assert_num_queries(4):  # person, booking, events, deliveries
        response = office.get(page(lesson))
    newest, oldest = response.context["trail"]
    assert (newest.what, newest.who) == ("Lesson moved", "by Ben Baker (ben@example.com)")
    assert newest.details[-1] == "“Train strike”"
    assert newest.details[0].startswith("From ")
    assert [letter.state for letter in newest.letters] == ["done", "parked"]
    assert newest.letters[0].text == "Letter to the student, ben@example.com: sent."
    assert newest.letters[1].text == (
        "Letter to the instructor, ana@example.com: not sent, given up after 6 attempts "
        "(ConnectionRefusedError: no)."
    )
    assert (oldest.what, oldest.letters) == ("Lesson booked", [])
    assert "Train strike" in text(response)


def test_a_guest_without_an_address_is_told_to_get_no_letter(office: Client, cast: Cast, lesson: Booking):
    cast.ben.email = f"guest-1@{PLACEHOLDER_DOMAIN}"
    cast.ben.save()
    Delivery.objects.create(event=history(lesson)[0], reaction="mail_both", next_try_at=clock.now())
    (step,) = office.get(page(lesson)).context["trail"]
    assert step.letters[0].text == "No letter to the student: a guest who gave no address."
    assert "ana@example.com: not sent yet, due " in step.letters[1].text
    told = office.get(act(lesson, "cancel")).context["told"]
    assert told[-1] == "Ana Alvarez (instructor, ana@example.com) gets a letter. The student gets none."


def test_every_reaction_to_a_booking_says_whom_it_writes_to():
    reactions = {
        one.__name__ for kind, some in REACTIONS.items() for one in some if kind.startswith("booking.")
    }
    assert reactions == set(WRITES_TO)


@pytest.mark.parametrize("name", ["add/", "{}/delete/"])
def test_bookings_are_never_added_or_deleted_here(office: Client, lesson: Booking, name: str):
    assert office.get(LIST + name.format(lesson.pk)).status_code == 403
    assert office.post(LIST + name.format(lesson.pk), {"post": "yes"}).status_code == 403


def test_a_booking_is_never_edited_raw(office: Client, lesson: Booking):
    assert office.post(page(lesson), {"status": "cancelled", "price": "1"}).status_code == 403
    lesson.refresh_from_db()
    assert (lesson.status, lesson.price, lesson.version) == (Status.CONFIRMED, 8000, 1)


def test_an_id_that_is_none_is_not_found(office: Client):
    assert office.get(f"{LIST}nonsense/cancel/").status_code == 404


@pytest.mark.parametrize("name", ["move", "cancel", "complete", "no-show", "release"])
def test_who_may_only_view_sees_and_cannot_act(cast: Cast, client: Client, lesson: Booking, name: str):
    cast.staff.is_superuser = False
    cast.staff.save()
    cast.staff.user_permissions.set(Permission.objects.filter(codename="view_booking"))
    client.force_login(cast.staff)
    seen = client.get(page(lesson))
    assert (seen.status_code, seen.context["acts"]) == (200, [])
    assert client.get(act(lesson, name)).status_code == 403
    assert client.post(act(lesson, name), {"reason": "x", "absent": "student"}).status_code == 403
    assert kinds(lesson) == [Kind.BOOKING_CONFIRMED]


@pytest.mark.parametrize("who", ["ana", "ben", "cy"])
def test_nobody_but_staff_comes_near(cast: Cast, client: Client, lesson: Booking, who: str):
    client.force_login(getattr(cast, who))
    assert client.get(act(lesson, "cancel")).status_code == 302
    assert client.post(act(lesson, "cancel"), {"reason": "x"}).status_code == 302
    assert kinds(lesson) == [Kind.BOOKING_CONFIRMED]


@pytest.mark.usefixtures("payments_on")
def test_cancelling_says_first_what_it_means_and_then_does_it(office: Client, cast: Cast, lesson: Booking):
    told = office.get(act(lesson, "cancel")).context["told"]
    assert told[1] == "Cancelled by us: Full refund with the fee: $89.60 back to the student."
    assert told[2] == "For comparison, cancelled by the student now: Full refund: $89.60 back to the student."
    assert told[3] == (
        "Ben Baker (student, ben@example.com) and Ana Alvarez (instructor, ana@example.com) "
        "each get a letter."
    )
    assert kinds(lesson) == [Kind.BOOKING_CONFIRMED]

    response = office.post(act(lesson, "cancel"), {"reason": "The studio flooded"}, follow=True)

    assert response.redirect_chain == [(page(lesson), 302)]
    assert "The lesson is cancelled." in text(response)
    assert "Cancelled by InstaInstru: “The studio flooded”" in text(response)
    lesson.refresh_from_db()
    assert (lesson.status, lesson.cancelled_by, lesson.reason) == ("cancelled", "staff", "The studio flooded")
    last = history(lesson)[-1]
    assert (last.kind, last.by, last.data["by_role"]) == (Kind.BOOKING_CANCELLED, cast.staff, "staff")


def test_cancelling_without_a_reason_is_refused_at_the_field(office: Client, lesson: Booking):
    response = office.post(act(lesson, "cancel"), {"reason": "  "})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["reason"]
    assert kinds(lesson) == [Kind.BOOKING_CONFIRMED]


def test_a_lesson_that_was_cancelled_meanwhile_keeps_what_was_typed(
    office: Client, cast: Cast, lesson: Booking
):
    lifecycle.cancel(lesson, by=cast.ben, party="student")  # type: ignore[arg-type]
    response = office.post(act(lesson, "cancel"), {"reason": "The studio flooded"})
    assert response.status_code == 422
    assert "This is not possible any more: the booking is cancelled." in text(response)
    assert "The studio flooded</textarea>" in text(response)
    assert history(lesson)[-1].by == cast.ben


def test_moving_to_an_opening(office: Client, lesson: Booking):
    looked = office.get(act(lesson, "move"))
    values = [value for value, _ in looked.context["form"].fields["opening"].widget.choices]
    start = local_time(in_days(3), 15)
    assert clock.rfc3339(start) in values
    assert clock.rfc3339(lesson.starts_at) not in values
    sent = {"opening": clock.rfc3339(start), "reason": "Swapped", "shown": in_days(3).isoformat()}
    assert office.post(act(lesson, "move"), sent).status_code == 302
    lesson.refresh_from_db()
    assert (lesson.starts_at, lesson.ends_at) == (start, start + timedelta(hours=1))
    last = history(lesson)[-1]
    assert (last.kind, last.data["reason"], last.data["by_role"]) == (
        Kind.BOOKING_RESCHEDULED, "Swapped", "staff",
    )  # fmt: skip


def test_moving_to_a_time_typed_on_the_instructors_clocks(office: Client, lesson: Booking):
    """Half an hour later overlaps the lesson itself, so no opening shows it."""
    sent = {"date": in_days(3).isoformat(), "time": "10:30", "reason": "Traffic"}
    assert office.post(act(lesson, "move"), sent).status_code == 302
    lesson.refresh_from_db()
    assert lesson.starts_at == local_time(in_days(3), 10, 30)


def test_a_time_that_daylight_saving_skips_is_refused_by_name(office: Client, lesson: Booking):
    sent = {"date": "2027-03-14", "time": "02:30", "reason": "Traffic"}
    response = office.post(act(lesson, "move"), sent)
    assert response.status_code == 422
    assert response.context["form"].errors["time"] == [
        "02:30 does not exist on Sunday 14 March 2027 in America/New_York: the clocks jump over it."
    ]
    assert 'value="2027-03-14"' in text(response)
    assert 'value="02:30"' in text(response)
    assert "Traffic</textarea>" in text(response)
    assert kinds(lesson) == [Kind.BOOKING_CONFIRMED]


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({}, "opening", "Choose a free time, or type a date and a time below."),
        ({"time": "10:00"}, "date", "On which date?"),
        ({"date": "2027-01-04"}, "time", "At what time?"),
        ({"date": "1066-01-04", "time": "10:00"}, "date", "That date is out of reach."),
        ({"date": "soon", "time": "10:00"}, "date", "Enter a valid date."),
        ({"opening": "9999-12-31T23:59:59Z"}, "opening", "Choose one of the times shown."),
        ({"opening": "x"}, "opening", "Choose one of the times shown."),
        (
            {"opening": "2027-01-04T15:00:00Z", "time": "10:00"},
            "time",
            "Choose a free time or type one, not both. Empty the fields to choose.",
        ),
    ],
)
def test_when_is_said_in_exactly_one_way(
    office: Client, lesson: Booking, typed: dict[str, str], field: str, message: str
):
    response = office.post(act(lesson, "move"), {**typed, "reason": "Traffic"})
    assert response.status_code == 422
    assert dict(response.context["form"].errors) == {field: [message]}
    assert kinds(lesson) == [Kind.BOOKING_CONFIRMED]


def test_refusals_of_the_rules_stand_at_the_time(office: Client, cast: Cast, lesson: Booking):
    booked(cast.piano, local_time(in_days(4), 10))
    day = in_days(4).isoformat()
    taken = office.post(act(lesson, "move"), {"date": day, "time": "10:00", "reason": "x"})
    assert taken.context["form"].errors["time"] == ["That time was just taken."]
    closed = office.post(act(lesson, "move"), {"date": day, "time": "22:00", "reason": "x"})
    assert "outside the hours" in closed.context["form"].errors["time"][0]
    gone = clock.rfc3339(local_time(in_days(4), 10))
    pressed = office.post(act(lesson, "move"), {"opening": gone, "reason": "x"})
    assert pressed.context["form"].errors["opening"] == ["That time was just taken."]
    assert f'value="{gone}"' in text(pressed)
    assert kinds(lesson) == [Kind.BOOKING_CONFIRMED]


def test_looking_at_another_day_keeps_what_was_typed_and_changes_nothing(office: Client, lesson: Booking):
    chosen = clock.rfc3339(local_time(in_days(3), 15))
    sent = {"show": in_days(5).isoformat(), "opening": chosen, "reason": "Swapped"}
    response = office.post(act(lesson, "move"), sent)
    assert response.status_code == 200
    assert response.context["form"].board.shown == in_days(5)
    assert f'value="{chosen}"' in text(response)
    assert "Swapped</textarea>" in text(response)
    assert not response.context["form"].errors
    assert kinds(lesson) == [Kind.BOOKING_CONFIRMED]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "nonsense"])
def test_a_day_far_away_shows_one_within_reach(office: Client, lesson: Booking, day: str):
    response = office.post(act(lesson, "move"), {"show": day, "reason": ""})
    assert response.status_code == 200
    assert date(2020, 1, 1) < response.context["form"].board.shown < date(2200, 1, 1)


def test_completing_waits_for_the_end(
    office: Client, cast: Cast, lesson: Booking, monkeypatch: pytest.MonkeyPatch
):
    offered = [one["label"] for one in office.get(page(lesson)).context["acts"]]
    assert offered == ["Move this lesson", "Cancel this lesson"]
    early = office.post(act(lesson, "complete"))
    assert (early.status_code, "The lesson is not over yet." in text(early)) == (422, True)
    over(monkeypatch, lesson, timedelta(minutes=1))
    assert office.post(act(lesson, "complete")).status_code == 302
    assert (kinds(lesson)[-1], history(lesson)[-1].by) == (Kind.BOOKING_COMPLETED, cast.staff)


def test_staff_say_who_did_not_come(office: Client, lesson: Booking, monkeypatch: pytest.MonkeyPatch):
    over(monkeypatch, lesson, timedelta(minutes=1))
    assert list(office.post(act(lesson, "no-show")).context["form"].errors) == ["absent"]
    assert office.post(act(lesson, "no-show"), {"absent": "staff"}).status_code == 422
    assert kinds(lesson) == [Kind.BOOKING_CONFIRMED]
    assert office.post(act(lesson, "no-show"), {"absent": "instructor"}).status_code == 302
    lesson.refresh_from_db()
    assert (lesson.status, lesson.absent) == (Status.NO_SHOW, "instructor")


def test_a_stuck_hold_is_given_up(office: Client, cast: Cast):
    hold = held(cast.piano, local_time(in_days(3), 10), cast.ben_student)
    offered = [one["label"] for one in office.get(page(hold)).context["acts"]]
    assert offered == ["Give up this hold"]
    assert office.post(act(hold, "release")).status_code == 302
    hold.refresh_from_db()
    assert (hold.status, history(hold)[-1].by) == (Status.RELEASED, cast.staff)


def test_what_is_over_offers_nothing(office: Client, cast: Cast, lesson: Booking):
    lifecycle.cancel(lesson, by=cast.ben, party="student")  # type: ignore[arg-type]
    assert office.get(page(lesson)).context["acts"] == []
    assert office.get(act(lesson, "cancel")).status_code == 200
    assert office.get(act(lesson, "move")).status_code == 200


def test_the_repeated_hour_means_its_first(office: Client, lesson: Booking, monkeypatch: pytest.MonkeyPatch):
    """1:30 on 7 November 2027 happens twice in New York; the form takes the first, as the calendar does."""
    form = office.get(act(lesson, "move")).context["form"]
    bound = type(form)(
        {"date": "2027-11-07", "time": "01:30", "reason": "x"},
        booking=Booking.objects.select_related("instructor", "offering").get(pk=lesson.pk),
    )
    assert bound.is_valid()
    assert bound.cleaned_data["starts_at"] == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
