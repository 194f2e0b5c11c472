"""Who sends the requests: demo students with API keys, taken in turn."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True)
class People:
    students: list[str]
    partner: str
    instructor: str
    staff: str
    # The busy instructor's address.
    slug: str

    @classmethod
    def of(cls, output: str) -> People:
        """From what ``seed_demo --json`` printed."""
        people = json.loads(output[output.index("{") :])["people"]
        by_role = {person["role"]: person for person in reversed(people)}
        return cls(
            students=[person["api_key"] for person in people if person["role"] == "student"],
            partner=by_role["partner"]["api_key"],
            instructor=by_role["instructor"]["api_key"],
            staff=by_role["staff"]["api_key"],
            slug=by_role["instructor"]["slug"],
        )

    def student(self, turn: int) -> dict[str, str]:
        """The headers of the student whose turn it is."""
        return {"Authorization": f"Bearer {self.students[turn % len(self.students)]}"}


_addresses = count()


def visitor() -> dict[str, str]:
    """The headers of a visitor nobody has seen yet."""
    number = next(_addresses)
    return {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
