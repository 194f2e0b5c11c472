"""Who calls the API, and whether their key covers the call: ``Authorization: Bearer KEY``, or a session."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from instainstru.accounts import api_keys
from instainstru.accounts.models import ApiKey, User
from instainstru.lib.errors import DomainError


class ApiKeyAuthentication(BaseAuthentication):
    """The key's owner, with the key as ``request.auth``.

    A view's ``keys`` (``api_keys.reading``) say what is read along with them.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        view = (request.parser_context or {}).get("view")
        key = api_keys.find(text.strip(), among=getattr(view, "keys", api_keys.LIVE))
        if key is None:
            raise AuthenticationFailed("This key is unknown or was revoked.", code="invalid_key")
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BrowserAuthentication(SessionAuthentication):
    """A signed-in browser; unsafe methods need the CSRF token."""

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            raise DomainError(
                "The form's token is missing or old (X-CSRFToken).", code="csrf_failed", status=403
            ) from error


class HasScope(BasePermission):
    """Somebody known, whose key covers what the view asks for; a signed-in browser may do everything."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        method = "GET" if request.method == "HEAD" else request.method
        scope = getattr(view, "required_scopes", {}).get(method)
        key: Any = request.auth
        if scope and key is not None and scope not in key.scopes:
            raise DomainError(
                f"This key may not do that: it needs the scope {scope}.",
                code="scope_missing",
                status=403,
                data={"required_scope": scope},
            )
        return True
