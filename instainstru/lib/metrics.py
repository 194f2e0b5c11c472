"""What Prometheus is told of each request: its view, method, status and time.

``django_prometheus`` has middleware of its own, which writes a dozen figures more for every request and
takes a tenth of a cheap one for it. The names of those we keep are its names.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django_prometheus.conf import NAMESPACE, PROMETHEUS_LATENCY_BUCKETS
from prometheus_client import Counter, Histogram

from instainstru.lib import clock

# Callers may write anything in place of a method, and each would be a series of its own.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

responses = Counter(
    "django_http_responses_total_by_status_view_method",
    "Responses by status, view and method.",
    ["status", "view", "method"],
    namespace=NAMESPACE,
)
seconds = Histogram(
    "django_http_requests_latency_seconds_by_view_method",
    "Seconds from the request to the response, by view and method.",
    ["view", "method"],
    buckets=PROMETHEUS_LATENCY_BUCKETS,
    namespace=NAMESPACE,
)
exceptions = Counter(
    "django_http_exceptions_total_by_type",
    "Exceptions that nothing else answers, by type.",
    ["type"],
    namespace=NAMESPACE,
)


class MetricsMiddleware:
    """Counts and times what all middleware after it and the view do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = clock.monotonic()
        response = self.get_response(request)
        method = request.method if request.method in METHODS else "other"
        match = request.resolver_match
        view = (match and match.view_name) or "unnamed"
        responses.labels(str(response.status_code), view, method).inc()
        seconds.labels(view, method).observe(clock.monotonic() - began)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        exceptions.labels(type(exception).__name__).inc()
