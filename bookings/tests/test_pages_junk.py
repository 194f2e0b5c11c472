"""Whatever is sent to a page, it answers in words: never with a failure, never by changing something."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern

from bookings.models import Booking
from bookings.tests.cast import Cast
from bookings.tests.factories import booked, held, in_days, local_time
from instainstru.events.models import Event

pytestmark = pytest.mark.django_db

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


@pytest.mark.parametrize("name", [name for name, _ in patterns()])
def test_junk_is_answered_in_words(client: Client, cast: Cast, name: str, settings: Any):
    settings.RATELIMIT_ENABLE = False
    lesson = booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    hold = held(cast.piano, local_time(in_days(4), 12), cast.ben_student)
    known = {
        "booking_id": [lesson.pk, hold.pk],
        "slug": ["ana-a", "nobody"],
        "offering_id": [cast.piano.pk, 10**20],
        "instructor_id": [cast.piano.instructor_id, 10**20],
        "block_id": [1],
        "calendar_id": [1, 10**20],
        "card_id": [1, 10**20],
        "saved_id": [1, 10**20],
        "token": ["x", "a:b:c"],
        "request_id": [lesson.pk],
        "payment_id": [lesson.payments.get().pk, lesson.pk],
        "package_id": [1, 10**20],
        "day": ["2026-12-03", "x"],
        "month": ["2026-10", "2026-13", "x"],
    }
    requests = [
        (address, dict.fromkeys(FIELDS, junk))
        for address in addresses(dict(patterns())[name], known)
        for junk in JUNK
    ]
    before = Event.objects.count(), Booking.objects.count()
    # To strangers nearly all pages say no before they read anything.
    for user, sent in ((None, requests[::3]), (cast.cy, requests[1::3]), (cast.ana, requests)):
        if user:
            client.force_login(user)
        for address, data in sent:
            assert client.get(address, data).status_code < 500, (address, data)
            if user == cast.cy:
                assert client.post(address, data).status_code < 500, (address, data)
    if name != "instructors:office_start":
        assert (Event.objects.count(), Booking.objects.count()) == before
    for user in (cast.ana, cast.ben):
        client.force_login(user)
        for address, data in requests:
            assert client.post(address, data).status_code < 500, (address, data)


def test_a_zone_cookie_that_is_none_is_ignored(client: Client, cast: Cast):
    for junk in ("Mars%2FOlympus", "..%2F..%2Fetc%2Fpasswd", "%00", "x" * 3000, "America%2FNew_York%00"):
        client.cookies["tz"] = junk
        page = client.get("/@ana-a")
        assert page.status_code == 200
        assert page.context["picker"]["zone"] == "New York time"
