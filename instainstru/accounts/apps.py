from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "instainstru.accounts"
    label = "accounts"
    verbose_name = "Accounts"
