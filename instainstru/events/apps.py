from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "instainstru.events"
    label = "events"
    verbose_name = "What happened"
