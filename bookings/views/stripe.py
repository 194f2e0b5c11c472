"""Where Stripe tells us what happened."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bookings.services.payments import inbox


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Keep the event and answer at once; the worker looks at it."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > inbox.LARGEST:
        return HttpResponse("Too large.", status=413, content_type="text/plain")
    if not inbox.receive(request.body, request.headers.get("Stripe-Signature", "")):
        return HttpResponse("The signature is not right.", status=400, content_type="text/plain")
    return HttpResponse(status=200, content_type="text/plain")
