"""Students: who they are and what they booked; they book through the same rules as everyone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from bookings.admin.prepaid import Grant
from instainstru.lib import when
from instainstru.lib.acting import ActingAdmin
from instainstru.lib.backoffice import person
from students.models import Student


@admin.register(Student)
class StudentAdmin(ActingAdmin):
    list_display = ("name", "email", "partner", "is_guest", "joined")
    list_select_related = ("user", "partner")
    search_fields = person("user")
    search_help_text = "A number finds the id; words find parts of the address and the names."
    change_form_template = "admin/students/student/change_form.html"
    acts = (Grant(),)
    fields = ("user", "name", "is_guest", "clocks", "partner", "joined", "id")

    def title_of(self, student: Student) -> str:
        return f"{self.name(student)}, {student.user.email}"

    def panels(self, request: HttpRequest, student: Student) -> dict[str, Any]:
        lists = {name: f"{reverse(f'admin:bookings_{name}_changelist')}?student={student.pk}"
                 for name in ("booking", "payment", "credit", "package")}  # fmt: skip
        return {"lists": lists, "statement_url": reverse("admin:bookings_account_student", args=[student.pk])}

    @admin.display(description="name")
    def name(self, student: Student) -> str:
        return student.user.full_name or "Guest"

    @admin.display(description="address")
    def email(self, student: Student) -> str:
        return student.user.email

    @admin.display(description="guest", boolean=True)
    def is_guest(self, student: Student) -> bool:
        return student.user.is_guest

    @admin.display(description="time zone")
    def clocks(self, student: Student) -> str:
        return student.user.time_zone

    @admin.display(description="first seen")
    def joined(self, student: Student) -> str:
        return when.date(student.created_at, student.user.time_zone)
