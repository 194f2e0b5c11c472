"""Reported no-shows: answered, upheld, decided; what becomes of the money; who may say what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from bookings.management.commands import run_due
from bookings.models import Booking, NoShowReport, Party, Payment, ReportStatus, Status
from bookings.services import history, lifecycle, no_shows, sweeps
from bookings.services.payments import disputes, plan
from bookings.services.policies import Tier
from bookings.services.stripe_facts import DisputeFacts
from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, in_days, local_time
from bookings.tests.test_letters import react, text, to
from instainstru.accounts.models import User
from instainstru.events.kinds import Kind
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.errors import Conflict, Invalid, NotFound

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
OTHER = {Party.STUDENT: Party.INSTRUCTOR, Party.INSTRUCTOR: Party.STUDENT}


@pytest.fixture
def lesson(cast: Cast) -> Any:
    """Ben's at noon, half an hour ago."""
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    with time_machine.travel(lesson.starts_at + HOUR / 2, tick=False):
        yield lesson


def report(lesson: Booking, *, party: Party) -> NoShowReport:
    by = lesson.student.user if party == Party.STUDENT else lesson.instructor.user
    lifecycle.report_no_show(lesson, by=by, party=party)
    found = no_shows.report_of(Booking.objects.get(pk=lesson.pk))
    assert found is not None
    return found


def answer(found: NoShowReport, cast: Cast, *, agree: bool = True) -> NoShowReport:
    party = Party(found.booking.absent)
    by = cast.ben if party == Party.STUDENT else cast.ana
    if agree:
        return no_shows.agree(found, by=by, party=party)
    return no_shows.dispute(found, by=by, party=party, text="I was there")


def payment_of(lesson: Booking) -> Payment:
    found = plan.payment_of(lesson)
    assert found is not None
    return found


def kinds(lesson: Booking) -> list[str]:
    return [event.kind for event in history.events_of(lesson).order_by("version")]


def test_a_report_freezes_the_money_and_asks_the_other_side(cast: Cast, lesson: Booking) -> None:
    found = report(lesson, party=Party.STUDENT)
    assert (found.status, found.answer_by - clock.now()) == (ReportStatus.OPEN, 24 * HOUR)
    assert (found.reported_by, found.booking.absent) == (Party.STUDENT, Party.INSTRUCTOR)
    assert payment_of(lesson).frozen_why == "no_show"
    now = clock.now()
    assert [one.pk for one in no_shows.asked_of_instructor(lesson.instructor, now=now)] == [found.pk]
    assert no_shows.asked_of_student(cast.ben, now=now) == []


@pytest.mark.parametrize(
    ("party", "ending"),
    [(Party.INSTRUCTOR, Payment.GIVEN), (Party.STUDENT, Tier.NOT_BY_STUDENT)],
)
def test_agreeing_sends_the_money_its_way_at_once(
    cast: Cast, lesson: Booking, party: Party, ending: str
) -> None:
    found = answer(report(lesson, party=party), cast)
    assert (found.status, found.ending, found.answered_at) == ("agreed", ending, clock.now())
    payment = payment_of(lesson)
    assert (payment.frozen_at, payment.ending) == (None, ending)
    lesson.refresh_from_db()
    assert (lesson.status, lesson.absent) == (Status.NO_SHOW, OTHER[party])
    assert kinds(lesson)[-2:] == [Kind.BOOKING_NO_SHOW, Kind.BOOKING_NO_SHOW_SETTLED]
    assert list(history.all_differences()) == []


def test_silence_upholds_the_report_when_the_time_to_answer_is_over(cast: Cast, lesson: Booking) -> None:
    found = report(lesson, party=Party.INSTRUCTOR)
    early = found.answer_by - timedelta(seconds=1)
    assert sweeps.uphold_no_shows(now=early) == 0
    assert [sweeps.uphold_no_shows(now=found.answer_by) for _ in range(2)] == [1, 0]
    found.refresh_from_db()
    assert (found.status, found.ending, found.answered_at) == ("unanswered", Payment.GIVEN, None)
    assert payment_of(lesson).frozen_at is None
    with time_machine.travel(found.answer_by), pytest.raises(Conflict) as refusal:
        answer(found, cast)
    assert refusal.value.code == "already_answered"


def test_too_late_is_too_late_even_before_the_sweep(cast: Cast, lesson: Booking) -> None:
    found = report(lesson, party=Party.INSTRUCTOR)
    with time_machine.travel(found.answer_by, tick=False), pytest.raises(Conflict) as refusal:
        answer(found, cast, agree=False)
    assert refusal.value.code == "too_late"
    found.refresh_from_db()
    assert (found.status, found.answer) == (ReportStatus.OPEN, "")


def test_the_time_to_answer_is_the_rules_of_the_booking(cast: Cast, lesson: Booking) -> None:
    lesson.rules.answer_h = 2
    lesson.rules.save()
    assert report(lesson, party=Party.STUDENT).answer_by == clock.now() + 2 * HOUR


@pytest.mark.parametrize("ending", no_shows.ENDINGS)
def test_what_is_disputed_waits_for_staff(cast: Cast, lesson: Booking, ending: str) -> None:
    found = answer(report(lesson, party=Party.INSTRUCTOR), cast, agree=False)
    assert (found.status, found.answer) == (ReportStatus.DISPUTED, "I was there")
    assert sweeps.uphold_no_shows(now=found.answer_by + 100 * HOUR) == 0
    assert payment_of(lesson).frozen_at is not None
    for wrong, field in (({"reason": " "}, "reason"), ({"ending": "half"}, "ending")):
        with pytest.raises(Invalid) as refusal:
            no_shows.decide(found, **({"ending": ending, "reason": "why", "by": cast.staff} | wrong))
        assert list(refusal.value.fields) == [field]
    done = no_shows.decide(found, ending=ending, reason="We believe Ben", by=cast.staff)
    assert (done.status, done.ending, done.closed_by) == (ReportStatus.DECIDED, ending, cast.staff)
    assert (payment_of(lesson).frozen_at, payment_of(lesson).ending) == (None, ending)
    with pytest.raises(Conflict) as again:
        no_shows.decide(found, ending=ending, reason="Once more", by=cast.staff)
    assert again.value.code == "not_disputed"


def a_charge_back(lesson: Booking, *, status: str) -> None:
    """What a bank says of the lesson's charge."""
    Payment.objects.filter(booking=lesson).update(intent_id="pi_of_the_lesson")
    facts = DisputeFacts(
        id="du_1", intent="pi_of_the_lesson", amount=89_60, reason="fraudulent", status=status, withdrawn=0,
        answer_by=None,
    )  # fmt: skip
    assert disputes.observe(facts, now=clock.now())


@pytest.mark.parametrize("bank_first", [True, False])
def test_money_that_the_bank_holds_back_too_stays_frozen_until_both_are_settled(
    cast: Cast, lesson: Booking, *, bank_first: bool
) -> None:
    found = report(lesson, party=Party.INSTRUCTOR)
    a_charge_back(lesson, status="needs_response")
    assert payment_of(lesson).frozen_why == "no_show"
    if bank_first:
        a_charge_back(lesson, status="won")
        assert payment_of(lesson).frozen_why == "no_show"
        answer(found, cast)
    else:
        answer(found, cast)
        assert payment_of(lesson).frozen_why == "dispute"
        a_charge_back(lesson, status="won")
    payment = payment_of(lesson)
    assert (payment.frozen_at, payment.frozen_why, payment.ending) == (None, "", Payment.GIVEN)
    kinds_of_it = Event.objects.filter(subject_id=str(payment.pk)).values_list("kind", flat=True)
    assert list(kinds_of_it).count(Kind.PAYMENT_FROZEN) == 1
    assert list(kinds_of_it).count(Kind.PAYMENT_UNFROZEN) == 1


def test_what_nobody_disputes_is_not_decided(cast: Cast, lesson: Booking) -> None:
    found = report(lesson, party=Party.INSTRUCTOR)
    with pytest.raises(Conflict):
        no_shows.decide(found, ending=Payment.GIVEN, reason="why", by=cast.staff)
    assert payment_of(lesson).frozen_at is not None


@pytest.mark.parametrize("words", ["", "   ", "x" * 1001, "a\x00b"])
def test_who_disputes_says_what_happened(cast: Cast, lesson: Booking, words: str) -> None:
    found = report(lesson, party=Party.INSTRUCTOR)
    with pytest.raises(Invalid) as refusal:
        no_shows.dispute(found, by=cast.ben, party=Party.STUDENT, text=words)
    assert list(refusal.value.fields) == ["text"]
    found.refresh_from_db()
    assert found.status == ReportStatus.OPEN


@pytest.mark.parametrize("party", [Party.INSTRUCTOR, Party.STAFF])
def test_only_who_is_said_to_be_absent_answers(cast: Cast, lesson: Booking, party: Party) -> None:
    found = report(lesson, party=Party.INSTRUCTOR)
    for act in (
        lambda: no_shows.agree(found, by=cast.ana, party=party),
        lambda: no_shows.dispute(found, by=cast.ana, party=party, text="no"),
    ):
        with pytest.raises(NotFound):
            act()
    found.refresh_from_db()
    assert found.status == ReportStatus.OPEN
    assert payment_of(lesson).frozen_at is not None


def test_scheduled_work_upholds_and_the_booking_stays_what_it_is(
    cast: Cast, lesson: Booking, settings: Any
) -> None:
    settings.DEBUG = True
    found = report(lesson, party=Party.STUDENT)
    assert run_due.next_due(found.answer_by - timedelta(seconds=1), found.answer_by) == found.answer_by
    call_command("run_due", until=clock.rfc3339(found.answer_by + HOUR), verbosity=0)
    found.refresh_from_db()
    lesson.refresh_from_db()
    assert (found.status, lesson.status) == (ReportStatus.UNANSWERED, Status.NO_SHOW)
    call_command("run_due", until=clock.rfc3339(found.answer_by + 100 * HOUR), verbosity=0)
    lesson.refresh_from_db()
    assert (lesson.status, kinds(lesson).count(Kind.BOOKING_NO_SHOW_SETTLED)) == (Status.NO_SHOW, 1)


def url(name: str, lesson: Booking) -> str:
    return reverse(f"bookings:{name}", args=[lesson.pk])


@pytest.mark.usefixtures("payments_on")
def test_who_reports_sees_the_money_and_until_when_the_other_side_answers(
    client: Client, cast: Cast, lesson: Booking
) -> None:
    client.cookies["tz"] = "America/New_York"
    client.force_login(cast.ana)
    page = client.get(url("no_show", lesson))
    assert page.context["lines"] == [{"label": "To you", "amount": "$68.00"}]
    assert page.context["until"].replace("\u00a0", " ").endswith("12:30 pm")
    client.force_login(cast.ben)
    page = client.get(url("no_show", lesson))
    assert page.context["lines"] == [{"label": "Not charged", "amount": "$89.60"}]
    assert b"nobody is paid" in page.content
    assert not NoShowReport.objects.exists()


@pytest.mark.usefixtures("payments_on")
def test_a_student_finds_the_question_sees_the_cost_and_agrees(
    client: Client, cast: Cast, lesson: Booking
) -> None:
    report(lesson, party=Party.INSTRUCTOR)
    client.force_login(cast.ben)
    address = url("answer_no_show", lesson)
    for page in (reverse("bookings:lessons"), url("lesson", lesson)):
        assert address.encode() in client.get(page).content
    page = client.get(address)
    assert page.context["lines"][-1] == {"label": "You pay", "amount": "$89.60"}
    assert payment_of(lesson).frozen_at is not None
    done = client.post(address, follow=True)
    assert b"The lesson counts as given" in done.content or b"the lesson counts as given" in done.content
    assert payment_of(lesson).ending == Payment.GIVEN
    assert address.encode() not in client.get(reverse("bookings:lessons")).content
    assert b"nothing to answer" in client.post(address, follow=True).content


def test_an_instructor_disputes_with_a_text_and_loses_none_of_it(
    client: Client, cast: Cast, lesson: Booking
) -> None:
    found = report(lesson, party=Party.STUDENT)
    client.force_login(cast.ana)
    address = url("answer_no_show", lesson)
    assert address.encode() in client.get(reverse("bookings:today")).content
    empty = client.post(address, {"no": "yes", "text": "  "})
    assert (empty.status_code, list(empty.context["form"].errors)) == (422, ["text"])
    long = client.post(address, {"no": "yes", "text": "word " * 300})
    assert long.status_code == 422
    assert b"word word word" in long.content
    found.refresh_from_db()
    assert found.status == ReportStatus.OPEN
    done = client.post(address, {"no": "yes", "text": "I waited for him."}, follow=True)
    assert b"We look at it" in done.content
    assert "“I waited for him.”" in done.content.decode()
    found.refresh_from_db()
    assert (found.status, found.answer) == (ReportStatus.DISPUTED, "I waited for him.")


def test_nobody_else_answers(client: Client, cast: Cast, lesson: Booking) -> None:
    found = report(lesson, party=Party.STUDENT)
    address = url("answer_no_show", lesson)
    assert client.post(address).url.startswith(reverse("account_login"))
    client.force_login(cast.cy)
    assert (client.get(address).status_code, client.post(address).status_code) == (404, 404)
    for user in (cast.ben, cast.staff):
        client.force_login(user)
        assert client.get(address).url == url("lesson", lesson)
        assert client.post(address, {"no": "yes", "text": "no"}).url == url("lesson", lesson)
    found.refresh_from_db()
    assert (found.status, found.answer) == (ReportStatus.OPEN, "")


@pytest.mark.parametrize("number", [1, 3])
def test_reports_to_answer_cost_the_same_for_one_and_for_three(
    client, cast, lesson, django_assert_num_queries, number
):
    lessons = [lesson]
    with time_machine.travel(lesson.starts_at - 30 * HOUR):
        lessons += [
            booked(cast.piano, lesson.starts_at - n * 1.5 * HOUR, cast.ben_student) for n in range(1, number)
        ]
    for one in lessons:
        report(one, party=Party.INSTRUCTOR)
    client.force_login(cast.ben)
    client.get(reverse("bookings:lessons"))
    with django_assert_num_queries(7):
        assert len(client.get(reverse("bookings:lessons")).context["asked"]) == number


@pytest.fixture
def site(settings: Any) -> None:
    settings.SITE_URL = "https://instainstru.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.mark.usefixtures("site", "payments_on")
def test_both_are_written_at_each_step(cast: Cast, lesson: Booking) -> None:
    react()
    found = report(lesson, party=Party.INSTRUCTOR)
    sent = react()
    assert "the lesson is paid like one that was given" in text(to("ben@example.com", sent))
    assert "Until then nothing is charged and nobody is paid." in text(to("ana@example.com", sent))
    answer(found, cast, agree=False)
    sent = react()
    assert "We have your answer" in text(to("ben@example.com", sent))
    assert "Ben says it was otherwise" in text(to("ana@example.com", sent))
    assert "“I was there”" in text(to("ana@example.com", sent))
    no_shows.decide(found, ending=Tier.NOT_BY_STUDENT, reason="The door was shut", by=cast.staff)
    sent = react()
    assert "You get everything back" in text(to("ben@example.com", sent))
    assert "You are not paid for it." in text(to("ana@example.com", sent))
    assert "The reason: “The door was shut”" in text(to("ana@example.com", sent))


@pytest.mark.usefixtures("site")
def test_silence_is_told_to_both(cast: Cast, lesson: Booking) -> None:
    found = report(lesson, party=Party.INSTRUCTOR)
    react()
    with time_machine.travel(found.answer_by, tick=False):
        sweeps.uphold_no_shows(now=clock.now())
        sent = react()
    assert "we heard nothing from you" in text(to("ben@example.com", sent))
    assert "Ben did not answer, so your report is upheld." in text(to("ana@example.com", sent))


def test_the_api_shows_a_report_and_takes_the_answer(cast: Cast, lesson: Booking) -> None:
    ana, ben, cy = (Caller(user) for user in (cast.ana, cast.ben, cast.cy))
    address = f"/bookings/{lesson.pk}/no-show"
    assert ben.get(address).status_code == 404
    assert ana.post(address).status_code == 200
    shown = ben.get(address).json()
    assert (shown["status"], shown["absent"], shown["ending"]) == ("open", "student", None)
    assert shown["answer_by"] == clock.rfc3339(clock.now() + 24 * HOUR)
    for caller in (ana, cy):
        assert caller.post(f"{address}/agree").status_code == 404
        assert caller.post(f"{address}/dispute", {"text": "no"}).status_code == 404
    assert cy.get(address).status_code == 404
    refused = ben.post(f"{address}/dispute", {"text": ""})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["text"])
    done = ben.post(f"{address}/dispute", {"text": "I was there"}).json()
    assert (done["status"], done["answer"]) == ("disputed", "I was there")
    again = ben.post(f"{address}/agree")
    assert (again.status_code, again.json()["code"]) == (409, "already_answered")
    assert ben.get(f"/bookings/{lesson.pk}").json()["status"] == "no_show"


def test_agreeing_through_the_api_under_one_key_happens_once(cast: Cast, lesson: Booking) -> None:
    report(lesson, party=Party.INSTRUCTOR)
    ben = Caller(cast.ben)
    address = f"/bookings/{lesson.pk}/no-show/agree"
    first, second = (ben.post(address, Idempotency_Key="one") for _ in range(2))
    assert (first.status_code, first.content) == (200, second.content)
    assert first.json()["ending"] == "given"
    assert Event.objects.filter(kind=Kind.BOOKING_NO_SHOW_SETTLED).count() == 1


def test_staff_report_for_both_and_either_answers(cast: Cast, lesson: Booking) -> None:
    lifecycle.report_no_show(lesson, by=cast.staff, party=Party.STAFF, absent=Party.STUDENT)
    found = NoShowReport.objects.get()
    assert (found.reported_by, found.booking.absent) == (Party.STAFF, Party.STUDENT)
    assert answer(found, cast).ending == Payment.GIVEN


def test_people_are_not_mixed_up(cast: Cast, lesson: Booking) -> None:
    report(lesson, party=Party.INSTRUCTOR)
    nobody: list[User] = [cast.cy, cast.staff]
    assert all(no_shows.asked_of_student(user, now=clock.now()) == [] for user in nobody)
