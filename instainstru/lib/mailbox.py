"""Mail in development: written to files and shown under ``/dev/mailbox/``, never sent."""

from __future__ import annotations

import email
import email.policy
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage as Outgoing
from django.core.mail.backends.base import BaseEmailBackend

from instainstru.lib.errors import NotFound
from instainstru.lib.ids import new_id

logger = logging.getLogger(__name__)

LINK = re.compile(r"https?://[^\s<>\"']+")
NAME = re.compile(r"[0-9a-f]{32}")
# The page shows this many; older ones stay in their files.
SHOWN = 100


class MailboxBackend(BaseEmailBackend):
    """One file a message, and a line in the log that says where it went."""

    def send_messages(self, email_messages: Sequence[Outgoing]) -> int:
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            path = folder / f"{new_id().hex}.eml"
            path.write_bytes(message.message().as_bytes())
            logger.info("Mail to %s: %s (%s)", ", ".join(message.to), message.subject, path.name)
        return len(email_messages)


@dataclass(frozen=True)
class Letter:
    """A message in the mailbox; ``html`` is empty where it has none."""

    id: str
    at: datetime
    to: str
    subject: str
    text: str
    html: str

    @property
    def links(self) -> list[str]:
        """The addresses in the text, each once, in order."""
        return list(dict.fromkeys(url.rstrip(".,)") for url in LINK.findall(self.text)))


def letters() -> list[Letter]:
    """The newest first: names are made of the time."""
    names = sorted((path.stem for path in _folder().glob("*.eml")), reverse=True)
    return list(_readable(names[:SHOWN]))


def letter(letter_id: str) -> Letter:
    """One of them; raises ``NotFound``."""
    for found in _readable([letter_id] if NAME.fullmatch(letter_id) else []):
        return found
    raise NotFound("There is no such message.")


def empty() -> None:
    """Delete them all."""
    for path in _folder().glob("*.eml"):
        path.unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.MAILBOX_DIR)


def _readable(names: Sequence[str]) -> Iterator[Letter]:
    for name in names:
        try:
            content = (_folder() / f"{name}.eml").read_bytes()
        except FileNotFoundError:
            continue
        message = email.message_from_bytes(content, policy=email.policy.default)
        yield Letter(
            id=name,
            at=datetime.fromtimestamp(int(name[:12], 16) / 1000, UTC),
            to=str(message["To"]),
            subject=str(message["Subject"]),
            text=_part(message, "plain"),
            html=_part(message, "html"),
        )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
