"""Words from Stripe: which were taken in, and which were given up and may be looked at again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from bookings.models import StripeEvent
from bookings.services.payments import inbox
from instainstru.lib.backoffice import ReadOnlyAdmin

STATES = {
    "given_up": Q(done_at__isnull=True, next_try_at__isnull=True),
    "waiting": Q(next_try_at__isnull=False),
}


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("given_up", "Given up"), ("waiting", "Waiting")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StripeEvent]) -> QuerySet[StripeEvent]:
        return queryset.filter(STATES.get(self.value() or "", Q()))


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "object_id", "received_at", "state", "attempts", "last_error")
    list_filter = (StateFilter,)
    ordering = ("-received_at",)
    search_fields = ("id",)
    search_help_text = "Stripe's id of the event."
    actions = ("replay",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StripeEvent], search_term: str
    ) -> tuple[QuerySet[StripeEvent], bool]:
        word = search_term.replace("\x00", "").strip()
        return queryset.filter(pk=word) if word else queryset, False

    @admin.display(description="state")
    def state(self, event: StripeEvent) -> str:
        if event.done_at:
            return "done"
        return "waiting" if event.next_try_at else "given up"

    @admin.action(description="Look again at what the selected events name", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[StripeEvent]) -> None:
        for event in queryset:
            inbox.replay(event)
        self.message_user(request, f"{len(queryset)} will be looked at again.", messages.SUCCESS)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("bookings.change_stripeevent")
