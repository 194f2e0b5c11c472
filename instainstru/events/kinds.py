"""Every kind of event there is: the closed vocabulary of what can happen.

The value is public (webhooks, API, audit) and never reused for another meaning.
"""

from __future__ import annotations

from django.db.models import TextChoices


class Kind(TextChoices):
    """``subject.happened``; the comment says what ``data`` holds beside the subject's own state."""

    # Bookings. ``data["state"]`` is the booking's whole state afterwards (see bookings.services.history).
    BOOKING_HELD = "booking.held", "Time held"
    BOOKING_HOLD_EXTENDED = "booking.hold_extended", "Hold extended"
    BOOKING_RELEASED = "booking.released", "Hold given up"
    BOOKING_EXPIRED = "booking.expired", "Hold expired"
    # ``data``, where the host booked it for the student: by_role, reason, passed_over (codes).
    BOOKING_CONFIRMED = "booking.confirmed", "Lesson booked"
    # ``data``: previous (starts_at), reason, by_role, agreed (whether the other side had asked for it).
    BOOKING_RESCHEDULED = "booking.rescheduled", "Lesson moved"
    # Asking to move a lesson late, and what became of it. ``data``: asked (the start asked for), by_role
    # (for a lapse: who had asked), reason; for a lapse also because.
    BOOKING_MOVE_ASKED = "booking.move_asked", "Asked to move the lesson"
    BOOKING_MOVE_DECLINED = "booking.move_declined", "Declined to move the lesson"
    BOOKING_MOVE_WITHDRAWN = "booking.move_withdrawn", "Request to move withdrawn"
    BOOKING_MOVE_LAPSED = "booking.move_lapsed", "Request to move lapsed"
    # ``data``: reason, tier, by_role.
    BOOKING_CANCELLED = "booking.cancelled", "Lesson cancelled"
    BOOKING_COMPLETED = "booking.completed", "Lesson completed"
    # ``data``: absent ("student" or "instructor"), by_role, answer_by.
    BOOKING_NO_SHOW = "booking.no_show", "No-show reported"
    # ``data``: by_role, text.
    BOOKING_NO_SHOW_DISPUTED = "booking.no_show_disputed", "No-show disputed"
    # ``data``: by_role, because ("agreed", "unanswered", "decided"), reason, and what became of the money
    # as ending ("given", "not_by_student").
    BOOKING_NO_SHOW_SETTLED = "booking.no_show_settled", "No-show settled"

    # Payments. ``data``: amount in minor units, currency, booking; ``failed`` also code, message, next_try.
    PAYMENT_AUTHORISED = "payment.authorised", "Card authorised"
    PAYMENT_FAILED = "payment.failed", "Payment failed"
    PAYMENT_WARNED = "payment.warned", "Last warning about a payment"
    PAYMENT_CAPTURED = "payment.captured", "Card charged"
    PAYMENT_CANCELLED = "payment.cancelled", "Payment released"
    PAYMENT_REFUNDED = "payment.refunded", "Payment refunded"
    PAYMENT_REFUND_FAILED = "payment.refund_failed", "Refund sent back"
    # By staff; the refund itself follows. ``data``: reason, from_instructor.
    PAYMENT_REFUND_BEGUN = "payment.refund_begun", "Refund ordered by staff"
    # ``data``: what (charge, refund, dispute), movement (its id at Stripe's).
    STRIPE_FEE = "payment.stripe_fee", "Fee kept by Stripe"
    # ``data``: reason.
    PAYMENT_RESOLVED = "payment.resolved", "Payment dealt with by staff"
    # ``data``: why.
    PAYMENT_FROZEN = "payment.frozen", "Payment frozen"
    PAYMENT_UNFROZEN = "payment.unfrozen", "Payment no longer frozen"
    TIP_PAID = "tip.paid", "Tip paid"
    TRANSFER_MADE = "transfer.made", "Earnings sent to the instructor"
    TRANSFER_REVERSED = "transfer.reversed", "Earnings taken back from the instructor"
    PAYOUT_PAID = "payout.paid", "Paid out to the instructor's bank"
    PAYOUT_FAILED = "payout.failed", "Payout to the instructor's bank failed"
    DISPUTE_OPENED = "dispute.opened", "Charge disputed"
    # ``data``: dispute, length of what was written.
    DISPUTE_ANSWERED = "dispute.answered", "Evidence against a dispute sent"
    DISPUTE_CLOSED = "dispute.closed", "Dispute decided"
    CARD_SAVED = "card.saved", "Card saved"
    CARD_REMOVED = "card.removed", "Card removed"
    # ``data``: amount, currency, reason, booking.
    CREDIT_GRANTED = "credit.granted", "Credit granted"
    CREDIT_SPENT = "credit.spent", "Credit spent"
    CREDIT_EXPIRING = "credit.expiring", "Credit expires soon"
    CREDIT_EXPIRED = "credit.expired", "Credit expired"
    PACKAGE_BOUGHT = "package.bought", "Package bought"
    PACKAGE_USED = "package.used", "Lesson of a package booked"
    PACKAGE_REFUNDED = "package.refunded", "Rest of a package refunded"
    PACKAGE_EXPIRED = "package.expired", "Package expired"
    # ``data``: what Stripe says of the account; ``held`` and ``released``: why; ``held``: told, whether the
    # instructor may read it.
    PAYOUT_ACCOUNT_CHANGED = "payout_account.changed", "Payout account changed"
    PAYOUTS_HELD = "payouts.held", "Payouts held"
    PAYOUTS_RELEASED = "payouts.released", "Payouts released"

    # Instructors. ``data``: what changed; of limits also ``limits`` {name: [before, after]}.
    INSTRUCTOR_CREATED = "instructor.created", "Instructor joined"
    INSTRUCTOR_CHANGED = "instructor.changed", "Instructor profile changed"
    INSTRUCTOR_SUBMITTED = "instructor.submitted", "Profile submitted"
    INSTRUCTOR_WITHDRAWN = "instructor.withdrawn", "Submission withdrawn"
    # ``data``: reason.
    INSTRUCTOR_SENT_BACK = "instructor.sent_back", "Profile sent back"
    INSTRUCTOR_VERIFIED = "instructor.verified", "Instructor verified"
    INSTRUCTOR_SUSPENDED = "instructor.suspended", "Instructor suspended"
    # Lessons let down. ``data``: booking, cause, number; ``hidden`` also until (null: until staff looked).
    INSTRUCTOR_WARNED = "instructor.warned", "Missed lesson counted"
    INSTRUCTOR_HIDDEN = "instructor.hidden", "Hidden for missed lessons"
    # ``data``: booking, reason, until (what is left of the hidden time).
    INSTRUCTOR_FORGIVEN = "instructor.forgiven", "Missed lesson forgiven"
    # ``data``: status, what the instructor is now.
    INSTRUCTOR_REINSTATED = "instructor.reinstated", "Instructor reinstated"
    # ``data``: place, its number.
    INSTRUCTOR_FOUNDING = "instructor.founding", "Founding instructor"
    OFFERING_CHANGED = "offering.changed", "Offering changed"
    HOURS_CHANGED = "hours.changed", "Weekly hours changed"
    DATE_HOURS_CHANGED = "date_hours.changed", "Hours of a date changed"
    TIME_OFF_CHANGED = "time_off.changed", "Time off changed"
    # ``data``: name (as the instructor called it), and how many busy times were added and removed.
    OUTSIDE_CALENDAR_ADDED = "outside_calendar.added", "Outside calendar added"
    OUTSIDE_CALENDAR_CHANGED = "outside_calendar.changed", "Busy times of an outside calendar changed"
    OUTSIDE_CALENDAR_FAILING = "outside_calendar.failing", "Outside calendar cannot be read"
    OUTSIDE_CALENDAR_REMOVED = "outside_calendar.removed", "Outside calendar removed"

    # Students. ``data``: partner.
    STUDENT_BROUGHT = "student.brought", "Student brought by a partner"

    # Searches somebody waits for. ``data`` of a match: times (offering, starts_at).
    SEARCH_SAVED = "search.saved", "Search saved"
    SEARCH_MATCHED = "search.matched", "Saved search found something"
    SEARCH_ENDED = "search.ended", "Saved search ended"

    # Access and rules.
    API_KEY_CREATED = "api_key.created", "API key created"
    API_KEY_REVOKED = "api_key.revoked", "API key revoked"
    # ``data``: role, with_holds.
    CALENDAR_FEED_ISSUED = "calendar_feed.issued", "Calendar address made"
    CALENDAR_FEED_REVOKED = "calendar_feed.revoked", "Calendar address revoked"
    RULES_CHANGED = "rules.changed", "Business rules changed"
