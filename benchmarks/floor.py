"""The floor: what a request costs before we do anything. Settings, addresses and view in one module.

The project's settings and server, but no middleware and no REST framework: one ``SELECT 1``, answered
as JSON.
"""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path

from instainstru.settings import *  # noqa: F403 - the same settings is what makes it a floor

INSTALLED_APPS = []
MIDDLEWARE = []
ROOT_URLCONF = __name__


def floor(request: HttpRequest) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return JsonResponse({"one": cursor.fetchone()[0]})


urlpatterns = [path("floor", floor)]
