"""Reads parameters by a schema: what has the wrong type, is missing or is unknown is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ops.stand_ins.stripe.errors import bad_parameter

Reader = Callable[[Any, str], Any]
Schema = Mapping[str, Reader]

MAX_INTEGER = 99_999_999  # the largest amount of one payment


def text(value: Any, name: str) -> str | None:
    """Text; the empty one unsets."""
    if not isinstance(value, str):
        raise bad_parameter(
            f"Invalid string: {name} was sent as a hash.", name, "parameter_invalid_string_blank"
        )
    if len(value) > 5000:
        raise bad_parameter(f"{name} is too long: at most 5000 characters.", name)
    return value or None


def integer(value: Any, name: str) -> int | None:
    if value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise bad_parameter(f"Invalid integer: {value}", name, "parameter_invalid_integer") from None


def amount(value: Any, name: str) -> int:
    """Minor units, more than none of them."""
    number = integer(value, name)
    if number is None or number < 1:
        raise bad_parameter(f"{name} must be at least 1.", name, "parameter_invalid_integer")
    if number > MAX_INTEGER:
        raise bad_parameter(f"{name} must be at most {MAX_INTEGER}.", name, "amount_too_large")
    return number


def natural(value: Any, name: str) -> int:
    number = integer(value, name)
    if number is None or number < 0:
        raise bad_parameter(f"{name} must not be negative.", name, "parameter_invalid_integer")
    return number


def flag(value: Any, name: str) -> bool:
    if value not in ("true", "false", "True", "False"):
        raise bad_parameter(f"Invalid boolean: {value}", name)
    return bool(value.lower() == "true")


def choice(*values: str) -> Reader:
    def read(value: Any, name: str) -> str | None:
        if value not in (*values, ""):
            raise bad_parameter(f"Invalid {name}: must be one of {', '.join(values)}", name)
        return value or None

    return read


def currency(value: Any, name: str) -> str:
    if not isinstance(value, str) or len(value) != 3 or not value.isalpha():
        raise bad_parameter(f"Invalid currency: {value}", name)
    return value.lower()


def metadata(value: Any, name: str) -> dict[str, str] | None:
    """Keys and texts; nothing for the empty text, which clears them all."""
    if value == "":
        return None
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise bad_parameter("Invalid metadata: a hash of strings is needed.", name)
    if len(value) > 50 or any(len(key) > 40 or len(each) > 500 for key, each in value.items()):
        raise bad_parameter("Metadata: at most 50 keys of 40 characters with values of 500.", name)
    return dict(value)


def array(reader: Reader) -> Reader:
    def read(value: Any, name: str) -> list[Any]:
        if value == "":
            return []
        if not isinstance(value, dict):
            raise bad_parameter("Invalid array", name)
        return [reader(each, f"{name}[{key}]") for key, each in value.items()]

    return read


def group(schema: Schema) -> Reader:
    def read_group(value: Any, name: str) -> dict[str, Any] | None:
        if value == "":
            return None
        if not isinstance(value, dict):
            raise bad_parameter("Invalid object", name)
        return {key: _one(schema, key, each, f"{name}[{key}]") for key, each in value.items()}

    return read_group


def anything(value: Any, name: str) -> Any:
    """Kept as sent: for what the stand-in shows back and never acts upon."""
    return value


def either(first: Reader, second: Reader) -> Reader:
    """A text by the first reader, a hash by the second."""

    def read(value: Any, name: str) -> Any:
        return second(value, name) if isinstance(value, dict) else first(value, name)

    return read


def read(schema: Schema, raw: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """What was sent and is known; absent names stay absent."""
    known = {name: _one(schema, name, value, name) for name, value in raw.items() if name != "expand"}
    for name in required:
        if known.get(name) is None:
            raise bad_parameter(f"Missing required param: {name}.", name, "parameter_missing")
    return known


def _one(schema: Schema, key: str, value: Any, name: str) -> Any:
    if key not in schema:
        raise bad_parameter(f"The stand-in does not know the parameter {name}.", name, "parameter_unknown")
    return schema[key](value, name)


def expand(raw: dict[str, Any]) -> list[str]:
    found: list[str] = array(lambda value, name: str(value))(raw.get("expand", ""), "expand")
    return found


PAGE: Schema = {
    "limit": integer,
    "starting_after": text,
    "ending_before": text,
    "created": either(integer, group({"gt": integer, "gte": integer, "lt": integer, "lte": integer})),
}
ADDRESS: Schema = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), text)
BILLING: Schema = {"address": group(ADDRESS), "email": text, "name": text, "phone": text, "tax_id": text}
SHIPPING: Schema = {
    "address": group(ADDRESS), "name": text, "phone": text, "carrier": text, "tracking_number": text,
}  # fmt: skip
