"""What keeps instructors' open days there by itself (``instainstru.celery`` says when)."""

from __future__ import annotations

from celery import shared_task

from instainstru.lib import clock, locks
from instructors.services import calendar_feeds, founding, horizon, standing
from instructors.services.search import bounds, log, rank, saved

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
def follow_rules() -> None:
    """Derive again what an edit of the rules changed, and give away founding places it made."""
    with locks.alone("follow rules") as ours:
        for _ in range(ROUNDS if ours else 0):
            if not horizon.rederive(limit=200):
                break
        if ours:
            founding.fill(now=clock.now())


@shared_task
def prune_open_days() -> None:
    """Delete days older than retention allows."""
    with locks.alone("prune open days") as ours:
        for _ in range(ROUNDS if ours else 0):
            if not horizon.prune(now=clock.now()):
                return


@shared_task
def show_again() -> None:
    """Show those whose hidden time is over."""
    with locks.alone("show again") as ours:
        for _ in range(ROUNDS if ours else 0):
            if not standing.show_again(now=clock.now()):
                return


@shared_task
def refresh_ranks() -> None:
    """Let everybody's rank follow their age here and the prices of the day."""
    with locks.alone("refresh ranks") as ours:
        if ours:
            rank.refresh_all(now=clock.now())


@shared_task
def refresh_bounds() -> None:
    """Let “soonest first” begin with those who can be soonest."""
    with locks.alone("refresh bounds") as ours:
        if ours:
            bounds.refresh(now=clock.now())


@shared_task
def check_outside_calendars() -> None:
    """Hand out the outside calendars whose turn it is."""
    for calendar_id in calendar_feeds.claim_due(now=clock.now()):
        check_outside_calendar.apply_async((calendar_id,), expires=calendar_feeds.LEASE.total_seconds())


@shared_task(soft_time_limit=90, time_limit=100)
def check_outside_calendar(calendar_id: int) -> None:
    calendar_feeds.check(calendar_id)


@shared_task
def run_saved_searches() -> None:
    """Run the searches that wait for somebody; workers share them out by claiming rows."""
    for _ in range(ROUNDS):
        if not saved.run_due(now=clock.now()):
            return


@shared_task
def forget_searches() -> None:
    """Forget who searched after a month, what was searched after three, and waiting that is over."""
    with locks.alone("forget searches") as ours:
        for chore in (log.forget_people, log.forget, saved.forget):
            for _ in range(ROUNDS if ours else 0):
                if not chore(now=clock.now()):
                    break
