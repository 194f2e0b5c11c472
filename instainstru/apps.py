from django.apps import AppConfig


class InstaInstruConfig(AppConfig):
    """What belongs to no single app: system checks, and the Celery application that tasks are bound to."""

    name = "instainstru"
    label = "site"
    verbose_name = "InstaInstru"

    def ready(self) -> None:
        # Importing registers both, and needs the settings; there is no other moment for it.
        from instainstru import celery, checks  # noqa: F401, PLC0415
