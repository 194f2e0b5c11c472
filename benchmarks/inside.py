"""Inside one process: what the database does for a request. Run as a program, prints JSON.

    DATABASE_URL=… python -m benchmarks.inside CALLS.json

The file holds lists of calls by row; the answer has for each row the number of statements and their times.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.db import connection
from django.test import Client

WARM_UP = 5


class Watch:
    """Times every statement."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, float]] = []

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.statements.append((sql, time.perf_counter() - start))


def measure(calls: list[dict[str, Any]]) -> dict[str, Any]:
    """Statements of each call after the warm-up: how many, and how long all and the search took."""
    client = Client(raise_request_exception=False, SERVER_NAME="localhost")
    counts, searches, totals = [], [], []
    for turn, call in enumerate(calls):
        watch = Watch()
        with connection.execute_wrapper(watch):
            response = client.generic(
                call["method"], call["path"], data=call["body"] or "", content_type="application/json",
                headers=call["headers"],
            )  # fmt: skip
            response.close()
        if response.status_code != call["expect"]:
            return {"error": f"{call['method']} {call['path']}: {response.status_code}"}
        if turn < WARM_UP:
            continue
        counts.append(len(watch.statements))
        totals.append(sum(seconds for _, seconds in watch.statements))
        # Search is whatever reads open days; sign-in, rules and the rest are not.
        searches.append(sum(s for sql, s in watch.statements if "instructors_openday" in sql))
    return {"statements": counts, "all_seconds": totals, "search_seconds": searches}


def main() -> None:
    rows = json.loads(Path(sys.argv[1]).read_text())
    print(json.dumps({name: measure(calls) for name, calls in rows.items()}))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "instainstru.settings")
    django.setup()
    main()
