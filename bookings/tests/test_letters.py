"""What people are written when something happens to a lesson, or to an instructor's standing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Literal

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from icalendar import Calendar

from bookings.models import Booking, Party
from bookings.reactions import REACTIONS, mail_both
from bookings.services import lifecycle, override
from bookings.services.wanted import wish
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, held, in_days, local_time, utc
from instainstru.events import dispatch
from instainstru.events.kinds import Kind
from instainstru.events.models import Delivery, Event
from instainstru.lib import clock
from instructors.models import Modality, Place
from instructors.services import standing

# Monday; the lesson is on Thursday 3 December at 6 pm in New York.
NOW = utc("2026-11-30 15:00")
START = utc("2026-12-03 21:00")  # 4 pm
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site"), pytest.mark.as_of(NOW)]


@pytest.fixture
def site(settings: Any) -> None:
    settings.SITE_URL = "https://instainstru.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def react(now: datetime | None = None) -> list[EmailMessage]:
    """Deliver everything; the mails that this sent, as a mail program reads them."""
    before = len(mail.outbox)
    moment = now or clock.now()
    dispatch.fan_out(REACTIONS, now=moment)
    while claimed := dispatch.claim_due(now=moment):
        for pk, attempts in claimed:
            dispatch.deliver(pk, attempts=attempts, reactions=REACTIONS, now=moment)
    sent = [
        message_from_bytes(message.message().as_bytes(), policy=policy.default) for message in mail.outbox
    ]
    return sent[before:]


def to(address: str, messages: list[EmailMessage]) -> EmailMessage:
    [found] = [message for message in messages if address in message["To"]]
    return found


def text(message: EmailMessage) -> str:
    return _body(message, "plain")


def html(message: EmailMessage) -> str:
    return _body(message, "html")


def _body(message: EmailMessage, kind: Literal["plain", "html"]) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def calendar(message: EmailMessage) -> Any:
    [attachment] = message.iter_attachments()
    assert attachment.get_filename() == "lesson.ics"
    found = Calendar.from_ical(attachment.get_content())
    assert attachment.get_param("method") == found["method"]
    return found


def test_a_booked_lesson_is_told_to_both_with_a_calendar_file(cast: Cast) -> None:
    lesson = booked(cast.piano, START, cast.ben_student)
    sent = react()

    assert len(sent) == 2
    to_ben, to_ana = to("ben@example.com", sent), to("ana@example.com", sent)
    assert to_ben["Subject"] == "Booked: Piano with Ana A., Thu 3 Dec, 4:00 pm"
    assert to_ana["Subject"] == "Booked: Piano with Ben B., Thu 3 Dec, 4:00 pm"
    assert to_ben["To"] == "Ben Baker <ben@example.com>"
    assert text(to_ben) == (
        "Your lesson is booked.\n\n"
        "Piano with Ana Alvarez\n"
        "Thursday 3 December 2026, 4:00–5:00 pm (New York time)\n"
        "Online\n"
        "60 min, $80\n\n"
        "Free to cancel until Wed 2 Dec, 4:00 pm. After that the lesson's price comes back as credit until "
        "Thu 3 Dec, 4:00 am. Later, half of it comes back as credit and half goes to the instructor.\n"
        "The attached file puts the lesson into your calendar.\n\n"
        f"https://instainstru.example/lessons/{lesson.pk}\n\n"
        "-- \nInstaInstru, https://instainstru.example\n"
    )
    assert "Ben booked a lesson with you." in text(to_ana)
    assert "Free to cancel" not in text(to_ana)
    for message, own, others in [(to_ben, "ben@", "ana@"), (to_ana, "ana@", "ben@")]:
        event = calendar(message).events[0]
        assert calendar(message)["method"] == "REQUEST"
        assert (event["sequence"], event["status"], event.start) == (lesson.version, "CONFIRMED", START)
        assert str(event["attendee"]).startswith(f"mailto:{own}")
        assert others not in message.as_string()


def test_times_are_in_the_readers_zone_and_the_other_clocks_are_named(cast: Cast) -> None:
    cast.ben.time_zone = "Europe/Lisbon"
    cast.ben.save()
    booked(cast.piano, START, cast.ben_student)
    to_ben = to("ben@example.com", react())
    assert to_ben["Subject"].endswith("Thu 3 Dec, 9:00 pm")
    assert "Thursday 3 December 2026, 9:00–10:00 pm (Lisbon time)\n4:00–5:00 pm in New York" in text(to_ben)
    assert "Free to cancel until Wed 2 Dec, 9:00 pm." in text(to_ben)


def test_the_exact_address_goes_only_to_who_has_a_lesson_there(cast: Cast) -> None:
    ana = cast.piano.instructor
    ana.address = "12 Hicks St"
    ana.place = Place.objects.create(
        slug="brooklyn-heights", name="Brooklyn Heights", kind="neighbourhood", parent="brooklyn",
        latitude=40.7, longitude=-74.0, radius_km=1,
    )  # fmt: skip
    ana.save()
    cast.piano.modalities = [Modality.AT_INSTRUCTOR]
    cast.piano.save()
    lesson = booked(cast.piano, START, cast.ben_student)

    to_ben = to("ben@example.com", react())
    assert "12 Hicks St" in text(to_ben)
    assert "12 Hicks St" in html(to_ben)
    assert calendar(to_ben).events[0]["location"] == "12 Hicks St, Brooklyn Heights"

    lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT)
    assert "12 Hicks St" not in to("ben@example.com", react()).as_string()


def test_a_moved_lesson_is_told_with_both_times_and_moves_in_the_calendar(cast: Cast) -> None:
    lesson = booked(cast.piano, START, cast.ben_student)
    react()
    new = START + timedelta(days=1)
    lifecycle.reschedule(lesson, starts_at=new, by=cast.ana, party=Party.INSTRUCTOR, reason="A concert")

    sent = react()
    to_ben, to_ana = to("ben@example.com", sent), to("ana@example.com", sent)
    assert to_ben["Subject"] == "Moved: Piano with Ana A., now Fri 4 Dec, 4:00 pm"
    assert "Ana moved your lesson." in text(to_ben)
    assert "It was Thu 3 Dec, 4:00 pm. The reason: “A concert”" in text(to_ben)
    assert "Your lesson is moved." in text(to_ana)
    assert "A concert" not in text(to_ana)
    event = calendar(to_ben).events[0]
    assert (event["sequence"], event.start) == (2, new)


def test_a_cancelled_lesson_says_who_why_and_what_it_costs(cast: Cast) -> None:
    lesson = booked(cast.piano, START, cast.ben_student)
    react()
    with time_machine.travel(START - timedelta(hours=13), tick=False):
        lifecycle.cancel(lesson, by=cast.ben, party=Party.STUDENT, reason="I am <ill>")
        sent = react()
    to_ben, to_ana = to("ben@example.com", sent), to("ana@example.com", sent)
    assert to_ben["Subject"] == "Cancelled: Piano with Ana A., Thu 3 Dec, 4:00 pm"
    assert "You cancelled the lesson." in text(to_ben)
    assert "Its price comes back to you as credit." in text(to_ben)
    assert "Ben cancelled the lesson." in text(to_ana)
    assert "The reason: “I am <ill>”" in text(to_ana)
    assert "I am &lt;ill&gt;" in html(to_ana)
    assert "comes back to you" not in text(to_ana)
    assert calendar(to_ana)["method"] == "CANCEL"
    assert calendar(to_ana).events[0]["status"] == "CANCELLED"


def test_what_we_do_ourselves_is_told_in_our_name(cast: Cast) -> None:
    lesson = booked(cast.piano, START, cast.ben_student)
    lifecycle.cancel(lesson, by=cast.staff, party=Party.STAFF, reason="The instructor is ill")
    sent = [message for message in react() if message["Subject"].startswith("Cancelled")]
    assert len(sent) == 2
    for message in sent:
        assert "InstaInstru cancelled the lesson." in text(message)
        assert "The reason: “The instructor is ill”" in text(message)


def test_a_completed_lesson_asks_the_student_and_nobody_else(cast: Cast) -> None:
    lesson = booked(cast.piano, START, cast.ben_student)
    react()
    lifecycle.complete(lesson, by=None, party=Party.SYSTEM, now=START + timedelta(hours=25))
    [message] = react()
    assert message["To"] == "Ben Baker <ben@example.com>"
    assert message["Subject"] == "How was Piano with Ana A.?"
    assert list(message.iter_attachments()) == []


def test_a_reported_no_show_asks_the_absent_and_tells_the_other(cast: Cast) -> None:
    lesson = booked(cast.piano, START, cast.ben_student)
    react()
    with time_machine.travel(START + timedelta(minutes=20), tick=False):
        lifecycle.report_no_show(lesson, by=cast.ben, party=Party.STUDENT)
        sent = react()
    to_ben, to_ana = to("ben@example.com", sent), to("ana@example.com", sent)
    assert "Did you miss this lesson?" in text(to_ana)
    assert "Ben told us that you did not come." in text(to_ana)
    assert "Say by Fri 4 Dec, 4:20 pm whether that is so." in text(to_ana)
    assert f"https://instainstru.example/lessons/{lesson.pk}/no-show/answer" in text(to_ana)
    assert "Ana was reported as absent" in text(to_ben)
    assert "Ana has until Fri 4 Dec, 4:20 pm to answer." in text(to_ben)
    # Payments are off, so nobody speaks of money.
    assert "charged" not in text(to_ben)
    assert "paid" not in text(to_ana)


def test_a_held_time_is_nothing_to_write_about(cast: Cast) -> None:
    hold = held(cast.piano, START, cast.ben_student)
    lifecycle.extend(hold, by=cast.ben)
    lifecycle.release(hold, by=cast.ben)
    assert react() == []
    assert not Delivery.objects.filter(event__subject_id=str(hold.pk)).exists()


def test_a_guest_without_an_address_gets_no_mail_and_the_instructor_does(cast: Cast) -> None:
    cast.ben.email = "guest-1@guest.invalid"
    cast.ben.save()
    booked(cast.piano, START, cast.ben_student)
    [message] = react()
    assert message["To"] == "Ana Alvarez <ana@example.com>"
    assert Delivery.objects.get(reaction="mail_both").done_at is not None


def test_a_letter_tells_what_was_then_and_letters_come_in_order(cast: Cast) -> None:
    lesson = booked(cast.piano, START, cast.ben_student)
    lifecycle.reschedule(lesson, starts_at=START + timedelta(days=1), by=cast.ben, party=Party.STUDENT)
    lifecycle.cancel(Booking.objects.get(pk=lesson.pk), by=cast.ben, party=Party.STUDENT)
    subjects = [message["Subject"] for message in react() if "ben@" in message["To"]]
    assert subjects == [
        "Booked: Piano with Ana A., Thu 3 Dec, 4:00 pm",
        "Moved: Piano with Ana A., now Fri 4 Dec, 4:00 pm",
        "Cancelled: Piano with Ana A., Fri 4 Dec, 4:00 pm",
    ]


def test_when_the_second_letter_is_refused_the_first_is_not_sent_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked(cast.piano, START, cast.ben_student)
    send = EmailBackend.send_messages

    def refuse_ana(backend: EmailBackend, messages: list[Any]) -> int:
        if "ana@" in messages[0].to[0]:
            raise OSError("451 try later")
        return send(backend, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", refuse_ana)
    first = react()
    assert [message["To"] for message in first] == ["Ben Baker <ben@example.com>"]
    delivery = Delivery.objects.get(reaction="mail_both")
    assert (delivery.done_at, delivery.steps_done) == (None, ["letter to student"])
    assert delivery.last_error == "OSError: 451 try later"

    monkeypatch.undo()
    again = react(NOW + timedelta(seconds=30))
    assert [message["To"] for message in again] == ["Ana Alvarez <ana@example.com>"]
    delivery.refresh_from_db()
    assert delivery.done_at is not None


def test_the_same_letter_sent_twice_is_one_message_to_a_mail_program(cast: Cast) -> None:
    booked(cast.piano, START, cast.ben_student)
    first = react()
    Delivery.objects.update(done_at=None, next_try_at=NOW, steps_done=[])
    second = react()
    ids = [message["Message-ID"] for message in first]
    assert len(set(ids)) == 2
    assert [message["Message-ID"] for message in second] == ids
    assert all(name.endswith("@instainstru.example>") for name in ids)


@pytest.mark.parametrize(
    ("change", "subject", "link"),
    [
        ("submit", "We have your profile: what happens next", "office/listing"),
        ("verify", "You are verified: students can book you now", "office/page"),
        ("suspend", "Your profile is suspended", "teaching/"),
        ("reinstate", "Your profile is back", "hours"),
    ],
)
def test_an_instructor_is_told_how_they_stand_with_us(
    cast: Cast, change: str, subject: str, link: str
) -> None:
    kind = {
        "submit": Kind.INSTRUCTOR_SUBMITTED,
        "verify": Kind.INSTRUCTOR_VERIFIED,
        "suspend": Kind.INSTRUCTOR_SUSPENDED,
        "reinstate": Kind.INSTRUCTOR_REINSTATED,
    }[change]
    ana = cast.piano.instructor
    if change == "reinstate":
        standing.suspend(ana, by=cast.staff, reason="Somebody complained")
        react()
        ana.refresh_from_db()
    if change == "suspend":
        standing.suspend(ana, by=cast.staff, reason="Somebody complained")
    else:
        Event.objects.create(
            kind=kind, subject_type="instructor", subject_id=str(ana.pk), version=99, created_at=clock.now()
        )
    [message] = react()
    assert message["To"] == "Ana Alvarez <ana@example.com>"
    assert message["Subject"] == subject
    assert re.search(rf"https://instainstru\.example/\S*{link}", text(message))
    assert "Somebody complained" not in message.as_string()


def test_a_profile_that_comes_back_brings_the_words_of_staff(cast: Cast) -> None:
    ana = cast.piano.instructor
    ana.status, ana.verified_at, ana.place = "draft", None, Place.objects.order_by("pk").first()
    ana.save()
    standing.submit(ana, by=cast.ana)
    standing.send_back(ana, by=cast.staff, reason="Say where you studied, & when.")
    submitted, back = react()
    assert submitted["Subject"] == "We have your profile: what happens next"
    assert back["Subject"] == "Please change something on your profile"
    assert "Say where you studied, & when." in text(back)
    assert "Say where you studied, &amp; when." in html(back)
    assert "https://instainstru.example/office/listing" in text(back)
    standing.submit(ana, by=cast.ana)
    standing.verify(ana, by=cast.staff)
    assert "https://instainstru.example/@ana-a" in text(react()[-1])


def test_letters_hold_together_for_every_event_and_reader(cast: Cast) -> None:
    """No template left a gap: nothing empty where a value belongs, no markup in plain text."""
    lesson = booked(cast.piano, START, cast.ben_student)
    lifecycle.reschedule(lesson, starts_at=START + timedelta(days=1), by=cast.ben, party=Party.STUDENT)
    lesson.refresh_from_db()
    lifecycle.complete(lesson, by=None, party=Party.SYSTEM, now=START + timedelta(days=2))
    messages = react()
    assert len(messages) == 5
    for message in messages:
        assert "\n" not in message["Subject"]
        assert not re.search(r"<[a-z/]|&[a-z]+;|\bNone\b|\n\n\n", text(message))
        assert "None" not in html(message)
        assert html(message).count("<h1") == 1
        assert "<script" not in html(message)
        assert f"/lessons/{lesson.pk}" in html(message)


def test_every_reaction_has_its_name_in_one_place() -> None:
    """The name is stored with each delivery: two functions may not share one."""
    functions = {function for reactions in REACTIONS.values() for function in reactions}
    assert len({function.__name__ for function in functions}) == len(functions)
    assert mail_both in functions


def test_a_lesson_across_noon_names_both_halves_of_the_day(cast: Cast) -> None:
    booked(cast.piano, local_time(in_days(2), 11, 30), cast.ben_student)
    assert "11:30 am–12:30 pm" in text(to("ben@example.com", react()))


@pytest.mark.parametrize(
    ("party", "to_student", "to_instructor"),
    [
        (Party.INSTRUCTOR, "Ana booked a lesson for you.", "You booked a lesson for Ben."),
        (
            Party.STAFF,
            "InstaInstru booked a lesson with Ana for you.",
            "InstaInstru booked a lesson with you for Ben.",
        ),
    ],
)
def test_a_lesson_booked_for_the_student_says_who_did_it_and_why(
    cast: Cast, party: Party, to_student: str, to_instructor: str
) -> None:
    by = cast.ana if party == Party.INSTRUCTOR else cast.staff
    wanted = wish(cast.piano, starts_at=utc("2026-12-04 01:00"), duration_min=60)
    override.book(wanted, student=cast.ben_student, by=by, party=party, reason="An exam <b>soon</b>")
    sent = react()

    assert len(sent) == 2
    for address, lede in (("ben@example.com", to_student), ("ana@example.com", to_instructor)):
        letter = to(address, sent)
        assert text(letter).startswith(f"{lede}\n\nThe reason: “An exam <b>soon</b>”\n\n")
        assert lede.removesuffix(".") in html(letter)
        assert "An exam &lt;b&gt;soon&lt;/b&gt;" in html(letter)
        assert calendar(letter)["method"] == "REQUEST"
    assert "cancel" in text(to("ben@example.com", sent))
