"""All that the stand-in knows: objects, balances, events and the journal of money. One lock guards it."""

from __future__ import annotations

import copy
import heapq
import json
import secrets
import string
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ops.stand_ins.stripe import shapes
from ops.stand_ins.stripe.errors import missing
from ops.stand_ins.stripe.wire import Body, to_json

PLATFORM = "acct_standin000platform"
API_VERSION = "2026-10-28.endive"
ALPHABET = string.ascii_letters + string.digits
EVENTS_KEPT = 5_000  # older ones are forgotten, as Stripe forgets them after 30 days
DAY = 24 * 60 * 60


@dataclass
class Row:
    """An object and what stands behind it but is never shown (``inner``)."""

    account: str
    number: int
    body: Body
    inner: Body = field(default_factory=dict)


@dataclass
class Event:
    account: str
    type: str
    created: int
    body: bytes


@dataclass
class Cause:
    """The request that changes things just now; events and the journal name it."""

    request: str | None = None
    key: str | None = None


class World:
    """Every method is called under ``lock``. What changed stays in ``dirty`` until it is on disk."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.on_event: Callable[[str, Event], None] = lambda identifier, event: None
        self.forget()

    def forget(self) -> None:
        self.objects: dict[str, Row] = {}
        self.lists: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self.events: OrderedDict[str, Event] = OrderedDict()
        self.journal: list[Body] = []
        self.funds: defaultdict[tuple[str, str], Funds] = defaultdict(Funds)
        self.due: dict[str, int] = {}  # what changes by itself, and when
        self.calendar: list[tuple[int, str]] = []  # the same as a heap; lines that `due` denies are void
        self.offset = 0
        self.cause = Cause()
        self.dirty: set[str] = set()
        self.counter = 0
        self.kept_lines = 0  # of the journal, on disk

    # Time and names

    def now(self) -> int:
        return int(time.time()) + self.offset

    def identifier(self, prefix: str, length: int = 24) -> str:
        return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"

    # Objects

    def add(self, account: str, prefix: str, body: Body, **inner: Any) -> Body:
        """Gives a new object its name and its time and keeps it."""
        body["id"] = body["id"] or self.identifier(prefix)
        body["created"] = self.now()
        self.counter += 1
        self.place(Row(account, self.counter, body, inner))
        return body

    def place(self, row: Row) -> None:
        identifier = row.body["id"]
        self.objects[identifier] = row
        self.lists[row.account, row.body["object"]].append(identifier)
        if row.body["object"] == "balance_transaction":
            self.funds[row.account, row.body["currency"]].add(row.body)
        self.dirty.add(identifier)

    def find(self, account: str, kind: str, identifier: Any, param: str = "id") -> Body:
        """An object of this account; absent and somebody else's are the same refusal."""
        row = self.objects.get(str(identifier))
        if row is None or row.body["object"] != kind or row.account != account:
            raise missing(kind, str(identifier), param)
        return row.body

    def change(self, account: str, kind: str, identifier: Any, param: str = "id") -> Body:
        """The same, to be changed."""
        body = self.find(account, kind, identifier, param)
        self.dirty.add(body["id"])
        return body

    def inner(self, body: Body) -> Body:
        self.dirty.add(body["id"])
        return self.objects[body["id"]].inner

    def owner(self, body: Body) -> str:
        return self.objects[body["id"]].account

    def remove(self, body: Body) -> None:
        row = self.objects.pop(body["id"])
        self.lists[row.account, body["object"]].remove(body["id"])
        self.dirty.add(body["id"])

    def all(self, account: str, kind: str) -> Iterator[Body]:
        """The newest first."""
        return (self.objects[each].body for each in reversed(self.lists[account, kind]))

    # What happened

    def emit(self, type_: str, body: Body, *, account: str | None = None, before: Body | None = None) -> None:
        """Writes an event down as things are now, and hands it to whoever delivers events."""
        owner = account or self.owner(body)
        event = shapes.event() | {
            "id": self.identifier("evt"), "type": type_, "created": self.now(), "api_version": API_VERSION,
            "data": {"object": copy.deepcopy(body)}, "pending_webhooks": 1,
            "request": {"id": self.cause.request, "idempotency_key": self.cause.key},
        }  # fmt: skip
        if before is not None:
            event["data"]["previous_attributes"] = before
        if owner != PLATFORM:
            event["account"] = owner
        kept = Event(owner, type_, event["created"], to_json(event))
        self.events[event["id"]] = kept
        self.dirty.add(event["id"])
        while len(self.events) > EVENTS_KEPT:
            self.dirty.add(self.events.popitem(last=False)[0])
        self.on_event(event["id"], kept)

    def write(self, what: str, body: Body, amount: int, **more: Any) -> None:
        """One line in the journal of money: what really happened, once, and which request caused it."""
        self.journal.append(
            {
                "number": len(self.journal) + 1, "what": what, "object": body["id"], "amount": amount,
                "currency": body["currency"], "account": self.owner(body), "at": self.now(),
                "request": self.cause.request, "idempotency_key": self.cause.key, **more,
            }
        )  # fmt: skip
        self.dirty.add("journal")

    # On disk

    def rows(self) -> Iterator[tuple[str, bytes | None]]:
        """What changed since the last time; nothing in place of what is gone."""
        for identifier in self.dirty:
            if row := self.objects.get(identifier):
                yield f"object {identifier}", json.dumps(vars(row)).encode()
            elif event := self.events.get(identifier):
                head = f"{event.account} {event.type} {event.created}\n".encode()
                yield f"event {identifier}", head + event.body
            elif identifier == "journal":
                for line in self.journal[self.kept_lines :]:
                    yield f"journal {line['number']:09}", json.dumps(line).encode()
            else:
                yield f"object {identifier}", None
                yield f"event {identifier}", None
        self.kept_lines = len(self.journal)
        self.dirty.clear()

    def take(self, rows: list[tuple[str, bytes]]) -> None:
        """Becomes what was kept."""
        kept = []
        for name, value in rows:
            bucket, _, identifier = name.partition(" ")
            if bucket == "object":
                kept.append(Row(**json.loads(value)))
            elif bucket == "journal":
                self.journal.append(json.loads(value))
            elif bucket == "event":
                head, _, body = value.partition(b"\n")
                account, type_, created = head.decode().split()
                self.events[identifier] = Event(account, type_, int(created), body)
        for row in sorted(kept, key=lambda row: row.number):
            self.place(row)
            self.counter = row.number
            if row.inner.get("due"):
                self.schedule(row.body, row.inner["due"])
        self.events = OrderedDict(sorted(self.events.items(), key=lambda pair: pair[1].created))
        self.kept_lines = len(self.journal)
        self.dirty.clear()

    def schedule(self, body: Body, at: int | None) -> None:
        """When this object changes by itself, or no longer."""
        self.inner(body)["due"] = at
        self.due.pop(body["id"], None)
        if at is not None:
            self.due[body["id"]] = at
            heapq.heappush(self.calendar, (at, body["id"]))

    def overdue(self) -> Iterator[Row]:
        """What should have changed by now, the earliest first."""
        while self.calendar and self.calendar[0][0] <= self.now():
            at, identifier = heapq.heappop(self.calendar)
            if self.due.get(identifier) == at:
                del self.due[identifier]
                yield self.objects[identifier]


@dataclass
class Funds:
    """The balance of an account in one currency; what is pending ripens with time."""

    available: int = 0
    pending: list[Body] = field(default_factory=list)

    def add(self, transaction: Body) -> None:
        self.pending.append(transaction)

    def ripen(self, now: int) -> None:
        waiting = []
        for transaction in self.pending:
            if transaction["available_on"] <= now:
                transaction["status"] = "available"
                self.available += transaction["net"]
            else:
                waiting.append(transaction)
        self.pending = waiting

    def waiting(self) -> int:
        return sum(transaction["net"] for transaction in self.pending)
