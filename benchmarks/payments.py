"""The bars of money, against the stand-in for Stripe: faults, webhooks in any order, killed workers.

python -m benchmarks.payments [--payments 600] [--faulty 0.2] [--events 2000] [--due 500] [--only NAME]

It makes a database of its own, which it drops at the end, and starts what it needs. Exit status 1 where a
bar is missed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from benchmarks import servers
from instainstru import embedded
from ops.stand_ins.testing import PUBLISHABLE_KEY, SECRET_KEY

NAME = "bench_payments"


@contextmanager
def database() -> Iterator[str]:
    """An empty database with our tables; its address."""
    server = embedded.database_url()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {NAME}")
        head, _, tail = server.partition("?")
        url = head.rpartition("/")[0] + f"/{NAME}" + (f"?{tail}" if tail else "")
        try:
            yield url
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.payments", description=__doc__)
    parser.add_argument("--payments", type=int, default=600, help="under faults (600)")
    parser.add_argument("--faulty", type=float, default=0.2, help="share of calls that a fault strikes (0.2)")
    parser.add_argument("--events", type=int, default=2000, help="webhooks in each order (2000)")
    parser.add_argument("--due", type=int, default=500, help="payments due while workers are killed (500)")
    parser.add_argument("--only", choices=("faults", "webhooks", "kills"), default="")
    args = parser.parse_args()
    with database() as url:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "REDIS_URL": embedded.redis_url(servers.REDIS_DATABASE),
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
            "STRIPE_WEBHOOK_SECRETS": "whsec_bench",
            "EMAIL_URL": "dummymail://",
            "LOG_LEVEL": "ERROR",
        }
        manage = [sys.executable, "manage.py"]
        subprocess.run([*manage, "migrate", "--verbosity", "0"], check=True, env=environment)
        code = f"import sys; from benchmarks import money; sys.exit(money.main(**{vars(args)!r}))"
        run = [*manage, "shell", "--no-imports", "--command", code]
        return subprocess.run(run, check=False, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
