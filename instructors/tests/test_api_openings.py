"""Bookable times over the API: of one instructor, and of many."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
import time_machine

from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import (
    InstructorFactory,
    OfferingFactory,
    booked,
    in_days,
    local_time,
    teaching,
)
from instainstru.accounts.models import Scope
from instainstru.lib import clock
from instructors.models import Instructor, Modality
from instructors.services import catalogue

pytestmark = pytest.mark.django_db


def asked(**wishes) -> str:
    return urlencode(
        {name: clock.rfc3339(value) if hasattr(value, "hour") else value for name, value in wishes.items()}
    )


def starts(response) -> list[str]:
    return [one["starts_at"] for one in response.json()["openings"]]


def walls(day, *times) -> list[str]:
    return [clock.rfc3339(local_time(day, *divmod(time, 100))) for time in times]


def test_one_instructor_s_times_are_what_can_be_booked(cast: Cast):
    day = in_days(3)
    booked(cast.piano, local_time(day, 12))
    ben = Caller(cast.ben)
    response = ben.get(
        f"/instructors/ana-a/openings?offering={cast.piano.pk}&duration=90&from={day}&to={day}"
    )
    answered = response.json()
    assert answered["offering"]["id"] == cast.piano.pk
    assert (answered["duration_min"], answered["modality"]) == (90, "online")
    assert answered["time_zone"] == "America/New_York"
    expected = [
        900,
        915,
        930,
        945,
        1000,
        1015,
        *range(1315, 1360, 15),
        1400,
        1415,
        1430,
        1445,
        1500,
        1515,
        1530,
    ]
    assert starts(response) == walls(day, *expected)
    for one in answered["openings"]:
        assert set(one) == {"starts_at", "ends_at"}
    assert answered["openings"][0]["ends_at"] == walls(day, 1030)[0]
    for start in (starts(response)[5], starts(response)[6]):
        body = {"offering": cast.piano.pk, "starts_at": start, "duration_min": 90}
        assert ben.post("/bookings", body).status_code == 201


def test_every_time_shown_can_be_booked_and_no_time_beside_them(cast: Cast, settings):
    settings.RATELIMIT_ENABLE = False
    day = in_days(3)
    booked(cast.piano, local_time(day, 12))
    ben = Caller(cast.ben)
    shown = set(starts(ben.get(f"/instructors/ana-a/openings?from={day}&to={day}")))
    for quarter in range(8 * 4, 18 * 4):
        start = clock.rfc3339(local_time(day, quarter // 4, quarter % 4 * 15))
        body = {"offering": cast.piano.pk, "starts_at": start, "duration_min": 60}
        response = ben.post("/holds", body)
        assert (response.status_code == 201) == (start in shown), start
        if response.status_code == 201:
            ben.delete(f"/holds/{response.json()['id']}")


def test_the_instructor_is_named_by_number_or_slug(cast: Cast):
    ben, day = Caller(cast.ben), in_days(3)
    by_slug = ben.get(f"/instructors/ana-a/openings?from={day}&to={day}")
    by_number = ben.get(f"/instructors/{cast.piano.instructor.pk}/openings?from={day}&to={day}")
    assert by_slug.content == by_number.content
    assert len(starts(by_slug)) == 29


def test_without_wishes_the_first_offering_an_hour_and_the_coming_week(cast: Cast):
    violin = OfferingFactory(instructor=cast.piano.instructor, subject__slug="violin", durations=[45])
    catalogue.refresh_listing(cast.piano.instructor)
    ben = Caller(cast.ben)
    with time_machine.travel(local_time(in_days(2), 8), tick=False):
        response = ben.get("/instructors/ana-a/openings")
        assert response.json()["offering"]["id"] == cast.piano.pk
        assert response.json()["duration_min"] == 60
        assert len(starts(response)) == 7 * 29
        shortest = ben.get(f"/instructors/ana-a/openings?offering={violin.pk}").json()
        assert shortest["duration_min"] == 45


def test_instants_bound_starts_half_open(cast: Cast):
    day = in_days(3)
    low, high = local_time(day, 10, 1), local_time(day, 11)
    response = Caller(cast.ben).get("/instructors/ana-a/openings?" + asked(**{"from": low, "to": high}))
    assert starts(response) == walls(day, 1015, 1030, 1045)


def test_a_plus_that_was_not_escaped_is_understood(cast: Cast):
    day = in_days(3)
    low = local_time(day, 10).isoformat()
    assert "+00:00" in low
    high = quote(local_time(day, 10, 30).isoformat())
    response = Caller(cast.ben).get(f"/instructors/ana-a/openings?from={low}&to={high}")
    assert starts(response) == walls(day, 1000, 1015)


def test_travel_keeps_more_distance(cast: Cast):
    cast.piano.modalities = [Modality.ONLINE, Modality.AT_STUDENT]
    cast.piano.save()
    day = in_days(3)
    booked(cast.piano, local_time(day, 12))
    ben = Caller(cast.ben)
    online = ben.get(f"/instructors/ana-a/openings?from={day}&to={day}&modality=online")
    travelling = ben.get(f"/instructors/ana-a/openings?from={day}&to={day}&modality=at_student")
    assert walls(day, 1045)[0] in starts(online)
    assert walls(day, 1045)[0] not in starts(travelling)
    assert walls(day, 1345)[0] in starts(travelling)
    assert travelling.json()["modality"] == "at_student"


def test_notice_and_horizon_bound_what_is_shown(cast: Cast):
    ben, day = Caller(cast.ben), in_days(3)
    with time_machine.travel(local_time(day, 12, 1), tick=False):
        shown = starts(ben.get(f"/instructors/ana-a/openings?from={day}&to={day}"))
        assert shown[0] == walls(day, 1315)[0]
    last = in_days(90)
    shown = starts(ben.get(f"/instructors/ana-a/openings?from={last}&to={last + timedelta(days=30)}"))
    assert len(shown) == 29


def test_the_day_the_clocks_change_has_its_true_hours(cast: Cast):
    """New York, 8 March 2026: 2:00 does not happen. Nine to five is 13:00–21:00 UTC from that day on."""
    with time_machine.travel("2026-02-20T12:00:00Z", tick=False):
        offering = teaching(OfferingFactory())
        slug = offering.instructor.slug
        response = Caller(cast.ben).get(f"/instructors/{slug}/openings?from=2026-03-07&to=2026-03-08")
    assert starts(response)[0] == "2026-03-07T14:00:00Z"
    assert starts(response)[-1] == "2026-03-08T20:00:00Z"
    assert len(starts(response)) == 2 * 29


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("duration=45", "wrong_duration", "duration"),
        ("duration=0", "invalid", "duration"),
        ("duration=1e3", "invalid", "duration"),
        ("duration=99999999999999999999999", "invalid", "duration"),
        ("modality=at_student", "wrong_modality", "modality"),
        ("modality=zoom", "invalid", "modality"),
        ("offering=x", "invalid", "offering"),
        ("from=2026-12-03T18:00:00", "invalid", "from"),
        ("from=0001-01-01", "invalid", "from"),
        ("to=9999-12-31", "invalid", "to"),
        ("to=2026-02-30", "invalid", "to"),
        ("from=2026-12-03&to=2026-12-02", "invalid", "to"),
        ("from=2026-12-03&to=2027-12-03", "invalid", "to"),
        ("when=2026-12-03", "invalid", "when"),
        ("from=2026-12-03&from=2026-12-04", "invalid", "from"),
    ],
)
def test_parameters_at_fault_are_named(cast: Cast, query, code, field):
    response = Caller(cast.ben).get(f"/instructors/ana-a/openings?{query}")
    assert (response.status_code, response.json()["code"]) == (422, code)
    assert list(response.json()["errors"]) == [field]


def test_who_is_not_listed_is_as_absent_as_nobody(cast: Cast):
    hidden = teaching(OfferingFactory(instructor=InstructorFactory(status=Instructor.Status.DRAFT)))
    other = teaching(OfferingFactory())
    ben = Caller(cast.ben)
    absent = ben.get("/instructors/nobody/openings")
    assert absent.status_code == 404
    for path in (
        f"/instructors/{hidden.instructor.slug}/openings",
        f"/instructors/{hidden.instructor.pk}/openings",
        f"/instructors/{'9' * 40}/openings",
        f"/instructors/{2**63 - 1}/openings",
        f"/instructors/ana-a/openings?offering={other.pk}",
    ):
        assert ben.get(path).json() == absent.json()


@pytest.mark.parametrize("days", [1, 3])
def test_a_month_costs_as_many_queries_as_a_day(cast: Cast, days, django_assert_num_queries):
    ben, first = Caller(cast.ben), in_days(3)
    path = f"/instructors/ana-a/openings?from={first}&to={first + timedelta(days=days - 1)}"
    ben.get(path)
    with django_assert_num_queries(2):  # the key, the offering with its open days
        assert len(starts(ben.get(path))) == days * 29


def test_search_answers_with_times_of_several_instructors(cast: Cast):
    others = [teaching(OfferingFactory(price_per_hour=9000)) for _ in range(2)]
    teaching(OfferingFactory(subject__slug="violin"))
    day = in_days(3)
    query = asked(subject="piano", **{"from": local_time(day, 10), "to": local_time(day, 11)})
    response = Caller(cast.ben).get(f"/openings?{query}")
    answered = response.json()
    assert {one["offering"]["id"] for one in answered["results"]} == {
        cast.piano.pk,
        *(other.pk for other in others),
    }
    [mine] = [one for one in answered["results"] if one["offering"]["id"] == cast.piano.pk]
    assert mine == {
        "offering": {
            "id": cast.piano.pk,
            "subject": "piano",
            "price_per_hour": 8000,
            "currency": "USD",
            "durations": [30, 60, 90],
            "modalities": ["online"],
            "instructor": {
                "id": cast.piano.instructor.pk,
                "slug": "ana-a",
                "name": "Ana A.",
                "time_zone": "America/New_York",
                "rating": None,
            },
        },
        "duration_min": 60,
        "modality": "online",
        "exact": True,
        "distance_km": None,
        "openings": [
            {
                "starts_at": clock.rfc3339(local_time(day, 10, minute)),
                "ends_at": clock.rfc3339(local_time(day, 11, minute)),
            }
            for minute in (0, 15, 30, 45)
        ],
    }
    assert (answered["next"], answered["previous"], answered["understood"]) == (None, None, None)


def test_dates_are_whole_days_of_the_zone_they_are_meant_in(cast: Cast):
    day = in_days(3)
    ben = Caller(cast.ben)
    [found] = ben.get(f"/openings?subject=piano&from={day}&to={day}").json()["results"]
    assert found["openings"][0]["starts_at"] == walls(day, 900)[0]
    assert ben.get(f"/openings?subject=piano&from={day}&to={day}&tz=Asia/Tokyo").json()["results"] != []
    with time_machine.travel(local_time(day, 18), tick=False):
        assert ben.get(f"/openings?subject=piano&from={day}&to={day}&relax=0").json()["results"] == []
        tomorrow = day + timedelta(days=1)
        [found] = ben.get(f"/openings?subject=piano&from={day}&to={tomorrow}").json()["results"]
    assert found["openings"][0]["starts_at"] == walls(tomorrow, 900)[0]


def test_a_sentence_is_understood_and_the_reading_told(cast: Cast):
    day = in_days(3)
    teaching(OfferingFactory(price_per_hour=9000))
    query = quote(f"piano {day:%A} at 10am under $85")
    response = Caller(cast.ben).get(f"/openings?q={query}")
    answered = response.json()
    assert [one["offering"]["id"] for one in answered["results"] if one["exact"]] == [cast.piano.pk]
    assert answered["understood"]["subjects"] == ["piano"]
    assert answered["understood"]["price_max"] == 85
    assert (answered["understood"]["time_from"], answered["understood"]["time_to"]) == ("10:00", "11:00")


def test_prices_are_minor_units(cast: Cast):
    ben = Caller(cast.ben)
    assert len(ben.get("/openings?subject=piano&price_max=8000").json()["results"]) == 1
    assert ben.get("/openings?subject=piano&price_max=7999&relax=0").json()["results"] == []


def test_an_unknown_subject_finds_nobody_and_says_so(cast: Cast):
    answered = Caller(cast.ben).get("/openings?q=scuba+diving").json()
    assert answered["results"] == []
    assert answered["understood"]["status"] == "unknown_subject"


def test_a_search_comes_in_pages_without_repetition(cast: Cast):
    made = {cast.piano.pk, *(teaching(OfferingFactory()).pk for _ in range(4))}
    ben = Caller(cast.ben)
    seen, path = [], "/openings?subject=piano&limit=2"
    while path:
        answered = ben.get(path).json()
        seen += [one["offering"]["id"] for one in answered["results"]]
        path = answered["next"]
    assert len(seen) == 5
    assert set(seen) == made


@pytest.mark.parametrize("number", [1, 3])
def test_a_search_costs_the_same_however_many_it_finds(cast: Cast, number, django_assert_num_queries):
    for _ in range(number - 1):
        teaching(OfferingFactory())
    ben = Caller(cast.ben)
    ben.get("/openings?subject=piano")
    with django_assert_num_queries(3):  # the key, the search, and the log once it is answered
        assert len(ben.get("/openings?subject=piano").json()["results"]) == number


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("foo=1&bar=2", ["bar", "foo"]),
        ("subject=scuba", ["subject"]),
        ("price_max=-1", ["price_max"]),
        ("duration=x", ["duration"]),
        ("sort=best", ["sort"]),
        ("modality=phone", ["modality"]),
        ("from=2026-12-03T18:00:00", ["from"]),
        ("from=2026-02-30", ["from"]),
        ("to=soon", ["to"]),
        ("near=atlantis", ["near"]),
        ("limit=1000", ["limit"]),
        ("cursor=junk", ["cursor"]),
        ("tz=Mars/Olympus", ["tz"]),
        ("subject=piano&subject=violin", ["subject"]),
    ],
)
def test_search_parameters_at_fault_are_named(cast: Cast, query, fields):
    response = Caller(cast.ben).get(f"/openings?{query}")
    assert response.status_code == 422
    assert sorted(response.json()["errors"]) == fields


@pytest.mark.parametrize("path", ["/openings", "/instructors/ana-a/openings", "/instructors", "/subjects"])
def test_reading_needs_its_scope_and_a_key(cast: Cast, path):
    response = Caller(cast.ben, [Scope.BOOKINGS_READ]).get(path)
    assert (response.status_code, response.json()["required_scope"]) == (403, "openings:read")
    stranger = Caller(cast.ben).get(path, Authorization="Bearer ii_nonsense")
    assert (stranger.status_code, stranger.json()["code"]) == (401, "invalid_key")


def test_little_found_is_widened_with_what_is_exact_first(cast: Cast):
    dearer = teaching(OfferingFactory(price_per_hour=9900))
    teaching(OfferingFactory(price_per_hour=10_001))
    ben = Caller(cast.ben)
    answered = ben.get("/openings?subject=piano&price_max=8000").json()
    assert [(one["offering"]["id"], one["exact"]) for one in answered["results"]] == [
        (cast.piano.pk, True), (dearer.pk, False),
    ]  # fmt: skip
    assert (answered["relaxed"], answered["next"]) == (["price"], None)
    exact = ben.get("/openings?subject=piano&price_max=8000&relax=0").json()
    assert [one["offering"]["id"] for one in exact["results"]] == [cast.piano.pk]
    assert exact["relaxed"] == []
    assert ben.get("/openings?subject=piano&relax=perhaps").status_code == 422


def test_a_full_page_of_few_is_not_widened(cast: Cast):
    teaching(OfferingFactory(price_per_hour=9900))
    ben = Caller(cast.ben)
    answered = ben.get("/openings?subject=piano&price_max=8000&limit=1").json()
    assert ([one["exact"] for one in answered["results"]], answered["relaxed"]) == ([True], [])
