"""Where instructors' earnings go, and holding them back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from bookings.admin import money
from bookings.services import connect, earnings
from instainstru.events.notify import Recipient
from instainstru.events.trail import Readers, trail
from instainstru.lib import presentation
from instainstru.lib.acting import Act, ActingAdmin, ReasonForm
from instainstru.lib.backoffice import person
from instainstru.lib.money import exact
from instructors.models import PayoutAccount


class HoldForm(ReasonForm):
    """The reason, and whose it is to read."""

    tell = forms.BooleanField(required=False, label="The instructor may read the reason")


class Hold(Act):
    name, label, button = "hold", "Hold payouts", "Hold the payouts"
    is_grave = True

    def is_possible(self, account: PayoutAccount) -> bool:
        return account.held_at is None

    def told(self, account: PayoutAccount) -> list[str]:
        if account.held_at is not None:
            return [f"Payouts are held already: “{account.held_why}”"]
        return [
            f"Nothing more is sent to {money.name(account.instructor.user)} until it is released; "
            "what is under way arrives.",
            "Lessons go on, and students are charged as agreed. What is earned meanwhile is kept for later.",
            f"A letter goes to {account.instructor.user.email}, with the reason where you let them read it.",
        ]

    def form(self, account: PayoutAccount, *, data: Any) -> HoldForm:
        return HoldForm(data, reason_help="Kept with the account, for staff.")

    def run(self, account: PayoutAccount, form: ReasonForm, *, by: Any) -> str:
        data = form.cleaned_data
        connect.hold(account.instructor, reason=data["reason"], by=by, tell=data["tell"])
        return "Payouts are held."


class Release(Act):
    name, label, button = "release", "Release payouts", "Release the payouts"

    def is_possible(self, account: PayoutAccount) -> bool:
        return account.held_at is not None

    def told(self, account: PayoutAccount) -> list[str]:
        if account.held_at is None:
            return ["Payouts are not held."]
        owed = exact(earnings.of(account.instructor).owed, settings.CURRENCY)
        return [
            f"Held since {money.moment(account.held_at)} UTC: “{account.held_why}”",
            f"{money.name(account.instructor.user)} is owed {owed}; what is not frozen is sent at once.",
            f"A letter without the reason goes to {account.instructor.user.email}.",
        ]

    def form(self, account: PayoutAccount, *, data: Any) -> ReasonForm:
        return ReasonForm(data, reason_help="Kept with the account, for staff.")

    def run(self, account: PayoutAccount, form: ReasonForm, *, by: Any) -> str:
        connect.release(account.instructor, reason=form.cleaned_data["reason"], by=by)
        return "Payouts are released."


class HeldFilter(admin.SimpleListFilter):
    title = "payouts"
    parameter_name = "payouts"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("held", "Held by us"), ("unready", "Stripe wants something")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PayoutAccount]) -> QuerySet[PayoutAccount]:
        if self.value() == "held":
            return queryset.filter(held_at__isnull=False)
        return queryset.filter(takes_transfers=False) if self.value() == "unready" else queryset


@admin.register(PayoutAccount)
class PayoutAccountAdmin(ActingAdmin):
    list_display = ("instructor_name", "state", "held_since", "held_why", "checked")
    list_filter = (HeldFilter,)
    list_select_related = ("instructor__user",)
    search_fields = person("instructor__user")
    change_form_template = "admin/tables.html"
    acts = (Hold(), Release())
    fields = ("instructor_link", "state", "wanted", "held_since", "held_why", "owed", "at_stripe", "checked")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PayoutAccount]:
        return super().get_queryset(request).select_related("instructor__user")

    def title_of(self, account: PayoutAccount) -> str:
        return f"Payouts of {money.name(account.instructor.user)}"

    def panels(self, request: HttpRequest, account: PayoutAccount) -> dict[str, Any]:
        user = account.instructor.user
        readers = Readers({"instructor": Recipient(user.full_name, user.email)}, {})
        zone = account.instructor.time_zone
        return {
            "trail": trail(account, zone=zone, readers=readers, details=money.details),
            "trail_zone": presentation.zone(zone),
        }

    @admin.display(description="instructor")
    def instructor_name(self, account: PayoutAccount) -> str:
        return money.name(account.instructor.user)

    @admin.display(description="instructor")
    def instructor_link(self, account: PayoutAccount) -> SafeString:
        return money.person("instructors_instructor", account.instructor_id, account.instructor.user)

    @admin.display(description="state")
    def state(self, account: PayoutAccount) -> str:
        if account.held_at is not None:
            return "Held by us"
        if not account.takes_transfers:
            return "Stripe wants something first"
        return "Ready" if account.pays_out else "Takes earnings; payouts to the bank wait"

    @admin.display(description="what Stripe wants")
    def wanted(self, account: PayoutAccount) -> str:
        return ", ".join(connect.requirements(account)) or "Nothing"

    @admin.display(description="held since (UTC)")
    def held_since(self, account: PayoutAccount) -> str:
        return money.moment(account.held_at)

    @admin.display(description="owed, after the books")
    def owed(self, account: PayoutAccount) -> str:
        found = earnings.of(account.instructor)
        return exact(found.owed, settings.CURRENCY)

    @admin.display(description="at Stripe")
    def at_stripe(self, account: PayoutAccount) -> str | SafeString:
        return money.at_stripe(account.stripe_id)

    @admin.display(description="Stripe was last asked (UTC)")
    def checked(self, account: PayoutAccount) -> str:
        return money.moment(account.checked_at)
