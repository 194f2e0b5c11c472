"""`manage.py seed_demo`: demo people, weeks and lessons at any size."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.demo import load
from bookings.demo.names import MAIL_DOMAIN
from bookings.models import Booking
from instainstru.accounts.models import ApiKey, Partner, User
from instainstru.lib.errors import DomainError
from instructors.models import Instructor, Offering, OpenDay
from students.models import Student

SIZES = (
    ("--instructors", 300, 1, "how many instructors, with some three offerings each"),
    ("--students", 200, 0, "how many students"),
    ("--bookings", 800, 0, "how many lessons, past and coming"),
    ("--keys", 10, 0, "how many of the students get API keys"),
)


class Command(BaseCommand):
    help = (
        "Loads demo data, the same for the same seed and sizes; weeks and lessons lie around the current "
        "date. With the same arguments again nothing changes; with others the demo is replaced. "
        "Rows that are not the demo's are never touched."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="another seed, other people (1)")
        for name, default, _, text in SIZES:
            parser.add_argument(name, type=int, default=default, help=f"{text} ({default})")
        parser.add_argument("--days", type=int, help="days of hours ahead (as many as the rules' horizon)")
        parser.add_argument("--json", action="store_true", help="print who one can be, as JSON")
        parser.add_argument("--force", action="store_true", help="also outside development")

    def handle(self, **options: Any) -> None:
        if not settings.DEBUG and not options["force"]:
            raise CommandError("This is not a development site (DEBUG is off). If you mean it, add --force.")
        for name, _, least, _ in SIZES:
            if options[name[2:]] < least:
                raise CommandError(f"{name} must be at least {least}.")
        if options["days"] is not None and options["days"] < 7:
            raise CommandError("--days must be at least 7.")
        options["keys"] = min(options["keys"], options["students"])
        size = load.Size(**{name: options[name] for name in load.Size.__dataclass_fields__})
        try:
            outcome = load.load(size)
        except DomainError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps({"people": _people(outcome), "counts": _counts()}, indent=1))
        else:
            self._say(outcome)

    def _say(self, outcome: load.Outcome) -> None:
        self.stdout.write("Demo data loaded." if outcome.is_new else "The demo was there already.")
        for name, number in _counts().items():
            self.stdout.write(f"  {number:>10,} {name}")
        password = outcome.password or "the one shown when it was loaded"
        self.stdout.write(
            f"Sign in as staff@{MAIL_DOMAIN}, instructor@{MAIL_DOMAIN} or student1@{MAIL_DOMAIN}."
        )
        self.stdout.write(f"The password is {password}")


def _people(outcome: load.Outcome) -> list[dict[str, Any]]:
    """Those of the demo who have API keys: staff, partner, instructor, students."""
    keys = (
        ApiKey.objects.filter(user__email__endswith=f"@{MAIL_DOMAIN}").select_related("user").order_by("pk")
    )
    found = []
    for user in (key.user for key in keys):
        role, facts = _role(user)
        found.append(
            {
                "role": role,
                "email": user.email,
                "password": outcome.password,
                "api_key": outcome.keys.get(user.email),
                "name": user.full_name,
                **facts,
            }
        )
    return found


def _role(user: User) -> tuple[str, dict[str, Any]]:
    if user.is_staff:
        return "staff", {}
    if partner := Partner.objects.filter(user=user).first():
        return "partner", {"students": list(partner.students.order_by("pk").values_list("pk", flat=True))}
    if instructor := Instructor.objects.filter(user=user).first():
        return "instructor", {"id": instructor.pk, "slug": instructor.slug}
    return "student", {"id": Student.objects.get(user=user).pk}


def _counts() -> dict[str, int]:
    """What of the demo there is."""
    of_demo = f"@{MAIL_DOMAIN}"
    return {
        "instructors": Instructor.objects.filter(user__email__endswith=of_demo).count(),
        "students": Student.objects.filter(user__email__endswith=of_demo).count(),
        "offerings": Offering.objects.filter(instructor__user__email__endswith=of_demo).count(),
        "bookings": Booking.objects.filter(instructor__user__email__endswith=of_demo).count(),
        "open_days": OpenDay.objects.filter(instructor__user__email__endswith=of_demo).count(),
        "api_keys": ApiKey.objects.filter(user__email__endswith=of_demo).count(),
    }
