"""Who holds and confirms: somebody signed in, or the guest of this session."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from bookings.services import guests
from instainstru.accounts.models import User
from instainstru.accounts.services import signed_in

# What the session keeps: the guest's number, the handle of the code sent last, what they typed.
GUEST = "guest"
CODE = "guest_code"
TYPED = "guest_typed"
View = Callable[..., HttpResponse]


def visitor(request: HttpRequest) -> User | None:
    """The person behind the request; whoever signed in with a guest's holds takes them along."""
    guest = _guest(request)
    if not request.user.is_authenticated:
        return guest
    account = signed_in(request)
    if guest is not None:
        say(request, guests.join(guest, account=account))
        forget(request)
    return account


def visitor_required(view: View) -> View:
    """For people who are signed in or hold a time; others are asked to sign in."""

    @functools.wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found = visitor(request)
        if found is None:
            return redirect_to_login(request.get_full_path())
        request.visitor = found  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return asked


def here(request: HttpRequest) -> User:
    """The person of a view that is ``visitor_required``."""
    found: User = request.visitor  # type: ignore[attr-defined]
    return found


def remember(request: HttpRequest, guest: User) -> None:
    """The guest is the visitor of this session from now on."""
    request.session[GUEST] = guest.pk


def forget(request: HttpRequest) -> None:
    """The guest is somebody known now."""
    for name in (GUEST, CODE, TYPED):
        request.session.pop(name, None)


def say(request: HttpRequest, refusals: tuple[Exception, ...]) -> None:
    """Tell why a held time could not be kept."""
    for refusal in refusals:
        messages.warning(request, str(refusal))


def _guest(request: HttpRequest) -> User | None:
    number = request.session.get(GUEST)
    if number is None:
        return None
    return User.objects.filter(pk=number, is_guest=True, is_active=True).first()
