"""Reading what programs send. Apart from ``lib/drf.py`` because DRF's settings name it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser


class JsonParser(BaseParser):
    """JSON objects of a sane depth, without the NUL that PostgreSQL cannot store."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        # Of Django's request: its ``body`` obeys DATA_UPLOAD_MAX_MEMORY_SIZE and may be read again.
        body = stream.body if hasattr(stream, "body") else stream.read()
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"This is not JSON: {error}.") from error
        if not isinstance(data, dict):
            raise ParseError("Send a JSON object: {…}.")
        if b"\\u0000" in body and _has_nul(data):
            raise ParseError("Text cannot hold the character NUL.")
        return data


def _has_nul(data: Any) -> bool:
    if isinstance(data, str):
        return "\x00" in data
    if isinstance(data, dict):
        return any(_has_nul(key) or _has_nul(value) for key, value in data.items())
    return isinstance(data, list) and any(map(_has_nul, data))
