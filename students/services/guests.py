"""People who hold a time before they have said who they are.

A guest is a user with a made-up address, no password and no way to sign in. Proving an address turns
the guest into an account, or hands their holds to the account that has it (``bookings.services.guests``).
"""

from __future__ import annotations

import uuid

from allauth.account.models import EmailAddress
from django.db import transaction

from instainstru.accounts.models import User
from instainstru.events.notify import PLACEHOLDER_DOMAIN
from instainstru.lib.errors import Conflict
from students.models import Student


@transaction.atomic
def create(*, time_zone: str) -> Student:
    """Somebody new, of whom nothing is known but where their clock stands."""
    user = User(email=f"guest-{uuid.uuid4().hex}@{PLACEHOLDER_DOMAIN}", is_guest=True, time_zone=time_zone)
    user.set_unusable_password()
    user.save(force_insert=True)
    return Student.objects.create(user=user)


@transaction.atomic
def become_account(guest: User, *, email: str, first_name: str, last_name: str) -> User:
    """The guest has proved to read ``email``, which nobody has yet.

    Raises ``IntegrityError`` when somebody was quicker to take the address.
    """
    changed = User.objects.filter(pk=guest.pk, is_guest=True, is_active=True).update(
        is_guest=False, email=email.lower(), first_name=first_name, last_name=last_name
    )
    if not changed:
        raise Conflict("This visit has ended. Please choose the time once more.", code="guest_gone")
    EmailAddress.objects.create(user=guest, email=email.lower(), verified=True, primary=True)
    return User.objects.get(pk=guest.pk)


def retire(guest: User) -> None:
    """The guest is somebody else now; the row stays, because events name it."""
    User.objects.filter(pk=guest.pk, is_guest=True).update(is_active=False)
