"""``manage.py run_due --until 2026-12-03T18:00:00Z``"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import DurationField, ExpressionWrapper, F, Min

from bookings.models import (
    Booking,
    Credit,
    MoveRequest,
    NoShowReport,
    Package,
    Payment,
    ReportStatus,
    RequestStatus,
    Status,
    Step,
    StripeEvent,
)
from bookings.reactions import REACTIONS
from bookings.services import credits, guests, packages, sweeps
from bookings.services import stripe_gateway as gateway
from bookings.services.payments import inbox, work
from instainstru.events import dispatch
from instainstru.events.models import Delivery, Event
from instainstru.lib import clock
from instructors.models import Instructor
from instructors.services import calendar_feeds, horizon, standing
from instructors.services.search import log, rank, saved


class Command(BaseCommand):
    """Does what beat and worker would have done by then, in this process and in order of falling due.

    Each piece of work happens as of the moment it was due, so a letter that fails is tried again at the
    times of its schedule, as far as they lie before the end.
    """

    help = "Run all scheduled work that is due up to an instant, in order, once; print a JSON summary."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--until",
            required=True,
            help="RFC 3339, such as 2026-12-03T18:00:00Z; without an offset it is UTC",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        until = _instant(options["until"])
        if until > clock.now() and not settings.DEBUG:
            raise CommandError("That is in the future. Only in development may work be done before its time.")
        done: Counter[str] = Counter()
        moment = next_due(None, until)
        while moment is not None:
            run_at(moment, done)
            moment = next_due(moment, until)
        run_housekeeping(until, done)
        self.stdout.write(json.dumps({"until": clock.rfc3339(until), "done": dict(sorted(done.items()))}))


def _instant(text: str) -> datetime:
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text}” is not an instant. Write it like 2026-12-03T18:00:00Z.") from None
    return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)


def next_due(after: datetime | None, until: datetime) -> datetime | None:
    """The first instant later than ``after``, and not later than ``until``, at which anything falls due."""
    report_time = ExpressionWrapper(F("rules__no_show_report_h") * timedelta(hours=1), DurationField())
    # The plain bound on the end lets an index find the few that can be due at all.
    ended = Booking.objects.filter(status=Status.CONFIRMED, ends_at__lte=until)
    sources = [
        (Event.objects.filter(dispatched_at__isnull=True), F("created_at")),
        (Delivery.objects.filter(done_at__isnull=True, next_try_at__isnull=False), F("next_try_at")),
        (Booking.objects.filter(status=Status.HELD), F("expires_at")),
        (ended, F("ends_at") + report_time),
        (Credit.objects.filter(left__gt=0), F("expires_at")),
        (credits.to_warn_of(), F("expires_at") - credits.WARN_BEFORE),
        (Package.objects.filter(left__gt=0, paid_at__isnull=False, closed_at__isnull=True), F("expires_at")),
        (MoveRequest.objects.filter(status=RequestStatus.OPEN), F("expires_at")),
        (Instructor.objects.filter(is_hidden=True), F("hidden_until")),
        (NoShowReport.objects.filter(status=ReportStatus.OPEN), F("answer_by")),
    ]
    if gateway.is_configured():
        sources += [
            (Payment.objects.all(), F("due_at")),
            (Payment.objects.all(), F("transfer_at")),
            (Step.objects.all(), F("due_at")),
            (StripeEvent.objects.all(), F("next_try_at")),
        ]
    found = []
    for rows, moment in sources:
        due = rows.annotate(due_at=moment).filter(due_at__lte=until)
        if after is not None:
            due = due.filter(due_at__gt=after)
        found.append(due.aggregate(first=Min("due_at"))["first"])
    return min(filter(None, found), default=None)


def run_at(moment: datetime, done: Counter[str]) -> None:
    """Everything due at ``moment``, and what follows from it, until all is quiet."""
    while True:
        before = done.total()
        done["holds_expired"] += sweeps.expire_holds(now=moment)
        done["lessons_completed"] += sweeps.complete_lessons(now=moment)
        done["credit_expired"] += credits.expire(now=moment)
        done["credit_warned_of"] += credits.warn(now=moment)
        done["packages_expired"] += packages.expire(now=moment)
        done["stripe_events_heard"] += inbox.run(now=moment)
        done["payments_carried_on"] += work.run(now=moment)
        done["instructors_shown"] += standing.show_again(now=moment)
        done["requests_lapsed"] += sweeps.lapse_requests(now=moment)
        done["no_shows_upheld"] += sweeps.uphold_no_shows(now=moment)
        while number := saved.run_due(now=moment):
            done["saved_searches_run"] += number
        done["events_dispatched"] += dispatch.fan_out(REACTIONS, now=moment)
        for delivery_id, attempts in dispatch.claim_due(now=moment):
            outcome = dispatch.deliver(delivery_id, attempts=attempts, reactions=REACTIONS, now=moment)
            done[f"deliveries_{outcome.name.lower()}"] += 1
        if done.total() == before:
            return


def run_housekeeping(until: datetime, done: Counter[str]) -> None:
    """What only has to have happened by the end: days that came within the horizon, things to forget."""
    chores = {
        "instructors_extended": horizon.extend,
        "outside_calendars_checked": calendar_feeds.check_due,
        "open_days_pruned": horizon.prune,
        "idempotency_keys_forgotten": sweeps.forget_idempotency_keys,
        "guests_forgotten": guests.forget,
        "searchers_forgotten": log.forget_people,
        "searches_forgotten": log.forget,
        "saved_searches_forgotten": saved.forget,
    }
    for name, chore in chores.items():
        while number := chore(now=until):
            done[name] += number
        done[name] += 0
    done["ranks_changed"] += rank.refresh_all(now=until)
