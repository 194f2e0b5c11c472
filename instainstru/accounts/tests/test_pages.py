"""The account's own pages: settings, keys, and development's mailbox."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse

from instainstru.accounts import api_keys
from instainstru.accounts.forms import zones
from instainstru.accounts.models import ApiKey, Scope, User
from instainstru.events.models import Event
from instainstru.lib.errors import Conflict

pytestmark = pytest.mark.django_db
KEYS, SETTINGS = "/accounts/keys/", "/accounts/settings/"


@pytest.fixture
def ben() -> User:
    return User.objects.create_user("ben@example.com", "pw", first_name="Ben", last_name="Baker")


@pytest.fixture
def browser(ben: User) -> Client:
    client = Client()
    client.force_login(ben)
    return client


def test_name_and_zone_are_changed(browser: Client, ben: User):
    page = browser.get(SETTINGS)
    assert (page.status_code, page.context["form"].initial["first_name"]) == (200, "Ben")
    new = {"first_name": "Benno", "last_name": "Bakker", "time_zone": "Europe/Amsterdam"}
    assert browser.post(SETTINGS, new).url == SETTINGS
    ben.refresh_from_db()
    assert (ben.full_name, ben.time_zone, ben.email) == (
        "Benno Bakker",
        "Europe/Amsterdam",
        "ben@example.com",
    )


@pytest.mark.parametrize(
    "changes",
    [{"first_name": ""}, {"last_name": "x" * 81}, {"time_zone": "Mars/Olympus"}, {"first_name": "\x00"}],
)
def test_settings_that_cannot_be_right_keep_what_was_typed(
    browser: Client, ben: User, changes: dict[str, str]
):
    sent = {"first_name": "Benno", "last_name": "Bakker", "time_zone": "Europe/Amsterdam", **changes}
    page = browser.post(SETTINGS, sent)
    assert (page.status_code, list(page.context["form"].errors)) == (422, list(changes))
    ben.refresh_from_db()
    assert ben.full_name == "Ben Baker"


def test_nothing_but_the_form_can_be_changed(browser: Client, ben: User):
    sent = {
        "first_name": "B",
        "last_name": "B",
        "time_zone": "UTC",
        "is_staff": "1",
        "email": "x@example.com",
    }
    browser.post(SETTINGS, sent)
    ben.refresh_from_db()
    assert (ben.first_name, ben.is_staff, ben.email) == ("B", False, "ben@example.com")


def test_who_has_no_password_is_offered_to_set_one(browser: Client, ben: User):
    assert browser.get(SETTINGS).context["password_url"] == reverse("account_change_password")
    ben.set_unusable_password()
    ben.save()
    browser.force_login(ben)
    assert browser.get(SETTINGS).context["password_url"] == reverse("account_set_password")


def test_zones_are_places_and_hold_the_usual_ones():
    names = [name for name, _ in zones()]
    assert {"America/New_York", "Europe/Lisbon", "UTC"} <= set(names)
    assert not [name for name in names if name.startswith("Etc/")]


@pytest.mark.parametrize("address", [KEYS, SETTINGS, "/accounts/welcome/"])
def test_strangers_are_asked_to_sign_in(client: Client, address: str):
    assert client.get(address).url == f"{reverse('account_login')}?next={address}"


def test_a_key_is_shown_once_and_works(browser: Client, ben: User):
    page = browser.post(KEYS, {"name": "Calendar", "scopes": [Scope.OPENINGS_READ, Scope.BOOKINGS_READ]})
    assert page.status_code == 201
    secret = page.context["new_key"]["secret"]
    assert secret in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    found = api_keys.find(secret)
    assert found is not None
    assert (found.user, found.scopes, found.name) == (ben, ["bookings:read", "openings:read"], "Calendar")
    assert secret not in browser.get(KEYS).content.decode()
    assert not ApiKey.objects.filter(digest__contains=secret).exists()
    assert secret not in str(Event.objects.get().data)


def test_a_key_needs_a_name_and_something_it_may_do(browser: Client):
    page = browser.post(KEYS, {"name": "", "scopes": ["everything"]})
    assert (page.status_code, set(page.context["form"].errors)) == (422, {"name", "scopes"})
    assert not ApiKey.objects.exists()


def test_ten_keys_are_enough(browser: Client, ben: User):
    for number in range(10):
        api_keys.issue(ben, name=str(number), scopes=[Scope.OPENINGS_READ], by=ben)
    page = browser.post(KEYS, {"name": "one more", "scopes": [Scope.OPENINGS_READ]})
    assert page.status_code == 422
    assert page.context["form"]["name"].value() == "one more"
    with pytest.raises(Conflict, match="10 keys"):
        api_keys.issue(ben, name="11", scopes=[Scope.OPENINGS_READ], by=ben)
    api_keys.revoke(ApiKey.objects.first(), by=ben)
    assert browser.post(KEYS, {"name": "again", "scopes": [Scope.OPENINGS_READ]}).status_code == 201


def test_a_revoked_key_leaves_the_list(browser: Client, ben: User):
    key, text = api_keys.issue(ben, name="Old", scopes=[Scope.OPENINGS_READ], by=ben)
    assert browser.post(reverse("accounts:revoke_key", args=[key.pk])).url == KEYS
    assert api_keys.find(text) is None
    assert browser.get(KEYS).context["keys"] == []
    browser.post(reverse("accounts:revoke_key", args=[key.pk]))
    assert Event.objects.filter(kind="api_key.revoked").count() == 1


def test_another_persons_key_is_not_there(browser: Client):
    cy = User.objects.create_user("cy@example.com", first_name="Cy", last_name="Chen")
    key, text = api_keys.issue(cy, name="Cy's", scopes=[Scope.OPENINGS_READ], by=cy)
    assert browser.post(reverse("accounts:revoke_key", args=[key.pk])).status_code == 404
    assert api_keys.find(text) is not None
    assert browser.get(KEYS).context["keys"] == []


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_keys_costs_the_same_for_one_and_for_three(
    browser: Client, ben: User, number: int, django_assert_num_queries: Any
):
    for index in range(number):
        api_keys.issue(ben, name=str(index), scopes=[Scope.OPENINGS_READ], by=ben)
    browser.get(KEYS)
    with django_assert_num_queries(3):
        page = browser.get(KEYS)
    assert len(page.context["keys"]) == number


@pytest.fixture
def mailbox(settings: Any, tmp_path: Any) -> Any:
    settings.DEBUG = True
    settings.MAILBOX_DIR = tmp_path / "mail"
    settings.EMAIL_BACKEND = "instainstru.lib.mailbox.MailboxBackend"
    return settings.MAILBOX_DIR


def send(subject: str, text: str = "Hello", html: str = "") -> None:
    message = EmailMultiAlternatives(subject, text, "us@example.com", ["Bén <ben@example.com>"])
    if html:
        message.attach_alternative(html, "text/html")
    assert message.send() == 1


def test_mail_is_shown_newest_first(client: Client, mailbox: Any):
    assert client.get("/dev/mailbox/").context["mails"] == []
    send("First")
    send("Zweité ✓", "See https://example.com/a?b=1, or (https://example.com/c).")
    page = client.get("/dev/mailbox/")
    assert [mail["subject"] for mail in page.context["mails"]] == ["Zweité ✓", "First"]
    assert page.context["mail"]["to"] == "Bén <ben@example.com>"
    assert [link["url"] for link in page.context["mail"]["links"]] == [
        "https://example.com/a?b=1", "https://example.com/c",
    ]  # fmt: skip
    older = client.get(page.context["mails"][1]["url"])
    assert older.context["mail"]["text"].strip() == "Hello"


def test_markup_in_a_message_stays_text_and_its_html_is_inert(client: Client, mailbox: Any):
    send("<script>alert(1)</script>", "<b>no</b>", "<p style='color:red'>Hi<script>alert(2)</script></p>")
    page = client.get("/dev/mailbox/")
    assert b"<script>alert(1)" not in page.content
    assert b"&lt;b&gt;no&lt;/b&gt;" in page.content
    response = client.get(page.context["mail"]["links"][0]["url"])
    assert b"Hi" in response.content
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy


def test_the_mailbox_can_be_emptied(client: Client, mailbox: Any):
    send("First")
    assert client.get("/dev/mailbox/empty").status_code == 405
    assert client.post("/dev/mailbox/empty").url == "/dev/mailbox/"
    assert list(mailbox.glob("*")) == []


@pytest.mark.parametrize("name", ["nothing", "..%2f..%2fetc%2fpasswd", "0" * 32, "%00"])
def test_a_message_that_is_not_there_is_not_found(client: Client, mailbox: Any, name: str):
    assert client.get(f"/dev/mailbox/{name}").status_code == 404


def test_outside_development_there_is_no_mailbox(client: Client, mailbox: Any, settings: Any):
    send("Secret")
    name = next(mailbox.glob("*.eml")).stem
    settings.DEBUG = False
    for address in ("", name, f"{name}/html"):
        assert client.get(f"/dev/mailbox/{address}").status_code == 404
    assert client.post("/dev/mailbox/empty").status_code == 404
    assert len(list(mailbox.glob("*.eml"))) == 1
