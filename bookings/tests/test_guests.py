"""A guest books: the time is held from the first press, whoever they turn out to be."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from bookings.models import Booking, Status
from bookings.services import guests
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, held, in_days, local_time
from instainstru.accounts import codes
from instainstru.accounts.models import User
from instainstru.events.models import Event
from instainstru.lib import clock
from instructors.models import CalendarBlock, Offering
from students.models import Student
from students.services import guests as guests_service

pytestmark = pytest.mark.django_db
DINA = {"first_name": "Dina", "last_name": "Diaz", "email": "Dina@Example.com"}


@pytest.fixture
def start() -> datetime:
    return local_time(in_days(3), 12)


def press(client: Client, offering: Offering, start: datetime) -> Any:
    fields = {"offering": offering.pk, "starts_at": clock.rfc3339(start), "duration_min": 60}
    return client.post(reverse("bookings:hold"), fields)


def at(name: str, booking: Booking) -> str:
    return reverse(f"bookings:{name}", args=[booking.pk])


def hold_as_guest(client: Client, cast: Cast, start: datetime) -> Booking:
    press(client, cast.piano, start)
    return Booking.objects.get(status=Status.HELD)


def sent_code() -> str:
    [code] = re.findall(r"Your code: (\d{6})\n", str(mail.outbox[-1].body))
    return code


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_a_guest_books_with_an_address_and_a_code(client: Client, cast: Cast, start: datetime):
    pressed = press(client, cast.piano, start)
    booking = Booking.objects.get()
    assert pressed.url == at("confirm", booking)
    page = client.get(pressed.url)
    assert (page.status_code, page.context["guest"]["step"]) == (200, "email")
    assert not page.wsgi_request.user.is_authenticated

    assert client.post(at("identify", booking), DINA).url == pressed.url
    [message] = mail.outbox
    assert message.to == ["Dina Diaz <dina@example.com>"]
    assert message.subject == f"{sent_code()} is your code for InstaInstru"
    page = client.get(pressed.url)
    assert (page.context["guest"]["step"], page.context["guest"]["email"]) == ("code", "dina@example.com")

    assert client.post(at("verify_code", booking), {"code": sent_code()}).url == pressed.url
    page = client.get(pressed.url)
    assert page.context["guest"] is None
    dina = User.objects.get(email="dina@example.com")
    assert page.wsgi_request.user == dina
    assert (dina.full_name, dina.is_guest, dina.has_usable_password()) == ("Dina Diaz", False, False)
    assert EmailAddress.objects.filter(user=dina, email=dina.email, verified=True, primary=True).count() == 1

    assert client.post(pressed.url, {"note": "First lesson."}).url == at("booked", booking)
    booking.refresh_from_db()
    assert (booking.status, booking.student.user, booking.pk) == (Status.CONFIRMED, dina, booking.pk)
    assert not User.objects.filter(is_guest=True).exists()


def test_somebody_with_an_account_takes_the_held_time_along(client: Client, cast: Cast, start: datetime):
    booking = hold_as_guest(client, cast, start)
    before = (booking.starts_at, booking.expires_at, CalendarBlock.objects.get().pk)
    client.post(at("identify", booking), {**DINA, "email": "BEN@example.com"})
    client.post(at("verify_code", booking), {"code": sent_code()})
    booking.refresh_from_db()
    assert (booking.status, booking.student) == (Status.HELD, cast.ben_student)
    assert (booking.starts_at, booking.expires_at, CalendarBlock.objects.get().pk) == before
    page = client.get(at("confirm", booking))
    assert (page.wsgi_request.user, page.context["guest"]) == (cast.ben, None)
    cast.ben.refresh_from_db()
    assert cast.ben.first_name == "Ben"
    guest = User.objects.get(is_guest=True)
    assert guest.is_active is False
    assert Event.objects.filter(subject_id=str(booking.pk)).count() == 2


def test_a_closed_account_is_not_opened_by_a_code(client: Client, cast: Cast, start: datetime):
    User.objects.filter(pk=cast.ben.pk).update(is_active=False)
    booking = hold_as_guest(client, cast, start)
    client.post(at("identify", booking), {**DINA, "email": "ben@example.com"})
    client.post(at("verify_code", booking), {"code": sent_code()})
    page = client.get(at("confirm", booking))
    assert not page.wsgi_request.user.is_authenticated
    assert [str(message) for message in page.context["messages"]] == [
        "This account is closed. Please write to us."
    ]
    booking.refresh_from_db()
    assert (booking.status, booking.student.user.is_guest) == (Status.HELD, True)


def test_a_password_nobody_proved_opens_nothing_after_the_code(client: Client, cast: Cast, start: datetime):
    squatter = User.objects.create_user("dina@example.com", "squat", first_name="S", last_name="Q")
    EmailAddress.objects.create(user=squatter, email=squatter.email, verified=False, primary=True)
    booking = hold_as_guest(client, cast, start)
    client.post(at("identify", booking), DINA)
    client.post(at("verify_code", booking), {"code": sent_code()})
    squatter.refresh_from_db()
    assert squatter.has_usable_password() is False
    assert EmailAddress.objects.get(user=squatter).verified is True


def test_a_proved_password_still_works_after_the_code(client: Client, cast: Cast, start: datetime):
    cast.ben.set_password("correct horse")
    cast.ben.save()
    EmailAddress.objects.create(user=cast.ben, email=cast.ben.email, verified=True, primary=True)
    booking = hold_as_guest(client, cast, start)
    client.post(at("identify", booking), {**DINA, "email": "ben@example.com"})
    client.post(at("verify_code", booking), {"code": sent_code()})
    cast.ben.refresh_from_db()
    assert cast.ben.check_password("correct horse")


def test_signing_in_elsewhere_brings_the_held_time_along(client: Client, cast: Cast, start: datetime):
    cast.ben.set_password("correct horse")
    cast.ben.save()
    EmailAddress.objects.create(user=cast.ben, email=cast.ben.email, verified=True, primary=True)
    booking = hold_as_guest(client, cast, start)
    url = f"{reverse('account_login')}?next={at('confirm', booking)}"
    assert f'href="{url}"' in client.post(at("identify", booking), {}).content.decode()
    signed = client.post(url, {"login": "ben@example.com", "password": "correct horse"})
    assert signed.url == at("confirm", booking)
    assert client.get(signed.url).context["guest"] is None
    booking.refresh_from_db()
    assert (booking.status, booking.student) == (Status.HELD, cast.ben_student)


def test_an_account_that_is_busy_then_gives_the_held_time_up(client: Client, cast: Cast, start: datetime):
    lesson = booked(cast.piano, start + timedelta(hours=2), cast.ben_student)
    booking = hold_as_guest(client, cast, start)
    Booking.objects.filter(pk=lesson.pk).update(starts_at=start, ends_at=start + timedelta(hours=1))
    client.post(at("identify", booking), {**DINA, "email": "ben@example.com"})
    done = client.post(at("verify_code", booking), {"code": sent_code()})
    assert done.url == reverse("bookings:lessons")
    booking.refresh_from_db()
    assert booking.status == Status.RELEASED
    lesson.refresh_from_db()
    assert lesson.status == Status.CONFIRMED


def test_a_guest_cannot_confirm_before_saying_who_they_are(client: Client, cast: Cast, start: datetime):
    booking = hold_as_guest(client, cast, start)
    page = client.post(at("confirm", booking), {"note": ""})
    assert (page.status_code, page.context["guest"]["step"]) == (200, "email")
    booking.refresh_from_db()
    assert booking.status == Status.HELD


def test_a_guest_is_signed_in_nowhere_else(client: Client, cast: Cast, start: datetime):
    hold_as_guest(client, cast, start)
    for name in ("bookings:lessons", "accounts:settings", "accounts:api_keys", "instructors:office_start"):
        response = client.get(reverse(name))
        assert response.status_code == 302, name
        assert response.url.startswith(reverse("account_login")), name
    assert client.get("/api/v1/bookings").status_code == 401


def test_a_guests_hold_is_no_strangers_business(client: Client, cast: Cast, start: datetime):
    booking = hold_as_guest(client, cast, start)
    for stranger in (Client(), Client()):
        assert stranger.get(at("confirm", booking)).status_code == 302
        assert stranger.post(at("identify", booking), DINA).status_code == 302
    other = Client()
    press(other, cast.piano, start + timedelta(hours=3))
    assert other.get(at("confirm", booking)).status_code == 404
    assert other.post(at("release", booking)).status_code == 404
    booking.refresh_from_db()
    assert booking.status == Status.HELD
    assert mail.outbox == []


def test_a_guest_extends_and_gives_up_like_anybody(client: Client, cast: Cast, start: datetime):
    booking = hold_as_guest(client, cast, start)
    assert client.post(at("extend", booking)).url == at("confirm", booking)
    client.post(at("release", booking))
    booking.refresh_from_db()
    assert (booking.was_extended, booking.status) == (True, Status.RELEASED)


def test_another_time_of_the_same_instructor_replaces_the_guests_first(
    client: Client, cast: Cast, start: datetime
):
    first = hold_as_guest(client, cast, start)
    press(client, cast.piano, start + timedelta(hours=2))
    first.refresh_from_db()
    assert first.status == Status.RELEASED
    assert User.objects.filter(is_guest=True).count() == 1


def test_a_refused_hold_leaves_no_guest_behind(client: Client, cast: Cast, start: datetime):
    booked(cast.piano, start, cast.ben_student)
    assert press(client, cast.piano, start).status_code == 409
    assert not User.objects.filter(is_guest=True).exists()
    assert "guest" not in client.session


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({"email": "x@guest.invalid"}, "email"),
        ({"email": ""}, "email"),
        ({"first_name": ""}, "first_name"),
        ({"last_name": "x" * 81}, "last_name"),
        ({"first_name": "a\x00b"}, "first_name"),
    ],
)
def test_what_cannot_be_right_is_said_beside_its_field(
    client: Client, cast: Cast, start: datetime, changes: dict[str, str], field: str
):
    booking = hold_as_guest(client, cast, start)
    page = client.post(at("identify", booking), {**DINA, **changes})
    assert page.status_code == 422
    form = page.context["guest"]["form"]
    assert list(form.errors) == [field]
    assert form["email"].value() == changes.get("email", DINA["email"])
    assert mail.outbox == []


@pytest.mark.usefixtures("still_clock")
def test_a_wrong_code_can_be_tried_again_five_times(
    client: Client, cast: Cast, start: datetime, settings: Any
):
    settings.RATELIMIT_ENABLE = False
    booking = hold_as_guest(client, cast, start)
    client.post(at("identify", booking), DINA)
    code = sent_code()
    for _ in range(codes.TRIES - 1):
        page = client.post(at("verify_code", booking), {"code": wrong(code)})
        assert page.status_code == 422
        assert page.context["guest"]["step"] == "code"
        assert list(page.context["guest"]["form"].errors) == ["code"]
    assert client.post(at("verify_code", booking), {"code": wrong(code)}).status_code == 302
    client.post(at("verify_code", booking), {"code": code})
    page = client.get(at("confirm", booking))
    assert not page.wsgi_request.user.is_authenticated
    assert page.context["guest"]["step"] == "email"
    assert page.context["guest"]["form"]["email"].value() == "dina@example.com"


def test_the_last_try_may_be_the_right_one(client: Client, cast: Cast, start: datetime):
    booking = hold_as_guest(client, cast, start)
    client.post(at("identify", booking), DINA)
    code = sent_code()
    for _ in range(codes.TRIES - 1):
        client.post(at("verify_code", booking), {"code": wrong(code)})
    client.post(at("verify_code", booking), {"code": f" {code[:3]} {code[3:]} "})
    assert client.get(at("confirm", booking)).wsgi_request.user.email == "dina@example.com"


@pytest.mark.usefixtures("still_clock")
def test_codes_are_checked_five_times_a_minute_for_an_address(client: Client, cast: Cast, start: datetime):
    booking = hold_as_guest(client, cast, start)
    for _ in range(5):
        client.post(at("verify_code", booking), {"code": "1"})
    page = client.post(at("verify_code", booking), {"code": "1"})
    assert page.status_code == 429
    assert 1 <= int(page["Retry-After"]) <= 60


def test_another_code_takes_the_place_of_the_first(client: Client, cast: Cast, start: datetime):
    booking = hold_as_guest(client, cast, start)
    client.post(at("identify", booking), DINA)
    first = sent_code()
    client.post(at("resend_code", booking))
    second = sent_code()
    assert len(mail.outbox) == 2
    if first != second:
        assert client.post(at("verify_code", booking), {"code": first}).status_code == 422
    assert client.post(at("verify_code", booking), {"code": second}).status_code == 302
    assert client.get(at("confirm", booking)).wsgi_request.user.is_authenticated


@pytest.mark.usefixtures("still_clock")
def test_one_address_gets_three_codes_a_minute(client: Client, cast: Cast, start: datetime):
    booking = hold_as_guest(client, cast, start)
    for _ in range(3):
        assert client.post(at("identify", booking), DINA).status_code == 302
    page = client.post(at("identify", booking), DINA)
    assert page.status_code == 422
    assert "quick" in page.context["guest"]["form"].non_field_errors()[0]
    assert len(mail.outbox) == 3


def test_another_address_can_be_given_and_nothing_typed_is_lost(client: Client, cast: Cast, start: datetime):
    booking = hold_as_guest(client, cast, start)
    client.post(at("identify", booking), DINA)
    code = sent_code()
    client.get(at("change_address", booking))
    page = client.get(at("confirm", booking))
    assert page.context["guest"]["step"] == "email"
    assert page.context["guest"]["form"]["first_name"].value() == "Dina"
    client.post(at("verify_code", booking), {"code": code})
    assert not client.get(at("confirm", booking)).wsgi_request.user.is_authenticated


def test_a_mail_that_cannot_be_sent_is_said_and_keeps_what_was_typed(
    client: Client, cast: Cast, start: datetime, settings: Any
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    booking = hold_as_guest(client, cast, start)
    page = client.post(at("identify", booking), DINA)
    assert page.status_code == 422
    assert page.context["guest"]["form"].non_field_errors() == [
        "The mail could not be sent just now. Please try again in a moment."
    ]
    assert page.context["guest"]["form"]["last_name"].value() == "Diaz"


def test_a_hold_that_ran_out_while_the_mail_was_read_says_so(client: Client, cast: Cast, start: datetime):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        booking = hold_as_guest(client, cast, start)
        client.post(at("identify", booking), DINA)
        traveller.shift(timedelta(minutes=6))
        done = client.post(at("verify_code", booking), {"code": sent_code()})
        page = client.get(done.url)
        assert page.status_code == 409
        assert page.wsgi_request.user.email == "dina@example.com"


def test_guests_of_yesterday_who_hold_nothing_are_forgotten(cast: Cast, start: datetime):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        idle = guests_service.create(time_zone="Europe/Lisbon")
        holding = guests_service.create(time_zone="Europe/Lisbon")
        held(cast.piano, start, holding)
        traveller.shift(timedelta(hours=23))
        young = guests_service.create(time_zone="Europe/Lisbon")
        assert guests.forget(now=clock.now()) == 0
        traveller.shift(timedelta(hours=1, seconds=1))
        assert guests.forget(now=clock.now()) == 1
    left = set(Student.objects.filter(user__is_guest=True))
    assert left == {holding, young}
    assert not User.objects.filter(pk=idle.user_id).exists()
    assert Student.objects.filter(pk=cast.ben_student.pk).exists()


@pytest.mark.usefixtures("still_clock")
def test_one_address_makes_ten_guests_a_minute(cast: Cast):
    for number in range(10):
        press(Client(), cast.piano, local_time(in_days(3 + number), 12))
    assert press(Client(), cast.piano, local_time(in_days(20), 12)).status_code == 429
    assert Booking.objects.count() == 10
