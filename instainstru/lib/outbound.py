"""Asking hosts that other people named, without being led inside, held up or filled up.

Whoever may name an address for us to read could name one that only we can reach. So every address a name
stands for is checked, and the connection goes to the checked address itself: a name that means something
else a moment later gains nothing. Redirects are checked in the same way. Everything together has one
budget of time and one of bytes, and what comes compressed is never unpacked beyond it.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import zlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from functools import cache
from typing import Any

import certifi
import httpcore
import httpx

from instainstru.lib import clock
from instainstru.lib.errors import DomainError

MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
# An answer's head, and bodies of redirects that nobody reads.
HEADS_BYTES = 256 * 1024
LOWEST_FREE_PORT = 1024
# Networks that carry an IPv4 address inside (RFC 6052), which is then what counts.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# What `is_global` of some versions lets through.
_NEVER = [
    ipaddress.ip_network(name)
    for name in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4",
                 "64:ff9b:1::/48", "100::/64", "fc00::/7", "fe80::/10", "fec0::/10", "::/96")
]  # fmt: skip

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(DomainError):
    """The address was not read; the message says why. Codes: ``address_refused`` (ours to refuse),
    ``unreachable``, ``too_slow``, ``too_large``, ``bad_answer``."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    # Names in lower case.
    headers: Mapping[str, str]
    body: bytes


def get(
    url: str,
    *,
    seconds: float,
    most_bytes: int,
    headers: Mapping[str, str] | None = None,
    allow_loopback: bool = False,
) -> Answer:
    """What stands at ``url`` after redirects; raises ``Refused``. Never inside a transaction."""
    backend = _Backend(clock.monotonic() + seconds, most_bytes + HEADS_BYTES, allow_loopback)
    there = parse(url)
    with httpcore.ConnectionPool(ssl_context=_trusted(), network_backend=backend) as pool:
        for _ in range(MOST_REDIRECTS + 1):
            try:
                answer = _ask(pool, there, headers or {}, most_bytes)
            except httpcore.TimeoutException as error:
                raise _too_slow() from error
            except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
                raise _failed(error) from error
            if isinstance(answer, Answer):
                return answer
            there = parse(str(there.join(answer)))
    raise Refused("The address leads from one to the next without end.", code="bad_answer")


def parse(url: str) -> httpx.URL:
    """The address, if it is one that we ask: http or https, a sane port, no name and password in it."""
    if " " in url or not url.isprintable():
        raise _no_address("This is not an address: there is a gap in it.")
    try:
        there = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise _no_address("This is not an address. It begins with https://.") from None
    if there.scheme not in ("http", "https") or not there.host:
        raise _no_address("This is not an address we can read. It begins with https://.")
    if there.userinfo:
        raise _no_address("Leave out the name and password before the @: use the calendar's secret address.")
    if there.port is not None and there.port not in (80, 443) and not LOWEST_FREE_PORT <= there.port < 65536:
        raise _no_address("We do not ask at that port.")
    return there.copy_with(fragment=None)


def is_public(address: Address) -> bool:
    """Whether it is an address anybody on the internet could reach; one inside another is what counts."""
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(inside)
    if any(address.version == net.version and address in net for net in _NEVER):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _ask(
    pool: httpcore.ConnectionPool, there: httpx.URL, headers: Mapping[str, str], most_bytes: int
) -> Answer | str:
    """The answer, or where it sends us."""
    address = httpcore.URL(
        scheme=there.raw_scheme, host=there.raw_host, port=there.port, target=there.raw_path
    )
    sent: dict[bytes | str, bytes | str] = {
        "Host": there.netloc.decode(),
        "User-Agent": "InstaInstru (calendar reader)",
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }
    sent.update(headers)
    with pool.stream("GET", address, headers=sent) as answer:
        found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        if answer.status in REDIRECTS and found.get("location"):
            return found["location"]
        return Answer(answer.status, found, _body(answer.iter_stream(), found, most_bytes))


def _body(chunks: Iterable[bytes], headers: Mapping[str, str], most: int) -> bytes:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        raise Refused("It answers in a form we did not ask for.", code="bad_answer")
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if "gzip" in encoding else None
    body = bytearray()
    for chunk in chunks:
        if unpack is None:
            body += chunk
        else:
            try:
                # One byte more than there is room for shows that there is too much.
                body += unpack.decompress(chunk, most + 1 - len(body))
            except zlib.error as error:
                raise Refused("Its answer arrived damaged.", code="bad_answer") from error
        if len(body) > most:
            raise Refused(f"It is too large: we read up to {most // 1_000_000} MB.", code="too_large")
    return bytes(body)


class _Backend(httpcore.NetworkBackend):
    """Connects to checked addresses only, and lets nobody have more than the budgets."""

    def __init__(self, deadline: float, room: int, allow_loopback: bool) -> None:
        self._deadline = deadline
        self._room = room
        self._allow_loopback = allow_loopback
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        addresses = self._resolve(host, port)
        if not all(is_public(one) or (self._allow_loopback and one.is_loopback) for one in addresses):
            raise _no_address("That address is inside a private network, where we do not look.")
        problem: Exception | None = None
        for address in addresses[:4]:
            try:
                stream = self._plain.connect_tcp(str(address), port, timeout=self.left())
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
            else:
                return _Stream(stream, self)
        raise problem or _unreachable()

    def _resolve(self, host: str, port: int) -> list[Address]:
        """Every address of the name; the system's own look-up knows no time limit, so it waits elsewhere."""
        found = _lookups.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            answers = found.result(timeout=self.left())
        except TooLate:
            raise _too_slow() from None
        except (OSError, UnicodeError):
            raise Refused("There is no host of that name.", code="unreachable") from None
        addresses = dict.fromkeys(str(answer[4][0]).partition("%")[0] for answer in answers)
        return [ipaddress.ip_address(address) for address in addresses]

    def left(self) -> float:
        """Seconds of the budget that are left; none is the same as a time-out."""
        seconds = self._deadline - clock.monotonic()
        if seconds <= 0:
            raise _too_slow()
        return seconds

    def took(self, number: int) -> None:
        self._room -= number
        if self._room < 0:
            raise Refused("It is too large.", code="too_large")


class _Stream(httpcore.NetworkStream):
    """A connection that ends with the budgets, however slowly or much the other side sends."""

    def __init__(self, stream: httpcore.NetworkStream, backend: _Backend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, timeout=self._backend.left())
        self._backend.took(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout=self._backend.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._backend.left()
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


_lookups = ThreadPoolExecutor(max_workers=8, thread_name_prefix="names")


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


def _no_address(message: str) -> Refused:
    return Refused(message, code="address_refused")


def _unreachable() -> Refused:
    return Refused("Nothing answers at that address.", code="unreachable")


def _too_slow() -> Refused:
    return Refused("It did not answer in time.", code="too_slow")


def _failed(error: Exception) -> Refused:
    if isinstance(error.__cause__, ssl.SSLError):
        return Refused("Its certificate is not valid, so we cannot be sure whom we ask.", code="unreachable")
    if isinstance(error, httpcore.ProtocolError):
        return Refused("What answers there is not a web server.", code="bad_answer")
    return _unreachable()
