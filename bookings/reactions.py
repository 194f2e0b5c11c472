"""Who hears what: each kind of event and the functions that react to it.

A reaction runs outside transactions, in order for each booking, at least once (``events.dispatch``). Its
name is in the database: renaming one parks what is on its way to it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.urls import reverse

from bookings import letters, missed
from bookings.models import Booking, Credit, Party, Payment
from bookings.services import consent, misses
from bookings.services.payments.outcomes import NO_CARD
from bookings.services.policies import Tier
from instainstru.events.dispatch import Reactions, Steps
from instainstru.events.kinds import Kind
from instainstru.events.models import Event
from instainstru.events.notify import CalendarFile, Recipient, send_letter
from instainstru.lib import clock
from instructors import waits
from instructors.models import Instructor, PayoutAccount, SavedSearch
from instructors.presentation import page_url
from instructors.services.search import saved

# Kinds after which the lesson enters, moves in, or leaves the readers' calendars.
IN_CALENDAR = (Kind.BOOKING_CONFIRMED, Kind.BOOKING_RESCHEDULED, Kind.BOOKING_CANCELLED)

# How a no-show ends that was one.
NOT_GIVEN = Tier.NOT_BY_STUDENT

# Where the letters about an instructor lead.
LINKS = {
    Kind.INSTRUCTOR_SUBMITTED: "instructors:listing",
    Kind.INSTRUCTOR_SENT_BACK: "instructors:listing",
    Kind.INSTRUCTOR_VERIFIED: "instructors:your_page",
    Kind.INSTRUCTOR_SUSPENDED: "bookings:today",
    Kind.INSTRUCTOR_REINSTATED: "instructors:office_hours",
    Kind.INSTRUCTOR_WARNED: "bookings:today",
    Kind.INSTRUCTOR_HIDDEN: "instructors:listing",
    Kind.INSTRUCTOR_FORGIVEN: "instructors:listing",
    Kind.OUTSIDE_CALENDAR_FAILING: "instructors:office_calendars",
}


def mail_both(event: Event, steps: Steps) -> None:
    """A letter to the student and one to the instructor."""
    _mail(event, steps, to=(Party.STUDENT, Party.INSTRUCTOR))


def mail_student(event: Event, steps: Steps) -> None:
    """A letter to the student alone."""
    _mail(event, steps, to=(Party.STUDENT,))


def mail_payer(event: Event, steps: Steps) -> None:
    """A letter to the student about their money. Of a payment that fails only the first time is told."""
    if event.kind == Kind.PAYMENT_FAILED and not _is_worth_a_letter(event.data):
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


def mail_creditor(event: Event, steps: Steps) -> None:
    """A letter about credit to whose it is."""
    credit = Credit.objects.select_related("student__user").get(pk=event.subject_id)
    send = partial(
        send_letter,
        template(event),
        to=Recipient(credit.student.user.full_name, credit.student.user.email),
        context=letters.credit_context(event, credit),
        message_id=f"event-{event.pk}-student",
    )
    steps.once("letter to student", send)


def _is_worth_a_letter(failed: dict[str, Any]) -> bool:
    """Whoever pays before the lesson is booked sees it on the page."""
    if failed.get("upfront"):
        return False
    return failed.get("tries", 1) == 1 or not (failed.get("next_try") or failed.get("code") == NO_CARD)


def mail_asked(event: Event, steps: Steps) -> None:
    """A letter to the side that is asked, or whose question is gone."""
    asker = Party(event.data["by_role"])
    _mail(event, steps, to=(consent.OTHER[asker],))


def mail_asker(event: Event, steps: Steps) -> None:
    """A letter to the side that had asked, where the answer still means something to it."""
    role = Party(event.data["by_role"])
    if event.kind == Kind.BOOKING_MOVE_DECLINED:
        _mail(event, steps, to=(consent.OTHER[role],))
    elif event.data["because"] == "unanswered":
        _mail(event, steps, to=(role,))


def mail_instructor(event: Event, steps: Steps) -> None:
    """A letter about the instructor's standing with us, or about a calendar of theirs."""
    instructor = Instructor.objects.select_related("user").get(pk=event.subject_id)
    send = partial(
        send_letter,
        template(event),
        to=Recipient(instructor.user.full_name, instructor.user.email),
        context={
            "url": settings.SITE_URL + reverse(LINKS[Kind(event.kind)]),
            "page": settings.SITE_URL + page_url(instructor.slug),
            # Why somebody is suspended stays with staff; why a profile came back is for its instructor.
            "reason": event.data.get("reason", "") if event.kind == Kind.INSTRUCTOR_SENT_BACK else "",
            "is_draft": event.data.get("status") == Instructor.Status.DRAFT,
            "calendar": event.data.get("name", ""),
            **missed.context(event, instructor),
        },
        message_id=f"event-{event.pk}-instructor",
    )
    steps.once("letter to instructor", send)


def count_miss(event: Event, steps: Steps) -> None:
    """Whether its instructor let the lesson down is counted once it is sure."""
    booking = Booking.objects.select_related("instructor", "rules").get(pk=event.subject_id)
    # A no-show that was settled otherwise is none.
    if event.data.get("ending", NOT_GIVEN) == NOT_GIVEN:
        steps.once("miss counted", partial(misses.count, booking, now=clock.now()))


def mail_payee(event: Event, steps: Steps) -> None:
    """A letter to an instructor about what goes to their bank, or does not."""
    account = PayoutAccount.objects.select_related("instructor__user").get(pk=event.subject_id)
    user = account.instructor.user
    send = partial(
        send_letter,
        template(event),
        to=Recipient(user.full_name, user.email),
        context=letters.payee_context(event),
        message_id=f"event-{event.pk}-instructor",
    )
    steps.once("letter to instructor", send)


def look_again(event: Event, steps: Steps) -> None:
    """Somebody may have new times: the searches that wait for such are to be run."""
    if event.subject_type == "booking":
        instructor_id = Booking.objects.values_list("instructor_id", flat=True).get(pk=event.subject_id)
    else:
        instructor_id = int(event.subject_id)
    steps.once("searches marked", partial(saved.look_again, instructor_id, now=clock.now()))


def mail_searcher(event: Event, steps: Steps) -> None:
    """What a saved search found, to who waits for it."""
    waiting = SavedSearch.objects.select_related("user").filter(pk=event.subject_id, ended_at=None).first()
    if waiting is None:
        return
    stop_url = settings.SITE_URL + waits.stop_path(waiting)
    send = partial(
        send_letter,
        template(event),
        to=Recipient(waiting.user.full_name if waiting.user else "", waiting.email),
        context={**waits.matched(waiting, event.data["times"]), "stop_url": stop_url},
        message_id=f"event-{event.pk}",
        stop_url=stop_url,
    )
    steps.once("letter", send)


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
    Kind.BOOKING_RESCHEDULED: (mail_both, look_again),
    Kind.BOOKING_CANCELLED: (mail_both, look_again, count_miss),
    Kind.BOOKING_MOVE_ASKED: (mail_asked,),
    Kind.BOOKING_MOVE_DECLINED: (mail_asker,),
    Kind.BOOKING_MOVE_WITHDRAWN: (mail_asked,),
    Kind.BOOKING_MOVE_LAPSED: (mail_asker,),
    Kind.BOOKING_COMPLETED: (mail_student,),
    Kind.BOOKING_NO_SHOW: (mail_both,),
    Kind.BOOKING_NO_SHOW_DISPUTED: (mail_both,),
    Kind.BOOKING_NO_SHOW_SETTLED: (mail_both, count_miss),
    Kind.PAYMENT_FAILED: (mail_payer,),
    Kind.PAYMENT_WARNED: (mail_payer,),
    Kind.PAYMENT_CAPTURED: (mail_payer,),
    Kind.PAYMENT_REFUNDED: (mail_payer,),
    Kind.PACKAGE_BOUGHT: (mail_payer,),
    Kind.PACKAGE_REFUNDED: (mail_payer,),
    Kind.TIP_PAID: (mail_payer,),
    Kind.CREDIT_GRANTED: (mail_creditor,),
    Kind.CREDIT_EXPIRING: (mail_creditor,),
    Kind.CREDIT_EXPIRED: (mail_creditor,),
    Kind.PAYOUT_FAILED: (mail_payee,),
    Kind.PAYOUTS_HELD: (mail_payee,),
    Kind.PAYOUTS_RELEASED: (mail_payee,),
    Kind.INSTRUCTOR_SUBMITTED: (mail_instructor,),
    Kind.INSTRUCTOR_SENT_BACK: (mail_instructor,),
    Kind.INSTRUCTOR_VERIFIED: (mail_instructor, look_again),
    Kind.INSTRUCTOR_SUSPENDED: (mail_instructor,),
    Kind.INSTRUCTOR_REINSTATED: (mail_instructor, look_again),
    Kind.INSTRUCTOR_WARNED: (mail_instructor,),
    Kind.INSTRUCTOR_HIDDEN: (mail_instructor,),
    Kind.INSTRUCTOR_FORGIVEN: (mail_instructor,),
    Kind.INSTRUCTOR_CHANGED: (look_again,),
    Kind.OUTSIDE_CALENDAR_FAILING: (mail_instructor,),
    Kind.OFFERING_CHANGED: (look_again,),
    Kind.HOURS_CHANGED: (look_again,),
    Kind.DATE_HOURS_CHANGED: (look_again,),
    Kind.TIME_OFF_CHANGED: (look_again,),
    Kind.SEARCH_MATCHED: (mail_searcher,),
}
