"""The operator's back office: Django's admin with what waits for staff, and a box that finds anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.urls.resolvers import URLResolver
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from bookings.models import Booking, Dispute, NoShowReport, Payment
from bookings.services import no_shows, overview
from bookings.services.payments import disputes, review
from instainstru import lookup
from instainstru.events.models import PARKED, Delivery
from instainstru.lib import clock
from instructors.models import Instructor
from instructors.services import standing

# A queue is counted up to here; who has more to do than that needs no exact number.
MOST = 100
ORDER = ("bookings", "instructors", "students", "accounts", "rules", "events")


@dataclass(frozen=True, slots=True)
class Queue:
    """Something that waits for staff, and the list that shows it."""

    label: str
    help: str
    model: type[Model]
    rows: Callable[[], QuerySet[Any]]
    query: str


QUEUES = (
    Queue(
        "Payments that wait",
        "Nothing happens to them by itself; the oldest comes first.",
        Payment,
        review.waiting,
        "queue=waiting",
    ),
    Queue(
        "Disputes to answer",
        "The bank's deadline runs; the nearest comes first.",
        Dispute,
        lambda: disputes.to_answer(Dispute.objects.all()),
        "queue=answer",
    ),
    Queue(
        "No-shows to decide",
        "Both sides tell them differently, and the money waits; the oldest comes first.",
        NoShowReport,
        lambda: no_shows.to_decide(NoShowReport.objects.all()),
        "queue=decide",
    ),
    Queue(
        "Instructors to verify",
        "They submitted their profiles; the oldest comes first.",
        Instructor,
        lambda: standing.submitted(Instructor.objects.all()),
        "queue=waiting",
    ),
    Queue(
        "Instructors to look at",
        "Hidden for missed lessons until we have spoken.",
        Instructor,
        lambda: standing.to_review(Instructor.objects.all()),
        "queue=review",
    ),
    Queue(
        "Parked deliveries",
        "Letters that were given up. Mend the cause, then replay.",
        Delivery,
        lambda: Delivery.objects.filter(PARKED),
        "state=parked",
    ),
    Queue(
        "No-shows reported",
        "In the last week.",
        Booking,
        lambda: overview.recent_no_shows(Booking.objects.all(), now=clock.now()),
        "queue=no_show",
    ),
    Queue(
        "Stuck holds",
        "Past their end, and nothing ended them: is the scheduler running?",
        Booking,
        lambda: overview.stuck_holds(Booking.objects.all(), now=clock.now()),
        "queue=stuck",
    ),
)


class OperatorAdminSite(admin.AdminSite):
    site_header = "InstaInstru back office"
    site_title = "InstaInstru"
    index_title = "What needs you"

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The site's own sign-in, which counts attempts; this one would let passwords be guessed."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        query = urlencode({"next": request.GET.get("next") or reverse("admin:index")}, safe="/")
        return redirect(f"{reverse('account_login')}?{query}")

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [path("look-up/", self.admin_view(self.look_up), name="look_up"), *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What waits, the box that finds, and the kinds of rows there are."""
        queues = [_counted(queue) for queue in QUEUES if self._may_view(request, queue.model)]
        return super().index(request, {"queues": queues, **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """What staff work with first, the machinery last."""
        return sorted(super().get_app_list(request, app_label), key=lambda app: _place(app["app_label"]))

    def look_up(self, request: HttpRequest) -> HttpResponse:
        """Whatever a number, an id, an address or a name may mean; a whole id leads straight there."""
        text = request.GET.get("q", "").strip()[:200]
        groups = lookup.find(text, may_view=lambda model: self._may_view(request, model))
        hits = [hit for group in groups for hit in group.hits]
        if len(hits) == 1:
            return redirect(hits[0].url)
        context = {**self.each_context(request), "title": "Look up", "text": text, "groups": groups}
        return TemplateResponse(request, "admin/look_up.html", context)

    def _may_view(self, request: HttpRequest, model: type[Model]) -> bool:
        return self.is_registered(model) and self.get_model_admin(model).has_view_permission(request)


def _place(app: str) -> int:
    return ORDER.index(app) if app in ORDER else len(ORDER)


def _counted(queue: Queue) -> dict[str, Any]:
    number = queue.rows().order_by()[: MOST + 1].count()
    options = queue.model._meta
    url = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    return {
        "label": queue.label,
        "help": queue.help,
        "count": f"{MOST}+" if number > MOST else str(number),
        "is_empty": not number,
        "url": f"{url}?{queue.query}",
    }
