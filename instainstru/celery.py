"""The Celery application: how tasks travel, and what runs on a schedule.

Tasks are written with `celery.shared_task` in each app's `tasks.py`; nobody imports this module but the
package itself, so that a process which only sends tasks knows the broker too.

A task is acknowledged when it is done, not when it is taken: a worker that dies hands its tasks back, so
every task must bear running twice. Results are not kept; what a task did is in the database.
"""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from celery import Celery
from celery.schedules import schedule
from celery.signals import beat_init, worker_init
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from instainstru import checks, embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "instainstru.settings")

TASK_SECONDS = 4 * 60
# What is unacknowledged for so long goes to another worker: longer than a task may take, and longer than
# any `countdown`, but short, because a worker that was killed makes its tasks wait for it.
VISIBILITY_SECONDS = 6 * 60


def broker_url(redis_url: str) -> str:
    """The same server in the broker's own words, which differ for a Unix socket."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    number = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={number}"


def every(seconds: float, task: str) -> dict[str, object]:
    """An entry of the schedule; a turn that nobody took before the next one is due is dropped."""
    return {"task": task, "schedule": schedule(seconds), "options": {"expires": seconds}}


MINUTE = 60
HOUR = 60 * MINUTE

# What runs when. Names are those of `shared_task` functions, dotted from the top.
SCHEDULE: dict[str, dict[str, object]] = {
    # Commits wake it at once; this finds what was lost, and what is due again.
    "hand out events": every(15, "events.dispatch"),
    "expire holds": every(10, "bookings.tasks.expire_holds"),
    "complete lessons": every(MINUTE, "bookings.tasks.complete_lessons"),
    "carry payments on": every(10, "bookings.tasks.carry_payments_on"),
    "hear Stripe": every(5, "bookings.tasks.hear_stripe"),
    "expire credit": every(HOUR, "bookings.tasks.expire_credit"),
    "warn of credit": every(HOUR, "bookings.tasks.warn_of_credit"),
    "expire packages": every(HOUR, "bookings.tasks.expire_packages"),
    "refresh commissions": every(24 * HOUR, "bookings.tasks.refresh_commissions"),
    "reconcile payments": every(6 * HOUR, "bookings.tasks.reconcile_payments"),
    "lapse requests to move": every(MINUTE, "bookings.tasks.lapse_requests"),
    "uphold no-shows": every(MINUTE, "bookings.tasks.uphold_no_shows"),
    "extend the horizon": every(10 * MINUTE, "instructors.tasks.extend_horizon"),
    "follow the rules": every(15, "instructors.tasks.follow_rules"),
    "prune open days": every(HOUR, "instructors.tasks.prune_open_days"),
    "check outside calendars": every(20, "instructors.tasks.check_outside_calendars"),
    "show again": every(MINUTE, "instructors.tasks.show_again"),
    "refresh bounds": every(5 * MINUTE, "instructors.tasks.refresh_bounds"),
    "run saved searches": every(5 * MINUTE, "instructors.tasks.run_saved_searches"),
    "forget searches": every(HOUR, "instructors.tasks.forget_searches"),
    "refresh ranks": every(24 * HOUR, "instructors.tasks.refresh_ranks"),
    "forget idempotency keys": every(10 * MINUTE, "bookings.tasks.forget_idempotency_keys"),
    "forget guests": every(HOUR, "bookings.tasks.forget_guests"),
    "forget sessions": every(HOUR, "instainstru.accounts.tasks.forget_sessions"),
}

app = Celery("instainstru")
app.conf.update(
    broker_url=broker_url(settings.CELERY_BROKER_URL),
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_SECONDS,
        "global_keyprefix": "celery:",
        "socket_connect_timeout": 2,
        # A channel is asked for while a visitor waits; the default is to try for six seconds.
        "max_retries": 1,
        "interval_start": 0.05,
        "interval_max": 0.1,
    },
    beat_schedule=SCHEDULE,
    beat_schedule_filename=os.environ.get("BEAT_SCHEDULE") or str(embedded.data_dir() / "beat-schedule"),
    enable_utc=True,
    timezone="UTC",
    result_backend=None,
    task_acks_late=True,
    task_ignore_result=True,
    # A visitor waits while a task is sent; what is lost, the schedule finds.
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0.05},
    task_reject_on_worker_lost=True,
    task_serializer="json",
    accept_content=["json"],
    task_soft_time_limit=TASK_SECONDS,
    task_time_limit=TASK_SECONDS + 30,
    task_track_started=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_enable_remote_control=True,
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=1,
    worker_send_task_events=False,
)
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def refuse_unsafe_settings(**kwargs: Any) -> None:
    """As the web server does. Celery would log an ordinary exception and go on."""
    try:
        checks.refuse_unsafe_settings()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    Path(app.conf.beat_schedule_filename).parent.mkdir(parents=True, exist_ok=True)
