from django.apps import AppConfig


class InstaInstruConfig(AppConfig):
    """What belongs to no single app: system checks."""

    name = "instainstru"
    label = "site"
    verbose_name = "InstaInstru"

    def ready(self) -> None:
        # Registers the checks; there is no other moment at which Django asks for them.
        from instainstru import checks  # noqa: F401, PLC0415
