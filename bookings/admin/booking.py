"""Bookings: found, looked at, acted on; never edited, added or deleted."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings import terms
from bookings.admin import words
from bookings.admin.acts import Cancel, Complete, NoShow, Release
from bookings.admin.move import Move
from bookings.models import Booking, Status
from bookings.services import access, overview
from instainstru.accounts.models import User
from instainstru.events.trail import trail
from instainstru.lib import clock, presentation, when
from instainstru.lib.acting import ActingAdmin
from instainstru.lib.backoffice import person

# What the list shows, and no more: instructors' texts are long.
SIDES = ("student__user", "instructor__user", "offering__subject")
LISTED = (
    "status", "starts_at", "ends_at", "created_at", "price", "currency", "time_zone",
    "offering__subject__name",
    *(f"{side}__user__{name}" for side in ("student", "instructor")
      for name in ("first_name", "last_name", "email", "is_guest")),
)  # fmt: skip


class QueueFilter(admin.SimpleListFilter):
    """What waits for staff."""

    title = "waiting for us"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("stuck", "Holds that should have ended"), ("no_show", "No-shows of the last week")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Booking]) -> QuerySet[Booking]:
        wanted = {"stuck": overview.stuck_holds, "no_show": overview.recent_no_shows}.get(self.value() or "")
        return wanted(queryset, now=clock.now()) if wanted else queryset


@admin.register(Booking)
class BookingAdmin(ActingAdmin):
    list_display = ("starts", "status", "subject", "student_name", "instructor_name", "total", "made")
    list_filter = ("status", QueueFilter)
    search_fields = (*person("student__user"), *person("instructor__user"))
    search_help_text = "The booking's whole id, or words: parts of the names or addresses of either side."
    change_form_template = "admin/bookings/booking/change_form.html"
    acts = (Move(), Cancel(), Complete(), NoShow(), Release())
    fieldsets = (
        (None, {"fields": ("standing", "times", "subject", "where", "total", "note")}),
        ("People", {"fields": ("student_link", "instructor_link", "booked_by")}),
        ("Terms", {"fields": ("cancelling", "rules", "policy_start", "late_moves")}),
        ("Record", {"fields": ("id", "version", "created", "confirmed", "hold_until", "ended")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        return super().get_queryset(request).select_related(*SIDES).only(*LISTED)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With everything its page shows; the list reads only its columns."""
        try:
            return access.whole().select_related("created_by").filter(pk=UUID(object_id)).first()
        except ValueError:
            return None

    def title_of(self, booking: Booking) -> str:
        sides = f"{_name(booking.student.user)} with {_name(booking.instructor.user)}"
        return f"{booking.offering.subject.name}, {sides}"

    def panels(self, request: HttpRequest, booking: Booking) -> dict[str, Any]:
        return {
            "trail": trail(
                booking,
                zone=booking.time_zone,
                readers=words.readers(booking),
                details=partial(words.details, zone=booking.time_zone),
            ),
            "trail_zone": presentation.zone(booking.time_zone),
            "payments_url": f"{reverse('admin:bookings_payment_changelist')}?booking={booking.pk}",
            "deliveries_url": f"{reverse('admin:events_delivery_changelist')}?q={booking.pk}",
        }

    @admin.display(description="starts (instructor's time)")
    def starts(self, booking: Booking) -> str:
        return _moment(booking.starts_at, booking.time_zone)

    @admin.display(description="subject")
    def subject(self, booking: Booking) -> str:
        minutes = presentation.minutes(booking.duration_min)
        return f"{booking.offering.subject.name}, {minutes}"

    @admin.display(description="student")
    def student_name(self, booking: Booking) -> str:
        return _name(booking.student.user)

    @admin.display(description="instructor")
    def instructor_name(self, booking: Booking) -> str:
        return _name(booking.instructor.user)

    @admin.display(description="price")
    def total(self, booking: Booking) -> str:
        return words.price(booking)

    @admin.display(description="made")
    def made(self, booking: Booking) -> str:
        day = clock.local(booking.created_at, booking.time_zone)
        return f"{presentation.day(day)} {day.year}"

    @admin.display(description="made")
    def created(self, booking: Booking) -> str:
        return _moment(booking.created_at, booking.time_zone)

    @admin.display(description="status")
    def standing(self, booking: Booking) -> str:
        text = booking.get_status_display()
        if booking.status == Status.CONFIRMED and booking.ends_at <= clock.now():
            return f"{text}; the lesson is over and not marked as given yet"
        if booking.absent:
            text = f"{text}: the {booking.absent} did not come"
        if booking.cancelled_by:
            by = booking.get_cancelled_by_display()
            text = f"{text} by {by if by == 'InstaInstru' else f'the {by.lower()}'}"
        return f"{text}: “{booking.reason}”" if booking.reason else text

    @admin.display(description="when")
    def times(self, booking: Booking) -> str:
        return words.times(booking)

    @admin.display(description="where")
    def where(self, booking: Booking) -> str:
        place = booking.instructor.place
        return f"{booking.get_modality_display()}{f', {place.name}' if place else ''}"

    @admin.display(description="student")
    def student_link(self, booking: Booking) -> SafeString:
        return _link("admin:students_student_change", booking.student_id, booking.student.user)

    @admin.display(description="instructor")
    def instructor_link(self, booking: Booking) -> SafeString:
        return _link("admin:instructors_instructor_change", booking.instructor_id, booking.instructor.user)

    @admin.display(description="booked by")
    def booked_by(self, booking: Booking) -> str:
        partner = booking.student.partner
        who = booking.created_by
        name = "unknown" if who is None else f"{_name(who)} ({who.email})"
        return f"{name}, for {partner.name}" if partner else name

    @admin.display(description="cancelling, for the student")
    def cancelling(self, booking: Booking) -> str:
        preset = f"{booking.get_cancellation_preset_display()}."
        if booking.status != Status.CONFIRMED or booking.starts_at <= clock.now():
            return preset
        said = terms.sentence(booking, zone=booking.time_zone, now=clock.now())
        return f"{preset} {said['sentence']} {said['after']}".strip()

    @admin.display(description="deadlines count from")
    def policy_start(self, booking: Booking) -> str:
        return _moment(booking.policy_starts_at, booking.time_zone)

    @admin.display(description="confirmed")
    def confirmed(self, booking: Booking) -> str:
        return _moment(booking.confirmed_at, booking.time_zone)

    @admin.display(description="held until")
    def hold_until(self, booking: Booking) -> str:
        return _moment(booking.expires_at, booking.time_zone)

    @admin.display(description="became final")
    def ended(self, booking: Booking) -> str:
        return _moment(booking.ended_at, booking.time_zone)


def _moment(instant: Any, zone: str) -> str:
    if instant is None:
        return "–"
    return f"{when.short(instant, zone)} {clock.local(instant, zone).year}"


def _name(user: User) -> str:
    return user.full_name or ("Guest" if user.is_guest else user.email)


def _link(name: str, key: int, user: User) -> SafeString:
    return format_html('<a href="{}">{}</a> ({})', reverse(name, args=[key]), _name(user), user.email)
