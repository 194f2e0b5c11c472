"""“Tell me when there is one”: who is told, of what, how often, and how it ends."""

from __future__ import annotations

import re
import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from bookings.models import Party
from bookings.reactions import REACTIONS
from bookings.services import lifecycle
from bookings.tests.cast import Cast
from bookings.tests.factories import OfferingFactory, SubjectFactory, booked, in_days, local_time, teaching
from bookings.tests.racing import meet_after, race
from instainstru.events import dispatch
from instainstru.events.kinds import Kind
from instainstru.events.models import Event
from instainstru.lib import clock
from instructors.models import SavedSearch
from instructors.services import schedule
from instructors.services.search import query as queries
from instructors.services.search import saved, vocabulary
from instructors.services.search.query import Query
from ops.testing.plans import run_subqueries_for_each_row

pytestmark = pytest.mark.django_db
ZONE = "America/New_York"
DAY = timedelta(days=1)


@pytest.fixture
def noon():
    """At noon, when letters may go out; moved by what it gives."""
    with time_machine.travel(local_time(in_days(1), 12), tick=False) as traveller:
        yield traveller


def waits_for(cast: Cast, **asked: Any) -> SavedSearch:
    """Ben waits for a violin teacher."""
    query = Query(ZONE, **{"subjects": ("violin",), **asked})
    return saved.keep(query, title="Violin", email=cast.ben.email, user=cast.ben, now=clock.now())


def violinist(**facts: Any):
    return teaching(OfferingFactory(subject=SubjectFactory(slug="violin"), **facts))


def beat() -> list[str]:
    """What worker and scheduler do: searches, events, letters. The subjects of the letters."""
    mail.outbox.clear()
    deliver()
    while saved.run_due(now=clock.now()):
        pass
    deliver()
    return [letter.subject for letter in mail.outbox]


def deliver() -> None:
    now = clock.now()
    while dispatch.fan_out(REACTIONS, now=now):
        for pk, attempts in dispatch.claim_due(now=now):
            dispatch.deliver(pk, attempts=attempts, reactions=REACTIONS, now=now)


def test_what_is_kept_means_the_same_tomorrow(cast: Cast, noon):
    today = clock.today(ZONE)
    request = queries.read(
        {"q": "violin tomorrow evening under $80"},
        zone=ZONE,
        now=clock.now(),
        vocabulary=vocabulary.current(),
    )
    kept = saved.keep(request.query, title="x", email=cast.ben.email, user=cast.ben, now=clock.now())
    assert kept.params == {
        "subject": "violin", "date": (today + DAY).isoformat(), "time_from": "17:00", "time_to": "21:00",
        "price_max": "80",
    }  # fmt: skip
    assert (kept.subjects, kept.confirmed_at) == (["violin"], clock.now())


def test_the_same_search_is_kept_once(cast: Cast):
    assert waits_for(cast).pk == waits_for(cast).pk
    assert SavedSearch.objects.count() == 1
    assert Event.objects.filter(kind=Kind.SEARCH_SAVED).count() == 1


def test_nobody_waits_for_everything_or_for_too_much(cast: Cast, monkeypatch):
    with pytest.raises(saved.DomainError) as refused:
        saved.keep(Query(ZONE), title="", email=cast.ben.email, user=cast.ben, now=clock.now())
    assert refused.value.code == "nothing_to_wait_for"
    monkeypatch.setattr(saved, "MOST", 1)
    waits_for(cast)
    with pytest.raises(saved.Conflict):
        waits_for(cast, price_max=5000)
    assert SavedSearch.objects.count() == 1


def test_when_somebody_is_free_a_letter_goes_out_once(cast: Cast, noon):
    waits_for(cast)
    assert beat() == []
    teacher = violinist(instructor__user__first_name="Vera", instructor__user__last_name="Vogel")
    assert beat() == ["Now there is one: Violin"]
    [letter] = mail.outbox
    assert letter.to == ["Ben Baker <ben@example.com>"]
    assert "Violin with Vera V., $80 an hour" in letter.body
    assert "Vogel" not in letter.body
    stop = re.search(r"<(.*)>", letter.extra_headers["List-Unsubscribe"]).group(1)
    assert stop in letter.body
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert beat() == []
    noon.shift(2 * DAY)
    # A day later the same teacher is no news.
    assert beat() == []
    assert SavedSearch.objects.get().told == [teacher.pk]


def test_at_most_one_letter_a_day(cast: Cast, noon):
    waits_for(cast)
    violinist()
    assert len(beat()) == 1
    violinist()
    noon.shift(timedelta(hours=7))
    assert beat() == []
    noon.shift(timedelta(hours=17))
    assert len(beat()) == 1


@pytest.mark.parametrize(("hour", "letters"), [(7, 0), (8, 1), (21, 1), (22, 0), (23, 0), (3, 0)])
def test_no_letter_at_night(cast: Cast, hour: int, letters: int):
    with time_machine.travel(local_time(in_days(1), hour), tick=False):
        waits_for(cast)
        violinist()
        assert len(beat()) == letters


def test_only_searches_with_something_new_are_run(cast: Cast, noon, monkeypatch):
    ran: list[int] = []
    run = saved.run
    monkeypatch.setattr(saved, "run", lambda one, **how: ran.append(one.pk) or run(one, **how))
    violin, piano = waits_for(cast), waits_for(cast, subjects=("piano",), price_max=1000)
    beat()
    assert sorted(ran) == sorted([violin.pk, piano.pk])
    ran.clear()
    noon.shift(timedelta(minutes=5))
    beat()
    assert ran == []
    schedule.set_week(cast.piano.instructor, {0: [(9 * 60, 10 * 60)]}, by=cast.ana)
    beat()
    assert ran == [piano.pk]
    ran.clear()
    noon.shift(timedelta(hours=6))
    beat()
    assert sorted(ran) == sorted([violin.pk, piano.pk])


def test_a_lesson_that_is_cancelled_is_somebody_s_chance(cast: Cast, noon):
    day = in_days(3)
    lesson = booked(cast.piano, local_time(day, 10), cast.cy_student, minutes=90)
    waits_for(cast, subjects=("piano",), date_from=day, date_to=day, time_from=10 * 60, time_to=11 * 60)
    assert "Now there is one: Violin" not in beat()
    lifecycle.cancel(lesson, by=cast.cy, party=Party.STUDENT)
    assert "Now there is one: Violin" in beat()


def test_a_search_whose_day_is_over_ends_by_itself(cast: Cast, noon):
    waits_for(cast, date_from=clock.today(ZONE), date_to=clock.today(ZONE))
    violinist()
    noon.shift(DAY)
    assert beat() == []
    assert SavedSearch.objects.get().ended_at == clock.now()
    assert Event.objects.filter(kind=Kind.SEARCH_ENDED).count() == 1


def test_what_was_never_confirmed_and_what_ended_long_ago_is_forgotten(cast: Cast, noon):
    now = clock.now()
    saved.keep(Query(ZONE, subjects=("piano",)), title="x", email="a@example.com", user=None, now=now)
    saved.end(waits_for(cast), by=cast.ben, now=now)
    kept = waits_for(cast)
    assert saved.forget(now=now + timedelta(days=2)) == 0
    assert saved.forget(now=now + timedelta(days=2, seconds=1)) == 1
    assert saved.forget(now=now + timedelta(days=90, seconds=1)) == 1
    assert [one.pk for one in SavedSearch.objects.all()] == [kept.pk]


def search(client: Client, **params: Any) -> Any:
    return client.get(reverse("instructors:search"), params)


def post_tell(client: Client, page: Any, **more: str) -> Any:
    return client.post(reverse("instructors:tell_me"), {**dict(page.context["tell"]["hidden"]), **more})


def test_who_is_signed_in_waits_with_one_press_and_sees_and_removes_it(client: Client, cast: Cast):
    client.force_login(cast.ben)
    page = search(client, q="violin online")
    answer = post_tell(client, page)
    assert answer.url == reverse("instructors:saved_searches")
    [line] = client.get(answer.url).context["waiting"]
    assert line["title"] == "Violin, Online"
    assert search(client).context.get("tell") is None
    client.force_login(cast.cy)
    assert client.get(answer.url).context["waiting"] == []
    assert client.post(line["remove_url"]).status_code == 404
    assert SavedSearch.objects.get().ended_at is None
    client.force_login(cast.ben)
    client.post(line["remove_url"])
    assert client.get(answer.url).context["waiting"] == []
    assert client.post(line["remove_url"]).status_code == 404


def test_a_guest_proves_their_address_first(client: Client, cast: Cast, noon):
    page = search(client, q="violin")
    refused = post_tell(client, page, email="nobody")
    assert refused.status_code == 422
    assert 'name="subject" value="violin"' in refused.content.decode()
    assert SavedSearch.objects.count() == 0
    sent = post_tell(client, page, email="Gus@Example.com")
    assert sent.status_code == 200
    [letter] = mail.outbox
    assert letter.to == ["gus@example.com"]
    link = re.search(r"/search/confirm/\S+", letter.body).group()
    violinist()
    assert beat() == []
    # Mail programs look at links before people do.
    assert client.get(link).context["is_confirmed"] is False
    assert client.post(link).context["is_confirmed"] is True
    assert beat() == ["Now there is one: Violin"]


def test_a_link_that_is_old_or_not_ours_is_nothing(client: Client, cast: Cast, noon):
    kept = saved.keep(
        Query(ZONE, subjects=("piano",)), title="x", email="a@example.com", user=None, now=clock.now()
    )
    good = saved.token(kept, saved.CONFIRM)
    for name, text in (("confirm", "x"), ("stop", good), ("confirm", saved.token(kept, saved.STOP))):
        assert client.get(reverse(f"instructors:saved_search_{name}", args=[text])).status_code == 404
    noon.shift(2 * DAY + timedelta(seconds=1))
    assert client.post(reverse("instructors:saved_search_confirm", args=[good])).status_code == 404
    kept.refresh_from_db()
    assert kept.confirmed_at is None


def test_the_link_in_a_letter_ends_it_without_signing_in_and_takes_it_back(client: Client, cast: Cast):
    kept = waits_for(cast)
    link = reverse("instructors:saved_search_stop", args=[saved.token(kept, saved.STOP)])
    strict = Client(enforce_csrf_checks=True)
    assert strict.head(link).status_code == 200
    kept.refresh_from_db()
    assert kept.ended_at is None
    for _ in range(2):
        assert strict.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    kept.refresh_from_db()
    assert kept.ended_at is not None
    assert Event.objects.filter(kind=Kind.SEARCH_ENDED).count() == 1
    assert client.post(link, {"again": "yes"}).context["is_over"] is False
    assert client.get(link).context["is_over"] is True


def test_an_address_that_has_an_account_is_that_account_s(client: Client, cast: Cast):
    post_tell(client, search(client, q="violin"), email=cast.ben.email)
    client.post(re.search(r"/search/confirm/\S+", mail.outbox[0].body).group())
    assert SavedSearch.objects.get().user == cast.ben


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(client, cast, number, django_assert_num_queries):
    for price in range(number):
        waits_for(cast, price_max=5000 + 100 * price)
    client.force_login(cast.ben)
    client.get(reverse("instructors:saved_searches"))
    with django_assert_num_queries(3):  # person, searches, whether they teach
        page = client.get(reverse("instructors:saved_searches"))
    assert len(page.context["waiting"]) == number


racing = [pytest.mark.race, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_a_worker_claims_some_at_a_time_whatever_the_plan(cast: Cast, monkeypatch):
    for price in range(5):
        waits_for(cast, price_max=5000 + 100 * price)
    monkeypatch.setattr(saved, "BATCH", 2)
    run_subqueries_for_each_row("instructors_savedsearch")
    now = local_time(in_days(1), 12)
    claims = [saved.claim(now=now) for _ in range(4)]
    assert [len(claimed) for claimed in claims] == [2, 2, 1, 0]
    assert sorted(pk for claimed in claims for pk in claimed) == sorted(
        SavedSearch.objects.values_list("pk", flat=True)
    )


class TestTwoWorkers:
    pytestmark = racing

    def run_both(self, kept: SavedSearch) -> Counter[bool]:
        words, now = vocabulary.read(), clock.now()

        def step() -> bool:
            return saved.run(SavedSearch.objects.get(pk=kept.pk), now=now, vocabulary=words)

        return Counter(race(step, step))

    def test_control_without_the_condition_two_letters_go_out(self, cast: Cast, monkeypatch):
        def may_tell(one: SavedSearch, *, now: Any) -> bool:
            return True

        kept = waits_for(cast)
        violinist()
        monkeypatch.setattr(saved, "may_tell", may_tell)
        monkeypatch.setattr(saved, "find", meet_after(saved.find, threading.Barrier(2)))
        assert self.run_both(kept) == {True: 2}
        assert Event.objects.filter(kind=Kind.SEARCH_MATCHED).count() == 2

    def test_one_of_them_tells(self, cast: Cast, monkeypatch):
        kept = waits_for(cast)
        violinist()
        monkeypatch.setattr(saved, "find", meet_after(saved.find, threading.Barrier(2)))
        assert self.run_both(kept) == {True: 1, False: 1}
        assert Event.objects.filter(kind=Kind.SEARCH_MATCHED).count() == 1

    def test_a_row_is_claimed_by_one_of_them(self, cast: Cast):
        for price in range(20):
            kept = waits_for(cast, price_max=5000 + 100 * price)
        now = local_time(in_days(1), 12)
        first, second = race(lambda: saved.claim(now=now), lambda: saved.claim(now=now))
        assert sorted([*first, *second]) == sorted(SavedSearch.objects.values_list("pk", flat=True))
        assert kept.pk in [*first, *second]
