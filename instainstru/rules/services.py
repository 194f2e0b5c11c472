"""Which rules are in force, and changing them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Subquery

from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock
from instainstru.lib.compiled import Compiled
from instainstru.lib.errors import DomainError
from instainstru.rules.models import Rules

# Reading pages may be this much behind an edit, in seconds; whoever writes a booking reads afresh.
STALE_AFTER = 5.0
_seen: tuple[float, Rules] | None = None


def current(*, fresh: bool = False) -> Rules:
    """The rules in force, at most ``STALE_AFTER`` seconds old unless ``fresh``.

    The first rules are written by a migration, so there always are some.
    """
    global _seen
    if not fresh and _seen is not None and clock.monotonic() - _seen[0] < STALE_AFTER:
        return _seen[1]
    [rules] = _newest()
    _seen = (clock.monotonic(), rules)
    return rules


_newest = Compiled(lambda: Rules.objects.order_by("-id")[:1])

# For who reads other rows anyway: annotated to them it says which rules are in force (``of_version``).
VERSION = Subquery(Rules.objects.order_by("-id").values("id")[:1])


def of_version(version: int) -> Rules:
    """The rules in force, of which a statement has just said that they are these."""
    rules = current()
    return rules if rules.pk == version else current(fresh=True)


def in_force_since(*names: str) -> int | None:
    """The version since which these rules are as they are now; None if they always were."""
    versions = list(Rules.objects.order_by("-id"))
    since = versions[0]
    for older in versions[1:]:
        if any(getattr(older, name) != getattr(since, name) for name in names):
            return since.pk
        since = older
    return None


def forget() -> None:
    """Drop this process's copy of the rules."""
    global _seen
    _seen = None


@transaction.atomic
def change(*, by: Any, **changes: int) -> Rules:
    """Put a new version in force that differs from the current one by ``changes``; audited."""
    before = Rules.objects.select_for_update().order_by("-id")[:1].get()
    changes = {name: value for name, value in changes.items() if getattr(before, name) != value}
    if not changes:
        return before
    rules = Rules.objects.get(pk=before.pk)
    rules.pk = None
    rules._state.adding = True
    for name, value in changes.items():
        setattr(rules, name, value)
    rules.created_at = clock.now()
    rules.created_by = by
    try:
        rules.full_clean()
    except ValidationError as error:
        fields = {name: " ".join(messages) for name, messages in error.message_dict.items()}
        raise DomainError("Some rules are out of range.", code="invalid", fields=fields) from error
    rules.save(force_insert=True)
    data = {name: [getattr(before, name), value] for name, value in changes.items()}
    record(Kind.RULES_CHANGED, rules, by=by, data={"changes": data, "previous": before.pk})
    transaction.on_commit(forget)
    return rules
