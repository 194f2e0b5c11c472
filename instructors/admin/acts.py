"""An instructor's standing with us: verify, send back, suspend, reinstate."""

from __future__ import annotations

from typing import Any

from django import forms

from instainstru.lib.acting import Act, ReasonForm
from instructors.models import Instructor
from instructors.services import standing

Status = Instructor.Status


class Verify(Act):
    name, label, button = "verify", "Verify this instructor", "Verified: list the instructor"

    def is_possible(self, instructor: Instructor) -> bool:
        return instructor.is_submitted

    def told(self, instructor: Instructor) -> list[str]:
        if not instructor.is_submitted:
            return [f"Nothing to verify: {_stands(instructor)}"]
        needs = standing.missing(instructor)
        if needs:
            return ["The profile is not complete, so it cannot be listed yet. Missing:", *needs.values()]
        return [
            f"{instructor.user.full_name} is marked as verified by you and found in search at once.",
            "Students can book every free time at once, without asking.",
            f"A letter goes to {instructor.user.email}.",
        ]

    def run(self, instructor: Instructor, form: forms.Form, *, by: Any) -> str:
        standing.verify(instructor, by=by)
        return f"{instructor.user.full_name} is verified and listed."


class SendBack(Act):
    name, label, button = "send-back", "Send back with a reason", "Send the profile back"

    def is_possible(self, instructor: Instructor) -> bool:
        return instructor.is_submitted

    def told(self, instructor: Instructor) -> list[str]:
        if not instructor.is_submitted:
            return [f"Nothing to send back: {_stands(instructor)}"]
        return [
            f"{instructor.user.first_name} reads your words on top of the profile, can change it and "
            "submit it again; then it stands at the end of the queue.",
            "Nobody else sees the profile meanwhile.",
            f"A letter with your words goes to {instructor.user.email}.",
        ]

    def form(self, instructor: Instructor, *, data: Any) -> ReasonForm:
        return ReasonForm(data, reason_help="What to change, kindly and exactly. The instructor reads this.")

    def run(self, instructor: Instructor, form: ReasonForm, *, by: Any) -> str:
        standing.send_back(instructor, by=by, reason=form.cleaned_data["reason"])
        return f"{instructor.user.full_name} is asked to change the profile."


class Suspend(Act):
    name, label, button = "suspend", "Suspend this instructor", "Suspend the instructor"
    is_grave = True

    def is_possible(self, instructor: Instructor) -> bool:
        return instructor.status in (Status.LISTED, Status.SUBMITTED) or instructor.is_hidden

    def told(self, instructor: Instructor) -> list[str]:
        if instructor.is_submitted:
            return [
                "The profile leaves the queue and is not listed.",
                f"A letter goes to {instructor.user.email}.",
            ]
        return [
            f"{instructor.user.full_name} disappears from search at once and nothing new can be booked.",
            "Lessons already booked stay. Cancel those that must not take place one by one.",
            f"A letter goes to {instructor.user.email}.",
        ]

    def form(self, instructor: Instructor, *, data: Any) -> ReasonForm:
        return ReasonForm(data, reason_help="Kept with the event, for staff.")

    def run(self, instructor: Instructor, form: ReasonForm, *, by: Any) -> str:
        standing.suspend(instructor, by=by, reason=form.cleaned_data["reason"])
        return f"{instructor.user.full_name} is suspended."


class Reinstate(Act):
    name, label, button = "reinstate", "Reinstate this instructor", "Reinstate the instructor"

    def is_possible(self, instructor: Instructor) -> bool:
        return instructor.status == Status.SUSPENDED

    def told(self, instructor: Instructor) -> list[str]:
        if not instructor.is_verified:
            return [
                f"Suspended for: “{instructor.suspended_reason}”.",
                f"{instructor.user.full_name} was never verified, so the profile is a draft again and can be "
                "submitted.",
                f"A letter goes to {instructor.user.email}.",
            ]
        needs = standing.missing(instructor)
        if needs:
            return ["The profile is not complete, so it cannot be listed again. Missing:", *needs.values()]
        return [
            f"Suspended for: “{instructor.suspended_reason}”.",
            f"{instructor.user.full_name} is found in search and can be booked again at once.",
            f"A letter goes to {instructor.user.email}.",
        ]

    def run(self, instructor: Instructor, form: forms.Form, *, by: Any) -> str:
        done = standing.reinstate(instructor, by=by)
        name = instructor.user.full_name
        return f"{name} is listed again." if done.is_listed else f"{name} has a draft again."


def _stands(instructor: Instructor) -> str:
    return f"the instructor is {instructor.get_status_display().lower()}."
