"""Times that somebody is looking at: which of them are gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from bookings.tests.cast import Cast
from bookings.tests.factories import OfferingFactory, booked, held, in_days, local_time, teaching
from instructors.models import Instructor, Offering

pytestmark = pytest.mark.django_db
URL = reverse("instructors:search_gone")


def card(offering: Offering, *starts: datetime, minutes: int = 60, modality: str = "online") -> str:
    return ".".join(map(str, [offering.pk, minutes, modality, *(int(start.timestamp()) for start in starts)]))


def gone(client: Client, *cards: str, **how: Any) -> list[str]:
    answer = client.get(URL, {"times": ",".join(cards)}, **how)
    assert answer.status_code == 200
    found: list[str] = answer.json()["gone"]
    return found


def test_what_was_booked_or_held_meanwhile_is_gone(client: Client, cast: Cast):
    day = in_days(3)
    noon, one, two = (local_time(day, hour) for hour in (12, 13, 14))
    other = teaching(OfferingFactory())
    shown = [card(cast.piano, noon, two), card(other, noon, one)]
    assert gone(client, *shown) == []
    booked(cast.piano, noon, cast.ben_student)
    held(other, one, cast.cy_student)
    # Between two lessons lie fifteen minutes.
    assert gone(client, *shown) == [card(cast.piano, noon), card(other, noon), card(other, one)]


def test_what_is_too_near_now_is_gone_too(client: Client, cast: Cast):
    start = local_time(in_days(3), 12)
    with time_machine.travel(start - timedelta(minutes=59), tick=False):
        assert gone(client, card(cast.piano, start)) == [card(cast.piano, start)]


def test_nobody_is_left_who_is_not_listed_any_more(client: Client, cast: Cast):
    start = local_time(in_days(3), 12)
    assert gone(client, card(cast.piano, start, modality="at_student")) != []
    Offering.objects.update(is_listed=False)
    Instructor.objects.update(status="suspended")
    assert gone(client, card(cast.piano, start)) == [card(cast.piano, start)]


def test_the_same_answer_is_not_sent_twice(client: Client, cast: Cast):
    shown = card(cast.piano, local_time(in_days(3), 12))
    first = client.get(URL, {"times": shown})
    again = client.get(URL, {"times": shown}, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    booked(cast.piano, local_time(in_days(3), 12), cast.ben_student)
    assert client.get(URL, {"times": shown}, headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize(
    "times", ["", "x", "1.60.online.x", "1.60.flying.1", "9" * 40, ",,,", "1.60", "-1.60.online.1"]
)
def test_nonsense_is_no_time(client: Client, cast: Cast, times: str):
    assert gone(client, times) == []


@pytest.mark.parametrize("number", [1, 3])
def test_a_page_of_cards_costs_two_statements(client: Client, cast: Cast, number, django_assert_num_queries):
    offerings = [cast.piano, *(teaching(OfferingFactory()) for _ in range(number - 1))]
    shown = [card(one, local_time(in_days(3), 12), local_time(in_days(4), 9)) for one in offerings]
    gone(client, *shown)
    with django_assert_num_queries(2):
        assert gone(client, *shown) == []


def test_pressing_a_time_that_is_gone_is_answered_with_others(client: Client, cast: Cast):
    start = local_time(in_days(3), 12)
    booked(cast.piano, start, cast.cy_student)
    client.force_login(cast.ben)
    posted = {
        "offering": cast.piano.pk,
        "duration_min": 60,
        "modality": "online",
        "starts_at": start.isoformat(),
    }
    page = client.post(reverse("bookings:hold"), posted)
    assert page.status_code == 409
    assert "1:15" in page.content.decode()
