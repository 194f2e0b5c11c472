"""What the frame around every page wants to know about money."""

from __future__ import annotations

from django.http import HttpRequest

from bookings.services import stripe_gateway as gateway


def money(request: HttpRequest) -> dict[str, object]:
    """``payments_on``: whether people pay here, and have cards to look after."""
    return {"payments_on": gateway.is_configured()}
