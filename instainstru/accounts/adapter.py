"""How django-allauth meets our users."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Signs people in by email; the rest is allauth's."""
