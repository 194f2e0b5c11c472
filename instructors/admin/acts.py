"""An instructor's standing with us: verify, suspend, reinstate."""

from __future__ import annotations

from typing import Any

from django import forms

from instainstru.lib.acting import Act, ReasonForm
from instructors.models import Instructor
from instructors.services import profile

Status = Instructor.Status


class Verify(Act):
    name, label, button = "verify", "Verify this instructor", "Verified: list the instructor"

    def is_possible(self, instructor: Instructor) -> bool:
        return instructor.status == Status.DRAFT

    def told(self, instructor: Instructor) -> list[str]:
        if instructor.status != Status.DRAFT:
            return [f"Nothing to verify: the instructor is {instructor.get_status_display().lower()}."]
        needs = profile.missing(instructor)
        if needs:
            return ["The profile is not complete, so it cannot be listed yet. Missing:", *needs.values()]
        return [
            f"{instructor.user.full_name} is marked as verified by you and found in search at once.",
            "Students can book every free time at once, without asking.",
            f"A letter goes to {instructor.user.email}.",
        ]

    def run(self, instructor: Instructor, form: forms.Form, *, by: Any) -> str:
        profile.verify(instructor, by=by)
        return f"{instructor.user.full_name} is verified and listed."


class Suspend(Act):
    name, label, button = "suspend", "Suspend this instructor", "Suspend the instructor"
    is_grave = True

    def is_possible(self, instructor: Instructor) -> bool:
        return instructor.status == Status.LISTED

    def told(self, instructor: Instructor) -> list[str]:
        return [
            f"{instructor.user.full_name} disappears from search at once and nothing new can be booked.",
            "Lessons already booked stay. Cancel those that must not take place one by one.",
            f"A letter goes to {instructor.user.email}.",
        ]

    def form(self, instructor: Instructor, *, data: Any) -> ReasonForm:
        return ReasonForm(data, reason_help="Kept with the event, for staff.")

    def run(self, instructor: Instructor, form: ReasonForm, *, by: Any) -> str:
        profile.suspend(instructor, by=by, reason=form.cleaned_data["reason"])
        return f"{instructor.user.full_name} is suspended."


class Reinstate(Act):
    name, label, button = "reinstate", "Reinstate this instructor", "Reinstate the instructor"

    def is_possible(self, instructor: Instructor) -> bool:
        return instructor.status == Status.SUSPENDED

    def told(self, instructor: Instructor) -> list[str]:
        needs = profile.missing(instructor)
        if needs:
            return ["The profile is not complete, so it cannot be listed again. Missing:", *needs.values()]
        return [
            f"Suspended for: “{instructor.suspended_reason}”.",
            f"{instructor.user.full_name} is found in search and can be booked again at once.",
            f"A letter goes to {instructor.user.email}.",
        ]

    def run(self, instructor: Instructor, form: forms.Form, *, by: Any) -> str:
        profile.reinstate(instructor, by=by)
        return f"{instructor.user.full_name} is listed again."
