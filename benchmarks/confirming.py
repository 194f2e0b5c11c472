"""Booking a held time with a saved card; what Stripe itself needs is measured beside it and taken off.

python -m benchmarks.confirming [--instructors 10000] [--number 200]     # these rows alone

A stand-in answers for Stripe. From inside, with its address in the environment:

DATABASE_URL=… python -m benchmarks.confirming payers 60      # cards and sessions of students, as JSON
DATABASE_URL=… python -m benchmarks.confirming services 50    # seconds of services, and of Stripe in them
DATABASE_URL=… python -m benchmarks.confirming quotes 1000    # seconds of each
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from benchmarks import calls, databases, servers
from benchmarks.databases import AT_ONCE, LATER, ROOT, Bench, FreeTime
from benchmarks.report import Row, against_floor, table
from benchmarks.timing import Call, Client, Refused, Times, by_turns
from ops.stand_ins.testing import PUBLISHABLE_KEY, SECRET_KEY, StripeStandIn

BAR, QUOTE_BAR = 10, 0.2
WARM_UP = 100
# Instructors looked at for each free time, and free times for each turn: many demand more notice.
SAMPLE, SPARE = 4, 25
TRIES, STRIDE = 100, 7
BY_API, ON_PAGE = "POST /bookings {hold}, with a saved card", "booking on the confirm page"
CSRF = "a" * 32


def rows(big: Bench, floor: int, *, number: int) -> Iterator[Row]:
    """``floor`` is the port of the bare view."""
    stand_in = StripeStandIn()
    told = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "STRIPE_API_BASE": stand_in.url,
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
    }
    try:
        with servers.web(big.url, told=told) as port:
            yield from _over_http(big, stand_in, told, {"floor": floor, "site": port}, number=number)
        yield _services(big, told, number=number)
    finally:
        stand_in.stop()
    times = Times.of(ask(big.url, told, "quotes", 1000))
    yield Row("a quote", "ms p95", times.p95, QUOTE_BAR, times, note="in the process, without a database")


def ask(url: str, told: dict[str, str], command: str, number: int) -> Any:
    """Let a process of its own do it, so that this one stays free of Django."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.confirming", command, str(number)],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, env={**servers.production(url), **told},
    )  # fmt: skip
    return json.loads(done.stdout)


def _over_http(
    big: Bench, stand_in: StripeStandIn, told: dict[str, str], ports: dict[str, int], *, number: int
) -> Iterator[Row]:
    turns = number + WARM_UP
    by_prefix = {found["prefix"]: found for found in ask(big.url, told, "payers", min(turns, databases.KEYS))}
    payers = [Payer(key, **by_prefix[key[:10]]) for key in big.people.students if key[:10] in by_prefix]
    floor = (ports["floor"], calls.floor)
    for name, on_page in ((BY_API, False), (ON_PAGE, True)):
        with _holding(ports["site"], payers, big, turns, when=LATER) as holds:
            make = holds.page if on_page else holds.api
            yield _row(f"{name}, its card due later", {"floor": floor, "site": (ports["site"], make)}, number)
    with _holding(ports["site"], payers, big, turns, when=AT_ONCE) as holds:
        targets = {
            "floor": floor,
            "site": (ports["site"], holds.page),
            "stripe": (stand_in.port, lambda turn: stripe_alone(payers[turn % len(payers)])),
        }
        before = len(stand_in.journal(what="authorised"))
        row = _row(f"{ON_PAGE}, its card asked at once", targets, number)
        asked = len(stand_in.journal(what="authorised")) - before - turns
        if row.value is not None and asked != turns:
            row = Row(row.name, bar=BAR, note=f"{asked} of {turns} cards were asked")
        yield row


def _row(name: str, targets: dict[str, Any], number: int) -> Row:
    try:
        times = by_turns(name, targets, number=number, warm_up=WARM_UP)
    except (Refused, StopIteration) as error:
        return Row(name, bar=BAR, note=str(error) or "not enough free times")
    if "stripe" not in times:
        return against_floor(name, times, bar=BAR)
    site, floor, stripe = times["site"], times["floor"], times["stripe"]
    own = (site.median - stripe.median) / floor.median
    note = f"without the {stripe.median:.2f} ms (p95 {stripe.p95:.2f}) that the stand-in itself takes"
    return Row(name, "× floor", own, BAR, site, floor, note)


def _services(big: Bench, told: dict[str, str], *, number: int) -> Row:
    """``lifecycle.confirm`` and ``on_session.pay_now``, in the process."""
    found = ask(big.url, told, "services", number)
    own, stripe = Times.of(found["own"]), Times.of(found["stripe"])
    note = f"in the process, without {stripe.median:.2f} ms in calls to the stand-in"
    return Row(
        "confirming and holding the amount, the services alone", "ms median", own.median, None, own, note=note
    )


def alone() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.confirming", description=__doc__)
    parser.add_argument("--instructors", type=int, default=10_000, help="in the database (10000)")
    parser.add_argument("--number", type=int, default=200, help="requests of each row that count (200)")
    args = parser.parse_args()
    bench = databases.prepare(args.instructors)
    servers.collect_static(bench.url)
    with servers.web(bench.url, settings="benchmarks.floor") as floor:
        found = list(rows(bench, floor, number=args.number))
    print(table(found))
    return 0 if all(row.passed is not False for row in found) else 1


@dataclass(frozen=True)
class Payer:
    """A student with an API key, a session and a card at the stand-in."""

    key: str
    prefix: str
    session: str
    customer: str
    method: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def cookies(self) -> dict[str, str]:
        return {"Cookie": f"sessionid={self.session}; csrftoken={CSRF}"}


def stripe_alone(payer: Payer) -> Call:
    """The call that asks a card to hold an amount, as ``stripe_gateway.authorise`` sends it."""
    group = str(uuid4())
    sent = {
        "amount": 8960, "currency": "usd", "customer": payer.customer, "payment_method": payer.method,
        "capture_method": "manual", "confirm": "true", "off_session": "true",
        "allowed_payment_method_types[0]": "card", "metadata[payment]": group, "transfer_group": group,
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {SECRET_KEY}", "Idempotency-Key": group}
    return Call("/v1/payment_intents", headers, method="POST", form=urlencode(sent))


@contextmanager
def _holding(
    port: int, payers: list[Payer], big: Bench, turns: int, *, when: dict[str, int]
) -> Iterator[Holds]:
    client = Client(port)
    try:
        yield Holds(client, payers, databases.free_times(big.url, SPARE * turns, when=when, sample=SAMPLE))
    finally:
        client.close()


class Holds:
    """Each turn's call books another time that was held just before; holding is not timed."""

    def __init__(self, client: Client, payers: list[Payer], times: list[FreeTime]) -> None:
        self._client, self._payers, self._times = client, payers, iter(times)

    def api(self, turn: int) -> Call:
        payer, hold = self._hold(turn)
        headers = {**payer.bearer, "Idempotency-Key": str(uuid4())}
        return Call("/api/v1/bookings", headers, method="POST", body={"hold": hold}, expect=201)

    def page(self, turn: int) -> Call:
        payer, hold = self._hold(turn)
        path = f"/bookings/{hold}/confirm"
        answer = self._client.send(Call(path, payer.cookies))
        if answer.status != 200:
            raise Refused(f"GET {path} was answered {answer.status}")
        sent = urlencode(Form.read(answer.body.decode(), action=path))
        return Call(path, payer.cookies, method="POST", form=sent, expect=302)

    def _hold(self, turn: int) -> tuple[Payer, str]:
        """Of the next free time that its instructor's limits allow, by somebody who is free then: times near
        enough for their card to be due lie close together, and an earlier run's lessons are in the way."""
        for attempt in range(TRIES):
            payer = self._payers[(turn + attempt * STRIDE) % len(self._payers)]
            free = next(self._times)
            body = {"offering": free.offering, "starts_at": free.starts_at, "duration_min": free.duration_min}
            headers = {**payer.bearer, "Idempotency-Key": str(uuid4())}
            answer = self._client.send(Call("/api/v1/holds", headers, method="POST", body=body))
            if answer.status == 201:
                return payer, str(answer.json()["id"])
        raise Refused(f"No time could be held: {answer.status} {answer.body[:200]!r}")


class Form(HTMLParser):
    """What a browser would send of the form with that action, as it stands."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self._action, self._is_inside = action, False
        self.fields: list[tuple[str, str]] = []

    @classmethod
    def read(cls, page: str, *, action: str) -> list[tuple[str, str]]:
        form = cls(action)
        form.feed(page)
        if not form.fields:
            raise Refused(f"There is no form for {action}")
        return form.fields

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._is_inside = given.get("action") == self._action
        elif self._is_inside and tag in ("input", "textarea") and _is_sent(given):
            self.fields.append((given["name"] or "", given.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        self._is_inside = self._is_inside and tag != "form"


def _is_sent(given: dict[str, str | None]) -> bool:
    return bool(given.get("name")) and (given.get("type") not in ("radio", "checkbox") or "checked" in given)


def payers(number: int) -> list[dict[str, str]]:
    """Students with API keys, each with a card at this stand-in and a session."""
    keys = ApiKey.objects.filter(user__student__isnull=False, revoked_at=None).select_related("user__student")
    found = []
    # Those of another stand-in mean nothing to this one.
    Card.objects.filter(removed_at=None).update(removed_at=clock.now())
    Customer.objects.all().delete()
    some = list(keys.order_by("pk")[:number])
    _free([key.user.student for key in some])
    for key in some:
        card = cards.attach(key.user.student, "pm_card_visa", by=key.user)
        session = SessionStore()
        session[SESSION_KEY] = str(key.user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = key.user.get_session_auth_hash()
        session.create()
        customer = cards.customer_of(key.user.student).stripe_id
        found.append(
            {
                "prefix": key.prefix,
                "session": session.session_key,
                "customer": customer,
                "method": card.method_id,
            }
        )
    return found


def _free(students: list[Any]) -> None:
    """Cancel what an earlier run has booked for the coming day: few have time twice."""
    now = clock.now()
    booked = Booking.objects.filter(student__in=students, status=Status.CONFIRMED, starts_at__gt=now)
    for lesson in booked.filter(starts_at__lt=now + timedelta(days=1)):
        lifecycle.cancel(lesson, by=None, party=Party.SYSTEM)


def services(number: int) -> dict[str, list[float]]:
    """Seconds of confirming a hold and having its card hold the amount: in Stripe's calls, and the rest."""
    own, stripe = [], []
    url = os.environ["DATABASE_URL"]
    times = iter(databases.free_times(url, SPARE * number, when=AT_ONCE, sample=SAMPLE))
    authorise, spent = gateway.authorise, []

    def timed(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return authorise(*args, **kwargs)
        finally:
            spent.append(time.perf_counter() - start)

    gateway.authorise = timed
    saved = list(Card.objects.filter(removed_at=None).select_related("student__user")[:number])
    for card in saved:
        hold = _held(card.student, times)
        if hold is None:
            break
        start = time.perf_counter()
        lesson = lifecycle.confirm(hold, by=card.student.user, pay=Pay(card))
        payment = on_session.pay_now(plan.payment_of(lesson), return_url="http://localhost/")
        own.append(time.perf_counter() - start - spent[-1])
        stripe.append(spent[-1])
        if payment.status != "authorised":
            sys.exit(f"The payment is {payment.status}.")
    return {"own": own[len(own) // 5 :], "stripe": stripe[len(own) // 5 :]}


def _held(student: Any, times: Iterator[FreeTime]) -> Any:
    for free in times:
        offering = Offering.objects.select_related("instructor__user", "subject").get(pk=free.offering)
        start = datetime.fromisoformat(free.starts_at)
        try:
            wanted = wish(offering, starts_at=start, duration_min=free.duration_min)
            return lifecycle.hold(wanted, student=student, by=student.user)
        except DomainError:
            continue
    return None


def quotes(number: int) -> list[float]:
    seconds = []
    for price in range(2_000, 2_000 + number):
        start = time.perf_counter()
        quote = pricing.quote(
            price_per_hour=price, duration_min=45, fee_pct=12, commission_pct=15, credit_available=500
        )
        assert sum(line.amount for line in quote.lines) == quote.total
        seconds.append(time.perf_counter() - start)
    return seconds


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(alone())

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "instainstru.settings")
    import django

    django.setup()

    from datetime import datetime, timedelta

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.cached_db import SessionStore

    from bookings.models import Booking, Card, Customer, Party, Status
    from bookings.services import lifecycle, pricing
    from bookings.services import stripe_gateway as gateway
    from bookings.services.payments import cards, on_session, plan
    from bookings.services.payments.plan import Pay
    from bookings.services.wanted import wish
    from instainstru.accounts.models import ApiKey
    from instainstru.lib import clock
    from instainstru.lib.errors import DomainError
    from instructors.models import Offering

    commands = {"payers": payers, "services": services, "quotes": quotes}
    print(json.dumps(commands[sys.argv[1]](int(sys.argv[2]))))
