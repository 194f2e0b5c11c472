from django.apps import AppConfig


class RulesConfig(AppConfig):
    name = "instainstru.rules"
    label = "rules"
    verbose_name = "Business rules"
