"""Six digits by mail: proof that somebody reads an address.

A code lives in Valkey under a handle that only its owner's session knows. What is kept is a keyed
fingerprint; guesses are counted there too, atomically, so that asking many times at once gains nothing.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from smtplib import SMTPException
from typing import Any

from django.core.cache import cache
from django.utils.crypto import constant_time_compare, salted_hmac

from instainstru.events.notify import Recipient, send_letter
from instainstru.lib.errors import DomainError
from instainstru.lib.ids import new_id

logger = logging.getLogger(__name__)

DIGITS = 6
GOOD_FOR_MIN = 10
TRIES = 5


class WrongCode(DomainError):
    """Not the code that was sent; it can be tried again."""

    code = "wrong_code"


class CodeExpired(DomainError):
    """Too late, too many tries, or never sent: another one is needed."""

    code = "code_expired"

    def __init__(self) -> None:
        super().__init__("This code is no longer good. We can send you another.", fields={})


class MailFailed(DomainError):
    """The mail server did not take it; nothing is wrong with what was asked."""

    code = "mail_failed"
    status = 503

    def __init__(self) -> None:
        super().__init__("The mail could not be sent just now. Please try again in a moment.")


def mail(code: str, *, to: Recipient, holds_time: bool = False) -> None:
    """Send the code; raises ``MailFailed``. Not for transactions: it waits for the mail server."""
    try:
        send_letter(
            "sign_in_code",
            to=to,
            context={"code": code, "minutes": GOOD_FOR_MIN, "holds_time": holds_time},
            message_id=f"code-{new_id().hex}",
        )
    except (SMTPException, OSError) as error:
        logger.warning("A code could not be sent: %s", error)
        raise MailFailed from error


def issue(data: Mapping[str, Any]) -> tuple[str, str]:
    """A handle for the session and the code for the mail. ``data`` comes back when it is checked."""
    handle, code = secrets.token_urlsafe(24), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    seconds = GOOD_FOR_MIN * 60
    cache.set(_name(handle), {"digest": _digest(handle, code), "data": dict(data)}, seconds)
    cache.set(_tries(handle), 0, seconds)
    return handle, code


def data_of(handle: str) -> dict[str, Any] | None:
    """What the code was issued for, while it is good."""
    kept = cache.get(_name(handle))
    return kept["data"] if kept else None


def check(handle: str, text: str) -> dict[str, Any]:
    """The data, once, for the right code; raises ``WrongCode`` or ``CodeExpired``."""
    kept = cache.get(_name(handle))
    try:
        tries = cache.incr(_tries(handle))
    except ValueError:
        raise CodeExpired from None
    if kept is None or tries > TRIES:
        forget(handle)
        raise CodeExpired
    if not constant_time_compare(kept["digest"], _digest(handle, "".join(text.split()))):
        if tries == TRIES:
            forget(handle)
            raise CodeExpired
        raise WrongCode("That is not the code we sent. Look at the newest mail.")
    forget(handle)
    return kept["data"]


def forget(handle: str) -> None:
    """The code is no longer good."""
    cache.delete_many([_name(handle), _tries(handle)])


def _name(handle: str) -> str:
    return f"code:{handle}"


def _tries(handle: str) -> str:
    return f"code-tries:{handle}"


def _digest(handle: str, code: str) -> str:
    return salted_hmac(f"instainstru.code.{handle}", code, algorithm="sha256").hexdigest()
