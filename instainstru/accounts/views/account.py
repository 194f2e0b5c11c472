"""A person's own account: where signing in leads, settings, keys."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from instainstru.accounts import api_keys, services
from instainstru.accounts.forms import ApiKeyForm, SettingsForm
from instainstru.accounts.models import ApiKey, Scope, User
from instainstru.accounts.services import signed_in
from instainstru.lib import clock
from instainstru.lib.errors import DomainError, NotFound
from instainstru.lib.http import posted
from instainstru.lib.limits import throttled


@require_safe
@login_required
def after_sign_in(request: HttpRequest) -> HttpResponse:
    """To what the person most likely came for."""
    user = signed_in(request)
    if hasattr(user, "instructor"):
        return redirect("bookings:today")
    if user.is_staff:
        return redirect("admin:index")
    return redirect("bookings:lessons")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("write")
def settings(request: HttpRequest) -> HttpResponse:
    """Name and time zone; the way to everything else about signing in."""
    user = signed_in(request)
    names = ("first_name", "last_name", "time_zone")
    form = SettingsForm(posted(request), initial={name: getattr(user, name) for name in names})
    if request.method == "POST" and form.is_valid():
        services.change_profile(user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("accounts:settings")
    password = "account_change_password" if user.has_usable_password() else "account_set_password"
    context = {
        "form": form,
        "email": user.email,
        "email_url": reverse("account_email"),
        "password_url": reverse(password),
        "keys_url": reverse("accounts:api_keys"),
        "calendar_url": reverse("accounts:calendar"),
        "sessions_url": "",
        "here": "settings",
    }
    return render(request, "accounts/settings.html", context, status=422 if form.is_bound else 200)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
@throttled("write")
def keys(request: HttpRequest) -> HttpResponse:
    """The person's live keys, and a form for one more.

    A new key's text is in the answer to the form and nowhere else: kept for a redirect, it would lie in
    the session store.
    """
    user = signed_in(request)
    form = ApiKeyForm(posted(request), initial={"scopes": [Scope.OPENINGS_READ]})
    made = None
    if request.method == "POST" and form.is_valid():
        try:
            key, text = api_keys.issue(user, by=user, **form.cleaned_data)
            made, form = {"name": key.name, "secret": text}, ApiKeyForm()
        except DomainError as refusal:
            form.add_error(None, refusal.message)
    context = {
        "keys": [_shown(key, user) for key in api_keys.live(user)],
        "form": form,
        "new_key": made,
        "docs_url": "/api/v1/docs",
    }
    return render(
        request, "accounts/api_keys.html", context, status=201 if made else 422 if form.is_bound else 200
    )


@require_POST
@login_required
@throttled("write")
def revoke_key(request: HttpRequest, key_id: int) -> HttpResponse:
    user = signed_in(request)
    key = ApiKey.objects.filter(user=user, pk=key_id).first()
    if key is None:
        raise NotFound
    api_keys.revoke(key, by=user)
    messages.success(request, f"The key “{key.name}” no longer works.")
    return redirect("accounts:api_keys")


def _shown(key: ApiKey, user: User) -> dict[str, str]:
    labels = [Scope(scope).label for scope in key.scopes]
    used = "never used"
    if key.last_used_at is not None:
        used = f"last used {_day(key.last_used_at, user)}"
    return {
        "name": key.name,
        "prefix": f"{key.prefix}…",
        "scopes": "; ".join(labels),
        "created": _day(key.created_at, user),
        "used": used,
        "revoke_url": reverse("accounts:revoke_key", args=[key.pk]),
    }


def _day(instant: datetime, user: User) -> str:
    local = clock.local(instant, user.time_zone)
    return f"{local.day} {local:%B %Y}"
