"""The web server's configuration: `gunicorn --config ops/gunicorn.py instainstru.wsgi`."""

import gc
import os
import shutil
from pathlib import Path
from typing import Any

_data = Path(os.environ.get("DATA_DIR") or Path(__file__).resolve().parent.parent / ".data")

bind = f"{os.environ.get('BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 1)
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS") or 4)
keepalive = 75  # longer than the usual proxy in front, so that it is never us who hang up
timeout = 30
graceful_timeout = 25
max_requests = 20_000
max_requests_jitter = 2_000
preload_app = workers > 1
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
control_socket_disable = True
accesslog = None  # the application logs its own requests, with their ids
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "info").lower()

# Each process counts in files of its own, and whichever is asked adds them up. The variable must be set
# before anything imports prometheus_client.
_own_metrics = "PROMETHEUS_MULTIPROC_DIR" not in os.environ
_metrics = Path(
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(_data / f"metrics-{bind.replace(':', '-')}"))
)
# Here and not in a hook: with several workers the application is loaded before any hook is called. The
# variable tells a reloaded configuration, or a new master, that the files are in use.
if _own_metrics:
    shutil.rmtree(_metrics, ignore_errors=True)
_metrics.mkdir(parents=True, exist_ok=True)


def post_worker_init(worker: Any) -> None:
    """What start-up made stays: the collector need not walk through it while somebody waits."""
    gc.collect()
    gc.freeze()


def child_exit(server: Any, worker: Any) -> None:
    """A gauge of a process that ended must not be added to those of the living."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - reads the variable above when imported

    multiprocess.mark_process_dead(worker.pid)
