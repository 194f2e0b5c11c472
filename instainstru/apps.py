from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class InstaInstruConfig(AppConfig):
    """What belongs to no single app: system checks, and the Celery application that tasks are bound to."""

    name = "instainstru"
    label = "site"
    verbose_name = "InstaInstru"

    def ready(self) -> None:
        # Importing registers both, and needs the settings; there is no other moment for it.
        from instainstru import celery, checks  # noqa: F401, PLC0415


class OperatorAdminConfig(AdminConfig):
    """Django's admin, with the index and the rules of ``instainstru.admin``."""

    default_site = "instainstru.admin.OperatorAdminSite"
