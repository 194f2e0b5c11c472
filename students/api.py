"""Whom a caller books for: themselves, and the students a partner brings along."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from bookings.idempotent import idempotent
from instainstru.accounts.models import Scope
from instainstru.accounts.services import signed_in
from instainstru.lib.drf import ApiView, answer, read
from instainstru.lib.fields import BIGGEST_ID, Parameters
from instainstru.lib.openapi import IDEMPOTENCY_KEY, PAGING, call, page_of
from instainstru.lib.paging import page
from students.serializers import StudentAnswer, StudentBody, show_student
from students.services import partners


class Students(ApiView):
    required_scopes = {"GET": Scope.BOOKINGS_READ, "POST": Scope.BOOKINGS_WRITE}

    @call(
        "Whom I may book for, the newest first",
        tag="Students",
        name="list_students",
        answers=page_of(StudentAnswer, "StudentPage"),
        refusals={422: "A parameter at fault."},
        parameters=PAGING,
    )
    def get(self, request: Request) -> HttpResponse:
        Parameters(request.GET, known=("cursor", "limit")).check()
        rows = partners.students_of(signed_in(request))
        return answer(page(rows, request=request, order=["-id"]).as_json(show_student))

    @call(
        "Bring a student along (partners)",
        tag="Students",
        name="create_student",
        body=StudentBody,
        answers=StudentAnswer,
        status=201,
        refusals={403: "Not a partner (`partners_only`), or the scope is missing.", 422: "A field at fault."},
        parameters=[IDEMPOTENCY_KEY],
    )
    @idempotent
    def post(self, request: Request) -> HttpResponse:
        fields = read(StudentBody, request.data)
        student = partners.bring(partners.partner_of(signed_in(request)), by=request.user, **fields)
        return answer(
            show_student(student), status=201, headers={"Location": f"/api/v1/students/{student.pk}"}
        )


class OneStudent(ApiView):
    required_scopes = {"GET": Scope.BOOKINGS_READ}

    @call(
        "One of them",
        tag="Students",
        name="get_student",
        answers=StudentAnswer,
        refusals={404: "Absent, or not yours: the two are never told apart."},
    )
    def get(self, request: Request, student_id: int) -> HttpResponse:
        return answer(show_student(partners.student_of(signed_in(request), min(student_id, BIGGEST_ID))))
