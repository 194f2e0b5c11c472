"""The composition root of pages: every address of the site begins here."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("instainstru.api")),
]
