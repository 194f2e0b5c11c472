"""The back office of students: found and looked at."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from bookings.tests.cast import Cast
from bookings.tests.factories import StudentFactory, booked, in_days, local_time

pytestmark = pytest.mark.django_db
LIST = "/admin/students/student/"


def test_a_list_takes_as_many_queries_for_three_as_for_two(office: Client, django_assert_num_queries: Any):
    for number in (2, 3):
        with django_assert_num_queries(3):  # person, bounded count, rows; the session is cached
            assert len(office.get(LIST).context["cl"].result_list) == number
        StudentFactory()


def test_a_student_is_found_and_leads_to_their_lessons_alone(office: Client, cast: Cast):
    lesson = booked(cast.piano, local_time(in_days(3), 10), cast.ben_student)
    booked(cast.piano, local_time(in_days(3), 12), cast.cy_student)
    assert list(office.get(LIST, {"q": "baker"}).context["cl"].result_list) == [cast.ben_student]
    page = office.get(f"{LIST}{cast.ben_student.pk}/change/")
    lessons = office.get(page.context["lists"]["booking"])
    assert list(lessons.context["cl"].result_list) == [lesson]


def test_nobody_edits_adds_or_deletes_a_student_here(office: Client, cast: Cast):
    page = f"{LIST}{cast.ben_student.pk}/"
    assert office.post(f"{page}change/", {"user": cast.cy.pk}).status_code == 403
    assert office.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert office.get(f"{LIST}add/").status_code == 403
    cast.ben_student.refresh_from_db()
    assert cast.ben_student.user == cast.ben
