"""The instructor's earnings through pages: exact amounts out of the books, for that instructor alone."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from bookings import chart, earned_csv
from bookings.models import Booking, Payment
from bookings.services import earnings, ledger
from bookings.services.earnings import Commission
from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory, StudentFactory, booked, utc
from bookings.tests.paying import charged, refunded, sent_on
from instructors.models import Instructor, PayoutAccount

pytestmark = pytest.mark.django_db
# A Monday; lessons are at noon in New York, from the Wednesday after it on.
NOW = utc("2026-11-16 15:00")
NOON = utc("2026-11-18 17:00")
DAY = timedelta(days=1)
PAGES = ("earnings", "earnings_csv", "statements", "getting_paid")


@pytest.fixture(autouse=True)
def clock_of_the_tests() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ana(client: Client, cast: Cast) -> Instructor:
    """Ana at her desk."""
    client.force_login(cast.ana)
    return cast.piano.instructor


def lesson(cast: Cast, number: int = 0) -> Booking:
    """Ben's lesson of that day; asked for again it is the same."""
    start = NOON + number * DAY
    return Booking.objects.filter(starts_at=start).first() or booked(cast.piano, start, cast.ben_student)


def url(name: str, *args: Any) -> str:
    return reverse(f"bookings:{name}", args=args)


def page(client: Client, query: str = "") -> dict[str, Any]:
    response = client.get(url("earnings") + query)
    assert response.status_code == 200
    return response.context


def shown(context: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["title"], one["amount"], one["status"]) for g in context["groups"] for one in g["lines"]]


@pytest.mark.parametrize("name", PAGES)
def test_money_is_shown_to_those_who_teach_and_to_nobody_else(client: Client, cast: Cast, name: str) -> None:
    assert client.get(url(name)).url.startswith(reverse("account_login"))
    for user in (cast.ben, cast.cy, cast.staff):
        client.force_login(user)
        assert client.get(url(name)).status_code == 404
    client.force_login(cast.ana)
    assert client.get(url(name)).status_code == (422 if name == "earnings_csv" else 200)


@pytest.mark.parametrize("name", ["getting_paid_start", "getting_paid_dashboard"])
def test_nobody_else_is_led_to_stripe(client: Client, cast: Cast, payments_on: None, name: str) -> None:
    assert client.post(url(name)).url.startswith(reverse("account_login"))
    for user in (cast.ben, cast.cy, cast.staff):
        client.force_login(user)
        assert client.post(url(name)).status_code == 404
    assert not PayoutAccount.objects.exists()


def test_another_instructor_sees_nothing_of_anas(client: Client, cast: Cast) -> None:
    charged(lesson(cast), when=utc("2026-10-10 12:00"))
    other = InstructorFactory()
    client.force_login(other.user)
    context = page(client)
    assert (shown(context), context["sums"]["earned"]) == ([], "$0.00")
    assert client.get(url("statements")).context["statements"] == []
    assert client.get(url("statement", "2026-10")).status_code == 404
    table = client.get(url("earnings_csv") + "?month=2026-10")
    assert table.content.decode("utf-8-sig").splitlines() == [",".join(earned_csv.HEADER)]
    client.force_login(cast.ana)
    assert client.get(url("statement", "2026-10")).status_code == 200


def test_every_amount_is_the_books_and_says_where_the_money_is(client: Client, cast: Cast, ana: Any) -> None:
    first, second, third, _ = (lesson(cast, number) for number in range(4))
    given = charged(first)
    sent_on(given)
    charged(first, purpose="tip")
    charged(second, ending="half")
    held = charged(third)
    Payment.objects.filter(pk=held.pk).update(frozen_at=NOW)
    refunded(given, 20_00, "half of it was silence")
    context = page(client)
    assert shown(context) == [
        ("Refund to Ben Baker", "−$20.00", ""),
        ("Piano with Ben Baker", "+$68.00", "held"),
        ("Piano with Ben Baker", "+$34.00", "waits"),
        ("Tip from Ben Baker", "+$5.00", "waits"),
        ("Piano with Ben Baker", "+$68.00", "sent"),
    ]
    lines = context["groups"][0]["lines"]
    assert lines[0]["why"] == "Your share of what went back: half of it was silence"
    assert (lines[2]["gross"], lines[2]["commission"]) == ("$40.00", "$6.00")
    assert lines[2]["why"] == "Cancelled late: half of the price is yours."
    assert (lines[3]["gross"], lines[3]["why"]) == ("", "All of it is yours.")
    assert (lines[4]["gross"], lines[4]["commission"]) == ("$80.00", "$12.00")
    assert lines[4]["lesson"] == "Lesson on Wed 18 Nov, 12:00\u00a0pm"
    assert {name: context["sums"][name] for name in ("earned", "sent", "held", "on_its_way", "coming")} == {
        "earned": "$155.00", "sent": "$68.00", "held": "$68.00", "on_its_way": "$19.00", "coming": "$68.00",
    }  # fmt: skip
    assert ledger.balance(ledger.of_instructor(ana.pk)) == 155_00 - 68_00
    assert context["this"] == {
        "month": "November", "earned": "$155.00", "tips": "$5.00", "back": "$20.00",
    }  # fmt: skip
    assert [one["title"] for one in context["soon"]] == ["Piano with Ben Baker"]


def test_money_that_nobody_can_be_sent_is_told_on_both_pages(
    client: Client, cast: Cast, ana: Any, payments_on: None
) -> None:
    def told() -> list[Any]:
        return [client.get(url(name)).context["waits"] for name in ("earnings", "today")]

    assert told() == [None, None]
    charged(lesson(cast))
    text = "$68.00 is yours and waits: we do not know yet where to send it."
    assert [(one["text"], one["action"]) for one in told()] == [(text, "Set up getting paid")] * 2
    account = PayoutAccount.objects.create(instructor=ana, stripe_id="acct_1", created_at=NOW)
    assert [one["action"] for one in told()] == ["Finish it"] * 2
    account.takes_transfers = account.pays_out = True
    account.save()
    assert told() == [None, None]
    account.held_at = NOW
    account.save()
    assert [one["text"] for one in told()] == ["$68.00 is yours, and we hold it for now."] * 2


def test_where_payments_are_off_the_day_says_nothing_of_them(client: Client, cast: Cast, ana: Any) -> None:
    charged(lesson(cast))
    assert client.get(url("today")).context["waits"] is None


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_costs_the_same_for_one_line_and_for_three(
    client: Client, cast: Cast, ana: Any, django_assert_num_queries: Any, number: int
) -> None:
    PayoutAccount.objects.create(instructor=ana, stripe_id="acct_1", created_at=NOW)
    for which in range(number):
        one = lesson(cast, which)
        charged(one, purpose="tip")
        sent_on(charged(one))
        lesson(cast, which + 3)
    page(client)
    # Person, instructor, months, account, sums, uncharged, lessons given, coming, payouts, lines, role.
    with django_assert_num_queries(11):
        context = page(client, "?show=all")
    assert len(shown(context)) == 3 * number


@pytest.mark.parametrize("number", [1, 3])
def test_a_statement_and_a_table_cost_the_same_for_one_line_and_for_three(
    client: Client, cast: Cast, ana: Any, django_assert_num_queries: Any, number: int
) -> None:
    for which in range(number):
        charged(lesson(cast, which), when=utc("2026-10-10 12:00"))
    client.get(url("statements"))
    with django_assert_num_queries(5):  # person, instructor, months, lines, role
        found = client.get(url("statement", "2026-10"))
    assert len(found.context["lines"]) == number
    with django_assert_num_queries(3):  # person, instructor, lines
        client.get(url("earnings_csv") + "?month=2026-10")


def test_lines_are_chosen_by_month_and_by_what_they_are(client: Client, cast: Cast, ana: Any) -> None:
    early = charged(lesson(cast), when=utc("2026-09-30 23:00"))
    # The first of October in UTC, and still September on the clocks that months go by.
    charged(lesson(cast, 1), when=utc("2026-10-01 03:30"))
    charged(lesson(cast, 2), when=utc("2026-10-01 04:00"))
    sent_on(early, when=utc("2026-10-02 12:00"))
    assert [g["label"] for g in page(client)["groups"]] == ["October 2026", "September 2026"]
    assert len(shown(page(client, "?month=2026-09"))) == 2
    assert len(shown(page(client, "?month=2026-10"))) == 1
    assert shown(page(client, "?show=sent")) == [("Sent to your account", "−$68.00", "")]
    assert shown(page(client, "?show=sent&month=2026-09")) == []
    assert len(shown(page(client, "?show=all&month=2026-10"))) == 2
    for nonsense in ("?month=2026-13", "?month=x", "?month=0001-01", "?show=x", "?month=%00"):
        assert len(shown(page(client, nonsense))) == 3
    months = page(client, "?month=2026-09")["months"]
    assert [(one["key"], one["on"]) for one in months] == [("2026-10", False), ("2026-09", True)]


def test_long_lists_go_on_where_they_stopped(client: Client, cast: Cast, ana: Any) -> None:
    one = lesson(cast)
    payment = charged(one)
    for number in range(1, 22):
        refunded_line(payment, number)
    context = page(client)
    assert len(shown(context)) == 20
    assert context["pager"]["previous_url"] is None
    following = client.get(context["pager"]["next_url"]).context
    assert [amount for _, amount, _ in shown(following)] == ["−$0.01", "+$68.00"]
    assert following["pager"]["next_url"] is None
    assert client.get(url("earnings") + "?cursor=nonsense").status_code == 422


def refunded_line(payment: Payment, amount: int) -> None:
    """One more line of the books."""
    from_books = {ledger.of_instructor(payment.instructor_id): -amount, ledger.STRIPE: amount}
    event = earnings.lines(payment.instructor).first()
    assert event is not None
    ledger.post(from_books, event=event.posting.event, currency="USD", payment=payment)


def table(client: Client, query: str) -> list[dict[str, str]]:
    response = client.get(url("earnings_csv") + query)
    assert (response.status_code, response["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert response.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_a_table_adds_up_to_the_cent_and_goes_from_first_to_last(
    client: Client, cast: Cast, ana: Any
) -> None:
    payment = charged(lesson(cast), when=utc("2026-10-10 12:00"))
    sent_on(payment, when=utc("2026-10-10 13:00"))
    refunded(payment, 5, "a cent or five", when=utc("2026-11-01 03:59"))
    charged(lesson(cast), purpose="tip", when=utc("2026-11-01 04:00"))
    rows = table(client, "?first=2026-10-01&last=2026-10-31")
    assert [(row["Date"], row["Amount"], row["Commission"]) for row in rows] == [
        ("2026-10-10", "68.00", "12.00"),
        ("2026-10-10", "-68.00", ""),
        ("2026-10-31", "-0.05", ""),
    ]
    assert rows[0]["Student"] == "Ben Baker"
    assert (rows[0]["Before commission"], rows[0]["Currency"]) == ("80.00", "USD")
    assert rows[0]["Lesson"] == "2026-11-18 12:00"
    assert rows == table(client, "?month=2026-10")
    assert [row["Amount"] for row in table(client, "?month=2026-11")] == ["5.00"]


@pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", "+44", "-2+3", "\t=1", " =1", "＝1+1", "|cmd"])
def test_no_text_of_somebodys_is_a_formula(client: Client, cast: Cast, ana: Any, name: str) -> None:
    cast.ben.first_name, cast.ben.last_name = name, "Baker"
    cast.ben.save()
    payment = charged(lesson(cast))
    refunded(payment, 10_00, name)
    cells = [cell for row in table(client, "?month=2026-11") for cell in row.values()]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "@", "＝", "|"))]
    # What begins with a minus is an amount.
    assert [cell for cell in cells if cell.startswith("-")] == ["-10.00"]
    assert any(name.strip() in cell for cell in cells)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?first=2026-11-02&last=2026-11-01", "last"),
        ("?first=2026-02-30&last=2026-11-01", "first"),
        ("?first=2026-11-01", "last"),
        ("?first=0001-01-01&last=9999-12-31", "last"),
    ],
)
def test_a_period_that_cannot_be_is_named_and_stays_typed(
    client: Client, cast: Cast, ana: Any, query: str, field: str
) -> None:
    response = client.get(url("earnings_csv") + query)
    assert (response.status_code, field in response.context["form"].errors) == (422, True)
    assert response.context["form"].data["first"].encode() in response.content


def test_a_statement_leads_from_what_was_owed_to_what_is_owed(client: Client, cast: Cast, ana: Any) -> None:
    old = charged(lesson(cast), when=utc("2026-08-20 12:00"))
    sent_on(old, when=utc("2026-10-02 12:00"))
    charged(lesson(cast, 1), when=utc("2026-10-05 12:00"), ending="half")
    charged(lesson(cast, 1), purpose="tip", when=utc("2026-10-06 12:00"))
    refunded(old, 8_00, "late", when=utc("2026-10-07 12:00"))
    months = client.get(url("statements")).context["statements"]
    assert [(one["month"], one["closing"]) for one in months] == [
        ("October 2026", "$31.00"), ("September 2026", "$68.00"), ("August 2026", "$68.00"),
    ]  # fmt: skip
    found = client.get(months[0]["url"]).context
    assert (found["opening"], found["closing"]) == ("$68.00", "$31.00")
    assert [(one["label"], one["amount"]) for one in found["sums"]] == [
        ("Lessons, before commission", "+$40.00"),
        ("Commission", "−$6.00"),
        ("Tips", "+$5.00"),
        ("Your share of refunds", "−$8.00"),
        ("Sent to your account", "−$68.00"),
    ]
    assert [(one["amount"], one["balance"]) for one in found["lines"]] == [
        ("−$68.00", "$0.00"), ("+$34.00", "$34.00"), ("+$5.00", "$39.00"), ("−$8.00", "$31.00"),
    ]  # fmt: skip
    assert found["number"] == f"{ana.pk:06d}-202610"
    quiet = client.get(months[1]["url"])
    assert (quiet.context["lines"], quiet.context["opening"]) == ([], "$68.00")


def test_a_statement_is_the_same_wherever_the_instructor_lives(client: Client, cast: Cast, ana: Any) -> None:
    charged(lesson(cast), when=utc("2026-10-31 23:30"))
    before = client.get(url("statement", "2026-10")).context["lines"]
    Instructor.objects.filter(pk=ana.pk).update(time_zone="Asia/Tokyo")
    assert client.get(url("statement", "2026-10")).context["lines"] == before != []


@pytest.mark.parametrize("month", ["2026-09", "2026-11", "2026-12", "2026-1", "x", "9999-12", "2026-10-01"])
def test_only_months_that_are_over_have_a_statement(client: Client, cast: Cast, ana: Any, month: str) -> None:
    charged(lesson(cast), when=utc("2026-10-10 12:00"))
    assert client.get(url("statement", month)).status_code == 404


def test_the_chart_and_its_table_say_the_same_of_twelve_months(client: Client, cast: Cast, ana: Any) -> None:
    charged(lesson(cast), when=utc("2025-11-20 12:00"))
    charged(lesson(cast, 1), when=utc("2026-02-10 12:00"))
    drawn = page(client)["drawn"]
    assert [one["month"] for one in drawn["bars"]][::11] == ["December 2025", "November 2026"]
    assert [one["amount"] for one in drawn["bars"] if one["amount"] != "$0.00"] == ["$68.00"]
    assert (drawn["most"], drawn["said"]) == ("$80", "Most in February 2026: $68.00.")


def test_bars_stand_on_the_base_and_what_was_lost_hangs_from_it() -> None:
    months = [(date(2026, month, 1), amount) for month, amount in enumerate((150_00, -50_00, 0), 1)]
    found = chart.draw(months)
    assert (found.most, found.line) == (150_00, "20.0")
    high, low, none = found.bars
    assert float(high.y) + float(high.height) == pytest.approx(float(found.base), abs=0.2)
    assert (low.y, none.height) == (found.base, "0.0")
    assert float(high.height) == pytest.approx(3 * float(low.height), abs=0.2)
    assert float(low.y) + float(low.height) == pytest.approx(chart.HEIGHT - chart.BOTTOM, abs=0.2)
    assert [bar.is_last for bar in found.bars] == [False, False, True]


@pytest.mark.parametrize(
    ("amount", "line"), [(0, 1_00), (1, 1_00), (1_00, 1_00), (1_01, 1_50), (201_00, 300_00), (10**9, 10**9)]
)
def test_the_line_is_a_round_amount(amount: int, line: int) -> None:
    assert chart.round_up(amount) == line


@pytest.mark.parametrize(
    ("step", "lessons", "expected"),
    [
        (0, 0, Commission(15, False, 0, 15, 5, 12)),
        (0, 4, Commission(15, False, 4, 15, 1, 12)),
        (0, 5, Commission(15, False, 5, 12, 6, 10)),
        (0, 11, Commission(15, False, 11, 10)),
        (1, 7, Commission(12, False, 7, 12, 4, 10)),
        (1, 3, Commission(12, False, 3, 15, 2, 12)),
        (2, 11, Commission(10, False, 11, 10)),
        (2, 6, Commission(10, False, 6, 12, 5, 10)),
        (2, 1, Commission(10, False, 1, 12, 10, 10)),
    ],
)
def test_what_it_takes_to_have_less_kept(
    client: Client, cast: Cast, ana: Instructor, step: int, lessons: int, expected: Commission
) -> None:
    Instructor.objects.filter(pk=ana.pk).update(commission_step=step)
    ana.refresh_from_db()
    for number in range(lessons):
        booked(cast.piano, NOON + number * DAY, StudentFactory())
    last = NOON + lessons * DAY
    with time_machine.travel(last, tick=False):
        Booking.objects.filter(instructor=ana).update(status="completed", ended_at=last)
        assert earnings.commission_of(ana, now=last) == expected
        client.force_login(ana.user)
        assert page(client)["commission"]["pct"] == expected.pct


def test_a_founding_instructor_keeps_their_rate(client: Client, cast: Cast, ana: Instructor) -> None:
    ana.founding_place = 1
    ana.save()
    assert earnings.commission_of(ana, now=NOW) == Commission(8, True, 0, 8)
    assert "this rate is yours for life" in client.get(url("earnings")).content.decode()
