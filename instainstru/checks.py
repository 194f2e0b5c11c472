"""System checks: what production refuses to start with, and what to set instead.

`manage.py` runs them by itself before most commands; the web server and Celery do not, so their entry
points call `refuse_unsafe_settings`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

SHORTEST_KEY = 32
FEWEST_DIFFERENT_LETTERS = 8
NEW_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(50))"'


@register(Tags.security)
def production_settings(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Everything at once, so that an operator need not start five times to learn five things."""
    problems: list[CheckMessage] = []
    if "postgresql" not in settings.DATABASES["default"]["ENGINE"]:
        problems.append(
            _problem("E001", "DATABASE_URL names another database than PostgreSQL.", "postgresql://…")
        )
    if not settings.DEBUG:
        problems.extend(_unsafe())
    return problems


def refuse_unsafe_settings() -> None:
    """Raise with every problem in words, where Django itself would start regardless."""
    problems = production_settings()
    if problems:
        raise ImproperlyConfigured("\n".join(["unsafe settings.", *_lines(problems)]))


def _lines(problems: Iterable[CheckMessage]) -> Iterator[str]:
    return (f"  {problem.msg} {problem.hint}" for problem in problems)


def _problem(number: str, what: str, hint: str) -> Error:
    return Error(what, hint=hint, id=f"instainstru.{number}")


def _unsafe() -> Iterator[Error]:
    key = _secret_key()
    if not key or key == settings.DEVELOPMENT_KEY:
        yield _problem("E002", "SECRET_KEY is not set.", f"Set it to what this prints: {NEW_KEY}")
    elif len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_DIFFERENT_LETTERS or "insecure" in key:
        yield _problem("E003", "SECRET_KEY can be guessed.", f"Set it to what this prints: {NEW_KEY}")
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        hint = "Set it to the names this site is reached by, separated by commas."
        yield _problem("E004", "ALLOWED_HOSTS is not set, or allows every host.", hint)
    if not settings.DATABASE_URL:
        hint = "Set it to postgresql://user:password@host/name; the embedded server is for development."
        yield _problem("E005", "DATABASE_URL is not set.", hint)
    if not settings.REDIS_URL:
        hint = "Set it to redis://host:6379/0; the embedded server is for development."
        yield _problem("E006", "REDIS_URL is not set.", hint)
    if settings.EMAIL_BACKEND == "instainstru.lib.mailbox.MailboxBackend":
        hint = "Set it to smtp+tls://user:password@host:587; the mailbox page is for development."
        yield _problem("E007", "EMAIL_URL is not set.", hint)
    if settings.APP_CLOCK_OFFSET:
        hint = "Unset it; to travel in time, set DEBUG too."
        yield _problem("E008", "APP_CLOCK_OFFSET shifts the clock, which is for development.", hint)
    if not settings.RATELIMIT_ENABLE:
        yield _problem("E009", "RATELIMIT_ENABLE is off, which is for development.", "Unset it.")
    if settings.CALENDAR_ALLOW_LOOPBACK:
        what = "CALENDAR_ALLOW_LOOPBACK lets people read what only this machine can."
        yield _problem("E010", what, "Unset it.")
    yield from _unsafe_payments()


def _unsafe_payments() -> Iterator[Error]:
    """All of the three or none: without them lessons are booked and nobody is charged."""
    if not (settings.STRIPE_SECRET_KEY or settings.STRIPE_PUBLISHABLE_KEY or settings.STRIPE_WEBHOOK_SECRETS):
        return
    if not settings.STRIPE_SECRET_KEY or not settings.STRIPE_PUBLISHABLE_KEY:
        hint = "Set both to the keys that Stripe's dashboard shows; the stand-in is for development."
        yield _problem("E020", "STRIPE_SECRET_KEY or STRIPE_PUBLISHABLE_KEY is not set.", hint)
    if not settings.STRIPE_WEBHOOK_SECRETS:
        hint = "Set it to the signing secrets of the endpoint /stripe/webhook, separated by commas."
        yield _problem("E021", "STRIPE_WEBHOOK_SECRETS is not set.", hint)


def _secret_key() -> str:
    """Django raises where the key is empty; a check must go on to the next problem."""
    try:
        return str(settings.SECRET_KEY)
    except ImproperlyConfigured:
        return ""
