"""The composition root of pages: every address of the site begins here."""

from django.conf import settings
from django.contrib import admin
from django.contrib.sitemaps import views as sitemaps
from django.urls import include, path
from django.views.decorators.cache import cache_page
from django.views.generic import TemplateView
from django.views.static import serve

from instainstru.accounts.views import mailbox
from instainstru.lib import problems
from instructors.sitemaps import SITEMAPS

HOUR = 3600

# Addresses are tried in order: the API's first, because it is asked most.
urlpatterns = [
    path("api/v1/", include("instainstru.api")),
    path("", include("instructors.urls")),
    path("", include("bookings.urls")),
    path("", include("students.urls")),
    path("robots.txt", TemplateView.as_view(template_name="robots.txt", content_type="text/plain")),
    path("sitemap.xml", cache_page(HOUR)(sitemaps.index), {"sitemaps": SITEMAPS}, name="sitemap"),
    path(
        "sitemap-<section>.xml",
        cache_page(HOUR)(sitemaps.sitemap),
        {"sitemaps": SITEMAPS},
        name="django.contrib.sitemaps.views.sitemap",
    ),
    # Portraits, which we made ourselves from what was uploaded; a web server in front may serve them.
    path("media/<path:path>", serve, {"document_root": settings.MEDIA_ROOT}),
    path("admin/", admin.site.urls),
    path("api/", problems.unknown),
    path("api/<path:rest>", problems.unknown),
    path("accounts/", include("instainstru.accounts.urls")),
    path("dev/mailbox/", include((mailbox.urlpatterns, "mailbox"))),
]
