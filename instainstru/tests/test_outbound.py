"""Reading what others name: never led inside, held up or filled up. Over real sockets."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from instainstru.lib import outbound
from instructors.tests.hosts import Host, serving, zipped

MEGABYTE = 1_000_000


@pytest.fixture
def host() -> Iterator[Host]:
    with serving(Host()) as host:
        yield host


def get(url: str, **options: Any) -> outbound.Answer:
    return outbound.get(url, **{"seconds": 5, "most_bytes": MEGABYTE, "allow_loopback": True, **options})


def refusal(url: str, **options: Any) -> outbound.Refused:
    with pytest.raises(outbound.Refused) as caught:
        get(url, **options)
    return caught.value


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1",
        "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "fe80::1",
        "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
        "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
        "2001:0:53aa:64c:0:0:f5ff:fffe",
    ],
)  # fmt: skip
def test_addresses_that_are_not_everybodys_are_not_public(address: str):
    assert not outbound.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111",
                                     "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"])  # fmt: skip
def test_everybodys_addresses_are_public(address: str):
    assert outbound.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "", "nonsense", "ftp://example.com/a", "file:///etc/passwd", "gopher://example.com", "http://",
        "http:///path", "https://user:word@example.com/", "http://example.com:22/", "http://example.com:25/",
        "http://example.com:99999/", "http://exa mple.com/", "javascript:alert(1)", "http://[::1",
        "//example.com", "http://example.com\r\nHost: evil/",
    ],
)  # fmt: skip
def test_what_is_no_address_for_us_is_refused_before_anything_is_asked(url: str):
    assert refusal(url).code == "address_refused"


@pytest.mark.parametrize(
    "name",
    [
        "127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1",
        "127.1", "[::1]", "[::ffff:127.0.0.1]", "10.1.2.3", "169.254.169.254", "192.168.0.10",
        "[fe80::1]", "[fd00::1]", "0.0.0.0", "100.64.1.1",
    ],
)  # fmt: skip
def test_nothing_inside_is_asked_however_it_is_written(name: str, host: Host):
    found = refusal(f"http://{name}:{host.port}/", allow_loopback=False)
    assert found.code == "address_refused"
    assert host.asked == []


def test_one_private_address_among_several_refuses_them_all(host: Host, monkeypatch: pytest.MonkeyPatch):
    answers = [(2, 1, 6, "", (address, host.port)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    assert refusal(f"http://two.example:{host.port}/").code == "address_refused"


def test_a_name_that_means_something_else_a_moment_later_gains_nothing(
    host: Host, monkeypatch: pytest.MonkeyPatch
):
    """The name is asked for once, and the connection goes to that answer."""
    real, asked = socket.getaddrinfo, []

    def look_up(name: Any, *args: Any, **kwargs: Any) -> Any:
        if name != "rebinding.example":
            return real(name, *args, **kwargs)
        asked.append(name)
        address = "127.0.0.1" if len(asked) == 1 else "10.0.0.1"
        return [(2, 1, 6, "", (address, host.port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert get(f"http://rebinding.example:{host.port}/cal.ics").status == 200
    assert len(asked) == 1
    [(path, headers)] = host.asked
    assert (path, headers["host"]) == ("/cal.ics", f"rebinding.example:{host.port}")


@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data", "ftp://127.0.0.1/",
               "http://user:word@127.0.0.1/", "http://127.0.0.1:22/", "file:///etc/passwd"]
)  # fmt: skip
def test_a_redirect_is_checked_like_an_address(host: Host, target: str):
    host.reply = lambda path, headers: (302, {"Location": target}, [])
    assert refusal(host.url).code == "address_refused"
    assert len(host.asked) == 1


def test_redirects_are_followed_but_not_for_ever(host: Host):
    host.reply = lambda path, headers: (
        (301, {"Location": "/there.ics"}, [b"x"]) if path == "/cal.ics" else (200, {}, [b"found"])
    )
    assert get(host.url).body == b"found"
    host.reply = lambda path, headers: (302, {"Location": path + "x"}, [])
    assert refusal(host.url).code == "bad_answer"
    assert len(host.asked) == 2 + outbound.MOST_REDIRECTS + 1


def test_a_host_that_is_not_there():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert refusal(f"http://127.0.0.1:{port}/").code == "unreachable"
    assert refusal("http://no-such-host.invalid/").code == "unreachable"


def test_what_speaks_another_language_is_no_web_server():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail.example ESMTP ready\r\n")

        thread = threading.Thread(target=talk)
        thread.start()
        assert refusal(f"http://127.0.0.1:{server.getsockname()[1]}/").code == "bad_answer"
        thread.join()


def test_a_certificate_that_nobody_vouches_for_is_refused(host: Host):
    # It speaks no TLS at all, which a handshake finds out.
    assert refusal(host.url.replace("http:", "https:")).code == "unreachable"


def took(url: str, seconds: float) -> float:
    began = time.monotonic()
    assert refusal(url, seconds=seconds).code == "too_slow"
    return time.monotonic() - began


def test_a_body_that_drips_is_cut_off_in_time(host: Host):
    host.slowly = 0.1
    host.reply = lambda path, headers: (200, {}, [b"x"] * 1000)
    assert 0.4 < took(host.url, 0.5) < 2


def test_a_head_that_drips_is_cut_off_in_time():
    """Each byte arrives in time, all of them never."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                    while not over.wait(0.1):
                        connection.sendall(b"x")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        assert 0.4 < took(f"http://127.0.0.1:{server.getsockname()[1]}/", 0.5) < 2
        over.set()
        thread.join()


def test_a_name_that_is_looked_up_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(20) and [])
    assert took("http://slow.example/", 0.3) < 2
    over.set()


def test_what_is_too_large_is_cut_off(host: Host):
    host.reply = lambda path, headers: (200, {}, [b"x" * MEGABYTE])
    assert len(get(host.url).body) == MEGABYTE
    host.reply = lambda path, headers: (200, {}, [b"x" * (MEGABYTE + 1)])
    assert refusal(host.url).code == "too_large"


def test_what_comes_packed_is_unpacked_within_the_same_bounds(host: Host):
    host.reply = lambda path, headers: zipped(b"x" * MEGABYTE)
    assert len(get(host.url).body) == MEGABYTE
    host.reply = lambda path, headers: zipped(bytes(200 * MEGABYTE))
    assert refusal(host.url).code == "too_large"
    twice = gzip.compress(bytes(3 * MEGABYTE)) + gzip.compress(bytes(3 * MEGABYTE))
    host.reply = lambda path, headers: (200, {"Content-Encoding": "gzip"}, [twice])
    assert refusal(host.url).code == "too_large"


def test_a_redirect_with_an_endless_body_is_not_read(host: Host):
    host.reply = lambda path, headers: (
        (302, {"Location": "/there"}, [b"x" * 50 * MEGABYTE]) if path == "/cal.ics" else (200, {}, [b"found"])
    )
    assert get(host.url).body == b"found"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", b"not packed at all"), ("br", b"x"), ("deflate", b"x"), ("gzip, gzip", b"x")],
)
def test_what_cannot_be_unpacked_is_refused(host: Host, encoding: str, body: bytes):
    host.reply = lambda path, headers: (200, {"Content-Encoding": encoding}, [body])
    assert refusal(host.url).code == "bad_answer"


def test_endless_headers_are_refused(host: Host):
    host.reply = lambda path, headers: (200, {f"X-{n}": "x" * 1000 for n in range(2000)}, [b"x"])
    assert refusal(host.url).code in ("bad_answer", "too_large")
