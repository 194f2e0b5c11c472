"""What Stripe says, in our words: plain facts about its objects, and five ways in which a call may fail."""

from __future__ import annotations

from dataclasses import dataclass, field


class GatewayError(Exception):
    """``code`` is Stripe's, the message a sentence that may be shown."""

    def __init__(self, message: str, *, code: str = "", intent: Intent | None = None) -> None:
        super().__init__(message)
        self.message, self.code, self.intent = message, code, intent


class Declined(GatewayError):
    """The bank or Stripe says no to this card now."""


class ActionNeeded(GatewayError):
    """The bank wants to hear from the student first."""


class Unknown(GatewayError):
    """Nobody can say whether it happened. ``is_over``: Stripe has finished with the call."""

    def __init__(self, message: str, *, is_over: bool) -> None:
        super().__init__(message)
        self.is_over = is_over


class Refused(GatewayError):
    """The call was wrong, or the object is not in a state for it; repeating it is no use."""


class Busy(GatewayError):
    """Nothing happened: too many calls, or another one holds the object. Repeat it later."""


@dataclass(frozen=True, slots=True)
class Fee:
    """What Stripe kept of one movement of our balance; ``id`` is the movement's."""

    id: str
    amount: int


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment intent, as far as we look at it."""

    id: str
    status: str
    amount: int
    received: int
    client_secret: str = ""
    redirect_url: str = ""
    charge: str = ""
    error_code: str = ""
    error: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    # Of its charge, once that has reached our balance.
    fee: Fee | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """A card at Stripe."""

    id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    customer: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """A setup intent: a card on its way to be saved."""

    id: str
    status: str
    client_secret: str
    method: str
    customer: str


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """A connected account."""

    id: str
    takes_transfers: bool
    pays_out: bool
    details_submitted: bool
    requirements: list[str]
    disabled_reason: str


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    id: str
    intent: str
    amount: int
    reason: str
    status: str
    withdrawn: int
    answer_by: int | None
    is_answered: bool = False
    fees: list[Fee] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """``status``: succeeded, pending, failed, canceled, requires_action."""

    id: str
    intent: str
    amount: int
    status: str
    step: str
    fee: Fee | None = None


@dataclass(frozen=True, slots=True)
class PayoutFacts:
    id: str
    amount: int
    status: str
    arrives: int
    failure: str


@dataclass(frozen=True, slots=True)
class Message:
    """A word from Stripe whose signature was right."""

    id: str
    kind: str
    created: int
    account: str
    object_id: str
