"""People's accounts: who acts, and what may be changed about a person."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from instainstru.accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """The person behind the request, for views that only signed-in people reach."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
