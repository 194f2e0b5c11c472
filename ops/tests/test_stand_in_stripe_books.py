"""Whatever is asked in whatever order, the books stay right; and the arithmetic behind them."""

import json
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from ops.stand_ins.stripe import accounts, audit, money, refunds, wire
from ops.stand_ins.stripe.app import App
from ops.stand_ins.stripe.wire import Request
from ops.stand_ins.stripe.world import DAY, PLATFORM


class Desk:
    """The stand-in in this process, with one account that may be paid."""

    def __init__(self):
        self.app = App(base="http://localhost")
        self.account = self.ask("POST", "accounts", type="express")["id"]
        row = self.app.world.objects[self.account]
        accounts.onboard(self.app.acting(PLATFORM), row.body, complete=True)
        self.intents, self.transfers = [], []

    def ask(self, method, path, **sent):
        headers = {"authorization": "Bearer sk_test_x"}
        form = urlencode(
            {name.replace("__", "[") + "]" * name.count("__"): each for name, each in sent.items()}
        )
        request = Request(method, f"/v1/{path}", "", headers, form.encode())
        return json.loads(self.app.api(request).body)

    def do(self, step, which, amount):
        intent = self.intents[which % len(self.intents)] if self.intents else "pi_none"
        if step in ("manual", "automatic"):
            terms = {"currency": "usd", "confirm": "true", "return_url": "http://localhost/"}
            shares = {"transfer_data__destination": self.account, "application_fee_amount": amount // 7}
            card = {"amount": amount, "capture_method": step, "payment_method": "pm_card_bypassPending"}
            made = self.ask("POST", "payment_intents", **card, **shares, **terms)
            self.intents += [made["id"]] if "id" in made else []
        elif step == "capture":
            self.ask("POST", f"payment_intents/{intent}/capture", amount_to_capture=amount)
        elif step == "cancel":
            self.ask("POST", f"payment_intents/{intent}/cancel")
        elif step == "refund":
            flags = {"reverse_transfer": "true", "refund_application_fee": "true"} if which % 2 else {}
            self.ask("POST", "refunds", payment_intent=intent, amount=amount, **flags)
        elif step == "transfer":
            made = self.ask("POST", "transfers", amount=amount, currency="usd", destination=self.account)
            self.transfers += [made["id"]] if "id" in made else []
        elif step == "reverse" and self.transfers:
            self.ask(
                "POST", f"transfers/{self.transfers[which % len(self.transfers)]}/reversals", amount=amount
            )
        elif step == "payout":
            self.ask("POST", "payouts", amount=amount, currency="usd")
        elif step == "wait":
            self.app.world.offset += which * DAY


STEPS = ["manual", "automatic", "capture", "cancel", "refund", "transfer", "reverse", "payout", "wait"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 9), st.integers(50, 3000)), max_size=25))
def test_the_books_are_right_after_anything(steps):
    desk = Desk()
    for step in steps:
        desk.do(*step)
        assert audit.problems(desk.app.world) == []
    taken = {
        what: sum(line["amount"] for line in desk.app.world.journal if line["what"] == what)
        for what in ("authorised", "captured", "refunded", "released")
    }
    assert taken["captured"] + taken["released"] <= taken["authorised"]
    assert taken["refunded"] <= taken["captured"]


def test_a_contradiction_is_found():
    desk = Desk()
    desk.do("automatic", 0, 900)
    world = desk.app.world
    charge = next(world.all(PLATFORM, "charge"))
    charge["amount_refunded"] += 1
    transfer = next(world.all(PLATFORM, "transfer"))
    transfer["amount_reversed"] += 1
    world.funds[PLATFORM, "usd"].available += 1
    found = audit.problems(world)
    assert [each.partition(":")[0] for each in found] == [charge["id"], transfer["id"], PLATFORM]


def test_the_steps_do_reach_money():
    desk = Desk()
    for step in [("manual", 0, 3000), ("capture", 0, 2000), ("refund", 1, 500), ("automatic", 0, 900)]:
        desk.do(*step)
    what = [line["what"] for line in desk.app.world.journal]
    assert {"authorised", "captured", "released", "transferred", "fee_earned", "refunded", "reversed"} <= set(
        what
    )


@given(st.integers(1, 10**8), st.lists(st.integers(1, 10**6), max_size=8))
def test_parts_of_a_transfer_never_add_up_to_more_than_one_unit_too_much_each(of, parts):
    whole = sum(parts) or 1
    shares = [refunds.share_of(part, of, whole) for part in parts]
    assert abs(sum(shares) - (of if parts else 0)) <= len(parts)
    assert refunds.share_of(whole, of, whole) == of


def test_the_fee_rounds_half_a_unit_up():
    assert [money.fee_on(amount) for amount in (50, 100, 5000, 50_000, 500)] == [31, 33, 175, 1480, 45]


KEYS = st.text("abc_", min_size=1, max_size=6)
TEXTS = st.text(max_size=12)


@given(st.recursive(TEXTS, lambda below: st.dictionaries(KEYS, below, min_size=1, max_size=3), max_leaves=8))
def test_nested_parameters_come_out_as_they_went_in(value):
    def flat(name, each):
        if isinstance(each, dict):
            return [pair for key, below in each.items() for pair in flat(f"{name}[{key}]", below)]
        return [(name, each)]

    assert wire.decode(urlencode(flat("x", value))) == {"x": value}


def test_lists_are_read_by_number_or_in_their_order():
    assert wire.decode("a[]=1&a[]=2&b[0][c]=3&b[1][c]=4") == {
        "a": {"0": "1", "1": "2"},
        "b": {"0": {"c": "3"}, "1": {"c": "4"}},
    }
