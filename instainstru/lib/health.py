"""What orchestrators and Prometheus ask: is the process alive, can it serve, what are the figures.

Answered before all other middleware, because probes come by IP address: a host name check, a redirect to
HTTPS or a session would only be in their way.
"""

import logging
from collections.abc import Callable
from functools import lru_cache

from django.core.cache import cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

logger = logging.getLogger(__name__)


class ProbesMiddleware:
    """First in the list."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.probes = {"/livez": livez, "/readyz": readyz, "/metrics": ExportToDjangoView}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.probes.get(request.path_info, self.get_response)(request)


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nobody else: a restart would not mend a database."""
    return _answer({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 where a visitor could be served, 503 with a reason for each thing that is missing.

    Reasons name no hosts or users, since anybody may ask; the log has the whole error.
    """
    checks = {"database": _database, "cache": _cache, "migrations": _migrations}
    results = {name: _result(name, check) for name, check in checks.items()}
    ready = all(result == "ok" for result in results.values())
    return _answer({"status": "ok" if ready else "unavailable", **results}, status=200 if ready else 503)


def _answer(data: dict[str, str], status: int = 200) -> HttpResponse:
    return JsonResponse(data, status=status, headers={"Cache-Control": "no-store"})


def _result(name: str, check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:  # whatever is wrong with it, it is not ready
        logger.warning("%s is not ready: %s", name, error)
        return f"does not answer ({type(error).__name__})"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _cache() -> str:
    cache.set("readyz", "ok", timeout=10)
    return "ok" if cache.get("readyz") == "ok" else "forgets what it is told"


def _migrations() -> str:
    missing = migrations_on_disk() - set(MigrationRecorder(connection).applied_migrations())
    if not missing:
        return "ok"
    names = ", ".join(".".join(name) for name in sorted(missing)[:5])
    return f"{len(missing)} to apply: {names}"


@lru_cache(maxsize=1)
def migrations_on_disk() -> frozenset[tuple[str, str]]:
    """The code's migrations; read once, since a process keeps its code."""
    loader = MigrationLoader(None)
    return frozenset(loader.disk_migrations)
