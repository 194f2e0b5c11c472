"""Students' saved cards. Numbers never reach us: Stripe keeps them, and tells brand and last digits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from bookings.models import Card, Customer, Payment, PaymentStatus
from bookings.services import stripe_gateway as gateway
from instainstru.accounts.models import User
from instainstru.events.kinds import Kind
from instainstru.events.log import record
from instainstru.lib import clock
from instainstru.lib.compiled import Compiled
from instainstru.lib.errors import Conflict, DomainError, NotFound
from students.models import Student

# A payment that may still need its card.
NEEDS_CARD = (
    PaymentStatus.PLANNED, PaymentStatus.AUTHORISING, PaymentStatus.ACTION_REQUIRED,
    PaymentStatus.AUTHORISED, PaymentStatus.CAPTURING,
)  # fmt: skip


def of(student: Student) -> QuerySet[Card]:
    """The student's cards, the newest first."""
    return Card.objects.filter(student=student, removed_at__isnull=True)


def card_for(user: User, card_id: int | str) -> Card:
    """A card of the user's own; raises ``NotFound`` for any other."""
    if not str(card_id).isdigit() or len(str(card_id)) > 18:
        raise NotFound("There is no such card.")
    for card in _of_user(pk=int(card_id), user_id=user.pk):
        return card
    raise NotFound("There is no such card.")


_of_user = Compiled(
    lambda pk, user_id: Card.objects.filter(pk=pk, student__user_id=user_id, removed_at__isnull=True),
    pk=int,
    user_id=int,
)


def needed_for(student: Student) -> dict[int, list[Payment]]:
    """The payments that still need each of the student's cards, by the card's id; so long it stays."""
    found: dict[int, list[Payment]] = defaultdict(list)
    waiting = Payment.objects.filter(student=student, card__isnull=False, status__in=NEEDS_CARD)
    for payment in waiting.select_related("booking__offering__subject").order_by("pk"):
        found[payment.card_id or 0].append(payment)
    return found


def customer_of(student: Student) -> Customer:
    """The student at Stripe, who is made there the first time."""
    found = Customer.objects.filter(student=student).first()
    if found is not None:
        return found
    stripe_id = gateway.create_customer(
        email=student.user.email,
        name=student.user.full_name,
        student=student.pk,
        key=f"customer:{student.pk}:{student.user.email}"[:255],
    )
    return Customer.objects.get_or_create(student=student, defaults={"stripe_id": stripe_id})[0]


def begin(student: Student) -> tuple[str, str]:
    """A setup intent's id and client secret, for the Payment Element of a page."""
    with for_people():
        found = gateway.begin_setup(customer_of(student).stripe_id)
    return found.id, found.client_secret


def finish(student: Student, setup_intent: str, *, by: Any) -> Card:
    """The card that a setup intent saved; again and again the same.

    Raises ``NotFound`` for somebody else's intent, ``card_not_saved`` for one that is not finished.
    """
    with for_people():
        found = gateway.setup(setup_intent)
        customer = Customer.objects.filter(student=student).first()
        if customer is None or found.customer != customer.stripe_id:
            raise NotFound("There is no such card.")
        if found.status != "succeeded":
            raise Conflict(
                "The card was not saved. Please try again, or another card.", code="card_not_saved"
            )
        method = gateway.method(found.method)
    return _keep(student, method, by=by)


def checkout(student: Student, *, success_url: str, cancel_url: str) -> str:
    """Stripe's own page for saving a card. It puts the session's id where ``success_url`` says
    ``{CHECKOUT_SESSION_ID}``."""
    with for_people():
        return gateway.begin_checkout(
            customer_of(student).stripe_id, success_url=success_url, cancel_url=cancel_url
        )


def finish_checkout(student: Student, session: str, *, by: Any) -> Card:
    """The card that was saved on Stripe's page."""
    with for_people():
        setup_intent = gateway.checkout_setup(session)
    if not setup_intent:
        raise Conflict("The card was not saved. Please try again.", code="card_not_saved")
    return finish(student, setup_intent, by=by)


def attach(student: Student, method_id: str, *, by: Any) -> Card:
    """Save a card that Stripe knows by name; for tests and demo data."""
    with for_people():
        return _keep(student, gateway.attach(method_id, customer=customer_of(student).stripe_id), by=by)


def _keep(student: Student, method: gateway.Method, *, by: Any) -> Card:
    with transaction.atomic():
        card, is_new = Card.objects.get_or_create(
            method_id=method.id,
            defaults={
                "student": student,
                "brand": method.brand,
                "last4": method.last4,
                "exp_month": method.exp_month,
                "exp_year": method.exp_year,
            },
        )
        if card.student_id != student.pk:
            raise NotFound("There is no such card.")
        if is_new:
            record(Kind.CARD_SAVED, card, by=by, data={"student": student.pk, "last4": card.last4})
    return card


def remove(card: Card, *, by: Any) -> None:
    """Forget a card. Raises ``card_in_use`` while a lesson to come is to be paid with it."""
    with transaction.atomic():
        card = Card.objects.select_for_update(no_key=True).get(pk=card.pk)
        if card.removed_at is not None:
            return
        if Payment.objects.filter(card=card, status__in=NEEDS_CARD).exists():
            raise Conflict(
                "A lesson is to be paid with this card. Choose another card for it first.", code="card_in_use"
            )
        card.removed_at = clock.now()
        card.save(update_fields=["removed_at"])
        record(Kind.CARD_REMOVED, card, by=by, data={"student": card.student_id, "last4": card.last4})
    try:
        gateway.detach(card.method_id)
    except gateway.GatewayError:
        # It is not used any more either way.
        return


class StripeAway(DomainError):
    """Stripe cannot be reached; nothing was changed."""

    code = "payments_away"
    status = 503


@contextmanager
def for_people() -> Iterator[None]:
    """Stripe's refusals, outside of payments, as refusals of ours."""
    try:
        yield
    except (gateway.Declined, gateway.ActionNeeded) as error:
        raise Conflict(error.message, code="card_declined") from error
    except gateway.Refused as error:
        raise NotFound("There is no such card.") from error
    except gateway.GatewayError as error:
        raise StripeAway("Payments cannot be reached right now. Please try again in a minute.") from error
