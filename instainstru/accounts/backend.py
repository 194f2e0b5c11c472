"""Who is signed in. Passwords and codes are django-allauth's; here is only how a session's person is read."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend

from instainstru.accounts.models import User
from instainstru.lib.compiled import Compiled

_by_pk = Compiled(lambda pk: User.objects.filter(pk=pk).order_by(), pk=int)


class Backend(AuthenticationBackend):
    """Reads the person with each page that they ask for, so with SQL that is written once."""

    def get_user(self, user_id: int) -> User | None:
        for user in _by_pk(pk=user_id):
            return user if self.user_can_authenticate(user) else None
        return None
