"""Letters: templates in, mail out.

A letter called ``booking_confirmed`` is ``templates/emails/booking_confirmed/``: ``subject.txt``,
``body.txt``, ``body.html``. Everything is rendered before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.mime.text import MIMEText
from email.utils import formataddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

# People who hold a time before they have said who they are have a made-up address here.
PLACEHOLDER_DOMAIN = "guest.invalid"


@dataclass(frozen=True, slots=True)
class Recipient:
    name: str
    address: str

    @property
    def is_placeholder(self) -> bool:
        """Nobody reads this address."""
        return self.address.rpartition("@")[2].lower() == PLACEHOLDER_DOMAIN


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """An iCalendar text and the iTIP method it was made for, which the mail must repeat."""

    text: str
    method: str

    def mime(self) -> MIMEText:
        part = MIMEText(self.text, "calendar", "utf-8")
        part.set_param("method", self.method)
        part.add_header("Content-Disposition", "attachment", filename="lesson.ics")
        return part


def host() -> str:
    """The site's own name, for identifiers that must be unique in the world."""
    return urlsplit(settings.SITE_URL).hostname or "localhost"


def send_letter(
    letter: str,
    *,
    to: Recipient,
    context: Mapping[str, Any],
    message_id: str,
    attachments: Sequence[CalendarFile] = (),
    stop_url: str = "",
) -> bool:
    """Send one letter; False where the address is a placeholder.

    ``message_id`` names the letter among all we ever send: the same one sent twice (at least once is
    all that mail can promise) is one message to a mail program. ``stop_url`` ends letters of this kind
    when a mail program posts to it (RFC 8058).
    """
    if to.is_placeholder:
        return False
    whole = {"recipient": to, "site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, **context}
    subject = " ".join(render_to_string(f"emails/{letter}/subject.txt", whole).split())
    headers = {"Message-ID": f"<{message_id}@{host()}>", "Auto-Submitted": "auto-generated"}
    if stop_url:
        headers |= {
            "List-Unsubscribe": f"<{stop_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    message = EmailMultiAlternatives(
        subject=subject,
        body=_tidy(render_to_string(f"emails/{letter}/body.txt", whole)),
        to=[formataddr((to.name, to.address))],
        headers=headers,
        attachments=[file.mime() for file in attachments],
    )
    html = render_to_string(f"emails/{letter}/body.html", {**whole, "subject": subject})
    message.attach_alternative(html, "text/html")
    message.send()
    return True


def _tidy(text: str) -> str:
    """At most one empty line in a row: templates leave more where a part is not there."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
