"""The back office of money: all is seen, nothing is edited, and what moves is shown before it moves."""

from __future__ import annotations

from datetime import timedelta
from operator import attrgetter
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client
from django.urls import reverse

from bookings.admin.payments import WRITES_TO
from bookings.models import Account, Payment, PaymentStatus, Posting, Step
from bookings.reactions import REACTIONS
from bookings.services import credits
from bookings.services.payments import fees, outcomes, review
from bookings.services.stripe_facts import Fee
from bookings.tests.cast import Cast
from bookings.tests.factories import StudentFactory, booked, in_days, local_time
from bookings.tests.paying import due_payment, payment_of
from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instainstru.lib import clock

pytestmark = pytest.mark.django_db
LIST = "/admin/bookings/payment/"
REASON = "Half of the lesson was silence"


def charged(cast: Cast, **facts: Any) -> Payment:
    """A lesson of 80.00 that was given and charged, and Stripe's fee for it."""
    payment = due_payment(
        cast.piano, cast.ben_student, None, status=PaymentStatus.AUTHORISED, intent_id="pi_1", **facts
    )
    with transaction.atomic():
        payment = outcomes.lock_payment(payment.pk)
        outcomes.captured(payment, now=clock.now())
        fees.take(payment, Fee("txn_1", 2_90), what=fees.What.CHARGE)
    return payment


@pytest.fixture
def payment(cast: Cast) -> Payment:
    return charged(cast)


def url(row: Any, act: str = "change") -> str:
    options = row._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_{act}", args=[row.pk])


def text(response: Any) -> str:
    return " ".join(response.content.decode().replace("&#x27;", "'").split())


def only(cast: Cast, *codenames: str) -> None:
    """Staff with these permissions and no others."""
    cast.staff.is_superuser = False
    cast.staff.save()
    cast.staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))


def refund(office: Client, payment: Payment, **data: Any) -> Any:
    return office.post(url(payment, "refund"), {"bears": "instructor", "reason": REASON, **data})


def agreed(response: Any) -> str:
    return str(response.context["form"].signature)


def test_a_list_takes_as_many_queries_for_three_as_for_one(
    office: Client, cast: Cast, django_assert_num_queries: Any
):
    for number in range(3):
        due_payment(cast.piano, StudentFactory(), None, needs_staff=True, status="failed")
        if number in (0, 2):
            with django_assert_num_queries(5):  # person, bounded count, rows, disputes, steps
                response = office.get(LIST)
            assert len(response.context["cl"].result_list) == number + 1


def test_nothing_on_any_page_of_money_can_be_added_changed_or_deleted(
    office: Client, cast: Cast, payment: Payment
):
    credit = credits.grant(cast.ben_student, amount=5_00, reason="sorry", by=cast.staff)
    posting = Posting.objects.earliest("pk")
    account = Account.objects.get(kind="platform")
    for row in (payment, credit, posting, account):
        page = office.get(url(row))
        assert page.status_code == 200
        assert "_save" not in text(page)
        assert office.post(url(row), {"status": "failed", "amount": "1"}).status_code == 403
        assert office.post(url(row, "delete"), {"post": "yes"}).status_code == 403
        assert office.get(reverse(f"admin:bookings_{row._meta.model_name}_add")).status_code == 403
        before = type(row).objects.get(pk=row.pk)
        assert {name: getattr(before, name) for name in _columns(row)} == {
            name: getattr(row, name) for name in _columns(row)
        }


def _columns(row: Any) -> list[str]:
    return [field.attname for field in row._meta.concrete_fields]


def test_a_payments_page_shows_steps_postings_events_and_where_it_is_at_stripe(
    office: Client, cast: Cast, payment: Payment, settings: Any
):
    settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = "", "sk_test_x"
    Step.objects.create(
        payment=payment, name="capture", number=1, idempotency_key="k", state="done", amount=89_60,
        stripe_id="ch_1", started_at=clock.now(), settled_at=clock.now(),
    )  # fmt: skip
    page = text(office.get(url(payment)))
    assert "https://dashboard.stripe.com/test/payments/pi_1" in page
    assert "https://dashboard.stripe.com/test/payments/ch_1" in page
    for said in ("Charge 1", "Done", "−$89.60", "+$68.00", "+$21.60", "−$2.90", "Card charged",
                 "Fee kept by Stripe", "Send $68.00 to the instructor"):  # fmt: skip
        assert said in page, said
    Payment.objects.update(transfer_at=None)
    assert "$68.00 waits until the instructor's account is ready" in text(office.get(url(payment)))
    settings.STRIPE_SECRET_KEY = "sk_live_x"
    assert "https://dashboard.stripe.com/payments/pi_1" in text(office.get(url(payment)))
    settings.STRIPE_API_BASE = "http://localhost:12111"
    assert "dashboard.stripe.com" not in text(office.get(url(payment)))


@pytest.mark.parametrize("query", ["ben", "Baker", "ANA@", "pi_1", "id", "booking"])
def test_a_payment_is_found(office: Client, cast: Cast, query: str):
    lesson = booked(cast.piano, local_time(in_days(3), 10), cast.ben_student)
    payment = payment_of(lesson)
    Payment.objects.filter(pk=payment.pk).update(intent_id="pi_1")
    booked(cast.piano, local_time(in_days(4), 10))
    words = {"id": str(payment.pk), "booking": str(lesson.pk)}.get(query, query)
    rows = list(office.get(LIST, {"q": words}).context["cl"].result_list)
    assert payment in rows
    assert len(rows) == (2 if query == "ANA@" else 1)


@pytest.mark.parametrize("address", ["not-a-uuid", "1", "019dc0aa-0000-7000-8000-000000000000"])
def test_what_is_no_payment_is_not_found(office: Client, address: str):
    assert office.get(f"{LIST}{address}/change/").status_code in (302, 404)
    assert office.get(f"{LIST}{address}/refund/").status_code == 404


def test_the_next_step_is_said_in_words(office: Client, cast: Cast):
    lesson = booked(cast.piano, local_time(in_days(3), 10), cast.ben_student)
    payment = payment_of(lesson)
    assert "Authorise " in text(office.get(LIST))
    Payment.objects.filter(pk=payment.pk).update(failing_since=clock.now())
    assert "Try the card again " in text(office.get(LIST))
    Payment.objects.filter(pk=payment.pk).update(frozen_at=clock.now(), frozen_why="no_show")
    assert "frozen, because a no-show was reported" in text(office.get(LIST))
    assert list(office.get(LIST, {"queue": "frozen"}).context["cl"].result_list) == [payment]


def test_every_reaction_to_a_payment_says_whom_it_writes_to():
    reactions = {
        reaction.__name__ for kind, found in REACTIONS.items() for reaction in found
        if kind.startswith("payment.")
    }  # fmt: skip
    assert reactions == set(WRITES_TO)


def test_a_refund_is_shown_first_and_done_at_the_second_press(office: Client, cast: Cast, payment: Payment):
    shown = refund(office, payment, amount="44.80")
    assert shown.status_code == 200
    assert dict(shown.context["form"].shares()) == {
        "Back to the student's card": "$44.80",
        "From the instructor": "$34.00",
        "of which they were sent already, and give back": "$0.00",
        "From us": "$10.80",
        "Could still be refunded afterwards": "$44.80",
    }
    assert "Refund $44.80" in text(shown)
    assert not Step.objects.exists()
    done = refund(office, payment, amount="44.80", agreed=agreed(shown))
    assert (done.status_code, done["Location"]) == (302, url(payment))
    step = Step.objects.get()
    assert (step.name, step.amount, step.sent["from_instructor"]) == ("refund", 44_80, 34_00)
    told = history(payment)[-1]
    assert (told.kind, told.by, told.data["reason"]) == (Kind.PAYMENT_REFUND_BEGUN, cast.staff, REASON)
    payment.refresh_from_db()
    assert (payment.refunded, payment.to_instructor) == (44_80, 34_00)


def test_what_we_bear_leaves_the_instructor_theirs(office: Client, payment: Payment):
    shown = refund(office, payment, amount="$89.60", bears="platform")
    refund(office, payment, amount="$89.60", bears="platform", agreed=agreed(shown))
    payment.refresh_from_db()
    assert (payment.refunded, payment.to_instructor) == (89_60, 68_00)


def test_the_second_press_twice_refunds_once(office: Client, payment: Payment):
    shown = agreed(refund(office, payment, amount="20"))
    first = refund(office, payment, amount="20", agreed=shown)
    second = refund(office, payment, amount="20", agreed=shown)
    assert (first.status_code, second.status_code) == (302, 200)
    assert "Something happened to this payment meanwhile. Nothing was done; look once more." in text(second)
    assert Step.objects.count() == 1
    payment.refresh_from_db()
    assert payment.refunded == 20_00


def test_another_amount_than_was_shown_is_shown_first(office: Client, payment: Payment):
    shown = agreed(refund(office, payment, amount="20"))
    other = refund(office, payment, amount="30", agreed=shown)
    assert other.status_code == 200
    assert "Refund $30.00" in text(other)
    assert not Step.objects.exists()


@pytest.mark.parametrize("is_second", [False, True])
@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("-5", "An amount is above nothing."),
        ("−5", "An amount is above nothing."),
        ("0", "Between one minor unit and $89.60 can go back."),
        ("12.505", "There is nothing smaller than a cent: two digits after the point."),
        ("89.61", "Between one minor unit and $89.60 can go back."),
        ("999999999999", "Write an amount in USD, such as 12 or 12.50."),
        ("€10", "Write an amount in USD, such as 12 or 12.50."),
        ("10 EUR", "Write an amount in USD, such as 12 or 12.50."),
        ("1e2", "Write an amount in USD, such as 12 or 12.50."),
        ("NaN", "Write an amount in USD, such as 12 or 12.50."),
        ("١٢", "Write an amount in USD, such as 12 or 12.50."),
        ("", "This field is required."),
    ],
)
def test_both_screens_refuse_what_is_no_amount(
    office: Client, payment: Payment, amount: str, said: str, is_second: bool
):
    shown = agreed(refund(office, payment, amount="20")) if is_second else ""
    response = refund(office, payment, amount=amount, agreed=shown)
    assert response.status_code == 422
    assert response.context["form"].errors["amount"] == [said]
    assert REASON in text(response)
    assert not Step.objects.exists()
    assert Payment.objects.get().refunded == 0


def test_a_refund_needs_a_reason_and_somebody_who_bears_it(office: Client, payment: Payment):
    response = refund(office, payment, amount="20", reason=" ", bears="nobody")
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"reason", "bears"}
    assert not Step.objects.exists()


def test_what_is_not_charged_or_gone_back_cannot_be_refunded(office: Client, cast: Cast, payment: Payment):
    planned = due_payment(cast.piano, cast.ben_student, None)
    assert reverse("admin:bookings_payment_refund", args=[planned.pk]) not in text(office.get(url(planned)))
    response = refund(office, planned, amount="20")
    assert response.status_code == 422
    assert "Only what was charged for a lesson or a tip can be refunded." in text(response)
    shown = agreed(refund(office, payment, amount="89.60"))
    refund(office, payment, amount="89.60", agreed=shown)
    gone = refund(office, payment, amount="1")
    assert gone.status_code == 422
    assert "Everything that was charged has gone back." in text(gone)
    assert Step.objects.count() == 1


def test_who_may_only_look_gets_no_button_and_403(office: Client, cast: Cast, payment: Payment):
    Payment.objects.filter(pk=payment.pk).update(needs_staff=True)
    only(cast, "view_payment")
    page = office.get(url(payment))
    assert page.status_code == 200
    assert page.context["acts"] == []
    for name in ("refund", "resolve", "try-again"):
        assert office.get(url(payment, name)).status_code == 403
        assert office.post(url(payment, name), {"amount": "20", "reason": REASON}).status_code == 403
    only(cast, "view_payment", "refund_payment")
    assert [act["label"] for act in office.get(url(payment)).context["acts"]] == ["Refund"]
    assert office.get(url(payment, "resolve")).status_code == 403
    assert not Step.objects.exists()


@pytest.mark.parametrize("who", ["ana", "ben", "cy"])
def test_nobody_but_staff_sees_anything(cast: Cast, client: Client, payment: Payment, who: str):
    client.force_login(getattr(cast, who))
    for address in (LIST, url(payment), url(payment, "refund"), "/admin/bookings/account/trial/"):
        assert client.get(address).status_code in (302, 403)


def waiting(cast: Cast, **facts: Any) -> Payment:
    return due_payment(cast.piano, cast.ben_student, None, needs_staff=True, **facts)


def test_why_a_payment_waits_is_said(office: Client, cast: Cast):
    no_card = waiting(cast, status="failed", error_code="no_card", ending="")
    unpaid = waiting(cast, status="failed", error_code="declined", error="Insufficient funds.", ending="half")
    refused = waiting(cast, status="failed", error_code="x", ending="given")
    spent = waiting(cast, status="captured", late_ending="free", credit=80_00, total=9_60, captured=9_60)
    other = waiting(cast, status="captured")
    why = {row.pk: review.reasons(row) for row in review.queue()}
    assert why == {
        no_card.pk: [review.Reason.NO_CARD],
        unpaid.pk: [review.Reason.UNPAID],
        refused.pk: [review.Reason.UNPAID],
        spent.pk: [review.Reason.CREDIT_SPENT],
        other.pk: [review.Reason.OTHER],
    }
    listed = office.get(LIST, {"queue": "waiting"})
    # Oldest first; of one millisecond in the order of their keys.
    in_order = sorted((no_card, unpaid, refused, spent, other), key=attrgetter("pk"))
    assert list(listed.context["cl"].result_list) == in_order
    assert "There is no card for this lesson." in text(listed)
    assert "“Insufficient funds.”" in text(listed)


def test_a_refund_that_failed_waits_and_says_so(cast: Cast):
    payment = waiting(cast, status="captured", captured=89_60)
    Step.objects.create(
        payment=payment, name="refund", number=1, idempotency_key="k", state="failed", started_at=clock.now()
    )
    assert review.reasons(payment) == [review.Reason.REFUND_FAILED]


def test_resolving_needs_a_reason_and_is_kept_with_who_did_it(office: Client, cast: Cast):
    payment = waiting(cast, status="failed", error_code="no_card", ending="given")
    refused = office.post(url(payment, "resolve"), {"reason": "  "})
    assert refused.status_code == 422
    payment.refresh_from_db()
    assert payment.needs_staff
    assert office.post(url(payment, "resolve"), {"reason": "Paid in cash"}).status_code == 302
    payment.refresh_from_db()
    assert (payment.needs_staff, payment.status) == (False, "cancelled")
    told = history(payment)[-1]
    assert (told.kind, told.by, told.data["reason"]) == (Kind.PAYMENT_RESOLVED, cast.staff, "Paid in cash")
    assert office.post(url(payment, "resolve"), {"reason": "again"}).status_code == 422


def test_trying_again_does_not_give_the_lesson_up(office: Client, cast: Cast):
    from_before = clock.now() - timedelta(hours=1)
    payment = waiting(
        cast, status="failed", error_code="declined", give_up_at=from_before, failing_since=from_before
    )
    without_card = office.post(url(payment, "try-again"), {"reason": "She called"})
    assert without_card.status_code == 422
    payment.card = cast.ben_student.cards.create(
        method_id="pm_1", brand="visa", last4="4242", exp_month=1, exp_year=2030
    )
    payment.save()
    assert office.post(url(payment, "try-again"), {"reason": "She called"}).status_code == 302
    payment.refresh_from_db()
    assert (payment.status, payment.needs_staff) == ("planned", False)
    assert (payment.give_up_at, payment.failing_since) == (None, None)
    assert history(payment)[-1].by == cast.staff
