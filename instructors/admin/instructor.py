"""Instructors: found, looked at, verified, suspended, reinstated; their own words stay theirs."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from instainstru.accounts.models import User
from instainstru.events.models import Event
from instainstru.events.notify import Recipient
from instainstru.events.trail import Readers, trail
from instainstru.lib import money, presentation, when
from instainstru.lib.acting import ActingAdmin
from instainstru.lib.backoffice import person
from instainstru.rules import services as rules_service
from instructors.admin import host, week
from instructors.admin.acts import Reinstate, SendBack, Suspend, Verify
from instructors.models import Instructor, Level, Modality, Offering
from instructors.models.calendar import WEEKDAYS
from instructors.presentation import page_url, portrait
from instructors.services import schedule, standing
from instructors.services.slots import limits_of

# More accounts of one name than this are a reason to search.
NAMESAKES = 5
WRITES_TO = {"mail_instructor": ("instructor",), "look_again": ()}


class WaitingFilter(admin.SimpleListFilter):
    """Submitted profiles wait for staff, the oldest first."""

    title = "waiting for us"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "Submitted, to verify"), ("review", "Hidden until we have looked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Instructor]) -> QuerySet[Instructor]:
        if self.value() == "review":
            return standing.to_review(queryset)
        return standing.submitted(queryset) if self.value() == "waiting" else queryset


@admin.register(Instructor)
class InstructorAdmin(ActingAdmin):
    list_display = ("name", "email", "status", "waits_since", "headline", "place", "joined")
    list_filter = (WaitingFilter, "status")
    list_select_related = ("user", "place")
    search_fields = person("user")
    search_help_text = "A number finds the id; words find parts of the address and the names."
    change_form_template = "admin/instructors/instructor/change_form.html"
    acts = (Verify(), SendBack(), Suspend(), Reinstate(), host.Book(), host.SetLimits())
    fieldsets = (
        (None, {"fields": ("user", "standing", "public_page", "headline", "bio", "languages_said")}),
        ("Where", {"fields": ("place", "address", "time_zone")}),
        (
            "Terms",
            {
                "fields": (
                    "cancellation_preset",
                    "notice",
                    "gaps",
                    "horizon",
                    "starts",
                    "caps",
                    "overnight_rule",
                )
            },
        ),
        ("Record", {"fields": ("id", "stars", "lesson_count", "joined", "verified")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instructor]:
        return super().get_queryset(request).select_related("user", "place")

    def get_ordering(self, request: HttpRequest) -> Any:
        """The queue is served in the order of arrival."""
        if request.GET.get("queue") == "waiting":
            return ("submitted_at", "pk")
        return super().get_ordering(request)

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
        readers = Readers({"instructor": Recipient(user.full_name, user.email)}, WRITES_TO)
        return {
            "to_verify": to_verify(instructor),
            "offerings": [_offering(one) for one in _offerings(instructor)],
            "week": week.table(instructor, week.asked(request.GET.get("week", ""), zone=zone)),
            "why": host.question(request, instructor),
            "trail": trail(instructor, zone=zone, readers=readers, details=details, latest=20),
            "trail_zone": presentation.zone(zone),
            "events_url": f"{reverse('admin:events_event_changelist')}"
            f"?subject_type=instructor&subject_id={instructor.pk}",
            "bookings_url": f"{reverse('admin:bookings_booking_changelist')}?instructor={instructor.pk}",
            "misses_url": f"{reverse('admin:bookings_miss_changelist')}?instructor={instructor.pk}",
            "payments_url": f"{reverse('admin:bookings_payment_changelist')}?instructor={instructor.pk}",
            "statement_url": reverse("admin:bookings_account_instructor", args=[instructor.pk]),
            "payouts_url": f"{reverse('admin:instructors_payoutaccount_changelist')}"
            f"?instructor={instructor.pk}",
        }

    @admin.display(description="waits since")
    def waits_since(self, instructor: Instructor) -> str:
        moment = instructor.submitted_at
        return when.short(moment, instructor.time_zone) if moment else "–"

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
        words = instructor.suspended_reason or instructor.sent_back_reason
        reason = f": “{words}”" if words else ""
        if instructor.is_hidden:
            moment = instructor.hidden_until
            until = when.short(moment, instructor.time_zone) if moment else "we have looked"
            return f"Hidden until {until}{reason}"
        return f"{instructor.get_status_display()}{reason}"

    @admin.display(description="public page")
    def public_page(self, instructor: Instructor) -> str | SafeString:
        url = page_url(instructor.slug)
        if not instructor.is_listed:
            return format_html('<a href="{}">{}</a> (only the instructor and staff see it now)', url, url)
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

    @admin.display(description="lessons start")
    def starts(self, instructor: Instructor) -> str:
        return f"every {limits_of(instructor, rules_service.current()).grid} min"

    @admin.display(description="most lessons")
    def caps(self, instructor: Instructor) -> str:
        caps = {"a day": instructor.lessons_per_day, "a week": instructor.lessons_per_week}
        return ", ".join(f"{most} {stretch}" for stretch, most in caps.items() if most) or "no limit"

    @admin.display(description="stars")
    def stars(self, instructor: Instructor) -> str:
        if not instructor.rating_count:
            return "none yet"
        return f"{instructor.rating:.2f} of {presentation.count(instructor.rating_count, 'review')}"


def to_verify(instructor: Instructor) -> dict[str, Any] | None:
    """What a verifier looks at first; None for those who are listed already. Five queries."""
    if instructor.is_listed:
        return None
    user = instructor.user
    namesakes = User.objects.exclude(pk=user.pk).filter(
        first_name__iexact=user.first_name, last_name__iexact=user.last_name
    )
    mail = EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True)
    moment = instructor.submitted_at
    return {
        "since": when.short(moment, instructor.time_zone) if moment else "",
        "is_submitted": instructor.is_submitted,
        "missing": list(standing.missing(instructor).values()),
        "person": {**portrait(user, photo=str(instructor.photo)), "full": user.full_name},
        "page_url": page_url(instructor.slug),
        "is_mail_confirmed": mail.exists(),
        "namesakes": [
            {
                "text": f"{one.full_name}, {one.email}",
                "url": reverse("admin:accounts_user_change", args=[one.pk]),
            }
            for one in namesakes.order_by("pk")[:NAMESAKES]
        ],
        "hours": [
            {"day": label, "hours": presentation.windows(windows)}
            for (_, label), windows in zip(WEEKDAYS, schedule.week_of(instructor).values(), strict=True)
            if windows
        ],
    }


def details(event: Event) -> list[str]:
    """What an event of an instructor says beside its kind."""
    said = []
    if event.data.get("changed"):
        said.append(f"Changed: {', '.join(event.data['changed']).replace('_', ' ')}.")
    if event.data.get("name"):
        said.append(f"“{event.data['name']}”.")
    if event.data.get("date"):
        said.append(f"{event.data['date']}.")
    if event.data.get("number"):
        said.append(f"Number {event.data['number']} within a year.")
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
        "url": reverse("admin:instructors_offering_change", args=[offering.pk]),
    }
