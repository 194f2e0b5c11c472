"""The socket around the stand-in: loopback only, a thread for each connection."""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from ops.stand_ins.stripe import control, pages
from ops.stand_ins.stripe.app import App
from ops.stand_ins.stripe.wire import Answer, Request

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}
FILES = {f"/js/{path.name}": path for path in STATIC.iterdir()} | {"/v3/": STATIC / "stripe.js"}
LONGEST = 1_000_000  # bytes of a request
LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]"}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, app: App) -> None:
        self.app = app
        super().__init__(("127.0.0.1", port), Handler)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "stand-in"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = 60  # seconds that a connection may idle

    def _serve(self) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = LONGEST + 1
        if length > LONGEST or self._foreign():
            self.close_connection = True
            self._send(Answer(400, b"", {}))
            return
        parts = urlsplit(self.path)
        request = Request(
            self.command, parts.path, parts.query,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length), self.client_address[0],
        )  # fmt: skip
        self._send(self._answer(request))

    do_GET = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815

    def _foreign(self) -> bool:
        """A name of the outside world that was made to point here."""
        host = self.headers.get("Host", "")
        return host.rpartition(":")[0] not in LOCAL_NAMES and host not in LOCAL_NAMES

    def _answer(self, request: Request) -> Answer:
        app: App = self.server.app  # type: ignore[attr-defined]
        if request.path.startswith("/v1/"):
            return app.api(request)
        if request.path.startswith("/_control/"):
            return control.answer(app, request)
        if file := FILES.get(request.path):
            headers = {"Content-Type": TYPES[file.suffix], "Content-Security-Policy": pages.POLICY}
            return Answer(200, file.read_bytes(), headers)
        if request.path == "/healthz":
            return Answer.of(200, {"status": "ok"})
        return pages.answer(app, request)

    def _send(self, answer: Answer) -> None:
        if answer.drop:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet: what matters is in the journal."""
