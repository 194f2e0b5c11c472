"""Logs: one line per event, JSON in production and readable on a developer's screen.

Every line written while a request is served carries its `request_id`, which the answer names too
(`X-Request-ID`), so that one id finds everything that happened. Values under secret-sounding names are
hidden, wherever they come from.
"""

import logging
import re
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from structlog.typing import EventDict, Processor, WrappedLogger

from instainstru.lib import clock

HIDDEN = "[hidden]"
SECRET = re.compile(
    r"password|passwd|secret|token|api_?key|authorization|cookie|session|signature|one_time_code", re.I
)
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
# In addresses: sign-in links and searches carry secrets in their query.
SECRET_IN_TEXT = re.compile(
    r"(?i)\b(password|secret|token|api_?key|authorization|bearer)([=: ]+)(?!\[hidden)[^\s&\"']+"
)
# The address of somebody's calendar is itself the secret.
SECRET_IN_PATH = re.compile(r"(/calendar/)[^/\s\"'?]+(?=\.ics)")

logger = structlog.get_logger("instainstru.request")


def hide_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Hide values by the name of their key, at any depth, and `name=value` inside the message."""
    hidden = {key: HIDDEN if SECRET.search(key) else _hide_within(value) for key, value in event.items()}
    if isinstance(hidden.get("event"), str):
        hidden["event"] = _hide_in_text(hidden["event"])
    return hidden


def _hide_in_text(text: str) -> str:
    return SECRET_IN_TEXT.sub(rf"\1\2{HIDDEN}", SECRET_IN_PATH.sub(rf"\1{HIDDEN}", text))


def _hide_within(value: Any) -> Any:
    if isinstance(value, str):
        return SECRET_IN_PATH.sub(rf"\1{HIDDEN}", value)
    if isinstance(value, HttpRequest):
        # Django adds the request to some of its lines, and it would be shown with its whole address.
        return _hide_in_text(repr(value))
    if isinstance(value, dict):
        return {key: HIDDEN if SECRET.search(str(key)) else _hide_within(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_hide_within(item) for item in value]
    return value


SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.stdlib.ExtraAdder(allow=None),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    hide_secrets,
]


def configure(*, level: str, form: str) -> dict[str, Any]:
    """Set structlog up and return Django's `LOGGING`, so that both write the same lines.

    `form` is `json` or `console`.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    render: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if form == "json":
        # Without local variables: they hold passwords and keys, and nothing could hide them there.
        traces = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        render += [
            structlog.processors.ExceptionRenderer(traces),
            structlog.processors.JSONRenderer(default=str),
        ]
    else:
        plain = structlog.dev.plain_traceback
        render += [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)]
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": render,
        "foreign_pre_chain": SHARED,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers would write every line a second time.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # Two lines for every call; ours say what came of it.
            "stripe": {"level": "WARNING"},
        },
    }


class RequestLogMiddleware:
    """Gives each request its id and writes one line when it is answered.

    An id the caller sent is kept if it looks like one: a proxy's id then runs through to our lines.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = clock.monotonic()
        response = self.get_response(request)
        # Asked first: putting a line together that nobody wants takes longer than this whole middleware.
        if logger.isEnabledFor(logging.INFO):
            logger.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                ms=round((clock.monotonic() - began) * 1000, 1),
            )
        response["X-Request-ID"] = request_id
        return response
