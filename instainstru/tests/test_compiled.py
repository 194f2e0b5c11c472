"""Compiled queries, inserts and updates against what the ORM itself does."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import DatabaseError, IntegrityError, connection, models
from django.db.models import Value
from django.test.utils import CaptureQueriesContext

from bookings.tests.cast import Cast
from bookings.tests.factories import in_days
from instainstru.accounts.models import ApiKey, User
from instainstru.lib import clock
from instainstru.lib.compiled import Compiled, carry_over, insert, update
from instainstru.lib.ids import new_id
from instructors.models import CalendarBlock, Category, Offering, OpenDay
from instructors.services import open_days

pytestmark = pytest.mark.django_db

by_slug = Compiled(
    lambda slug, pk: (
        Offering.objects.select_related("subject", "instructor__user", "instructor__place")
        .filter(instructor__slug=slug, pk__gte=pk, is_active=True)
        .order_by("pk")
    ),
    slug=str,
    pk=int,
)


def facts(instance: models.Model) -> dict:
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}


slugs = Compiled(
    lambda pk: Offering.objects.filter(pk=pk).values_list("instructor__slug", "durations"), pk=int
)


def test_a_list_of_values_is_tuples(cast: Cast):
    assert slugs(pk=cast.piano.pk) == [("ana-a", [30, 60, 90])]


def test_instances_are_what_the_orm_would_make(cast: Cast):
    [made] = by_slug(slug="ana-a", pk=1)
    [own] = Offering.objects.select_related("subject", "instructor__user", "instructor__place").filter(
        instructor__slug="ana-a"
    )
    with CaptureQueriesContext(connection) as queries:
        for one, other in (
            (made, own),
            (made.subject, own.subject),
            (made.instructor, own.instructor),
            (made.instructor.user, own.instructor.user),
        ):
            assert facts(one) == facts(other)
            assert type(one) is type(other)
        assert made.instructor.place is own.instructor.place is None
    assert len(queries) == 0
    made.description = "Changed"
    made.save(update_fields=["description"])
    own.refresh_from_db()
    assert own.description == "Changed"


def test_values_vary_from_call_to_call(cast: Cast):
    assert by_slug(slug="nobody", pk=1) == []
    assert by_slug(slug="ana-a", pk=cast.piano.pk + 1) == []
    assert by_slug(slug="ana-a", pk=cast.piano.pk) == [cast.piano]
    assert by_slug(slug="' OR 1=1 --", pk=1) == []


def test_a_call_is_one_statement_and_is_counted(cast: Cast, django_assert_num_queries):
    by_slug(slug="ana-a", pk=1)
    with django_assert_num_queries(1):
        by_slug(slug="ana-a", pk=1)


def test_fields_are_read_as_the_orm_reads_them(cast: Cast):
    days = Compiled(
        lambda instructor, first: OpenDay.objects.filter(instructor_id=instructor, date=first),
        instructor=int,
        first=date,
    )
    [day] = days(instructor=cast.piano.instructor.pk, first=in_days(3))
    assert day.free == OpenDay.objects.get(instructor=cast.piano.instructor, date=in_days(3)).free
    assert day.free[0][0].tzinfo is not None


def test_absent_relations_and_deferred_fields_behave(cast: Cast):
    keys = Compiled(
        lambda email: User.objects.select_related("partner").filter(email=email).defer("password"), email=str
    )
    [ben] = keys(email="ben@example.com")
    assert not hasattr(ben, "partner")
    assert "password" in ben.get_deferred_fields()
    assert ben.password == User.objects.get(pk=ben.pk).password


def test_annotations_come_along(cast: Cast):
    marked = Compiled(
        lambda pk: Category.objects.filter(pk__gte=pk).annotate(
            marks=Value([1, 2], output_field=ArrayField(models.IntegerField()))
        ),
        pk=int,
    )
    assert {tuple(category.marks) for category in marked(pk=1)} == {(1, 2)}


def test_a_value_that_the_statement_does_not_use_is_a_mistake(db: None):
    with pytest.raises(TypeError, match="slug"):
        Compiled(lambda pk, slug: Category.objects.filter(pk=pk), pk=int, slug=str)(pk=1, slug="x")


def test_what_is_inserted_is_what_save_would_store(cast: Cast):
    start = clock.now()
    period = open_days.range_of(start, start.replace(year=start.year + 1))
    made = [
        CalendarBlock(
            instructor=cast.piano.instructor,
            kind=CalendarBlock.Kind.TIME_OFF,
            period=period,
            buffered=period,
            reach=period,
            label=label,
            created_at=start,
        )
        for label in ("inserted", "saved")
    ]
    insert(made[0])
    made[1].save(force_insert=True)
    stored = [facts(CalendarBlock.objects.get(label=label)) for label in ("inserted", "saved")]
    for row in stored:
        del row["id"], row["label"]
    assert stored[0] == stored[1]
    assert made[0].pk < made[1].pk
    assert not made[0]._state.adding
    made[0].label = "changed"
    made[0].save(update_fields=["label"])
    assert CalendarBlock.objects.filter(label="changed").count() == 1


def test_constraints_speak_up_as_ever(cast: Cast):
    key = ApiKey(user=cast.ben, name="x", prefix="x", digest="same", scopes=["openings:read"])
    insert(key)
    again = ApiKey(user=cast.ben, name="y", prefix="y", digest="same", scopes=[])
    with pytest.raises(IntegrityError):
        insert(again)


def test_ids_of_our_own_are_kept(cast: Cast):
    period = open_days.range_of(clock.now(), clock.now().replace(year=2100))
    block = CalendarBlock(
        instructor=cast.piano.instructor,
        kind=CalendarBlock.Kind.LESSON,
        booking_id=new_id(),
        period=period,
        buffered=period,
        reach=period,
    )
    insert(block)
    assert CalendarBlock.objects.get(pk=block.pk).booking_id == block.booking_id


def test_what_is_updated_is_what_save_would_store_and_nothing_else(cast: Cast):
    offering = Offering.objects.get(pk=cast.piano.pk)
    offering.price_per_hour, offering.durations, offering.description = 5_000, [30, 45], "not named"
    update(offering, "price_per_hour", "durations")
    stored = Offering.objects.get(pk=offering.pk)
    assert facts(stored) == {**facts(cast.piano), "price_per_hour": 5_000, "durations": [30, 45]}
    update(offering)
    assert facts(Offering.objects.get(pk=offering.pk)) == facts(offering)


def test_a_row_that_is_gone_cannot_be_updated(cast: Cast):
    category = Category.objects.create(slug="gone", name="Gone", position=99)
    Category.objects.filter(pk=category.pk).delete()
    with pytest.raises(DatabaseError, match="not there any more"):
        update(category, "name")


def test_related_instances_are_carried_over_where_they_are_still_the_same(cast: Cast):
    known = Offering.objects.select_related("instructor", "subject").get(pk=cast.piano.pk)
    fresh, other = (Offering.objects.get(pk=known.pk) for _ in range(2))
    carry_over(("instructor", "subject"), known, fresh)
    assert (fresh.instructor is known.instructor, fresh.subject is known.subject) == (True, True)
    other.subject_id += 1
    own = other.instructor
    carry_over(("instructor", "subject"), known, other)
    assert (other.instructor is own, "subject" in other._state.fields_cache) == (True, False)
