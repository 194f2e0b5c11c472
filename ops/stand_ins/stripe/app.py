"""The stand-in as one function from a request to an answer."""

from __future__ import annotations

import json
import sys
import time
import traceback
from fnmatch import fnmatchcase

from ops.stand_ins.stripe import call as calls
from ops.stand_ins.stripe import checkout, errors, params, paying, routes, transfers
from ops.stand_ins.stripe.call import Call
from ops.stand_ins.stripe.errors import Refusal
from ops.stand_ins.stripe.faults import Faults, Plan
from ops.stand_ins.stripe.idempotency import Answers
from ops.stand_ins.stripe.routes import Route
from ops.stand_ins.stripe.store import Store
from ops.stand_ins.stripe.webhooks import Deliveries, Delivery, Endpoint
from ops.stand_ins.stripe.wire import Answer, Request, decode
from ops.stand_ins.stripe.world import API_VERSION, PLATFORM, Cause, Event, World

SWEEP_EVERY = 500  # requests; then kept answers that are too old are forgotten


class App:
    """``base`` is where browsers reach the stand-in; ``endpoints`` hear of every event of every account."""

    def __init__(
        self, *, base: str, store: Store | None = None, deliveries: Deliveries | None = None,
        endpoints: list[Endpoint] | None = None, control: bool = False,
    ) -> None:  # fmt: skip
        self.base, self.store, self.control = base, store, control
        self.world, self.faults, self.answers = World(), Faults(), Answers()
        self.deliveries = deliveries or Deliveries()
        self.endpoints = list(endpoints or ())
        self.served = 0
        self.world.on_event = self._deliver
        self.deliveries.taken = self._delivered
        if store is not None:
            self._load(store)

    # The API

    def api(self, request: Request) -> Answer:
        """Who asks, what was answered before, what shall go wrong, and only then the work itself."""
        request_id = self.world.identifier("req", 14)
        headers = {
            "Request-Id": request_id,
            "Stripe-Version": request.headers.get("stripe-version", API_VERSION),
        }
        try:
            account, browser = self._who(request)
            if account != PLATFORM:
                headers["Stripe-Account"] = account
            found = routes.find(request.method, request.path)
            if found is None:
                raise errors.not_found(request.method, request.path)
            route, ids = found
            if browser and not route.browser:
                raise errors.forbidden("A publishable key may not do this.", "secret_key_required")
            plans = self.faults.around(request.method, request.path)
            if any(plan.kind == "drop_before" for plan in plans):
                return Answer(0, drop=True)
            _refuse_by_plan(plans)
            raw = decode(request.form)
            key = request.headers.get("idempotency-key") if request.method == "POST" else None
            call = Call(self.world, self.faults, account, self.base, request.path, ids, raw, browser)
            cause = Cause(request_id, key)
            answer = (
                self._once(call, route, cause, plans) if key else self._work(call, route, cause, plans)[0]
            )
        except Refusal as refusal:
            answer = refusal.answer()
        answer.headers = {**headers, **answer.headers}
        return answer

    def _who(self, request: Request) -> tuple[str, bool]:
        """The account acted for, and whether a browser asks."""
        key = request.key()
        if not key.startswith(("sk_test_", "rk_test_", "pk_test_")):
            raise errors.unauthorised(
                "No test key was sent. The stand-in takes sk_test_… and pk_test_…, never live keys."
            )
        account = request.headers.get("stripe-account", PLATFORM)
        with self.world.lock:
            row = self.world.objects.get(account)
        if account != PLATFORM and (row is None or row.body["object"] != "account"):
            raise errors.forbidden(
                f"The account {account} is not connected, or does not exist.", "account_invalid"
            )
        return account, key.startswith("pk_")

    def _once(self, call: Call, route: Route, cause: Cause, plans: list[Plan]) -> Answer:
        """The same, under an idempotency key."""
        key = str(cause.key)
        kept = self.answers.begin(
            call.account, key, call.path, call.params, now=self.world.now(), request=str(cause.request)
        )
        if kept is not None:
            kept.headers["Idempotency-Key"] = key
            return kept
        memory: Answer | None = None
        try:
            answer, memory = self._work(call, route, cause, plans)
        finally:
            self.answers.finish(call.account, key, memory)
            self.keep()
        answer.headers["Idempotency-Key"] = key
        return answer

    def _work(
        self, call: Call, route: Route, cause: Cause, plans: list[Plan]
    ) -> tuple[Answer, Answer | None]:
        """The answer, and what a repetition shall be answered: nothing where no endpoint began to work."""
        _stall(plans, after=False)
        answer, began = self._execute(call, route, cause)
        memory = answer if began else None
        _stall(plans, after=True)
        for plan in plans if began else ():
            if plan.kind == "drop_after_commit":
                return Answer(0, drop=True), memory
            if plan.kind == "error_after_commit":
                retry = "false" if plan.saved else "true"
                broken = Refusal(
                    500, "An error happened after the work was done.", kind="api_error",
                    headers={"Stripe-Should-Retry": retry},
                ).answer()  # fmt: skip
                return broken, broken if plan.saved else memory
        return answer, memory

    def _execute(self, call: Call, route: Route, cause: Cause) -> tuple[Answer, bool]:
        raw, began = call.params, False
        with self.world.lock:
            self.tick()
            self.world.cause = cause
            try:
                call.params = params.read(route.schema, raw, route.required)
                paths = params.expand(raw)
                body = route.handler(call)
                began = True  # whatever is refused from here on was done
                answer = Answer.of(200, calls.expanded(self.world, body, paths))
            except Refusal as refusal:
                answer, began = refusal.answer(), began or refusal.began
            except Exception:  # a fault of the stand-in: said aloud, and answered as Stripe would
                traceback.print_exc(file=sys.stderr)
                broken = Refusal(500, "The stand-in failed; its log says how.", kind="api_error")
                answer, began = broken.answer(), False
            self.world.cause = Cause()
            if cause.key and began:
                self.answers.note(call.account, cause.key, answer)
            self.keep()  # the work and its answer together, so that no repetition does it again
            return answer, began

    # What happens by itself

    def tick(self) -> None:
        """Brings all to the present: authorisations run out, payouts arrive, sessions lapse."""
        for row in self.world.overdue():
            call = self.acting(row.account)
            if row.body["object"] == "payment_intent":
                paying.expire(call, row.body)
            elif row.body["object"] == "payout":
                transfers.arrive(call, row.body)
            elif row.body["object"] == "checkout.session":
                checkout.lapse(call, row.body)
        self.served += 1
        if self.served % SWEEP_EVERY == 0:
            self.answers.sweep(self.world.now())

    def acting(self, account: str, path: str = "") -> Call:
        """A call that no client made."""
        return Call(self.world, self.faults, account, self.base, path, params={})

    def _deliver(self, identifier: str, event: Event) -> None:
        for endpoint in self.hearing(event):
            self.deliveries.send(identifier, event.type, event.body, endpoint)

    def hearing(self, event: Event) -> list[Endpoint]:
        """The configured endpoints, and those made through the API that want this event."""
        made = []
        for name in self.world.lists[PLATFORM, "webhook_endpoint"]:
            row = self.world.objects[name]
            wanted = any(fnmatchcase(event.type, kind) for kind in row.body["enabled_events"])
            if (
                wanted
                and row.body["status"] == "enabled"
                and row.inner["connect"] == (event.account != PLATFORM)
            ):
                made.append(Endpoint(row.body["url"], row.inner["secrets"]))
        return [*self.endpoints, *made]

    def _delivered(self, delivery: Delivery) -> None:
        """An event that an endpoint took is not sent again after a restart."""
        if self.store is not None:
            with self.world.lock:
                self.store.save([(f"delivered {delivery.event} {delivery.endpoint.url}", b"1")])

    # On disk

    def keep(self) -> None:
        """Writes down what changed since the last time."""
        if self.store is None:
            self.world.dirty.clear()
            self.answers.dirty.clear()
            return
        with self.world.lock:
            setting = ("setting offset", json.dumps(self.world.offset).encode())
            self.store.save([*self.world.rows(), *self.answers.rows(), setting])

    def _load(self, store: Store) -> None:
        rows = store.load()
        self.world.take(rows)
        self.answers.take(rows)
        values = dict(rows)
        self.world.offset = json.loads(values.get("setting offset", b"0"))
        for identifier, event in self.world.events.items():
            for endpoint in self.hearing(event):
                if f"delivered {identifier} {endpoint.url}" not in values:
                    self.deliveries.send(identifier, event.type, event.body, endpoint)

    def reset(self) -> None:
        """As on the first day; endpoints that were configured stay."""
        with self.world.lock:
            self.world.forget()
            self.faults.clear()
            self.answers.forget()
            self.deliveries.forget()
            if self.store is not None:
                self.store.forget()


def _refuse_by_plan(plans: list[Plan]) -> None:
    """What goes wrong before anything is looked at; none of it is kept under a key."""
    for plan in plans:
        if plan.kind == "rate_limit":
            raise Refusal(
                429, "Too many requests.", code="rate_limit", began=False,
                headers={"Retry-After": str(int(plan.seconds)), "Stripe-Should-Retry": "false"},
            )  # fmt: skip
        if plan.kind == "lock_timeout":
            raise Refusal(
                429, "Another request holds this object; try again.", code="lock_timeout", began=False,
                headers={"Stripe-Should-Retry": "true"},
            )  # fmt: skip
        if plan.kind == "error_before":
            raise Refusal(
                500, "An error happened before anything was done.", kind="api_error", began=False,
                headers={"Stripe-Should-Retry": "true"},
            )  # fmt: skip


def _stall(plans: list[Plan], *, after: bool) -> None:
    for plan in plans:
        if plan.kind == "stall" and plan.after == after:
            time.sleep(plan.seconds)
