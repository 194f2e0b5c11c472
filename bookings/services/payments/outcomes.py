"""What became of a payment: each function writes one outcome, its event and its posting.

All are called with the payment's row locked, inside a transaction, and only for a payment in the state that
they leave: so an outcome that is heard twice (an answer, a webhook, a sweep) has one effect.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from bookings.models import Payment, PaymentStatus
from bookings.services import credits, ledger, packages_held
from bookings.services.payments import moments
from bookings.services.policies import Tier
from bookings.services.pricing import Quote, Settlement, settle
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.events.models import Event
from instainstru.lib.compiled import Compiled, carry_over, update
from instainstru.rules import services as rules_service
from instainstru.rules.models import Rules

# Nothing holds money yet: what may still be changed about a payment.
BEFORE_MONEY = (PaymentStatus.PLANNED, PaymentStatus.FAILED, PaymentStatus.ACTION_REQUIRED)
# A call is out; what comes back finds whatever was changed meanwhile.
UNDER_WAY = (PaymentStatus.AUTHORISING, PaymentStatus.CAPTURING, PaymentStatus.CANCELLING)
NO_CARD = "no_card"
NO_CARD_SAID = "There is no card for this lesson yet."
LESSON, PACKAGE, TIP = Payment.Purpose.LESSON, Payment.Purpose.PACKAGE, Payment.Purpose.TIP


def locked() -> QuerySet[Payment]:
    """Payments' present rows, locked when they are read, with all that outcomes look at."""
    return _rows().select_related(*PEOPLE)


# Of a payment's people and card nothing changes that outcomes go by, unlike of its booking.
PEOPLE = ("student", "instructor", "card")


def _rows() -> QuerySet[Payment]:
    found = Payment.objects.select_for_update(of=("self",), no_key=True)
    return found.select_related("booking__rules")


def lock_payment(pk: Any) -> Payment:
    """That payment's present row, locked."""
    for payment in _by_pk(pk=pk):
        return payment
    raise Payment.DoesNotExist


# Each step of a payment begins with it: five tables wide, the ORM needs longer to write it than it takes.
_by_pk = Compiled(lambda pk: locked().filter(pk=pk), pk=UUID)


def lock_again(payment: Payment) -> Payment:
    """As ``lock_payment``, of one that was read: its people and card are not read again."""
    for found in _with_booking(pk=payment.pk):
        carry_over(PEOPLE, payment, found)
        return found
    raise Payment.DoesNotExist


_with_booking = Compiled(lambda pk: _rows().filter(pk=pk), pk=UUID)


def is_upfront(payment: Payment) -> bool:
    """Whether it is for a time that is only held so far (``upfront.py``)."""
    return payment.booking is not None and payment.booking.confirmed_at is None


def may_change_card(payment: Payment) -> bool:
    """Whether no card holds anything yet, and one may still have to."""
    return payment.status in BEFORE_MONEY and payment.ending in ("", Payment.GIVEN)


def quote_of(payment: Payment) -> Quote:
    """The bill as it was agreed."""
    return Quote(
        lesson=payment.lesson,
        fee=payment.fee,
        credit=payment.credit,
        package=payment.package,
        tip=payment.tip,
        commission=payment.commission,
    )


def has_card(payment: Payment) -> bool:
    return payment.card is not None and payment.card.removed_at is None


def settlement(payment: Payment) -> Settlement:
    """Who ends up with what, as the lesson ended."""
    tier = None if payment.ending in ("", Payment.GIVEN) else Tier(payment.ending)
    if payment.purpose == TIP:
        return Settlement(to_instructor=payment.tip) if tier is None else Settlement(refund=payment.tip)
    return settle(quote_of(payment), tier)


def to_collect(payment: Payment) -> int:
    """How much of the total the card is charged as the lesson ended."""
    return payment.total - settlement(payment).refund


def all_comes_back(payment: Payment) -> bool:
    """Whether nobody keeps anything of it as the lesson ended, so that nothing is charged.

    A lesson out of a package may cost the card nothing and still be shared out.
    """
    shares = settlement(payment)
    return not (to_collect(payment) or shares.to_instructor or shares.platform)


def rules_of(payment: Payment) -> Rules:
    return payment.booking.rules if payment.booking is not None else rules_service.current()


def note(kind: Kind, payment: Payment, *, amount: int, by: Any = None, **more: Any) -> Event:
    """Record that something happened to the payment; its row counts it."""
    payment.version += 1
    return record(kind, payment, by=by, data=facts(payment, amount=amount, **more), version=payment.version)


def facts(payment: Payment, *, amount: int, **more: Any) -> dict[str, Any]:
    """What an event of the payment tells."""
    return {
        "amount": amount,
        "currency": payment.currency,
        "purpose": payment.purpose,
        "booking": str(payment.booking_id) if payment.booking_id else None,
        "student": payment.student_id,
        "instructor": payment.instructor_id,
        **more,
    }


def authorised(payment: Payment, *, intent_id: str, now: datetime) -> None:
    """The card holds the amount, or there was nothing to hold."""
    payment.status = PaymentStatus.AUTHORISED
    payment.intent_id = intent_id
    payment.failing_since = payment.warned_at = None
    payment.tries, payment.error_code, payment.error = 0, "", ""
    payment.needs_staff = False
    waits = not payment.ending and payment.authorise_at <= now and not is_upfront(payment)
    payment.due_at = payment.capture_at if waits else now
    if payment.total:
        note(Kind.PAYMENT_AUTHORISED, payment, amount=payment.total)
    update(
        payment, "status", "intent_id", "failing_since", "warned_at", "tries", "error_code", "error",
        "needs_staff", "due_at", "version",
    )  # fmt: skip


def action_required(payment: Payment, *, intent_id: str, now: datetime) -> None:
    """The bank asks the student; if they never answer, the payment is failing."""
    payment.status = PaymentStatus.ACTION_REQUIRED
    payment.intent_id = intent_id
    if payment.booking is not None and is_upfront(payment):
        # They have as long as the time is held.
        payment.due_at = payment.booking.expires_at
    else:
        payment.failing_since = payment.failing_since or now
        payment.due_at = moments.next_look(payment, rules=rules_of(payment), now=now)
    update(payment)


def declined(payment: Payment, *, code: str, message: str, intent_id: str, now: datetime) -> None:
    """No authorisation this time; when it is tried again, or that a person must look."""
    payment.tries += 1
    payment.failing_since = payment.failing_since or now
    payment.error_code, payment.error = code[:60], message[:300]
    payment.intent_id = intent_id
    if is_upfront(payment):
        _ended_upfront(payment, now=now)
        _note_failed(payment, code=code, message=message)
        update(payment)
        return
    payment.status = PaymentStatus.PLANNED
    payment.due_at = moments.next_look(payment, rules=rules_of(payment), now=now)
    if payment.purpose != LESSON:
        payment.due_at = None
    if payment.due_at is None:
        payment.status = PaymentStatus.FAILED
        payment.needs_staff = payment.purpose == LESSON
    _note_failed(payment, code=code, message=message)
    update(payment)


def _ended_upfront(payment: Payment, *, now: datetime) -> None:
    """The student is there and chooses another card: what this one was to pay with is free for that."""
    payment.status, payment.ending, payment.due_at = PaymentStatus.FAILED, Tier.FREE, now


def _note_failed(payment: Payment, *, code: str, message: str) -> None:
    will_try = payment.due_at is not None and not payment.ending
    note(
        Kind.PAYMENT_FAILED, payment, amount=payment.total, code=code, message=message,
        next_try=payment.due_at.isoformat() if payment.due_at is not None and will_try else None,
        tries=payment.tries, upfront=is_upfront(payment),
    )  # fmt: skip


def refused(payment: Payment, *, code: str, message: str, now: datetime) -> None:
    """Stripe did not take our call: nothing that time heals."""
    payment.status = PaymentStatus.FAILED
    payment.error_code, payment.error = code[:60], message[:300]
    payment.needs_staff, payment.due_at = True, None
    if is_upfront(payment):
        _ended_upfront(payment, now=now)
    _note_failed(payment, code=code, message=message)
    update(payment)


def without_card(payment: Payment) -> None:
    """The moment came at which a lesson is given up, and nobody ever gave a card: the lesson stays, and
    staff look at it."""
    payment.status, payment.error_code = PaymentStatus.FAILED, NO_CARD
    payment.needs_staff, payment.due_at = True, None
    # A card that is given later is tried, and the lesson stays whatever the bank says.
    payment.give_up_at = payment.warn_at = None
    _note_failed(payment, code=NO_CARD, message=NO_CARD_SAID)
    update(payment)


def warned(payment: Payment, *, now: datetime) -> None:
    """The last word before the lesson is given up, or before nobody asks for a card any more."""
    payment.warned_at = now
    payment.due_at = moments.next_look(payment, rules=rules_of(payment), now=now)
    give_up_at = payment.give_up_at.isoformat() if payment.give_up_at else None
    code = "" if has_card(payment) else NO_CARD
    note(Kind.PAYMENT_WARNED, payment, amount=payment.total, give_up_at=give_up_at, code=code)
    update(payment)


def expired(payment: Payment, *, now: datetime) -> None:
    """The bank let go of what it held before we charged it: authorise anew, at once."""
    payment.status = PaymentStatus.PLANNED
    payment.intent_id, payment.due_at = "", now
    update(payment)


def captured(payment: Payment, *, now: datetime) -> None:
    """The card was charged; everybody gets theirs. Without an ending the lesson was given."""
    payment.ending = payment.ending or Payment.GIVEN
    collected = to_collect(payment)
    shares = settlement(payment)
    payment.status = PaymentStatus.CAPTURED
    payment.captured, payment.captured_at = collected, now
    payment.due_at = None
    payment.needs_staff = False
    payment.to_instructor = shares.to_instructor if payment.purpose != PACKAGE else 0
    payment.transfer_at = now if payment.to_instructor else None
    kind = {TIP: Kind.TIP_PAID, PACKAGE: Kind.PACKAGE_BOUGHT}.get(
        Payment.Purpose(payment.purpose), Kind.PAYMENT_CAPTURED
    )
    event = note(kind, payment, amount=collected, shares=said(shares))
    update(payment)
    if payment.purpose == PACKAGE:
        entries = {ledger.packages_of(payment.student_id): payment.lesson, ledger.PLATFORM: payment.fee}
        packages_held.paid(payment, now=now)
    else:
        entries = _given_back(payment, shares)
        entries[ledger.of_instructor(payment.instructor_id)] = shares.to_instructor
        entries[ledger.PLATFORM] = shares.platform
    entries[ledger.STRIPE] = -collected
    ledger.post(entries, event=event, currency=payment.currency, payment=payment)


def released(payment: Payment, *, now: datetime) -> None:
    """Nothing is charged. A lesson that is still on is planned anew."""
    payment.intent_id = ""
    if not payment.ending:
        payment.status, payment.due_at = PaymentStatus.PLANNED, payment.authorise_at
        update(payment)
        return
    payment.status, payment.due_at = PaymentStatus.CANCELLED, None
    payment.needs_staff = False
    event = note(Kind.PAYMENT_CANCELLED, payment, amount=payment.total, tier=payment.ending)
    update(payment)
    entries = _given_back(payment, settlement(payment))
    ledger.post(entries, event=event, currency=payment.currency, payment=payment)


def _given_back(payment: Payment, shares: Settlement) -> dict[ledger.Whose, int]:
    """Credit and packages after a lesson ended: what was held for it goes, what comes back comes back."""
    student = payment.student_id
    if shares.credit_back:
        credits.give_back(payment, shares.credit_back)
    if shares.credit:
        credits.make(
            student_id=student, amount=shares.credit, reason="A cancelled lesson", rules=rules_of(payment),
            booking=payment.booking,
        )  # fmt: skip
    if shares.package_back:
        packages_held.give_back(payment)
    return {
        ledger.of_student(student): -(payment.credit + payment.package),
        ledger.credit_of(student): shares.credit_back + shares.credit,
        ledger.packages_of(student): shares.package_back,
    }


def said(shares: Settlement) -> dict[str, int]:
    """A settlement as events tell it."""
    names = ("refund", "credit_back", "package_back", "credit", "to_instructor", "platform")
    return {name: getattr(shares, name) for name in names}
