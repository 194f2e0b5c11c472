"""What calendar programs read; they carry no cookie, only the secret in the address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from bookings.services import feed
from instainstru.accounts import feeds
from instainstru.lib import clock, etags, limits


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Somebody's lessons as a calendar to subscribe to."""
    found = feeds.find(token)
    limits.count(request, group="read", caller=f"feed {found.pk}")
    text = feed.calendar(found, now=clock.now())
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="lessons.ics"'
    response["Cache-Control"] = "private, max-age=300"
    response["X-Robots-Tag"] = "noindex"
    return etags.tagged(request, response, etag=etags.tag(text))
