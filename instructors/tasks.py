"""What keeps instructors' open days there by itself (``instainstru.celery`` says when)."""

from __future__ import annotations

from celery import shared_task

from instainstru.lib import clock, locks
from instructors.services import horizon

# The rest of a very large job waits for the next turn.
ROUNDS = 20


@shared_task
def extend_horizon() -> None:
    """Make the days that came within the horizon."""
    with locks.alone("extend horizon") as ours:
        for _ in range(ROUNDS if ours else 0):
            if not horizon.extend(now=clock.now()):
                return


@shared_task
def prune_open_days() -> None:
    """Delete days older than retention allows."""
    with locks.alone("prune open days") as ours:
        for _ in range(ROUNDS if ours else 0):
            if not horizon.prune(now=clock.now()):
                return
