"""The back office of people, partners and keys."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from instainstru.accounts import api_keys
from instainstru.accounts.models import ApiKey, Partner, User
from instainstru.accounts.services import signed_in
from instainstru.lib.backoffice import KeptAdmin, ReadOnlyAdmin, person

# On the person's page instead: allauth's own list counts and searches without an index.
admin.site.unregister(EmailAddress)

POWERS = ("is_staff", "is_superuser", "groups")


class EmailAddressInline(admin.TabularInline):
    """People prove their addresses themselves."""

    model = EmailAddress
    fields = readonly_fields = ("email", "verified", "primary")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(KeptAdmin):
    """People make their own accounts and choose their own passwords; staff correct and switch off."""

    list_display = ("email", "full_name", "is_staff", "is_active", "is_guest", "date_joined")
    list_filter = ("is_staff", "is_active", "is_guest")
    search_fields = person()
    search_help_text = "A number finds the id; words find parts of the address and the names."
    fieldsets = (
        (None, {"fields": ("email", "first_name", "last_name", "time_zone")}),
        ("Access", {"fields": ("is_active", *POWERS)}),
        ("History", {"fields": ("is_guest", "date_joined", "last_login")}),
    )
    filter_horizontal = ("groups",)
    inlines = (EmailAddressInline,)
    readonly_fields = ("email", "is_guest", "date_joined", "last_login")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser hands out power, or nobody could be kept from it."""
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, *POWERS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)


@admin.register(Partner)
class PartnerAdmin(KeptAdmin):
    list_display = ("name", "user", "created_at")
    list_select_related = ("user",)
    search_fields = ("name", *person("user"))
    autocomplete_fields = ("user",)
    readonly_fields = ("created_at",)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys are made by their owners, who alone see the text; staff can only end them."""

    list_display = ("prefix", "name", "user", "scopes", "created_at", "last_used_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("user",)
    search_fields = ("prefix", *person("user"))
    fields = ("prefix", "name", "user", "scopes", "created_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    @admin.action(description="Revoke: the selected keys stop working at once", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        live = list(queryset.filter(revoked_at__isnull=True))
        for key in live:
            api_keys.revoke(key, by=signed_in(request))
        self.message_user(request, f"{len(live)} keys revoked.", messages.SUCCESS)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_apikey")
