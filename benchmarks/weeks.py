"""Instructors' weeks from inside: keys for those who send the calls, and deriving open days alone.

DATABASE_URL=… python -m benchmarks.weeks keys 400      # a list of API keys, as JSON
DATABASE_URL=… python -m benchmarks.weeks rebuild 50    # seconds of each rebuild, as JSON
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

from benchmarks.databases import ROOT

WARM_UP = 10
NAME = "benchmark"
HOURS = ([(540, 720), (780, 1020)], [(600, 720), (810, 1080)])


def ask(url: str, command: str, number: int) -> Any:
    """Let a process of its own do it, so that this one stays free of Django."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.weeks", command, str(number)],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    return json.loads(done.stdout)


def keys(number: int) -> list[str]:
    """Keys of so many listed instructors; those of earlier runs end."""
    ApiKey.objects.filter(name=NAME, revoked_at=None).update(revoked_at=clock.now())
    some = Instructor.objects.filter(status="listed").select_related("user").order_by("pk")[:number]
    scopes = [Scope.HOURS_READ, Scope.HOURS_WRITE]
    return [api_keys.issue(one.user, name=NAME, scopes=scopes, by=one.user)[1] for one in some]


def rebuild(number: int) -> list[float]:
    """Seconds, database and our own, of deriving the whole horizon after each change of the pattern."""
    instructor = Instructor.objects.filter(status="listed").order_by("-lesson_count", "pk")[0]
    instructor.open_until = None
    instructor.save(update_fields=["open_until"])
    seconds = []
    for turn in range(number + WARM_UP):
        with transaction.atomic():
            locked = calendar.lock_instructor(instructor)
            WeeklyHours.objects.filter(instructor=locked).delete()
            WeeklyHours.objects.bulk_create(
                WeeklyHours(instructor=locked, weekday=day, from_min=low, to_min=high)
                for day in range(7)
                for low, high in HOURS[turn % 2]
            )
            start = time.perf_counter()
            calendar.rebuild(locked)
            seconds.append(time.perf_counter() - start)
    return seconds[WARM_UP:]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "instainstru.settings")
    import django

    django.setup()

    from django.db import transaction

    from instainstru.accounts import api_keys
    from instainstru.accounts.models import ApiKey, Scope
    from instainstru.lib import clock
    from instructors.models import Instructor, WeeklyHours
    from instructors.services import calendar

    print(json.dumps({"keys": keys, "rebuild": rebuild}[sys.argv[1]](int(sys.argv[2]))))
