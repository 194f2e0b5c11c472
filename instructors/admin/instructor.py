"""Instructors: found, looked at, verified, suspended, reinstated; their own words stay theirs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from instainstru.events.models import Event
from instainstru.events.notify import Recipient
from instainstru.events.trail import Readers, trail
from instainstru.lib import money, presentation, when
from instainstru.lib.acting import ActingAdmin
from instainstru.lib.backoffice import person
from instainstru.rules import services as rules_service
from instructors.admin import week
from instructors.admin.acts import Reinstate, Suspend, Verify
from instructors.models import Instructor, Level, Modality, Offering
from instructors.presentation import page_url
from instructors.services import profile
from instructors.services.slots import limits_of

WRITES_TO = {"mail_instructor": ("instructor",)}


class WaitingFilter(admin.SimpleListFilter):
    """Complete drafts wait for staff; the others for their instructor."""

    title = "waiting for us"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "Complete, to verify")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Instructor]) -> QuerySet[Instructor]:
        return profile.waiting(queryset) if self.value() == "waiting" else queryset


@admin.register(Instructor)
class InstructorAdmin(ActingAdmin):
    list_display = ("name", "email", "status", "headline", "place", "joined")
    list_filter = (WaitingFilter, "status")
    list_select_related = ("user", "place")
    search_fields = person("user")
    search_help_text = "A number finds the id; words find parts of the address and the names."
    change_form_template = "admin/instructors/instructor/change_form.html"
    acts = (Verify(), Suspend(), Reinstate())
    fieldsets = (
        (None, {"fields": ("user", "standing", "public_page", "headline", "bio", "languages_said")}),
        ("Where", {"fields": ("place", "address", "time_zone")}),
        ("Terms", {"fields": ("cancellation_preset", "notice", "gaps", "horizon", "overnight_rule")}),
        ("Record", {"fields": ("id", "stars", "lesson_count", "joined", "verified")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instructor]:
        return super().get_queryset(request).select_related("user", "place")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Instructor], search_term: str
    ) -> tuple[QuerySet[Instructor], bool]:
        """The address of a public page finds its instructor, too."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        slug = search_term.replace("\x00", "").strip().lower()
        of_that_page = Instructor.objects.order_by().filter(slug=slug)
        if not slug or not of_that_page.exists():
            return found, may_repeat
        keys = found.order_by().values("pk").union(of_that_page.values("pk"))
        return queryset.filter(pk__in=keys), may_repeat

    def title_of(self, instructor: Instructor) -> str:
        return self.name(instructor)

    def panels(self, request: HttpRequest, instructor: Instructor) -> dict[str, Any]:
        zone = instructor.time_zone
        user = instructor.user
        is_draft = instructor.status == Instructor.Status.DRAFT
        readers = Readers({"instructor": Recipient(user.full_name, user.email)}, WRITES_TO)
        return {
            "missing": list(profile.missing(instructor).values()) if is_draft else None,
            "offerings": [_offering(one) for one in _offerings(instructor)],
            "week": week.table(instructor, week.asked(request.GET.get("week", ""), zone=zone)),
            "trail": trail(instructor, zone=zone, readers=readers, details=details, latest=20),
            "trail_zone": presentation.zone(zone),
            "events_url": f"{reverse('admin:events_event_changelist')}"
            f"?subject_type=instructor&subject_id={instructor.pk}",
            "bookings_url": f"{reverse('admin:bookings_booking_changelist')}?instructor={instructor.pk}",
        }

    @admin.display(description="name")
    def name(self, instructor: Instructor) -> str:
        return instructor.user.full_name or instructor.slug

    @admin.display(description="address")
    def email(self, instructor: Instructor) -> str:
        return instructor.user.email

    @admin.display(description="joined")
    def joined(self, instructor: Instructor) -> str:
        return when.date(instructor.created_at, instructor.time_zone)

    @admin.display(description="verified")
    def verified(self, instructor: Instructor) -> str:
        moment = instructor.verified_at
        return when.date(moment, instructor.time_zone) if moment else "not yet"

    @admin.display(description="standing")
    def standing(self, instructor: Instructor) -> str:
        reason = f": “{instructor.suspended_reason}”" if instructor.suspended_reason else ""
        return f"{instructor.get_status_display()}{reason}"

    @admin.display(description="public page")
    def public_page(self, instructor: Instructor) -> str | SafeString:
        url = page_url(instructor.slug)
        if not instructor.is_listed:
            return f"{url} (nobody else sees it now)"
        return format_html('<a href="{}">{}</a>', url, url)

    @admin.display(description="languages")
    def languages_said(self, instructor: Instructor) -> str:
        return ", ".join(instructor.languages) or "–"

    @admin.display(description="notice")
    def notice(self, instructor: Instructor) -> str:
        by_way = limits_of(instructor, rules_service.current()).notice
        return ", ".join(f"{Modality(way).label.lower()} {length} min" for way, length in by_way.items())

    @admin.display(description="between lessons")
    def gaps(self, instructor: Instructor) -> str:
        limits = limits_of(instructor, rules_service.current())
        return f"{limits.buffer} min, around lessons at the student's place {limits.gap(travels=True)} min"

    @admin.display(description="bookable ahead")
    def horizon(self, instructor: Instructor) -> str:
        return presentation.count(limits_of(instructor, rules_service.current()).horizon_days, "day")

    @admin.display(description="stars")
    def stars(self, instructor: Instructor) -> str:
        if not instructor.rating_count:
            return "none yet"
        return f"{instructor.rating:.2f} of {presentation.count(instructor.rating_count, 'review')}"


def details(event: Event) -> list[str]:
    """What an event of an instructor says beside its kind."""
    said = []
    if event.data.get("changed"):
        said.append(f"Changed: {', '.join(event.data['changed']).replace('_', ' ')}.")
    if event.data.get("date"):
        said.append(f"{event.data['date']}.")
    if event.data.get("reason"):
        said.append(f"“{event.data['reason']}”")
    return said


def _offerings(instructor: Instructor) -> list[Offering]:
    found = Offering.objects.filter(instructor=instructor).select_related("subject")
    return list(found.order_by("-is_active", "subject__name")[:50])


def _offering(offering: Offering) -> dict[str, Any]:
    levels = [Level(value).label.lower() for value in offering.levels]
    return {
        "subject": offering.subject.name,
        "price": f"{money.show(offering.price_per_hour)} an hour",
        "lengths": ", ".join(presentation.minutes(length) for length in offering.durations),
        "ways": ", ".join(Modality(value).label for value in offering.modalities),
        "levels": ", ".join(levels) or "–",
        "standing": "Listed" if offering.is_listed else "Active, not listed" if offering.is_active else "Off",
        "description": offering.description,
    }
