"""Whatever is sent to a page, it answers in words: never with a failure, never by changing something."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import transaction
from django.test import Client, override_settings
from django.urls import get_resolver
from django.urls.resolvers import URLPattern

from bookings.models import Booking, MoveRequest, Party
from bookings.services import stripe_gateway
from bookings.tests.cast import Cast, made
from bookings.tests.factories import booked, held, in_days, local_time
from bookings.tests.test_pages_prepaid import a_paid_package
from instainstru.events.models import Event
from instructors.models import OutsideCalendar, SavedSearch
from instructors.services import schedule
from ops.testing.recorded import Recording

pytestmark = pytest.mark.django_db
Ground = tuple[Cast, dict[str, list[Any]]]

JUNK = ["", "x", "-1", "9" * 40, "NaN", "٣", "\x00", "💥" * 50, "9999-12-31T23:59:59Z", "a" * 1500]
FIELDS = """
    q subject category date date_to part time_from time_to from to near radius_km duration duration_min
    modality level audience sort price_min price_max cursor offering day month starts_at tab page note
    reason keep back code email first_name last_name headline bio slug place languages time_zone
    price_per_hour durations modalities version first_day last_day from_time until_time mon-TOTAL_FORMS
    mon-INITIAL_FORMS mon-0-starts mon-0-ends hours-TOTAL_FORMS hours-INITIAL_FORMS hours-0-starts
    closed tz days starts ends no remove another address add photo
    time lesson student agreed notice_online_min horizon_days buffer_min grid_min lessons_per_day
    overnight_rule pay_with setup_intent use_credit in_page go session other lessons total once card choice
    text
""".split()
AS_A_FORM = "application/x-www-form-urlencoded"
OURS = ("bookings", "instructors", "students")


def patterns() -> list[tuple[str, URLPattern]]:
    """Every page of the three apps, named."""
    return [
        (f"{resolver.namespace}:{pattern.name}", pattern)
        for resolver in get_resolver().url_patterns
        if getattr(resolver, "namespace", None) in OURS
        for pattern in resolver.url_patterns
        if isinstance(pattern, URLPattern)
    ]


def addresses(pattern: URLPattern, known: dict[str, list[Any]]) -> list[str]:
    """The page's addresses with arguments that exist and with some that do not."""
    converters = pattern.pattern.converters
    choices = [[converters[name].to_url(value) for value in known[name]] for name in converters]
    route = str(pattern.pattern)
    found = []
    for values in itertools.product(*choices):
        address = route
        for (name, converter), value in zip(converters.items(), values, strict=True):
            kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
            address = address.replace(f"<{kind}:{name}>", value)
        found.append(f"/{address}")
    return found


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """What stands in addresses: something there is, of each kind, and something there is not."""
    ana = cast.piano.instructor
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    hold = held(cast.piano, local_time(in_days(4), 12), cast.ben_student)
    package = a_paid_package(cast)
    block = schedule.add_time_off(ana, local_time(in_days(6), 9), local_time(in_days(6), 17), by=cast.ana)
    feed = OutsideCalendar.objects.create(instructor=ana, name="Family", url="https://calendar.example/a.ics")
    search = SavedSearch.objects.create(user=cast.ben, params={"q": "piano"})
    request = MoveRequest.objects.create(
        booking=lesson, asked_by=Party.INSTRUCTOR, starts_at=local_time(in_days(3), 15),
        lesson_starts_at=lesson.starts_at, created_by=cast.ana, expires_at=lesson.starts_at,
    )  # fmt: skip
    return {
        "booking_id": [lesson.pk, hold.pk],
        "slug": ["ana-a", "nobody"],
        "offering_id": [cast.piano.pk, 10**20],
        "instructor_id": [ana.pk, 10**20],
        "block_id": [block.pk, 10**20],
        "calendar_id": [feed.pk, 10**20],
        "card_id": [package.payment.card_id, 10**20],
        "saved_id": [search.pk, 10**20],
        "token": ["x", "a:b:c"],
        "request_id": [request.pk, lesson.pk],
        "payment_id": [lesson.payments.get().pk, package.payment_id, lesson.pk],
        "package_id": [package.pk, 10**20],
        "day": ["2026-12-03", "x"],
        "month": ["2026-10", "2026-13", "x"],
    }


def filled(**kept: Any) -> list[str]:
    """Every field filled with junk but for those that are kept, one form for each kind of junk."""
    return [urlencode({**dict.fromkeys(FIELDS, junk), **kept}) for junk in JUNK]


def was_looked_at(answer: Any) -> bool:
    """Whether anything that was sent could matter. Where nobody looked, other junk has the same answer."""
    request = answer.wsgi_request
    # Who is sent to sign in takes the whole address along.
    goes_on = request.method == "GET" and answer.status_code == 302
    return "GET" in vars(request) or request._read_started or goes_on


class Away:
    """Stripe, which does not answer; how often it was asked."""

    asked = 0

    def __call__(self) -> Any:
        self.asked += 1
        raise stripe_gateway.stripe.APIConnectionError("Stripe is away.")


@pytest.fixture(scope="session")
def recorded_ground(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock(), override_settings(STRIPE_SECRET_KEY="sk_test_of_a_test"):
        GROUND.take()


@pytest.fixture
def ground(recorded_ground: None, db: None, payments_on: None, settings: Any) -> Iterator[Ground]:
    """As it was when it was recorded: a time is held on it, for five minutes."""
    settings.RATELIMIT_ENABLE = False
    with time_machine.travel(GROUND.taken_at, tick=False):
        yield GROUND.play()


def made_ground() -> Ground:
    cast = made()
    return cast, arguments(cast)


GROUND = Recording("recorded_ground", made_ground)


@pytest.mark.parametrize("name", [name for name, _ in patterns()])
def test_junk_is_answered_in_words(
    client: Client, ground: Ground, name: str, monkeypatch: pytest.MonkeyPatch
):
    cast, known = ground
    stripe = Away()
    monkeypatch.setattr(stripe_gateway, "_client", stripe)
    sent = filled()
    if name == "bookings:buy_package":  # about a strange offering it looks no further
        sent += filled(offering=cast.piano.pk)
    places = addresses(dict(patterns())[name], known)

    def send(method: str, address: str, form: str) -> Any:
        # What one did to a lesson does not stand in the way of the next.
        with transaction.atomic():
            if method == "get":
                return client.get(f"{address}?{form}")
            answer = client.post(address, form, AS_A_FORM)
            transaction.set_rollback(True)
            return answer

    def throw(method: str, forms: list[str]) -> None:
        for address in places:
            for form in forms:
                asked = stripe.asked
                answer = send(method, address, form)
                # That Stripe is away is an answer where it was asked, and nowhere else.
                status = answer.status_code
                assert status < 500 or (status == 503 and stripe.asked > asked), (method, address, form)
                if not was_looked_at(answer):
                    break

    before = Event.objects.count(), Booking.objects.count()
    throw("get", sent[::3])
    for user, forms in ((cast.cy, sent[1::3]), (cast.ben, sent), (cast.ana, sent)):
        client.force_login(user)
        throw("get", forms)
        assert (Event.objects.count(), Booking.objects.count()) == before
        throw("post", forms)


def test_what_was_looked_at_is_known(client: Client, cast: Cast):
    client.force_login(cast.ben)
    hold = held(cast.piano, local_time(in_days(4), 12), cast.ben_student)
    assert was_looked_at(client.get("/search?q=piano"))
    assert was_looked_at(client.post(f"/bookings/{hold.pk}/confirm", "note=x", AS_A_FORM))
    assert not was_looked_at(client.post("/search", "q=piano", AS_A_FORM))


def test_a_zone_cookie_that_is_none_is_ignored(client: Client, cast: Cast):
    for junk in ("Mars%2FOlympus", "..%2F..%2Fetc%2Fpasswd", "%00", "x" * 3000, "America%2FNew_York%00"):
        client.cookies["tz"] = junk
        page = client.get("/@ana-a")
        assert page.status_code == 200
        assert page.context["picker"]["zone"] == "New York time"
