"""Short questions to Valkey, on a connection of the thread's own.

What every request or commit asks goes past the client's pool and pipeline, which take longer than the
server. Everything else is the cache's (``django.core.cache``).
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from typing import Any

import redis

Command = Sequence[str | int]


class Server:
    """One for each process, with a connection for each of its threads that asks.

    It is given ``to_connect`` and ``to_answer`` seconds.
    """

    def __init__(self, url: str, *, to_connect: float, to_answer: float) -> None:
        self._pool = redis.ConnectionPool.from_url(
            url, socket_connect_timeout=to_connect, socket_timeout=to_answer
        )
        self._own = threading.local()

    def ask(self, *commands: Command) -> list[Any]:
        """The answers, in one round trip. Raises ``redis.RedisError``."""
        try:
            return self._ask(commands)
        except redis.ConnectionError:
            # It was restarted, perhaps, since this thread asked it last.
            return self._ask(commands)

    def _ask(self, commands: Sequence[Command]) -> list[Any]:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._pool.make_connection()
        try:
            connection.send_packed_command(connection.pack_commands(commands), check_health=False)
            return [connection.read_response() for _ in commands]
        except BaseException:
            # What was not read would be taken for the answer to the next.
            connection.disconnect()
            raise


@functools.cache
def server(url: str, *, to_connect: float, to_answer: float) -> Server:
    """That of the address."""
    return Server(url, to_connect=to_connect, to_answer=to_answer)
