"""The composition root of pages: every address of the site begins here."""

from django.contrib import admin
from django.urls import include, path

from instainstru.accounts.views import mailbox
from instainstru.lib import problems

# Addresses are tried in order: the API's first, because it is asked most.
urlpatterns = [
    path("api/v1/", include("instainstru.api")),
    path("", include("instructors.urls")),
    path("", include("bookings.urls")),
    path("admin/", admin.site.urls),
    path("api/", problems.unknown),
    path("api/<path:rest>", problems.unknown),
    path("accounts/", include("instainstru.accounts.urls")),
    path("dev/mailbox/", include((mailbox.urlpatterns, "mailbox"))),
]
