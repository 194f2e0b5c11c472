"""What calendar programs read; they carry no cookie, only the secret in the address."""

from __future__ import annotations

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from bookings.services import feed
from instainstru.accounts import feeds
from instainstru.lib import clock, etags, limits

HEADERS = {"Content-Disposition": 'inline; filename="lessons.ics"', "X-Robots-Tag": "noindex"}


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Somebody's lessons as a calendar to subscribe to."""
    found = feeds.find(token)
    limits.count(request, group="read", caller=f"feed {found.pk}")
    rows = feed.rows(found, now=clock.now())
    etag = etags.tag(settings.SITE_URL, found.role, orjson.dumps(rows).decode())
    response = etags.unchanged(request, etag=etag) or HttpResponse(
        feed.calendar(found, rows), content_type="text/calendar; charset=utf-8", headers=HEADERS
    )
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=300"
    return response
