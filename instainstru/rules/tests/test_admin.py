"""The back office of the rules: a change makes a version, and nobody overwrites another's."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from bookings.tests.cast import Cast
from instainstru.events.kinds import Kind
from instainstru.events.log import history
from instainstru.rules import services
from instainstru.rules.admin import NAMES
from instainstru.rules.models import Rules

pytestmark = pytest.mark.django_db
LIST = "/admin/rules/rules/"


def values(rules: Rules, **changes: Any) -> dict[str, Any]:
    """What the form posts."""
    return {"seen": rules.pk, **{name: getattr(rules, name) for name in NAMES}, **changes}


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_changing_makes_a_new_version_and_keeps_the_old(office: Client, cast: Cast):
    old = services.current(fresh=True)
    response = office.post(f"{LIST}{old.pk}/edit/", values(old, hold_min=10), follow=True)
    new = services.current(fresh=True)
    assert f"Version {new.pk} is in force." in text(response)
    assert new.pk > old.pk
    assert (new.hold_min, new.created_by) == (10, cast.staff)
    assert Rules.objects.get(pk=old.pk).hold_min == 5
    event = history(new)[-1]
    assert (event.kind, event.by, event.data["changes"]) == (
        Kind.RULES_CHANGED, cast.staff, {"hold_min": [5, 10]},
    )  # fmt: skip


def test_the_list_says_what_changed_and_by_whom(office: Client, cast: Cast, django_assert_num_queries: Any):
    first = services.current(fresh=True)
    for number in (1, 3):
        while Rules.objects.count() < number:
            services.change(by=cast.staff, hold_min=6 + Rules.objects.count())
        with django_assert_num_queries(4):  # person, bounded count, rows, the version before them
            response = office.get(LIST)
    said = [row.said for row in response.context["cl"].result_list]
    assert said == [["Hold, minutes: 7 → 8"], ["Hold, minutes: 5 → 7"], []]
    assert "staff@example.com" in text(response)
    assert "the first version" in text(response)
    assert first.pk in [row.pk for row in response.context["cl"].result_list]


def test_old_versions_are_there_to_be_read_and_not_to_be_acted_on(office: Client, cast: Cast):
    old = services.current(fresh=True)
    services.change(by=cast.staff, hold_min=10)
    response = office.get(f"{LIST}{old.pk}/change/")
    assert response.context["acts"] == []
    assert office.post(f"{LIST}{old.pk}/change/", values(old, hold_min=9)).status_code == 403
    newest = services.current(fresh=True)
    acts = office.get(f"{LIST}{newest.pk}/change/").context["acts"]
    assert [act["label"] for act in acts] == ["Change the rules"]


def test_a_rule_out_of_range_is_refused_at_its_field_and_nothing_typed_is_lost(office: Client):
    old = services.current(fresh=True)
    response = office.post(f"{LIST}{old.pk}/edit/", values(old, hold_min=99, buffer_min=20))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["hold_min"]
    assert 'name="buffer_min" value="20"' in text(response)
    assert services.current(fresh=True).pk == old.pk
    assert services.current().buffer_min == 15


def test_nothing_changed_makes_no_version(office: Client):
    old = services.current(fresh=True)
    response = office.post(f"{LIST}{old.pk}/edit/", values(old))
    assert "Nothing is different from the rules in force." in text(response)
    assert services.current(fresh=True).pk == old.pk


def test_two_people_change_different_rules_and_neither_is_lost(office: Client, cast: Cast):
    seen = services.current(fresh=True)
    services.change(by=cast.ana, hold_min=10)
    first = office.post(f"{LIST}{seen.pk}/edit/", values(seen, buffer_min=20))
    assert first.status_code == 422
    told = text(first)
    assert "ana@example.com changed the rules meanwhile: Hold, minutes: 5 → 10." in told
    assert 'name="hold_min" value="10"' in told
    assert 'name="buffer_min" value="20"' in told
    latest = services.current(fresh=True)
    assert (latest.hold_min, latest.buffer_min) == (10, 15)
    assert f'name="seen" value="{latest.pk}"' in told
    again = office.post(f"{LIST}{seen.pk}/edit/", values(latest, buffer_min=20))
    assert again.status_code == 302
    newest = services.current(fresh=True)
    assert (newest.hold_min, newest.buffer_min) == (10, 20)


def test_a_refused_change_leaves_the_rules_in_force_as_they_are_in_memory(office: Client):
    rules = services.current(fresh=True)
    office.post(f"{LIST}{rules.pk}/edit/", values(rules, hold_min=99))
    assert services.current() is rules
    assert rules.hold_min == 5


def test_who_may_only_view_cannot_change(cast: Cast, client: Client):
    cast.staff.is_superuser = False
    cast.staff.save()
    cast.staff.user_permissions.set(Permission.objects.filter(codename="view_rules"))
    client.force_login(cast.staff)
    rules = services.current(fresh=True)
    assert client.get(f"{LIST}{rules.pk}/change/").context["acts"] == []
    assert client.post(f"{LIST}{rules.pk}/edit/", values(rules, hold_min=9)).status_code == 403
    assert services.current(fresh=True).pk == rules.pk
