"""Signing up, signing in, and where that leads."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from instainstru.accounts.models import User
from instructors.models import Instructor

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
DINA = {"first_name": "Dina", "last_name": "Diaz", "email": "Dina@Example.com", "password1": PASSWORD}


@pytest.fixture
def ben() -> User:
    return account("ben@example.com", first_name="Ben", last_name="Baker")


def account(email: str, **facts: Any) -> User:
    user = User.objects.create_user(email, PASSWORD, **facts)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def sign_in(client: Client, email: str, password: str = PASSWORD, *, to: str = "") -> Any:
    query = f"?next={to}" if to else ""
    return client.post(reverse("account_login") + query, {"login": email, "password": password})


def sent_code() -> str:
    [code] = re.findall(r"^Your code: (\d{6})$", str(mail.outbox[-1].body), re.MULTILINE)
    return code


def test_signing_up_takes_a_name_an_address_and_a_code(client: Client):
    client.cookies["tz"] = "Europe/Lisbon"
    response = client.post(reverse("account_signup"), DINA)
    assert response.url == reverse("account_email_verification_sent")
    assert "_auth_user_id" not in client.session
    response = client.post(response.url, {"code": sent_code()})
    assert response.status_code == 302
    dina = User.objects.get(email="dina@example.com")
    assert (dina.full_name, dina.time_zone) == ("Dina Diaz", "Europe/Lisbon")
    assert EmailAddress.objects.get(user=dina).verified is True
    assert client.session["_auth_user_id"] == str(dina.pk)
    assert client.get(response.url).url == reverse("bookings:lessons")


def test_signing_up_to_teach_leads_to_the_office(client: Client):
    office = reverse("instructors:office_start")
    response = client.post(f"{reverse('account_signup')}?next={office}", {**DINA, "next": office})
    assert client.post(response.url, {"code": sent_code()}).url == office


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"first_name": ""}, "first_name"),
        ({"last_name": "x" * 81}, "last_name"),
        ({"email": "nonsense"}, "email"),
        ({"password1": "12345678"}, "password1"),
        ({"password1": "dina@example.com"}, "password1"),
        ({"first_name": "a\x00b"}, "first_name"),
    ],
)
def test_what_is_wrong_with_a_sign_up_is_said_beside_its_field(
    client: Client, changes: dict[str, str], field: str
):
    response = client.post(reverse("account_signup"), {**DINA, **changes})
    form = response.context["form"]
    assert list(form.errors) == [field]
    assert form["email"].value() == changes.get("email", DINA["email"])
    assert not User.objects.exists()
    assert mail.outbox == []


def test_signing_up_twice_tells_a_stranger_nothing_and_the_owner_by_mail(client: Client, ben: User):
    known = client.post(reverse("account_signup"), {**DINA, "email": "ben@example.com"})
    new = Client().post(reverse("account_signup"), DINA)
    assert (known.status_code, known.url) == (new.status_code, new.url)
    pages = [client.get(known.url).content, Client().get(new.url).content]
    assert b"ben" not in pages[1]
    assert mail.outbox[0].to == ["ben@example.com"]
    assert "Your code" not in mail.outbox[0].body
    ben.refresh_from_db()
    assert ben.first_name == "Ben"
    assert User.objects.count() == 2


def test_passwords_are_kept_as_argon2(settings: Any, client: Client):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    client.post(reverse("account_signup"), DINA)
    assert User.objects.get().password.startswith("argon2$argon2id$")


def test_a_password_signs_in_in_any_case_of_the_address(client: Client, ben: User):
    response = sign_in(client, "BEN@example.com")
    assert response.url == reverse("accounts:after_sign_in")
    assert client.session["_auth_user_id"] == str(ben.pk)


@pytest.mark.parametrize("email", ["ben@example.com", "nobody@example.com", "guest-1@guest.invalid"])
def test_a_wrong_password_and_an_unknown_address_look_alike(client: Client, ben: User, email: str):
    response = sign_in(client, email, "wrong")
    assert response.status_code == 200
    [message] = response.context["form"].non_field_errors()
    assert message == "The email address and/or password you specified are not correct."
    assert "_auth_user_id" not in client.session


def test_a_code_signs_in_without_a_password(client: Client, ben: User):
    response = client.post(reverse("account_request_login_code"), {"email": "Ben@example.com"})
    assert response.url == reverse("account_confirm_login_code")
    assert mail.outbox[0].to == ["ben@example.com"]
    response = client.post(response.url, {"code": sent_code()})
    assert response.url == reverse("accounts:after_sign_in")
    assert client.session["_auth_user_id"] == str(ben.pk)


def test_asking_for_a_code_tells_nothing_about_who_has_an_account(client: Client, ben: User):
    known = client.post(reverse("account_request_login_code"), {"email": "ben@example.com"})
    unknown = Client().post(reverse("account_request_login_code"), {"email": "nobody@example.com"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)


@pytest.mark.usefixtures("still_clock")
def test_three_wrong_codes_end_the_attempt(client: Client, ben: User):
    response = client.post(reverse("account_request_login_code"), {"email": "ben@example.com"})
    code = sent_code()
    for _ in range(3):
        client.post(response.url, {"code": f"{(int(code) + 1) % 10**6:06}"})
    client.post(response.url, {"code": code})
    assert "_auth_user_id" not in client.session


@pytest.mark.usefixtures("still_clock")
def test_signing_in_is_tried_five_times_a_minute_from_an_address(client: Client, ben: User):
    for number in range(5):
        assert sign_in(Client(), f"person{number}@example.com", "wrong").status_code == 200
    response = sign_in(client, "ben@example.com")
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 60
    assert "_auth_user_id" not in client.session
    assert client.get(reverse("account_login")).status_code == 200
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert sign_in(elsewhere, "ben@example.com").status_code == 302


@pytest.mark.usefixtures("still_clock")
def test_five_wrong_passwords_close_an_address_to_everybody_for_a_while(ben: User):
    for number in range(5):
        sign_in(Client(REMOTE_ADDR=f"192.0.2.{number}"), "ben@example.com", "wrong")
    response = sign_in(Client(REMOTE_ADDR="192.0.2.77"), "ben@example.com")
    assert response.status_code == 200
    assert response.context["form"].non_field_errors() == ["Too many failed login attempts. Try again later."]


@pytest.mark.parametrize("kind", ["student", "instructor", "staff", "teaching staff"])
def test_signing_in_leads_to_the_sensible_place(client: Client, kind: str):
    user = account("who@example.com", first_name="W", last_name="O", is_staff="staff" in kind)
    if kind in ("instructor", "teaching staff"):
        Instructor.objects.create(user=user, slug="who-o")
    client.force_login(user)
    place = {"student": "bookings:lessons", "staff": "admin:index"}.get(kind, "bookings:today")
    assert client.get(reverse("accounts:after_sign_in")).url == reverse(place)


def test_the_page_asked_for_comes_first(client: Client, ben: User):
    assert sign_in(client, "ben@example.com", to="/lessons").url == "/lessons"


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_a_page_elsewhere_is_never_followed(client: Client, ben: User, to: str):
    assert sign_in(client, "ben@example.com", to=to).url == reverse("accounts:after_sign_in")


def test_a_closed_account_stays_outside(client: Client, ben: User):
    User.objects.update(is_active=False)
    sign_in(client, "ben@example.com")
    assert "_auth_user_id" not in client.session


def test_a_forgotten_password_is_replaced_by_mail(client: Client, ben: User):
    client.post(reverse("account_reset_password"), {"email": "ben@example.com"})
    [link] = re.findall(r"http://testserver(\S+)", str(mail.outbox[0].body))
    page = client.get(link, follow=True)
    action = page.redirect_chain[-1][0]
    client.post(action, {"password1": "another good phrase", "password2": "another good phrase"})
    ben.refresh_from_db()
    assert ben.check_password("another good phrase")
    assert client.get(link).status_code == 200
    assert mail.outbox[-1].to == ["ben@example.com"]


def test_a_forgotten_password_tells_nothing_about_who_has_an_account(client: Client, ben: User):
    known = client.post(reverse("account_reset_password"), {"email": "ben@example.com"})
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.com"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)


def test_signing_out_takes_a_press(client: Client, ben: User):
    client.force_login(ben)
    client.get(reverse("account_logout"))
    assert "_auth_user_id" in client.session
    assert client.post(reverse("account_logout")).url == "/"
    assert "_auth_user_id" not in client.session


def test_forms_need_their_token(ben: User):
    browser = Client(enforce_csrf_checks=True)
    assert sign_in(browser, "ben@example.com").status_code == 403
    assert "_auth_user_id" not in browser.session


def test_the_back_office_uses_the_same_entrance(client: Client, ben: User):
    response = client.get("/admin/accounts/user/")
    assert response.url.startswith("/admin/login/")
    assert client.get(response.url).url == f"{reverse('account_login')}?next=/admin/accounts/user/"
    assert (
        client.post("/admin/login/", {"username": "ben@example.com", "password": PASSWORD}).status_code == 302
    )
    assert "_auth_user_id" not in client.session
    client.force_login(ben)
    assert client.get("/admin/login/").status_code == 403


@pytest.mark.parametrize(
    "name",
    [
        "account_login", "account_signup", "account_request_login_code", "account_reset_password",
        "account_reset_password_done", "account_reset_password_from_key_done", "account_inactive",
    ],
)  # fmt: skip
def test_every_page_of_the_entrance_opens(client: Client, name: str):
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize(
    "name", ["account_email", "account_change_password", "account_logout", "account_reauthenticate"]
)
def test_every_page_about_signing_in_opens(client: Client, ben: User, name: str):
    client.force_login(ben)
    assert client.get(reverse(name)).status_code == 200


def test_another_address_takes_the_place_of_the_first_once_proved(client: Client, ben: User):
    client.force_login(ben)
    client.post(reverse("account_email"), {"email": "new@example.com", "action_add": ""})
    ben.refresh_from_db()
    assert ben.email == "ben@example.com"
    client.post(reverse("account_email_verification_sent"), {"code": sent_code()})
    ben.refresh_from_db()
    assert ben.email == "new@example.com"
    assert [address.email for address in EmailAddress.objects.filter(user=ben)] == ["new@example.com"]


def test_mail_comes_in_our_name(client: Client, ben: User, settings: Any):
    client.post(reverse("account_request_login_code"), {"email": "ben@example.com"})
    client.post(reverse("account_reset_password"), {"email": "ben@example.com"})
    code, reset = mail.outbox
    assert code.subject == f"{re.findall(r'[0-9]{6}', code.body)[0]} is your code for InstaInstru"
    assert "stays held" not in code.body
    for message in mail.outbox:
        assert str(message.body).rstrip().endswith(f"-- \nInstaInstru, {settings.SITE_URL}")
        assert "testserver!" not in message.body
    assert reset.to == ["ben@example.com"]


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("account_request_login_code", {"email": "ben@example.com"}),
        ("account_reset_password", {"email": "ben@example.com"}),
        ("account_signup", DINA),
    ],
)
def test_a_mail_server_that_is_down_is_said(
    client: Client, ben: User, settings: Any, name: str, sent: dict[str, str]
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    response = client.post(reverse(name), sent)
    assert response.status_code == 503
    assert "could not be sent" in response.content.decode()
