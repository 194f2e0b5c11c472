"""“Tell me when there is one”: searches that wait for somebody to be free.

Who changes a calendar has the searches it concerns marked (``look_again``); ``run_due`` runs those, and
each of the others a few times a day, because time itself brings new days. What is found and was not in
the last letter becomes an event, and the event a letter: one a day at the most, and none at night.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from instainstru.accounts.models import User
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, DomainError, Invalid, NotFound
from instructors.models import Offering, SavedSearch
from instructors.services.search import places
from instructors.services.search import query as queries
from instructors.services.search import vocabulary as words
from instructors.services.search.find import Result, find
from instructors.services.search.query import Query
from instructors.services.search.vocabulary import Vocabulary

# One person waits for so many at once.
MOST = 20
# How many are told of in one letter.
SHOWN = 5
BETWEEN_LETTERS = timedelta(days=1)
# Run again after this even if nobody changed anything.
AGAIN_AFTER = timedelta(hours=6)
# Local hours in which letters go out (rules.md: quiet from 22 to 8).
AWAKE = (8, 22)
# Unconfirmed, it is forgotten; ended, it is kept a while for the record.
CONFIRMED_WITHIN = timedelta(days=2)
KEPT = timedelta(days=90)
BATCH = 50
CONFIRM, STOP = "saved-search.confirm", "saved-search.stop"


def keep(query: Query, *, title: str, email: str, user: User | None, now: datetime) -> SavedSearch:
    """Wait for what the query asks; the one that waits for it already, where there is one.

    An account's counts at once; anybody else has to prove first that they read ``email`` (``confirm``).
    """
    wanted = replace(query, text="", relax=True, sort="recommended")
    if wanted.near and places.resolve(wanted.near) is None:
        raise Invalid("We do not know that place.", field="near", code="unknown_place")
    subjects = _subjects(wanted)
    if not subjects and not wanted.to_params():
        raise DomainError("Say what to wait for: a subject, a day, a place.", code="nothing_to_wait_for")
    facts: dict[str, Any] = {
        "user": user, "email": email.lower(), "time_zone": query.zone, "title": title[:200],
        "params": wanted.to_params(), "subjects": subjects, "created_at": now,
        "confirmed_at": now if user else None,
    }  # fmt: skip
    try:
        with transaction.atomic():
            if waiting(email).count() >= MOST:
                raise Conflict(f"You wait for {MOST} searches already. Remove one first.", code="too_many")
            saved = SavedSearch.objects.create(**facts)
            record(Kind.SEARCH_SAVED, saved, by=user)
            return saved
    except IntegrityError:
        saved = SavedSearch.objects.get(email=email.lower(), params=facts["params"], ended_at=None)
        if user and saved.confirmed_at is None:
            _confirm(saved, user=user, now=now)
        return saved


def _subjects(query: Query) -> list[str]:
    """The slugs it is about; empty for any."""
    if query.subjects:
        return list(query.subjects)
    return words.current().subjects_of(query.category) if query.category else []


def waiting(email: str) -> Any:
    """The searches that somebody waits for and has confirmed, the latest first."""
    return SavedSearch.objects.filter(
        email=email.lower(), ended_at=None, confirmed_at__isnull=False
    ).order_by("-id")


def token(saved: SavedSearch, salt: str) -> str:
    """What a link carries: nobody who has not read the letter can make it."""
    return signing.dumps(saved.pk, salt=salt)


def named(text: str, salt: str) -> SavedSearch:
    """The search a link is about; ``NotFound`` for links that are not ours, or are too old to confirm."""
    age = CONFIRMED_WITHIN if salt == CONFIRM else None
    try:
        pk = signing.loads(text, salt=salt, max_age=age)
    except signing.BadSignature:
        raise NotFound from None
    saved = SavedSearch.objects.filter(pk=pk).first()
    if saved is None:
        raise NotFound
    return saved


def confirm(text: str, *, now: datetime) -> SavedSearch:
    """The link of the first letter was followed: from now on it counts. Twice is as good as once."""
    saved = named(text, CONFIRM)
    if saved.confirmed_at is None:
        _confirm(saved, user=User.objects.filter(email=saved.email, is_active=True).first(), now=now)
    return saved


def _confirm(saved: SavedSearch, *, user: User | None, now: datetime) -> None:
    SavedSearch.objects.filter(pk=saved.pk, confirmed_at=None).update(confirmed_at=now, user=user)
    saved.refresh_from_db()


@transaction.atomic
def end(saved: SavedSearch, *, by: User | None, now: datetime) -> bool:
    """Wait no longer; False where it had ended already."""
    if not SavedSearch.objects.filter(pk=saved.pk, ended_at=None).update(ended_at=now):
        return False
    record(Kind.SEARCH_ENDED, saved, by=by)
    return True


def resume(saved: SavedSearch) -> bool:
    """Take back that it ended; False where the same waits again already."""
    try:
        with transaction.atomic():
            if SavedSearch.objects.filter(pk=saved.pk, ended_at__isnull=False).update(ended_at=None):
                record(Kind.SEARCH_SAVED, saved)
    except IntegrityError:
        return False
    return True


def of_person(user: User, saved_id: int) -> SavedSearch:
    """One of the person's own; ``NotFound`` for anybody else's."""
    if saved_id >= 2**63:
        raise NotFound
    saved = waiting(user.email).filter(pk=saved_id).first()
    if saved is None:
        raise NotFound
    return saved


def look_again(instructor_id: int, *, now: datetime) -> int:
    """The instructor may have new times: the searches for what they teach are to be run; how many."""
    taught = Offering.objects.filter(instructor=instructor_id, is_listed=True)
    subjects = list(taught.order_by().values_list("subject__slug", flat=True))
    if not subjects:
        return 0
    # Once is enough until it has been run.
    waiting = SavedSearch.objects.filter(ended_at=None, changed_at=None)
    return waiting.filter(Q(subjects=[]) | Q(subjects__overlap=subjects)).update(changed_at=now)


# Nobody waits for a row that another worker has; whoever has it says so with ``checked_at``. Chosen once,
# beforehand: a subquery may be run anew for each row, and would pass over those just taken.
_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM instructors_savedsearch
        WHERE ended_at IS NULL AND confirmed_at IS NOT NULL
            AND (checked_at IS NULL OR changed_at IS NOT NULL OR checked_at <= %(again)s)
            AND (told_at IS NULL OR told_at <= %(last)s)
            AND extract(hour FROM %(now)s::timestamptz AT TIME ZONE time_zone) >= %(from)s
            AND extract(hour FROM %(now)s::timestamptz AT TIME ZONE time_zone) < %(until)s
        ORDER BY checked_at NULLS FIRST, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
    UPDATE instructors_savedsearch mine SET checked_at = %(now)s, changed_at = NULL
    FROM due WHERE mine.id = due.id RETURNING mine.id
"""


def claim(*, now: datetime) -> list[int]:
    """Some searches that are due, for the caller alone to run."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "now": now, "again": now - AGAIN_AFTER, "last": now - BETWEEN_LETTERS, "batch": BATCH,
                "from": AWAKE[0], "until": AWAKE[1],
            },
        )  # fmt: skip
        return [pk for (pk,) in cursor.fetchall()]


def run_due(*, now: datetime) -> int:
    """Run some of the searches that are due; how many that were. To be called until it is none."""
    vocabulary = words.current()
    claimed = claim(now=now)
    for saved in SavedSearch.objects.filter(pk__in=claimed, ended_at=None).order_by("pk"):
        run(saved, now=now, vocabulary=vocabulary)
    return len(claimed)


def run(saved: SavedSearch, *, now: datetime, vocabulary: Vocabulary) -> bool:
    """Search, and tell of what is new; one whose day is over ends. Whether there was something to tell."""
    request = queries.read(saved.params, zone=saved.time_zone, now=now, vocabulary=vocabulary)
    if request.errors:
        end(saved, by=None, now=now)
        return False
    try:
        found = find(request.query, now=now, vocabulary=vocabulary, limit=SHOWN, starts=1).results
    except DomainError:
        end(saved, by=None, now=now)
        return False
    news = [one for one in found if one.row.id not in saved.told]
    return bool(news) and tell(saved, found, news, now=now)


@transaction.atomic
def tell(saved: SavedSearch, found: Sequence[Result], news: Sequence[Result], *, now: datetime) -> bool:
    """Say once that there is something; False where somebody else just did, or it has ended."""
    if not may_tell(saved, now=now):
        return False
    SavedSearch.objects.filter(pk=saved.pk).update(told=[one.row.id for one in found])
    times = [{"offering": one.row.id, "starts_at": clock.rfc3339(one.starts[0])} for one in news]
    record(Kind.SEARCH_MATCHED, saved, data={"times": times})
    return True


def may_tell(saved: SavedSearch, *, now: datetime) -> bool:
    """Take today's letter, if it is still to be had."""
    last = Q(told_at=None) | Q(told_at__lte=now - BETWEEN_LETTERS)
    return bool(SavedSearch.objects.filter(last, pk=saved.pk, ended_at=None).update(told_at=now))


def forget(*, now: datetime, limit: int = 500) -> int:
    """Delete what was never confirmed and what ended long ago; how many."""
    stale = Q(confirmed_at=None, created_at__lt=now - CONFIRMED_WITHIN) | Q(ended_at__lt=now - KEPT)
    ids = list(SavedSearch.objects.filter(stale).order_by("pk").values_list("pk", flat=True)[:limit])
    return SavedSearch.objects.filter(pk__in=ids).delete()[0]
