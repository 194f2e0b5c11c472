"""A chart of months as numbers for an SVG: bars from a baseline, and one line with a round amount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

# Pixels: the drawing, and what stands over and under it for words.
HEIGHT, TOP, BOTTOM = 200, 20, 26
# How much of a month's room its bar takes.
FILLED = 0.62
# Round amounts, as multiples of powers of ten.
STEPS = (10, 15, 20, 30, 40, 50, 60, 80)


@dataclass(frozen=True, slots=True)
class Bar:
    """``x``, ``width`` and ``middle`` in per cent of the width; ``y`` and ``height`` in pixels."""

    first: date
    amount: int
    x: str
    width: str
    middle: str
    y: str
    height: str
    is_last: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """``line`` is where ``most`` lies, a round amount that no bar goes beyond; ``base`` is nothing."""

    bars: list[Bar]
    most: int
    line: str
    base: str
    height: int = HEIGHT


def draw(months: Sequence[tuple[date, int]]) -> Chart:
    """The bars of amounts in minor units, in order; those below nothing hang down."""
    amounts = [amount for _, amount in months]
    most, least = round_up(max(0, *amounts)), min(0, *amounts)
    scale = (HEIGHT - TOP - BOTTOM) / (most - least or 1)
    base = TOP + most * scale
    room = 100 / len(months)
    bars = []
    for number, (first, amount) in enumerate(months):
        long = abs(amount) * scale
        bars.append(
            Bar(
                first=first,
                amount=amount,
                x=f"{room * (number + (1 - FILLED) / 2):.2f}",
                width=f"{room * FILLED:.2f}",
                middle=f"{room * (number + 0.5):.2f}",
                y=f"{base - long if amount > 0 else base:.1f}",
                height=f"{long:.1f}",
                is_last=number == len(months) - 1,
            )
        )
    return Chart(bars, most, f"{TOP:.1f}", f"{base:.1f}")


def round_up(amount: int) -> int:
    """The smallest round amount that is not below ``amount``: a step and some zeros, one unit at least."""
    size = 10
    while True:
        for step in STEPS:
            if step * size >= amount:
                return step * size
        size *= 10
