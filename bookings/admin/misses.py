"""Lessons that instructors let down: what followed, and forgiving one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from bookings.admin import money
from bookings.models import Miss
from bookings.services import misses
from instainstru.lib import clock
from instainstru.lib.acting import Act, ActingAdmin, ReasonForm
from instainstru.lib.backoffice import person


class Forgive(Act):
    name, label, button = "forgive", "Forgive it", "It does not count"

    def is_possible(self, miss: Miss) -> bool:
        return miss.forgiven_at is None

    def told(self, miss: Miss) -> list[str]:
        if miss.forgiven_at is not None:
            return [f"It was forgiven already: “{miss.forgiven_why}”"]
        user = miss.instructor.user
        said = ["The lesson no longer counts as missed, as if it had not been the instructor's fault."]
        if miss.instructor.is_hidden:
            after = misses.without(miss, now=clock.now())
            if after is None:
                said.append(f"{money.name(user)} is shown and bookable again at once.")
            elif after.until is not None:
                said.append(f"{money.name(user)} stays hidden until {money.moment(after.until)} UTC.")
            else:
                said.append(f"{money.name(user)} stays hidden: what is left is still for us to look at.")
        return [*said, f"A letter goes to {user.email}."]

    def form(self, miss: Miss, *, data: Any) -> ReasonForm:
        return ReasonForm(data, reason_help="Kept with the lesson, for staff.")

    def run(self, miss: Miss, form: ReasonForm, *, by: Any) -> str:
        misses.forgive(miss, reason=form.cleaned_data["reason"], by=by)
        return "It is forgiven."


class CountsFilter(admin.SimpleListFilter):
    title = "counts"
    parameter_name = "counts"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Counts now"), ("forgiven", "Forgiven")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Miss]) -> QuerySet[Miss]:
        if self.value() == "yes":
            return misses.counting(queryset, now=clock.now())
        return queryset.filter(forgiven_at__isnull=False) if self.value() == "forgiven" else queryset


@admin.register(Miss)
class MissAdmin(ActingAdmin):
    list_display = ("happened", "instructor_name", "cause", "number", "state")
    list_filter = (CountsFilter, "cause")
    list_select_related = ("instructor__user", "forgiven_by")
    search_fields = person("instructor__user")
    change_form_template = "admin/tables.html"
    acts = (Forgive(),)
    fields = ("instructor_link", "lesson", "cause", "happened", "number", "followed", "state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Miss]:
        found = super().get_queryset(request)
        return found.select_related("instructor__user", "booking__offering__subject", "forgiven_by")

    def title_of(self, miss: Miss) -> str:
        return f"{miss.get_cause_display()}, {money.name(miss.instructor.user)}"

    @admin.display(description="when (UTC)")
    def happened(self, miss: Miss) -> str:
        return money.moment(miss.happened_at)

    @admin.display(description="instructor")
    def instructor_name(self, miss: Miss) -> str:
        return money.name(miss.instructor.user)

    @admin.display(description="instructor")
    def instructor_link(self, miss: Miss) -> SafeString:
        return money.person("instructors_instructor", miss.instructor_id, miss.instructor.user)

    @admin.display(description="lesson")
    def lesson(self, miss: Miss) -> SafeString:
        booking = miss.booking
        at = money.moment(booking.starts_at, booking.time_zone)
        return money.link("bookings_booking", booking.pk, f"{booking.offering.subject.name}, {at}")

    @admin.display(description="what followed")
    def followed(self, miss: Miss) -> str:
        return misses.meant(miss.number)

    @admin.display(description="state")
    def state(self, miss: Miss) -> str:
        if miss.forgiven_at is not None:
            by = money.name(miss.forgiven_by) if miss.forgiven_by else "us"
            return f"Forgiven by {by}: “{miss.forgiven_why}”"
        return "Counts" if miss.happened_at > clock.now() - misses.COUNTED else "More than a year ago"
