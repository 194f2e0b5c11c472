"""What is measured of each request, for Prometheus: how many there were, how they ended, how long they took.

By view ``django_http_responses_total_by_status_view_method_total`` and
``django_http_requests_latency_seconds_by_view_method``, and exceptions; of all together
``django_http_requests_before_middlewares_total`` and the like, with what middleware takes.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_prometheus.middleware import PrometheusAfterMiddleware
from django_prometheus.utils import Time, TimeSince


class ViewMetricsMiddleware(PrometheusAfterMiddleware):
    """The library's figures by view. Its others (transport, charset, sizes …) say nothing of this site that
    these do not, and took longer to count than all other middleware together."""

    def process_request(self, request: HttpRequest) -> None:
        request.prometheus_after_middleware_event = Time()  # type: ignore[attr-defined]

    def process_view(self, request: HttpRequest, *view: object) -> None:
        """Counted when it is answered."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        view, method = self._get_view_name(request), self._method(request)
        status = str(response.status_code)
        counted = self.metrics.responses_by_status_view_method
        self.label_metric(counted, request, response, status=status, view=view, method=method).inc()
        if began := getattr(request, "prometheus_after_middleware_event", None):
            latency = self.metrics.requests_latency_by_view_method
            self.label_metric(latency, request, response, view=view, method=method).observe(TimeSince(began))
        return response
