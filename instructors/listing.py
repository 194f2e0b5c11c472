"""The path to being listed, in words: where somebody stands, what is done, what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse

from instainstru.lib import presentation, when
from instructors.models import Instructor, PayoutAccount
from instructors.services import standing

Status = Instructor.Status
KINDS = {Status.DRAFT: "held", Status.SUBMITTED: "held", Status.LISTED: "free", Status.SUSPENDED: "stop"}


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the path; ``needs`` are the names in ``standing.missing`` that it answers."""

    key: str
    label: str
    hint: str
    needs: tuple[str, ...]
    optional: bool = False

    @property
    def url(self) -> str:
        return reverse(f"instructors:listing_{self.key}")


STEPS = (
    Step("about", "About you", "Your name, a line, a few sentences, your languages", ("headline", "bio")),
    Step("photo", "A photo", "Not required, and worth a minute: students choose faces", (), optional=True),
    Step("lessons", "Lessons and prices", "What you teach, how long, what it costs", ("offerings",)),
    Step("places", "Places", "Where you are, and how you meet", ("place",)),
    Step("hours", "Hours", "When students may book you", ("hours",)),
)


def standing_of(instructor: Instructor, *, missing: dict[str, str] | None = None) -> dict[str, Any]:
    """A badge and a sentence on where the instructor stands.

    What is ``missing`` is looked up, for drafts and submitted ones, unless the caller knows it.
    """
    status = Status(instructor.status)
    if status not in (Status.DRAFT, Status.SUBMITTED):
        missing = {}
    elif missing is None:
        missing = standing.missing(instructor)
    return {
        "label": status.label,
        "kind": KINDS[status],
        "text": _text(instructor, missing),
        "reason": instructor.sent_back_reason,
        "missing": list(missing.values()),
        "is_draft": status == Status.DRAFT,
        "is_submitted": status == Status.SUBMITTED,
        "is_listed": status == Status.LISTED,
        "may_submit": status == Status.DRAFT and not missing,
        "url": reverse("instructors:listing"),
    }


def _text(instructor: Instructor, missing: dict[str, str]) -> str:
    if instructor.is_listed:
        return "Students can find and book you."
    if instructor.is_hidden:
        return _hidden(instructor)
    if instructor.status == Status.SUSPENDED:
        return "Students do not find you. Lessons booked stay. If you think this is wrong, write to us."
    if instructor.submitted_at is not None:
        since = presentation.unbroken(when.short(instructor.submitted_at, instructor.time_zone))
        if missing:
            return f"Submitted {since}, and something is missing since then: {' '.join(missing.values())}"
        return f"Submitted {since}. We check who you are, then students can book you."
    if instructor.sent_back_reason:
        return "We looked at it and ask you to change something before students can book you."
    if missing:
        return f"Only you can see it. {presentation.count(len(missing), 'thing')} still missing."
    return "All is there. Look at the preview, then submit it."


def _hidden(instructor: Instructor) -> str:
    why = "Because of lessons you cancelled late or missed, students do not find you"
    if instructor.hidden_until is None:
        return f"{why} until we have looked at it together. Lessons booked stay. Please write to us."
    until = presentation.unbroken(when.short(instructor.hidden_until, instructor.time_zone))
    return f"{why} until {until}. Lessons booked stay. If you think this is wrong, write to us."


def path(instructor: Instructor, *, missing: dict[str, str], here: str = "") -> dict[str, Any]:
    """The steps with what is done, for the list and for the line above each step."""
    steps = [
        {
            "key": step.key,
            "label": step.label,
            "hint": next((missing[name] for name in step.needs if name in missing), step.hint),
            "url": step.url,
            "done": _is_done(step, instructor, missing),
            "optional": step.optional,
            "here": step.key == here,
            "number": number,
        }
        for number, step in enumerate(STEPS, start=1)
    ]
    needed = [step for step in steps if not step["optional"]]
    open_ones = [step for step in needed if not step["done"]]
    return {
        "steps": steps,
        "done": len(needed) - len(open_ones),
        "of": len(needed),
        "complete": not open_ones,
        "next_url": open_ones[0]["url"] if open_ones else "",
        "next_label": open_ones[0]["label"] if open_ones else "",
        "number": next((step["number"] for step in steps if step["here"]), 0),
    }


def payouts(instructor: Instructor) -> dict[str, Any] | None:
    """The line about getting paid, which keeps nobody from being listed; None while payments are off."""
    if not settings.STRIPE_SECRET_KEY:
        return None
    account = PayoutAccount.objects.filter(instructor=instructor).first()
    is_done = account is not None and account.takes_transfers and account.pays_out
    return {"done": is_done, "begun": account is not None, "url": reverse("bookings:getting_paid")}


def _is_done(step: Step, instructor: Instructor, missing: dict[str, str]) -> bool:
    if step.key == "photo":
        return bool(instructor.photo)
    return not any(name in missing for name in step.needs)


def after(key: str) -> str:
    """Where saving a step leads: the step behind it, and at last the preview."""
    keys = [step.key for step in STEPS]
    place = keys.index(key) + 1
    return STEPS[place].url if place < len(STEPS) else reverse("instructors:listing")


def before(key: str) -> str:
    """Where the way back leads."""
    keys = [step.key for step in STEPS]
    place = keys.index(key)
    return STEPS[place - 1].url if place else reverse("instructors:listing")
