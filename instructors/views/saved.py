"""“Tell me when there is one”: waiting for times that nobody has yet, and waiting no longer."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from instainstru.accounts.services import signed_in
from instainstru.lib import clock, limits
from instainstru.lib.errors import DomainError
from instainstru.lib.http import visitor_zone
from instainstru.lib.limits import throttled
from instructors import results, waits
from instructors.forms import TellForm
from instructors.models import SavedSearch
from instructors.services.search import query as queries
from instructors.services.search import saved as saving
from instructors.services.search import vocabulary as words
from instructors.services.search.query import Query

logger = logging.getLogger(__name__)


@require_POST
@throttled("write")
def tell(request: HttpRequest) -> HttpResponse:
    """Wait for what the posted search asks: who is signed in at once, others after a letter."""
    now, vocabulary = clock.now(), words.current()
    asked = queries.read(request.POST.dict(), zone=visitor_zone(request), now=now, vocabulary=vocabulary)
    form = TellForm(request.POST)
    user = signed_in(request) if request.user.is_authenticated else None
    title = results.heading(results.facts(asked.query, vocabulary))
    if asked.unknown or asked.errors:
        form.add_error(None, "Something in this search was not understood. Mend it, then ask again.")
        return _asking(request, asked.query, title, form)
    if user is None and not form.is_valid():
        return _asking(request, asked.query, title, form)
    email = user.email if user else form.cleaned_data["email"]
    try:
        if user is None:
            limits.count(request, group="code_mail", caller=email)
        saved = saving.keep(asked.query, title=title, email=email, user=user, now=now)
        if user is None and saved.confirmed_at is None:
            _ask_to_confirm(saved)
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        return _asking(request, asked.query, title, form)
    if user:
        messages.success(request, "We write to you when there is one.")
        return redirect("instructors:saved_searches")
    # The same whether it waited already: who mistypes an address learns nothing about it.
    return render(request, "instructors/waiting_sent.html", {"email": email, "title": title})


def _asking(request: HttpRequest, query: Query, title: str, form: TellForm) -> HttpResponse:
    """The question for the address on a page of its own, with what was typed."""
    context = {
        "title": title, "form": form, "hidden": list(query.to_params().items()),
        "search_url": results.address(reverse("instructors:search"), query),
    }  # fmt: skip
    return render(request, "instructors/waiting_ask.html", context, status=422)


def _ask_to_confirm(saved: SavedSearch) -> None:
    try:
        waits.ask_to_confirm(saved)
    except (SMTPException, OSError) as error:
        logger.warning("A letter could not be sent: %s", error)
        raise DomainError(
            "The mail could not be sent just now. Please try again in a moment.",
            code="mail_failed",
            status=503,
        ) from error


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the first letter. A mail program may look at it beforehand, so a button confirms."""
    saved = saving.named(token, saving.CONFIRM)
    if request.method == "POST":
        saved = saving.confirm(token, now=clock.now())
    context = {"saved": waits.line(saved), "is_confirmed": saved.confirmed_at is not None}
    return render(request, "instructors/waiting_confirm.html", context)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """The link of every letter: no more of them, without signing in; and the way back.

    Mail programs post here without a cookie of ours; the token is the proof, so there is no other.
    """
    saved = saving.named(token, saving.STOP)
    if request.method == "POST" and request.POST.get("again") == "yes":
        saving.resume(saved)
    elif request.method != "HEAD":
        saving.end(saved, by=None, now=clock.now())
    saved.refresh_from_db()
    context = {"saved": waits.line(saved), "is_over": saved.ended_at is not None}
    return render(request, "instructors/waiting_stopped.html", context)


@never_cache
@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What the person waits for."""
    found = [waits.line(saved) for saved in saving.waiting(signed_in(request).email)]
    return render(request, "instructors/waiting.html", {"waiting": found})


@require_POST
@login_required
@throttled("write")
def remove(request: HttpRequest, saved_id: int) -> HttpResponse:
    user = signed_in(request)
    saved = saving.of_person(user, saved_id)
    saving.end(saved, by=user, now=clock.now())
    messages.success(request, f"You no longer wait for “{saved.title}”.")
    return redirect("instructors:saved_searches")
