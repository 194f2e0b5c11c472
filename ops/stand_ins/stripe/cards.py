"""The test cards that Stripe documents, and what each of them does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ops.stand_ins.stripe.errors import bad_parameter
from ops.stand_ins.stripe.wire import Body


class Asks(Enum):
    """When the cardholder's bank asks for authentication."""

    NEVER = "never"
    UNLESS_SET_UP = "off-session payments are free of it once the card was set up; others are not"
    ALREADY_SET_UP = "off-session payments are free of it from the start; others are not"
    ALWAYS = "always"


@dataclass(frozen=True)
class Decline:
    code: str
    reason: str | None  # the issuer's decline code, where it gives one
    message: str


@dataclass(frozen=True)
class Card:
    number: str
    name: str | None = None  # pm_card_<name>
    decline: Decline | None = None
    attaches: bool = True  # whether a card that declines can nevertheless be saved
    asks: Asks = Asks.NEVER
    dispute: str | None = None  # the reason of the dispute that follows a payment
    inquiry: bool = False
    available_at_once: bool = False
    refund: str = "succeeded"  # where a refund to this card starts


GENERIC = Decline("card_declined", "generic_decline", "Your card was declined.")
INSUFFICIENT = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
LOST = Decline("card_declined", "lost_card", "Your card was declined.")
STOLEN = Decline("card_declined", "stolen_card", "Your card was declined.")
EXPIRED = Decline("expired_card", None, "Your card has expired.")
WRONG_CVC = Decline("incorrect_cvc", None, "Your card's security code is incorrect.")
PROCESSING = Decline("processing_error", None, "An error occurred while processing your card.")
UNAUTHENTICATED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined: it asks for authentication.",
)
DECLINES = {
    each.reason or each.code: each
    for each in (GENERIC, INSUFFICIENT, LOST, STOLEN, EXPIRED, WRONG_CVC, PROCESSING, UNAUTHENTICATED)
}

CARDS = [
    Card("4242424242424242", "visa"),
    Card("4000056655665556", "visa_debit"),
    Card("5555555555554444", "mastercard"),
    Card("5200828282828210", "mastercard_debit"),
    Card("378282246310005", "amex"),
    Card("6011111111111117", "discover"),
    Card("4000000000000077", "bypassPending", available_at_once=True),
    Card("4000000000000002", "chargeDeclined", GENERIC, attaches=False),
    Card("4000000000009995", "chargeDeclinedInsufficientFunds", INSUFFICIENT, attaches=False),
    Card("4000000000009987", "chargeDeclinedLostCard", LOST, attaches=False),
    Card("4000000000009979", "chargeDeclinedStolenCard", STOLEN, attaches=False),
    Card("4000000000000069", "chargeDeclinedExpiredCard", EXPIRED, attaches=False),
    Card("4000000000000127", "chargeDeclinedIncorrectCvc", WRONG_CVC, attaches=False),
    Card("4000000000000119", "chargeDeclinedProcessingError", PROCESSING, attaches=False),
    Card("4000000000000341", "chargeCustomerFail", GENERIC),
    Card("4000002500003155", "authenticationRequiredOnSetup", asks=Asks.UNLESS_SET_UP),
    Card("4000003800000446", "authenticationRequiredSetupForOffSession", asks=Asks.ALREADY_SET_UP),
    Card("4000002760003184", "authenticationRequired", asks=Asks.ALWAYS),
    Card("4000000000003220", "threeDSecure2Required", asks=Asks.ALWAYS),
    Card(
        "4000008260003178", "authenticationRequiredChargeDeclinedInsufficientFunds", INSUFFICIENT,
        asks=Asks.ALWAYS,
    ),
    Card("4000008400001629", "threeDSecureRequiredChargeDeclined", GENERIC, asks=Asks.ALWAYS),
    Card("4000000000000259", "createDispute", dispute="fraudulent"),
    Card("4000000000002685", "createDisputeProductNotReceived", dispute="product_not_received"),
    Card("4000000000001976", "createDisputeInquiry", dispute="fraudulent", inquiry=True),
    Card("4000000000007726", "pendingRefund", refund="pending"),
    Card("4000000000005126", "refundFail", refund="pending"),
]  # fmt: skip
BY_NUMBER = {card.number: card for card in CARDS}
BY_NAME = {f"pm_card_{card.name}": card for card in CARDS} | {
    f"pm_card_visa_{card.name}": card
    for card in CARDS
    if card.name and card.name.startswith("chargeDeclined")
}
BRANDS = {"4": "visa", "5": "mastercard", "2": "mastercard", "3": "amex", "6": "discover"}


def by_number(number: str) -> Card:
    """A documented card, or an ordinary one with that number."""
    if not passes_luhn(number):
        raise bad_parameter("Your card number is incorrect.", "number", "incorrect_number")
    return BY_NUMBER.get(number) or Card(number)


def passes_luhn(number: str) -> bool:
    if not number.isdigit() or not 12 <= len(number) <= 19:
        return False
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number)))
    return sum(each // 10 + each % 10 for each in doubled) % 10 == 0


def read(card: Body, *, today: tuple[int, int]) -> tuple[Card, int, int]:
    """The card behind the parameters, its month and its year; refuses what no card has."""
    if token := card.get("token"):
        found = BY_NAME.get(f"pm_card_{token.removeprefix('tok_').removeprefix('visa_')}")
        if found is None:
            raise bad_parameter(f"No such token: {token}", "card[token]", "resource_missing")
        return found, 12, today[0] + 5
    found = by_number(str(card.get("number") or "").replace(" ", ""))
    month, year = card.get("exp_month"), card.get("exp_year")
    if not month or not 1 <= month <= 12:
        raise bad_parameter("Your card's expiration month is invalid.", "exp_month", "invalid_expiry_month")
    if year is not None and year < 100:
        year += 2000
    if not year or (year, month) < today or year > today[0] + 50:
        raise bad_parameter("Your card's expiration year is invalid.", "exp_year", "invalid_expiry_year")
    cvc = card.get("cvc")
    if cvc is not None and not (cvc.isdigit() and len(cvc) in (3, 4)):
        raise bad_parameter("Your card's security code is invalid.", "cvc", "invalid_cvc")
    return found, month, year


def asks(card: Card, *, off_session: bool, set_up: bool) -> bool:
    """Whether the bank wants to see the cardholder for this payment."""
    if card.asks is Asks.ALWAYS:
        return True
    if card.asks is Asks.NEVER:
        return False
    return not (off_session and (set_up or card.asks is Asks.ALREADY_SET_UP))
