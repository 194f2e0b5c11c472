"""Content lines of calendar files (RFC 5545): escaped, folded, ended with CRLF.

A library's objects for 500 events take half a second to make and write; these lines take milliseconds.
Reading is another matter and left to the library.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

CRLF = "\r\n"
# Octets of a line without its end.
LONGEST = 75
_ESCAPED = re.compile(r"[\\;,\r\n]")
_CONTROL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127))
_NOT_QUOTABLE = {**_CONTROL, ord('"'): "'", ord("\r"): " ", ord("\n"): " "}


def text(value: str) -> str:
    """A value of type TEXT: nothing in it can end its line. Control characters are left out."""
    if not value.isprintable():
        value = value.translate(_CONTROL)
    if not _ESCAPED.search(value):
        return value
    value = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return value.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def quoted(value: str) -> str:
    """The value of a parameter, in quotes; a quote within it has no way to be written and becomes ``'``."""
    return f'"{value.translate(_NOT_QUOTABLE)}"'


def line(content: str) -> str:
    """The content, folded so that no line is longer than allowed and no character is cut in two."""
    if content.isascii():
        if len(content) <= LONGEST:
            return content + CRLF
        if len(content) < 2 * LONGEST:
            # What follows begins with a space, which counts.
            return f"{content[:LONGEST]}\r\n {content[LONGEST:]}\r\n"
    octets = content.encode("utf-8", "replace")
    pieces = []
    start, room = 0, LONGEST
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(octets[start:end])
        start, room = end, LONGEST - 1
    pieces.append(octets[start:])
    return b"\r\n ".join(pieces).decode() + CRLF


def utc(instant: datetime) -> str:
    """The instant as ``20261203T230000Z``."""
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"
