"""Lists of the back office: found by index, counted only as far as anybody pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin import ModelAdmin, site
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client

from instainstru.accounts import api_keys
from instainstru.accounts.models import ApiKey, Partner, Scope, User
from instainstru.events.models import Event
from instainstru.lib import backoffice

pytestmark = pytest.mark.django_db
USERS, KEYS, PARTNERS = (f"/admin/accounts/{name}/" for name in ("user", "apikey", "partner"))


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss@example.com", first_name="Bo", last_name="Ss")


@pytest.fixture
def office(boss: User) -> Client:
    client = Client()
    client.force_login(boss)
    return client


def person(email: str, first: str = "Ana", last: str = "Alvarez", **facts: Any) -> User:
    return User.objects.create_user(email, first_name=first, last_name=last, **facts)


def found(page: Any) -> list[str]:
    return [str(row) for row in page.context["cl"].result_list]


@pytest.mark.parametrize(
    ("query", "emails"),
    [
        ("ana", ["ana@example.com"]),
        ("VAREZ", ["ana@example.com"]),
        ("Ana Alvarez", ["ana@example.com"]),
        ("alvarez ana", ["ana@example.com"]),
        ("ana chen", []),
        ("example.com", ["cy@example.com", "ana@example.com", "boss@example.com"]),
        ("%", []),
        ("'; drop table accounts_user; --", []),
        ("999999999999999999999999", []),
    ],
)
def test_people_are_found_by_any_part_of_address_and_name(office: Client, query: str, emails: list[str]):
    person("ana@example.com")
    person("cy@example.com", "Cy", "Chen")
    assert found(office.get(USERS, {"q": query})) == emails


def test_a_number_finds_the_row_with_that_id_and_no_other(office: Client):
    ana = person("ana@example.com")
    person(f"x{ana.pk}@example.com")
    assert found(office.get(USERS, {"q": ana.pk})) == ["ana@example.com"]


def test_words_are_looked_for_in_each_table_for_itself(office: Client):
    ana, cy = person("ana@example.com"), person("cy@example.com", "Cy", "Chen")
    anas, _ = api_keys.issue(ana, name="a", scopes=[Scope.OPENINGS_READ], by=ana)
    cys, _ = api_keys.issue(cy, name="c", scopes=[Scope.OPENINGS_READ], by=cy)
    ApiKey.objects.filter(pk=cys.pk).update(prefix="ii_alvarez")
    page = office.get(KEYS, {"q": "alvarez"})
    assert [row.pk for row in page.context["cl"].result_list] == [cys.pk, anas.pk]


def test_a_search_for_people_uses_the_trigram_index(office: Client):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    request: Any = None
    admin = site.get_model_admin(User)
    rows, _ = admin.get_search_results(request, User.objects.order_by(), "alvarez")
    assert "user_search" in rows.explain()


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("address", [USERS, KEYS, PARTNERS])
def test_a_list_costs_the_same_for_one_and_for_three(
    office: Client, boss: User, address: str, number: int, django_assert_num_queries: Any
):
    for index in range(number):
        user = person(f"p{index}@example.com")
        Partner.objects.create(name=f"School {index}", user=user)
        api_keys.issue(user, name="k", scopes=[Scope.OPENINGS_READ], by=boss)
    office.get(address)
    # The session's user, a bounded count, the page.
    with django_assert_num_queries(3):
        assert office.get(address).status_code == 200


def test_counting_stops_where_nobody_pages_any_more(office: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(backoffice, "COUNTED", 60)
    User.objects.bulk_create(
        User(email=f"p{number:03}@example.com", first_name="P", last_name="Q") for number in range(100)
    )
    page = office.get(USERS)
    assert page.context["cl"].result_count == 60
    assert page.context["cl"].paginator.num_pages == 2
    assert "More than 60 users; search to see others." in page.content.decode()
    assert found(page)[0] == "p099@example.com"
    assert len(found(office.get(USERS, {"p": 2}))) == 10


def test_a_count_that_reached_the_end_says_so(office: Client):
    assert "1 user\n" in office.get(USERS).content.decode()


def test_a_reference_is_a_field_with_a_magnifier_not_a_menu():
    request: Any = None
    admin = site.get_model_admin(ApiKey)
    widget = admin.formfield_for_foreignkey(ApiKey._meta.get_field("user"), request).widget
    assert type(widget).__name__ == "ForeignKeyRawIdWidget"


def test_every_admin_of_accounts_is_fast():
    for model in (User, Partner, ApiKey):
        admin: ModelAdmin = site.get_model_admin(model)
        assert isinstance(admin, backoffice.FastAdmin)
        assert not admin.has_delete_permission(None)  # type: ignore[arg-type]


def test_staff_end_keys_at_once_and_it_is_recorded(office: Client, boss: User):
    ana = person("ana@example.com")
    keys = [api_keys.issue(ana, name=str(n), scopes=[Scope.OPENINGS_READ], by=ana)[0] for n in range(3)]
    api_keys.revoke(keys[2], by=ana)
    sent = {"action": "revoke", "_selected_action": [key.pk for key in keys[1:]]}
    page = office.post(KEYS, sent, follow=True)
    assert "1 keys revoked." in page.content.decode()
    live = ApiKey.objects.filter(revoked_at__isnull=True)
    assert list(live) == [keys[0]]
    assert list(
        Event.objects.filter(kind="api_key.revoked", by=boss).values_list("subject_id", flat=True)
    ) == [str(keys[1].pk)]


def test_keys_are_made_by_nobody_but_their_owner(office: Client):
    assert office.get(f"{KEYS}add/").status_code == 403
    assert office.get(f"{USERS}add/").status_code == 403


def test_only_a_superuser_hands_out_power(boss: User):
    clerk = person("clerk@example.com", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    ana = person("ana@example.com")
    client = Client()
    client.force_login(clerk)
    sent = {
        "first_name": "A",
        "last_name": "B",
        "time_zone": "UTC",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
    }
    assert client.post(f"{USERS}{ana.pk}/change/", sent).status_code == 302
    ana.refresh_from_db()
    assert (ana.first_name, ana.is_staff, ana.is_superuser) == ("A", False, False)
    assert client.post(f"{USERS}{boss.pk}/change/", {**sent, "is_active": ""}).status_code == 403
    boss.refresh_from_db()
    assert boss.is_active
