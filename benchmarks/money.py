"""The bars of money, inside a process of the site that ``benchmarks.payments`` starts."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import stripe
from django.conf import settings
from django.db import connection, connections

from benchmarks import servers
from bookings.models import Entry, Payment, Posting, Step, StripeEvent
from bookings.services import ledger
from bookings.services.payments import inbox, on_session, reconcile, work
from bookings.tests.factories import InstructorFactory, OfferingFactory, StudentFactory
from bookings.tests.paying import a_card, due_payment, payout_account
from instainstru import embedded
from instainstru.lib import clock
from ops.stand_ins.stripe.money import fee_on
from ops.stand_ins.testing import StripeStandIn

WEBHOOK_SECRET = "whsec_bench"
AROUND = [
    "error_before", "error_after_commit", "drop_before", "drop_after_commit", "rate_limit", "lock_timeout",
]  # fmt: skip
SWEEP = timedelta(seconds=61)
# What stays at Stripe's of each charge: less the instructor's share and Stripe's own fee.
KEPT = 89_60 - 68_00 - fee_on(89_60)


class Ground:
    """The site in this process, and people to pay and be paid."""

    def __init__(self, stand_in: StripeStandIn) -> None:

        self.stand_in = stand_in
        self.student = StudentFactory()
        self.offering = OfferingFactory(instructor=InstructorFactory())
        self.renew()

    def renew(self) -> None:
        """Nothing has happened yet, here or at Stripe's."""

        self.stand_in.reset()
        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE bookings_payment, bookings_stripeevent, bookings_card, bookings_customer,"
                " bookings_account, instructors_payoutaccount CASCADE"
            )
        payout_account(self.offering, self.stand_in)
        self.card = a_card(self.student)
        self.bad_card = a_card(self.student, "chargeCustomerFail")
        self.asked_card = a_card(self.student, "authenticationRequired")

    def due(self, card: Any = None, **facts: Any) -> Any:

        return due_payment(self.offering, self.student, card or self.card, **facts)


def faults(ground: Ground, *, payments: int, faulty: float) -> list[str]:
    """Every kind of end, with faults around and inside the calls; then quiet sweeps."""

    ground.renew()
    now, far = clock.now(), clock.now() + timedelta(days=90)
    tenth = payments // 10
    given = [ground.due() for _ in range(payments - 4 * tenth)]
    dropped = [ground.due(ending="", capture_at=far) for _ in range(tenth)]
    declined = [ground.due(ground.bad_card) for _ in range(tenth)]
    ran_out = [ground.due(ending="", capture_at=now + SWEEP) for _ in range(tenth)]
    abandoned = [ground.due(ground.asked_card) for _ in range(tenth)]
    for number, kind in enumerate(AROUND):
        ground.stand_in.fault(kind, path="/v1/*", probability=faulty / len(AROUND), seed=number)
    ground.stand_in.fault("stall", path="/v1/payment_intents/*/capture", calls=[3], seconds=30)
    began = time.monotonic()
    for turn in range(2):
        work.run(now=now + turn * timedelta(seconds=20), limit=10_000)
    Payment.objects.filter(pk__in=[each.pk for each in dropped]).update(ending="free", due_at=now)
    for each in ran_out:
        each.refresh_from_db()
        if each.intent_id:
            ground.stand_in.expire_authorisations(each.intent_id)
    for turn in range(2, 5):
        work.run(now=now + turn * SWEEP, limit=10_000)
    struck = sum(plan["struck"] for plan in ground.stand_in.faults())
    ground.stand_in.no_faults()
    stall_over = began + 32
    while time.monotonic() < stall_over:
        time.sleep(0.5)
    unknown = Step.objects.filter(state__in=("attempting", "unknown")).count()
    for turn in range(2):
        work.run(now=now + (10 + 2 * turn) * SWEEP, limit=10_000)
    left = Step.objects.filter(state__in=("attempting", "unknown")).count()
    print(f"  {struck} faults struck, {unknown} steps unknown before two quiet sweeps, {left} after, "
          f"{time.monotonic() - began:.0f} s")  # fmt: skip
    wanted = {
        "given": (given, "captured"),
        "dropped": (dropped, "cancelled"),
        "declined": (declined, "planned"),
        "ran out": (ran_out, "captured"),
        "abandoned": (abandoned, "planned"),
    }
    wrong = [f"{left} steps are still unknown"] if left else []
    for name, (rows, status) in wanted.items():
        found = Counter(
            Payment.objects.filter(pk__in=[each.pk for each in rows]).values_list("status", flat=True)
        )
        if set(found) - {status}:
            wrong.append(f"{name}: {dict(found)}")
    charged = len(given) + len(ran_out)
    charges = Counter(line.get("payment_intent") for line in ground.stand_in.journal(what="captured"))
    twice = [number for number in charges.values() if number > 1]
    sums = {
        "captured": (ground.stand_in.total("captured"), charged * 89_60),
        "transferred": (ground.stand_in.total("transferred"), charged * 68_00),
        "in our books": (-ledger.balance(ledger.STRIPE), charged * KEPT),
        "charged twice": (len(twice), 0),
        "trial": (ledger.trial(), 0),
    }
    wrong += [f"{name}: {is_} instead of {should}" for name, (is_, should) in sums.items() if is_ != should]
    wrong += ground.stand_in.problems()
    wrong += [found.what for found in reconcile.differences(now=clock.now()) if not found.repaired]
    return wrong


def webhooks(ground: Ground, port: int, *, events: int) -> list[str]:
    """The same story three times, its events told in three orders: tripled, forged, stale, oversized."""
    wrong: list[str] = []
    ends = []
    slowest = []
    for order in range(3):
        ground.renew()
        told = _story(ground, events)
        random.Random(order).shuffle(told)
        times, refused = _tell(port, told)
        slowest.append(sorted(times)[int(len(times) * 0.99)] * 1000)
        wrong += refused
        ends.append(_standing())
    print(f"  {len(told)} deliveries in each order, acknowledged p99 {max(slowest):.0f} ms")
    if max(slowest) > 500:
        wrong.append(f"p99 is {max(slowest):.0f} ms")
    if any(end != ends[0] for end in ends):
        wrong.append(f"orders end differently: {ends}")
    return wrong


def _story(ground: Ground, number: int) -> list[tuple[dict[str, Any], str]]:
    """Payments whose students answered the bank, and what Stripe says of them; each with how it is told."""

    made = [ground.due(ground.asked_card) for _ in range(max(number // 40, 5))]
    for payment in made:
        on_session.pay_now(payment, return_url="http://localhost/back")
    client = ground.stand_in.client()
    for payment in Payment.objects.filter(status="action_required"):
        url = client.v1.payment_intents.retrieve(payment.intent_id).next_action.redirect_to_url.url
        httpx.post(url, data={"answer": "complete"})
    found = [each.to_dict() for each in client.v1.events.list({"limit": 100}).auto_paging_iter()]
    chance = random.Random(1)
    told: list[tuple[dict[str, Any], str]] = []
    copies = 0
    while len(told) < number:
        for event in found:
            copies += 1
            event = {**event, "id": f"{event['id']}_{copies // len(found)}"}
            times = 3 if chance.random() < 0.3 else 1
            told += [(event, "good")] * times
            if chance.random() < 0.05:
                told.append((event, chance.choice(["forged", "stale", "oversized"])))
    return told[:number]


def _tell(port: int, told: list[tuple[dict[str, Any], str]]) -> tuple[list[float], list[str]]:
    """Post everything, a few at once, while the worker takes its turns here."""

    times: list[float] = []
    wrong: list[str] = []
    lock = threading.Lock()
    queue = iter(told)

    def post() -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
            while True:
                with lock:
                    item = next(queue, None)
                if item is None:
                    return
                body, headers = _signed(*item)
                began = time.perf_counter()
                try:
                    status = http.post("/stripe/webhook", content=body, headers=headers).status_code
                except httpx.RemoteProtocolError:
                    # A connection on which too much was sent is hung up on; Stripe delivers again.
                    status = http.post("/stripe/webhook", content=body, headers=headers).status_code
                taken = time.perf_counter() - began
                with lock:
                    times.append(taken)
                    wanted = {"good": 200, "oversized": 413}.get(item[1], 400)
                    if status != wanted:
                        wrong.append(f"{item[1]}: {status}")

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        inbox.run(now=clock.now(), limit=20)
    for thread in threads:
        thread.join()
    while inbox.run(now=clock.now()):
        pass
    for _ in range(3):
        work.run(now=clock.now(), limit=10_000)
    return times, wrong[:5]


def _signed(event: dict[str, Any], how: str) -> tuple[bytes, dict[str, str]]:

    padding = {"padding": "x" * 300_000} if how == "oversized" else {}
    body = json.dumps({**event, **padding})
    moment = int(time.time()) - (400 if how == "stale" else 0)
    secret = "whsec_somebody_else" if how == "forged" else WEBHOOK_SECRET
    signature = stripe.WebhookSignature._compute_signature(f"{moment}.{body}", secret)
    return body.encode(), {
        "Stripe-Signature": f"t={moment},v1={signature}",
        "Content-Type": "application/json",
    }


def _standing() -> Any:
    """Where everything ended, without the names of things."""

    return (
        sorted(Payment.objects.values_list("status", "captured", "transferred", "to_instructor", "version")),
        sorted(Counter(Posting.objects.values_list("kind", flat=True)).items()),
        sum(Entry.objects.values_list("amount", flat=True)),
        StripeEvent.objects.filter(done_at__isnull=True).count(),
    )


def kills(ground: Ground, environment: dict[str, str], *, due: int) -> list[str]:
    """Due payments while two workers and two beats are killed every three seconds, for half a minute."""

    ground.renew()
    for _ in range(due):
        ground.due()
    celery = [sys.executable, "-m", "celery", "--app", "instainstru.celery"]
    commands = {
        "worker": [*celery, "worker", "--concurrency", "2", "--loglevel", "WARNING"],
        "beat": [*celery, "beat", "--loglevel", "WARNING"],
    }

    def start(name: str, number: int) -> subprocess.Popen[bytes]:
        more = {"BEAT_SCHEDULE": str(embedded.data_dir() / f"bench-beat-{number}")}
        return subprocess.Popen(
            commands[name], env={**environment, **more}, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    processes = {(name, n): start(name, n) for name in commands for n in range(2)}

    def left() -> int:
        return (
            Payment.objects.exclude(status="captured").count()
            + Payment.objects.filter(status="captured", transferred=0).count()
        )

    try:
        end, number = time.monotonic() + 30, 0
        while time.monotonic() < end:
            time.sleep(3)
            which = list(processes)[number % len(processes)]
            number += 1
            os.killpg(processes[which].pid, signal.SIGKILL)
            processes[which].wait()
            processes[which] = start(*which)
        began = time.monotonic()
        while left() and time.monotonic() < began + 120:
            time.sleep(0.5)
        took = time.monotonic() - began
    finally:
        for process in processes.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    print(f"  {number} kills; backlog gone {took:.0f} s after the last")
    wrong = [f"{left()} payments are not done"] if left() else []
    if took > 60:
        wrong.append(f"the backlog took {took:.0f} s")
    effects = Counter(line["what"] for line in ground.stand_in.journal())
    wrong += [
        f"{what} {effects[what]} times instead of {due}"
        for what in ("authorised", "captured", "transferred")
        if effects[what] != due
    ]
    if ledger.balance(ledger.STRIPE) != -due * KEPT:
        wrong.append(f"the books say {ledger.balance(ledger.STRIPE)}")
    return wrong + ground.stand_in.problems()


def main(payments: int, faulty: float, events: int, due: int, only: str) -> int:
    """Run the bars; how many were missed."""
    stand_in = StripeStandIn()
    try:
        settings.STRIPE_API_BASE = os.environ["STRIPE_API_BASE"] = stand_in.url
        ground = Ground(stand_in)
        bars: dict[str, Callable[[], list[str]]] = {
            "faults": lambda: faults(ground, payments=payments, faulty=faulty),
            "webhooks": lambda: _with_web(lambda port: webhooks(ground, port, events=events)),
            "kills": lambda: kills(ground, dict(os.environ), due=due),
        }
        missed = 0
        for name, bar in bars.items():
            if only in ("", name):
                print(name, flush=True)
                wrong = bar()
                missed += bool(wrong)
                print("\n".join(f"  MISSED {line}" for line in wrong) or "  met", flush=True)
        return missed
    finally:
        connections.close_all()
        stand_in.stop()


def _with_web(act: Callable[[int], list[str]]) -> list[str]:
    """The site's web server beside us, as in development."""
    port = servers.free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "ops/gunicorn.py", "instainstru.wsgi"],
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            try:
                httpx.get(f"http://127.0.0.1:{port}/livez", timeout=2)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        return act(port)
    finally:
        process.terminate()
        process.wait()
