"""Money as people read it. Inside the system it is always an integer of minor units."""

from __future__ import annotations

import re

from django.conf import settings

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
# "12", "12.", "12.50", "1,200.00"; the sign of the currency is taken off before.
WRITTEN = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.(\d*))?")


class Unreadable(ValueError):
    """The text is no amount; the message says how to write one."""


class Negative(Unreadable):
    """It is an amount below nothing."""


def read(text: str, *, currency: str | None = None) -> int:
    """Minor units of ``12.50``, ``$12.50`` or ``12.50 USD``; else raises ``Unreadable``."""
    code = currency or settings.CURRENCY
    symbol = SYMBOLS.get(code, "")
    bare = text.strip().removeprefix(symbol).removeprefix(code).removesuffix(code).strip()
    if bare.startswith(("-", "−")):
        raise Negative("An amount is above nothing.")
    found = WRITTEN.fullmatch(bare) if bare.isascii() else None
    if found is None:
        raise Unreadable(f"Write an amount in {code}, such as 12 or 12.50.")
    if len(found[2] or "") > 2:
        raise Unreadable("There is nothing smaller than a cent: two digits after the point.")
    return int(found[1].replace(",", "")) * 100 + int((found[2] or "").ljust(2, "0"))


def show(minor: int, *, currency: str | None = None) -> str:
    """``7500`` as ``$75``, ``7550`` as ``$75.50``: prices, as one reads them."""
    return exact(minor, currency).removesuffix(".00")


def exact(minor: int, currency: str | None = None) -> str:
    """``7500`` as ``$75.00``: what is owed and paid is told to the cent."""
    symbol = SYMBOLS.get(currency or settings.CURRENCY, (currency or settings.CURRENCY) + " ")
    units, cents = divmod(abs(minor), 100)
    text = f"{symbol}{units:,}.{cents:02d}"
    return f"−{text}" if minor < 0 else text


def signed(minor: int, currency: str | None = None) -> str:
    """``+$68.00`` or ``−$68.00``, as entries of the books are read."""
    return f"+{exact(minor, currency)}" if minor > 0 else exact(minor, currency)
