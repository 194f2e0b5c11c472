"""The back office of what happened and of what is still on its way."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from instainstru.events import dispatch
from instainstru.events.kinds import Kind
from instainstru.events.models import PARKED, Delivery, Event
from instainstru.lib.backoffice import ReadOnlyAdmin

STATES = {
    "parked": PARKED,
    "waiting": Q(done_at__isnull=True, next_try_at__isnull=False),
    "done": Q(done_at__isnull=False),
}


class KindFilter(admin.SimpleListFilter):
    """From the vocabulary, not from the table: looking for the kinds in use would read all of it."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.value, str(kind.label)) for kind in Kind]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name.capitalize()) for name in STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(STATES.get(self.value() or "", Q()))


class SubjectAdmin(ReadOnlyAdmin):
    """Searches find a subject by its whole id: a part of one means nothing, and no index knows it."""

    subject_field: str
    search_help_text = "The id of a booking, an instructor or whatever it happened to."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        wanted = search_term.strip()
        return queryset.filter(**{self.subject_field: wanted}) if wanted else queryset, False


class DeliveryInline(admin.TabularInline):
    model = Delivery
    fields = readonly_fields = ("reaction", "attempts", "next_try_at", "done_at", "steps_done", "last_error")
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(SubjectAdmin):
    """The log itself."""

    list_display = ("id", "created_at", "kind", "subject_type", "subject_id", "version", "by")
    list_filter = (KindFilter,)
    list_select_related = ("by",)
    subject_field = "subject_id"
    search_fields = ("subject_id",)
    inlines = (DeliveryInline,)


@admin.register(Delivery)
class DeliveryAdmin(SubjectAdmin):
    """What could not be delivered is parked here; mend the cause, then replay."""

    list_display = ("id", "event", "reaction", "state", "attempts", "next_try_at", "last_error")
    list_filter = (StateFilter,)
    list_select_related = ("event",)
    subject_field = "event__subject_id"
    search_fields = ("event__subject_id",)
    actions = ("replay",)

    @admin.display(description="state")
    def state(self, delivery: Delivery) -> str:
        if delivery.done_at:
            return "done"
        return "waiting" if delivery.next_try_at else "parked"

    @admin.action(
        description="Replay: the selected parked deliveries are tried again at once", permissions=["replay"]
    )
    def replay(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        number = dispatch.replay(queryset)
        left = len(queryset) - number
        self.message_user(request, f"{number} deliveries will be tried again.", messages.SUCCESS)
        if left:
            self.message_user(
                request, f"{left} were left as they are: not parked, or replayed meanwhile.", messages.INFO
            )

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("events.change_delivery")
