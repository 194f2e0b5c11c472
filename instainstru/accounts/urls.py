"""Everything under ``/accounts/``: django-allauth's pages, some of them counted, and ours."""

from allauth.account import views as entrance
from django.urls import include, path

from instainstru.accounts.views import account, feeds
from instainstru.lib.limits import throttled

own = [
    path("welcome/", account.after_sign_in, name="after_sign_in"),
    path("settings/", account.settings, name="settings"),
    path("keys/", account.keys, name="api_keys"),
    path("keys/<int:key_id>/revoke", account.revoke_key, name="revoke_key"),
    path("calendar/", feeds.calendar, name="calendar"),
    path("calendar/<slug:role>/new", feeds.issue, name="issue_feed"),
    path("calendar/<slug:role>/revoke", feeds.revoke, name="revoke_feed"),
]
# Wherever a password or a code can be guessed. Ahead of allauth's own, which count in a way that several
# workers can outrun.
guarded = [
    path(route, throttled("sign_in")(view), name=name)
    for route, view, name in (
        ("login/", entrance.login, "account_login"),
        ("login/code/confirm/", entrance.confirm_login_code, "account_confirm_login_code"),
        ("confirm-email/", entrance.email_verification_sent, "account_email_verification_sent"),
        ("reauthenticate/", entrance.reauthenticate, "account_reauthenticate"),
    )
]
urlpatterns = [
    path("", include((own, "accounts"))),
    *guarded,
    path("", include("allauth.account.urls")),
]
