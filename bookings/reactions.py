"""Who hears what: each kind of event and the functions that react to it.

A reaction runs outside transactions, in order for each booking, at least once (``events.dispatch``). Its
name is in the database: renaming one parks what is on its way to it.
"""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.urls import reverse

from bookings import letters
from bookings.models import Party, Payment
from instainstru.events.dispatch import Reactions, Steps
from instainstru.events.kinds import Kind
from instainstru.events.models import Event
from instainstru.events.notify import CalendarFile, Recipient, send_letter
from instainstru.lib import clock
from instructors.models import Instructor

# Kinds after which the lesson enters, moves in, or leaves the readers' calendars.
IN_CALENDAR = (Kind.BOOKING_CONFIRMED, Kind.BOOKING_RESCHEDULED, Kind.BOOKING_CANCELLED)

# Where the letters about an instructor's standing lead.
LINKS = {
    Kind.INSTRUCTOR_VERIFIED: "instructors:office_hours",
    Kind.INSTRUCTOR_SUSPENDED: "bookings:today",
    Kind.INSTRUCTOR_REINSTATED: "instructors:office_hours",
}


def mail_both(event: Event, steps: Steps) -> None:
    """A letter to the student and one to the instructor."""
    _mail(event, steps, to=(Party.STUDENT, Party.INSTRUCTOR))


def mail_student(event: Event, steps: Steps) -> None:
    """A letter to the student alone."""
    _mail(event, steps, to=(Party.STUDENT,))


def mail_payer(event: Event, steps: Steps) -> None:
    """A letter to the student about their money. Of a payment that fails only the first time is told."""
    if event.kind == Kind.PAYMENT_FAILED and event.data.get("tries", 1) > 1 and event.data.get("next_try"):
        return
    payment = Payment.objects.select_related(
        "student__user", "instructor__user", "booking__offering__subject", "card"
    ).get(pk=event.subject_id)
    send = partial(
        send_letter,
        template(event),
        to=Recipient(payment.student.user.full_name, payment.student.user.email),
        context=letters.payment_context(event, payment),
        message_id=f"event-{event.pk}-student",
    )
    steps.once("letter to student", send)


def mail_instructor(event: Event, steps: Steps) -> None:
    """A letter about the instructor's standing with us."""
    instructor = Instructor.objects.select_related("user").get(pk=event.subject_id)
    send = partial(
        send_letter,
        template(event),
        to=Recipient(instructor.user.full_name, instructor.user.email),
        context={"url": settings.SITE_URL + reverse(LINKS[Kind(event.kind)])},
        message_id=f"event-{event.pk}-instructor",
    )
    steps.once("letter to instructor", send)


def _mail(event: Event, steps: Steps, *, to: tuple[Party, ...]) -> None:
    booking = letters.booking_then(event)
    for reader in letters.readers(booking):
        if reader.party not in to:
            continue
        attachments: list[CalendarFile] = []
        if event.kind in IN_CALENDAR:
            cancelled = event.kind == Kind.BOOKING_CANCELLED
            attachments.append(letters.calendar(booking, reader, cancelled=cancelled, now=clock.now()))
        send = partial(
            send_letter,
            template(event),
            to=reader.recipient,
            context=letters.context(event, booking, reader),
            message_id=f"event-{event.pk}-{reader.party}",
            attachments=attachments,
        )
        steps.once(f"letter to {reader.party}", send)


def template(event: Event) -> str:
    """``booking_confirmed`` of ``booking.confirmed``."""
    return event.kind.replace(".", "_")


REACTIONS: Reactions = {
    Kind.BOOKING_CONFIRMED: (mail_both,),
    Kind.BOOKING_RESCHEDULED: (mail_both,),
    Kind.BOOKING_CANCELLED: (mail_both,),
    Kind.BOOKING_COMPLETED: (mail_student,),
    Kind.BOOKING_NO_SHOW: (mail_both,),
    Kind.PAYMENT_FAILED: (mail_payer,),
    Kind.PAYMENT_WARNED: (mail_payer,),
    Kind.PAYMENT_CAPTURED: (mail_payer,),
    Kind.PAYMENT_REFUNDED: (mail_payer,),
    Kind.INSTRUCTOR_VERIFIED: (mail_instructor,),
    Kind.INSTRUCTOR_SUSPENDED: (mail_instructor,),
    Kind.INSTRUCTOR_REINSTATED: (mail_instructor,),
}
