"""Money as people read it. Inside the system it is always an integer of minor units."""

from __future__ import annotations

from django.conf import settings

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}


def show(minor: int, *, currency: str | None = None, short: bool = True) -> str:
    """``7500`` as ``$75``, ``7550`` as ``$75.50``; with ``short=False`` always with cents."""
    symbol = SYMBOLS.get(currency or settings.CURRENCY, (currency or settings.CURRENCY) + " ")
    units, cents = divmod(abs(minor), 100)
    text = f"{symbol}{units:,}" if short and not cents else f"{symbol}{units:,}.{cents:02d}"
    return f"−{text}" if minor < 0 else text
