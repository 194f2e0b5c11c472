"""What a rule says when it refuses: a stable code, a sentence for people, and data.

Doors translate a ``DomainError``: the API into a problem document, pages into a message. Rules never
know which door was used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A refusal. ``code`` is stable and public, ``message`` is for people, ``status`` an HTTP status.

    ``fields`` maps input names to messages where one input is at fault; ``data`` carries what helps
    the caller go on (alternatives, deadlines) as JSON-ready values.
    """

    code = "refused"
    status = 422

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        fields: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.status = status or self.status
        self.fields = dict(fields or {})
        self.data = dict(data or {})
        # Extra HTTP headers for the doors that speak HTTP.
        self.headers: dict[str, str] = {}


class Invalid(DomainError):
    """Input that cannot be right whatever the state of the world; names the field."""

    code = "invalid"

    def __init__(self, message: str, *, field: str, code: str = "invalid") -> None:
        super().__init__(message, code=code, fields={field: message})


class NotFound(DomainError):
    """Absent, or none of the caller's business: the two are never told apart."""

    code = "not_found"
    status = 404

    def __init__(self, message: str = "There is nothing here under that address.") -> None:
        super().__init__(message)


class Conflict(DomainError):
    """The world changed under the caller; trying again with fresh data may help."""

    code = "conflict"
    status = 409
