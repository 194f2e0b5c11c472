"""What goes over the wire: requests, answers, form-encoded nested parameters, JSON."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote_plus

Body = dict[str, Any]

_PART = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    peer: str = "127.0.0.1"

    @property
    def form(self) -> str:
        """The parameters as sent: in the body of a POST, in the address of anything else."""
        return self.body.decode("utf-8", "replace") if self.method == "POST" else self.query

    def key(self) -> str:
        """The API key of a bearer or basic authorisation, or nothing."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return value.strip()
        if kind.lower() == "basic":
            try:
                return b64decode(value, validate=True).decode().partition(":")[0]
            except (NotBase64, UnicodeDecodeError):
                return ""
        return ""


@dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False  # the connection ends without a word

    @classmethod
    def of(cls, status: int, body: Body, **headers: str) -> Answer:
        return cls(status, to_json(body), {"Content-Type": "application/json", **headers})

    @classmethod
    def page(cls, html: str, status: int = 200) -> Answer:
        return cls(status, html.encode(), {"Content-Type": "text/html; charset=utf-8"})

    @classmethod
    def redirect(cls, url: str) -> Answer:
        return cls(303, b"", {"Location": url})


def to_json(body: Any) -> bytes:
    return json.dumps(body, indent=2, ensure_ascii=False).encode()


def decode(form: str) -> Body:
    """Nested parameters: ``a[b]=1&c[]=2&d[0][e]=3``. Lists are dictionaries by index until read."""
    result: Body = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        head, bracket, _ = name.partition("[")
        path = [head, *_PART.findall(name)] if bracket else [head]
        _place(result, path, value)
    return result


def _place(target: Body, path: list[str], value: str) -> None:
    for number, part in enumerate(path):
        key = part or str(len(target))  # `[]` appends
        if number == len(path) - 1:
            target[key] = value
            return
        below = target.get(key)
        if not isinstance(below, dict):
            below = target[key] = {}
        target = below


def encode(values: dict[str, str]) -> str:
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in values.items())
