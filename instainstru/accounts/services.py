"""People's accounts: who acts, and what may be changed about a person."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from rest_framework.request import Request

from instainstru.accounts.models import User
from instainstru.lib import clock
from instainstru.lib.errors import Invalid


def signed_in(request: HttpRequest | Request) -> User:
    """The person behind the request, for views that only signed-in people reach."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def change_profile(user: User, *, first_name: str, last_name: str, time_zone: str) -> User:
    """What people say about themselves."""
    if not clock.is_zone(time_zone):
        raise Invalid("Choose a time zone from the list.", field="time_zone")
    user.first_name, user.last_name, user.time_zone = first_name, last_name, time_zone
    user.save(update_fields=["first_name", "last_name", "time_zone"])
    return user
