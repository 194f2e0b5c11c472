"""Hands committed events to their reactions: at least once, in order for each subject."""

from __future__ import annotations


def wake() -> None:
    """Ask the dispatcher to look now."""
