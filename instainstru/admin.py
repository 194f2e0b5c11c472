"""The operator's back office: Django's admin with our name on it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache


class OperatorAdminSite(admin.AdminSite):
    site_header = "InstaInstru back office"
    site_title = "InstaInstru"
    index_title = "What needs you"

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The site's own sign-in, which counts attempts; this one would let passwords be guessed."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        query = urlencode({"next": request.GET.get("next") or reverse("admin:index")}, safe="/")
        return redirect(f"{reverse('account_login')}?{query}")


class OperatorAdminConfig(AdminConfig):
    default_site = "instainstru.admin.OperatorAdminSite"
