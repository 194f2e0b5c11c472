"""What tidies up after sign-ins by itself (``instainstru.celery`` says when)."""

from __future__ import annotations

from celery import shared_task
from django.contrib.sessions.models import Session

from instainstru.lib import clock

BATCH = 10_000


@shared_task
def forget_sessions() -> None:
    """Delete sessions that have ended, up to ``BATCH`` at a time: nobody can use them any more."""
    ended = Session.objects.filter(expire_date__lt=clock.now()).values("pk")[:BATCH]
    while Session.objects.filter(pk__in=list(ended.values_list("pk", flat=True))).delete()[0] == BATCH:
        pass
