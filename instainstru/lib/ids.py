"""Identifiers that sort by creation time, so that indexes grow at one end."""

from __future__ import annotations

import os
import uuid
from datetime import datetime

from instainstru.lib import clock


def new_id() -> uuid.UUID:
    """A version 7 UUID (RFC 9562): 48 bits of milliseconds, then 74 random bits."""
    return id_at(clock.now(), int.from_bytes(os.urandom(10), "big"))


def id_at(instant: datetime, entropy: int) -> uuid.UUID:
    """The version 7 UUID of an instant with 80 bits of entropy, of which 74 are used."""
    value = (int(instant.timestamp() * 1000) << 80) | entropy
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return uuid.UUID(int=value)
