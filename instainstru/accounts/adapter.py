"""How django-allauth meets our users."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings

from instainstru.accounts import codes
from instainstru.events.notify import Recipient

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Signs people in by email and writes to them in our name; the rest is allauth's."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Codes go out as the letter guests get, everything else in allauth's words."""
        if "code" in context:
            codes.mail(context["code"], to=Recipient("", email))
            return
        site = SimpleNamespace(name=settings.SITE_NAME, domain=urlsplit(settings.SITE_URL).netloc)
        whole = {"email": email, "current_site": site, "site_url": settings.SITE_URL, **context}
        try:
            self.render_mail(template_prefix, email, whole).send()
        except (SMTPException, OSError) as error:
            logger.warning("A mail about an account could not be sent: %s", error)
            raise codes.MailFailed from error
