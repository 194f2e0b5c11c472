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
    BOOKING_CONFIRMED = "booking.confirmed", "Lesson booked"
    # ``data``: previous (starts_at, ends_at), reason, tier.
    BOOKING_RESCHEDULED = "booking.rescheduled", "Lesson moved"
    # ``data``: reason, tier, by_role.
    BOOKING_CANCELLED = "booking.cancelled", "Lesson cancelled"
    BOOKING_COMPLETED = "booking.completed", "Lesson completed"
    # ``data``: absent ("student" or "instructor"), by_role.
    BOOKING_NO_SHOW = "booking.no_show", "No-show reported"

    # Instructors. ``data``: what changed.
    INSTRUCTOR_CREATED = "instructor.created", "Instructor joined"
    INSTRUCTOR_CHANGED = "instructor.changed", "Instructor profile changed"
    INSTRUCTOR_VERIFIED = "instructor.verified", "Instructor verified"
    INSTRUCTOR_SUSPENDED = "instructor.suspended", "Instructor suspended"
    INSTRUCTOR_REINSTATED = "instructor.reinstated", "Instructor reinstated"
    OFFERING_CHANGED = "offering.changed", "Offering changed"
    HOURS_CHANGED = "hours.changed", "Weekly hours changed"
    DATE_HOURS_CHANGED = "date_hours.changed", "Hours of a date changed"
    TIME_OFF_CHANGED = "time_off.changed", "Time off changed"

    # Students. ``data``: partner.
    STUDENT_BROUGHT = "student.brought", "Student brought by a partner"

    # Access and rules.
    API_KEY_CREATED = "api_key.created", "API key created"
    API_KEY_REVOKED = "api_key.revoked", "API key revoked"
    RULES_CHANGED = "rules.changed", "Business rules changed"
