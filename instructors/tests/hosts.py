"""A host somewhere, which serves calendars as well or as badly as a test wishes; over real sockets."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from instainstru.lib import ical

HOUR = timedelta(hours=1)
Headers = dict[str, str]
# Status, headers, body in pieces; between two pieces it waits for ``Host.slowly`` seconds.
Reply = tuple[int, Headers, list[bytes]]


def calendar(*events: str, head: str = "") -> bytes:
    """A calendar file of events, each given as its lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *head.splitlines()]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def event(start: datetime, end: datetime | None = None, *more: str, uid: str = "") -> str:
    lines = [f"UID:{uid or ical.utc(start)}", f"DTSTART:{ical.utc(start)}"]
    return "\n".join([*lines, f"DTEND:{ical.utc(end or start + HOUR)}", *more])


class Host:
    """What it answers is ``body`` with its tag, or whatever ``reply`` makes of the path."""

    def __init__(self) -> None:
        self.body = calendar()
        self.etag = ""
        self.reply: Callable[[str, Headers], Reply] | None = None
        self.slowly = 0.0
        self.asked: list[tuple[str, Headers]] = []
        self.port = 0
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/cal.ics"

    def answer(self, path: str, headers: Headers) -> Reply:
        self.asked.append((path, headers))
        if self.reply:
            return self.reply(path, headers)
        if self.etag and headers.get("if-none-match") == self.etag:
            return 304, {"ETag": self.etag}, []
        named = {"ETag": self.etag} if self.etag else {}
        return 200, {"Content-Type": "text/calendar", **named}, [self.body]


def zipped(data: bytes) -> Reply:
    return 200, {"Content-Encoding": "gzip"}, [gzip.compress(data)]


@pytest.fixture
def host(settings: Any) -> Iterator[Host]:
    """One that calendars may be asked of though it is on this machine."""
    settings.CALENDAR_ALLOW_LOOPBACK = True
    with serving(Host()) as host:
        yield host


@contextmanager
def serving(host: Host) -> Iterator[Host]:
    """The host, while it answers on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, pieces = host.answer(
                self.path, {name.lower(): value for name, value in self.headers.items()}
            )
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for number, piece in enumerate(pieces):
                    if number and host.over.wait(host.slowly):
                        return
                    self.wfile.write(piece)
                    self.wfile.flush()
            except OSError:
                return

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    host.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield host
    finally:
        host.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
