"""Days and parts of the day, as readings, addresses and pages all write them."""

from __future__ import annotations

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

PARTS = {
    "morning": ("06:00", "12:00"),
    "afternoon": ("12:00", "17:00"),
    "evening": ("17:00", "21:00"),
    "tonight": ("17:00", "21:00"),
    "night": ("17:00", "21:00"),
}
