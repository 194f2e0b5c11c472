"""Students that partners bring along, over the API."""

from __future__ import annotations

import pytest

from bookings.tests.callers import Caller
from bookings.tests.cast import Cast
from bookings.tests.factories import StudentFactory, UserFactory
from instainstru.accounts.models import Partner, Scope, User
from instainstru.events.models import Event
from instainstru.lib import clock
from students.models import Student

pytestmark = pytest.mark.django_db


@pytest.fixture
def school(db: None) -> Partner:
    return Partner.objects.create(name="School", user=UserFactory(time_zone="Europe/Berlin"))


def test_a_partner_brings_a_student_and_sees_them(school: Partner):
    partner = Caller(school.user)
    body = {
        "first_name": "Kim",
        "last_name": "Lee",
        "email": "Kim@Example.com",
        "time_zone": "America/Chicago",
    }
    response = partner.post("/students", body)
    assert response.status_code == 201
    student = Student.objects.get()
    assert response.headers["Location"] == f"/api/v1/students/{student.pk}"
    assert response.json() == {
        "id": student.pk,
        "first_name": "Kim",
        "last_name": "Lee",
        "email": "kim@example.com",
        "time_zone": "America/Chicago",
        "created_at": clock.rfc3339(student.created_at),
    }
    assert (student.partner, student.user.has_usable_password()) == (school, False)
    event = Event.objects.get(kind="student.brought")
    assert (event.by, event.data) == (school.user, {"partner": school.pk})
    assert partner.get(f"/students/{student.pk}").json() == response.json()
    assert partner.get("/students").json()["results"] == [response.json()]


def test_without_an_address_nobody_is_written_to(school: Partner):
    answered = Caller(school.user).post("/students", {"first_name": "Kim", "last_name": "Lee"}).json()
    assert (answered["email"], answered["time_zone"]) == (None, "Europe/Berlin")
    assert User.objects.get(first_name="Kim").email.endswith("@guest.invalid")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["first_name", "last_name"]),
        ({"first_name": "", "last_name": " "}, ["first_name", "last_name"]),
        ({"first_name": "Kim", "last_name": "Lee", "email": "kim"}, ["email"]),
        ({"first_name": "Kim", "last_name": "Lee", "email": "ben@example.com"}, ["email"]),
        ({"first_name": "Kim", "last_name": "Lee", "email": "BEN@example.com"}, ["email"]),
        ({"first_name": "Kim", "last_name": "x" * 81}, ["last_name"]),
        ({"first_name": "Kim", "last_name": "Lee", "time_zone": "Mars/Olympus"}, ["time_zone"]),
        ({"first_name": "Kim", "last_name": "Lee", "age": 7}, ["age"]),
    ],
)
def test_what_cannot_be_is_named_and_nobody_is_made(cast: Cast, school: Partner, body, fields):
    response = Caller(school.user).post("/students", body)
    assert response.status_code == 422
    assert sorted(response.json()["errors"]) == fields
    assert not Student.objects.filter(partner=school).exists()


def test_only_partners_bring_students(cast: Cast):
    for user in (cast.ben, cast.ana, cast.staff):
        response = Caller(user).post("/students", {"first_name": "Kim", "last_name": "Lee"})
        assert (response.status_code, response.json()["code"]) == (403, "partners_only")
    assert Student.objects.count() == 2


def test_somebody_else_s_student_is_as_absent_as_none(cast: Cast, school: Partner):
    partner = Caller(school.user)
    absent = partner.get("/students/999999999")
    assert absent.status_code == 404
    assert partner.get(f"/students/{cast.ben_student.pk}").json() == absent.json()
    assert partner.get(f"/students/{'9' * 30}").json() == absent.json()
    assert partner.get("/students").json()["results"] == []


def test_a_student_sees_themselves(cast: Cast):
    StudentFactory()
    [shown] = Caller(cast.ben).get("/students").json()["results"]
    assert (shown["id"], shown["email"]) == (cast.ben_student.pk, "ben@example.com")


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_however_long_it_is(school: Partner, number, django_assert_num_queries):
    for _ in range(number):
        StudentFactory(partner=school)
    partner = Caller(school.user)
    partner.get("/subjects")
    with django_assert_num_queries(2):  # the key, the page
        assert len(partner.get("/students").json()["results"]) == number


def test_students_need_their_scopes(school: Partner):
    reader, writer = Caller(school.user, [Scope.BOOKINGS_READ]), Caller(school.user, [Scope.BOOKINGS_WRITE])
    assert reader.post("/students", {"first_name": "Kim", "last_name": "Lee"}).status_code == 403
    assert writer.get("/students").status_code == 403
    assert not Student.objects.exists()


def test_the_same_key_brings_one_student(school: Partner):
    partner = Caller(school.user)
    body = {"first_name": "Kim", "last_name": "Lee"}
    first = partner.post("/students", body, Idempotency_Key="k")
    assert partner.post("/students", body, Idempotency_Key="k").content == first.content
    assert Student.objects.count() == 1
