"""What the old editor sent: a list of operations, and what became of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from instainstru.lib.errors import DomainError, Invalid
from instainstru.lib.fields import BIGGEST_ID, Unreadable, read_date, refuse_unknown

ACTIONS = ("add", "remove", "update")
FIELDS = ("action", "date", "start_time", "end_time", "slot_id")
# The old editor sent what changed in a week. More than this is a mistake, and is refused unread.
MOST_OPERATIONS = 500
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Operation:
    """One of them. Wall times; which of the fields an action needs is for the rules to say."""

    action: str
    date: date | None = None
    start: time | None = None
    end: time | None = None
    slot_id: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it. ``causes`` names the known differences from the old rules that showed in it."""

    ok: bool
    reason: str = ""
    slot_id: int | None = None
    date: date | None = None
    causes: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        return "success" if self.ok else "failed"


@dataclass(frozen=True, slots=True)
class Request:
    """A whole body. With ``validate_only`` nothing is kept, so no operation sees those before it."""

    operations: list[Operation]
    validate_only: bool = False


def read_request(body: Any) -> Request:
    """The body as the old system took it; raises ``Invalid`` naming the first field that cannot be read."""
    if not isinstance(body, Mapping):
        raise Invalid("Send an object with a list of operations.", field="operations")
    refuse_unknown(body, ("operations", "validate_only"))
    operations = body.get("operations")
    if not isinstance(operations, list):
        raise Invalid("Send a list of operations.", field="operations")
    if len(operations) > MOST_OPERATIONS:
        raise Invalid(f"At most {MOST_OPERATIONS} operations at a time.", field="operations")
    validate_only = body.get("validate_only", False)
    if not isinstance(validate_only, bool):
        raise Invalid("Send true or false.", field="validate_only")
    return Request(
        [_read(one, at=f"operations.{index}") for index, one in enumerate(operations)], validate_only
    )


def _read(data: Any, *, at: str) -> Operation:
    if not isinstance(data, Mapping):
        raise Invalid("Each operation is an object.", field=at)
    try:
        refuse_unknown(data, FIELDS)
    except DomainError as error:
        error.fields = {f"{at}.{name}": message for name, message in error.fields.items()}
        raise
    action = data.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise Invalid("Choose one of: " + ", ".join(ACTIONS) + ".", field=f"{at}.action")
    return Operation(
        action=action,
        date=_day(data.get("date"), at=f"{at}.date"),
        start=_wall(data.get("start_time"), at=f"{at}.start_time"),
        end=_wall(data.get("end_time"), at=f"{at}.end_time"),
        slot_id=_id(data.get("slot_id"), at=f"{at}.slot_id"),
    )


def _day(value: Any, *, at: str) -> date | None:
    if value is None:
        return None
    try:
        return read_date(value)
    except Unreadable as error:
        raise Invalid(str(error), field=at) from None


def _wall(value: Any, *, at: str) -> time | None:
    if value is None:
        return None
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Invalid("Write a time like 09:00 or 09:00:00, up to 23:59.", field=at)
    return time(int(found[1]), int(found[2]), int(found[3] or 0))


def _id(value: Any, *, at: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= BIGGEST_ID:
        raise Invalid("Send the number of a slot.", field=at)
    return value
