"""What the API reads from bodies and addresses, each value with a message that says how to write it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from instainstru.lib import clock
from instainstru.lib.errors import DomainError

# RFC 3339; seconds may be left out. A `+` in an address arrives as a space when it was not escaped.
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)([Zz]|[+\- ]\d\d:\d\d)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
# Years outside make arithmetic with time zones overflow, and no lesson is then.
YEARS = range(2000, 2101)
BIGGEST_ID = 2**63 - 1


class Unreadable(ValueError):
    """The text is not what it should be; the message says what it should be."""


def read_instant(text: Any) -> datetime:
    """An RFC 3339 instant as a UTC datetime; raises ``Unreadable``."""
    found = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise Unreadable("Write an instant like 2026-12-03T18:00:00Z (RFC 3339).")
    day, wall, offset = found.groups()
    if offset is None:
        raise Unreadable("Say the offset from UTC too: 2026-12-03T18:00:00Z or 2026-12-03T13:00:00-05:00.")
    if int(day[:4]) not in YEARS:
        raise Unreadable(f"The year must be {YEARS[0]}–{YEARS[-1]}.")
    try:
        offset = "+00:00" if offset in "Zz" else offset.replace(" ", "+")
        return datetime.fromisoformat(f"{day}T{wall}{offset}").astimezone(UTC)
    except ValueError:
        raise Unreadable("There is no such time.") from None


def read_date(text: Any) -> date:
    """A date like ``2026-12-03``; raises ``Unreadable``."""
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        raise Unreadable("Write a date like 2026-12-03.")
    if int(text[:4]) not in YEARS:
        raise Unreadable(f"The year must be {YEARS[0]}–{YEARS[-1]}.")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unreadable("There is no such date.") from None


@extend_schema_field({"type": "string", "format": "date-time"})
class InstantField(serializers.Field[Any, Any, Any, Any]):
    """An instant with its offset; a wall time without one means nothing here and is refused."""

    def to_internal_value(self, data: Any) -> datetime:
        try:
            return read_instant(data)
        except Unreadable as error:
            raise serializers.ValidationError(str(error)) from None

    def to_representation(self, value: datetime) -> datetime:
        return value


class IdField(serializers.IntegerField):
    """A row's number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=BIGGEST_ID, **options)


class Body(serializers.Serializer[Any]):
    """A request's body. A name it does not know is refused: a misspelt one would be ignored in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            refuse_unknown(data, self.fields)
        return super().to_internal_value(data)


def refuse_unknown(given: Iterable[str], known: Collection[str]) -> None:
    """Raises ``DomainError`` ``invalid`` naming each of ``given`` that is not ``known``."""
    unknown = [name for name in given if name not in known]
    if unknown:
        names = ", ".join(sorted(known))
        message = f"There is no such field. Known are: {names}." if names else "Leave it out."
        raise DomainError(
            "Some names are not known here: " + ", ".join(str(name)[:40] for name in unknown[:10]) + ".",
            code="invalid",
            fields={str(name)[:100]: message for name in unknown[:10]},
        )


class Parameters:
    """The parameters of an address, taken one by one. ``check()`` refuses everything wrong at once."""

    def __init__(self, query: QueryDict, *, known: Collection[str]) -> None:
        refuse_unknown(query, known)
        lists = list(query.lists())
        self._values = {name: text for name, values in lists if (text := values[-1].strip())}
        self.wrong = {name: "Give it once." for name, values in lists if len(values) > 1}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, *, longest: int = 200) -> str | None:
        value = self._values.get(name)
        if value is not None and len(value) > longest:
            self.wrong[name] = f"At most {longest} characters."
            return None
        return value

    def integer(self, name: str, *, low: int = 1, high: int = BIGGEST_ID) -> int | None:
        value = self._values.get(name)
        if value is None:
            return None
        if value.isascii() and value.isdecimal() and len(value) < 20 and low <= int(value) <= high:
            return int(value)
        self.wrong[name] = f"Write a whole number, {low}–{high}." if high < BIGGEST_ID else "Write a number."
        return None

    def number(self, name: str, *, low: float, high: float) -> float | None:
        value = self._values.get(name)
        if value is None:
            return None
        try:
            found = float(value)
        except ValueError:
            found = float("nan")
        if low <= found <= high:
            return found
        self.wrong[name] = f"Write a number, {low:g}–{high:g}."
        return None

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        value = self._values.get(name)
        if value is None or value in choices:
            return value
        self.wrong[name] = "Choose one of: " + ", ".join(choices) + "."
        return None

    def choices(self, name: str, known: Collection[str]) -> list[str]:
        """Several, with commas between them."""
        values = [value.strip() for value in self._values.get(name, "").split(",") if value.strip()]
        if any(value not in known for value in values):
            self.wrong[name] = "Choose from: " + ", ".join(known) + "."
        return values

    def instant(self, name: str) -> datetime | None:
        value = self._values.get(name)
        try:
            return None if value is None else read_instant(value)
        except Unreadable as error:
            self.wrong[name] = str(error)
            return None

    def moment(self, name: str) -> datetime | date | None:
        """An instant, or a whole day where only a date is given."""
        value = self._values.get(name)
        if value is None:
            return None
        try:
            return read_date(value) if len(value) <= 10 else read_instant(value)
        except Unreadable as error:
            self.wrong[name] = str(error)
            return None

    def zone(self, name: str) -> str | None:
        value = self._values.get(name)
        if value is None or clock.is_zone(value):
            return value
        self.wrong[name] = "Write an IANA time zone, such as America/New_York."
        return None

    def check(self) -> None:
        """Raises ``DomainError`` ``invalid`` where anything taken, or the whole, was wrong."""
        if self.wrong:
            names = ", ".join(self.wrong)
            raise DomainError(f"Please check: {names}.", code="invalid", fields=self.wrong)
