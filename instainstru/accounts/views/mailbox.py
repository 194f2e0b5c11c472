"""What the site would have mailed; a page of development only."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from instainstru.lib import clock, mailbox

View = Callable[..., HttpResponse]


def development_only(view: View) -> View:
    """Elsewhere there is no such page: letters hold codes and links that sign people in."""

    @functools.wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEBUG:
            raise Http404
        return never_cache(view)(request, *args, **kwargs)

    return shown


@development_only
@require_safe
def index(request: HttpRequest, letter_id: str = "") -> HttpResponse:
    """All messages, and one of them open: the newest unless another is asked for."""
    letters = mailbox.letters()
    current = mailbox.letter(letter_id) if letter_id else (letters[0] if letters else None)
    shown = [
        {**_line(letter), "current": current is not None and letter.id == current.id} for letter in letters
    ]
    opened = None
    if current is not None:
        links = [{"label": url, "url": url} for url in current.links]
        if current.html:
            links.insert(0, {"label": "As HTML", "url": reverse("mailbox:html", args=[current.id])})
        opened = {**_line(current), "text": current.text, "links": links}
    context = {"mails": shown, "mail": opened, "clear_url": reverse("mailbox:empty")}
    return render(request, "accounts/mailbox.html", context)


@development_only
@require_safe
def html(request: HttpRequest, letter_id: str) -> HttpResponse:
    """The HTML of a message, as inert as in a mail program: no scripts, forms or foreign pictures."""
    response = HttpResponse(mailbox.letter(letter_id).html)
    response._csp_replace = {  # type: ignore[attr-defined]
        "default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "img-src": ["data:"], "sandbox": True,
    }  # fmt: skip
    return response


@require_POST
@development_only
def empty(request: HttpRequest) -> HttpResponse:
    mailbox.empty()
    return redirect("mailbox:index")


def _line(letter: mailbox.Letter) -> dict[str, str]:
    when = clock.local(letter.at, settings.SITE_TIME_ZONE)
    return {
        "id": letter.id,
        "to": letter.to,
        "subject": letter.subject,
        "when": f"{when:%a} {when.day} {when:%b, %H:%M:%S}",
        "url": reverse("mailbox:letter", args=[letter.id]),
    }


urlpatterns = [
    path("", index, name="index"),
    path("empty", empty, name="empty"),
    path("<str:letter_id>", index, name="letter"),
    path("<str:letter_id>/html", html, name="html"),
]
