"""The web server's entry point; it refuses to open where production is configured unsafely."""

import os

from django.core.wsgi import get_wsgi_application

from instainstru import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "instainstru.settings")

checks.refuse_unsafe_settings()
application = get_wsgi_application()
