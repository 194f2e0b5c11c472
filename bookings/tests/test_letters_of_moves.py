"""Letters about a late move: the other side is asked, and the asker hears what became of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from bookings.models import MoveRequest, Party
from bookings.services import consent, sweeps
from bookings.tests.cast import Cast
from bookings.tests.factories import booked
from bookings.tests.test_letters import NOW, START, react, site, text
from instainstru.lib import clock

__all__ = ["site"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site"), pytest.mark.as_of(NOW)]


def asked_late(cast: Cast, hours: int = 5) -> MoveRequest:
    """Ben's request to move his lesson by an hour, so many hours before it."""
    lesson = booked(cast.piano, START, cast.ben_student)
    react()
    with time_machine.travel(START - timedelta(hours=hours), tick=False):
        wished = START - timedelta(hours=1)
        return consent.ask(lesson, starts_at=wished, by=cast.ben, party=Party.STUDENT, reason="My train")


def test_the_other_side_is_asked_and_the_asker_hears_what_became_of_it(cast: Cast) -> None:
    request = asked_late(cast)
    with time_machine.travel(START - timedelta(hours=5), tick=False):
        [asked] = react()
        assert asked["To"] == "Ana Alvarez <ana@example.com>"
        assert asked["Subject"] == "Ben asks to move your Piano lesson, now Thu 3 Dec, 4:00 pm"
        assert "To Thursday 3 December 2026, 3:00–4:00 pm." in text(asked)
        assert "My train" in text(asked)
        consent.decline(request, by=cast.ana, party=Party.INSTRUCTOR, reason="I teach then")
        [declined] = react()
        assert declined["To"] == "Ben Baker <ben@example.com>"
        assert "I teach then" in text(declined)
        assert "half of the price comes back" in text(declined)


def test_agreed_to_both_get_the_new_time_in_their_calendars(cast: Cast) -> None:
    request = asked_late(cast)
    with time_machine.travel(START - timedelta(hours=5), tick=False):
        react()
        consent.accept(request, by=cast.ana, party=Party.INSTRUCTOR)
        to_ben, to_ana = react()
    assert "Ana agreed: your lesson is moved" in text(to_ben)
    assert "Your lesson is moved" in text(to_ana)
    assert all("now Thu 3 Dec, 3:00 pm" in one["Subject"] for one in (to_ben, to_ana))


def test_taken_back_the_other_side_need_not_answer(cast: Cast) -> None:
    request = asked_late(cast)
    with time_machine.travel(START - timedelta(hours=5), tick=False):
        react()
        consent.withdraw(request, by=cast.ben, party=Party.STUDENT)
        [message] = react()
    assert message["To"] == "Ana Alvarez <ana@example.com>"
    assert message["Subject"] == "No answer needed: your Piano lesson stays Thu 3 Dec, 4:00 pm"


def test_unanswered_the_asker_hears_of_it_while_it_matters(cast: Cast) -> None:
    request = asked_late(cast, 11)
    with time_machine.travel(request.expires_at, tick=False):
        react()
        sweeps.lapse_requests(now=clock.now())
        [told] = react()
        assert told["To"] == "Ben Baker <ben@example.com>"
        assert told["Subject"] == "No answer: your Piano lesson stays Thu 3 Dec, 4:00 pm"
    with time_machine.travel(START - timedelta(hours=3), tick=False):
        wished = START + timedelta(days=1)
        consent.ask(request.booking, starts_at=wished, by=cast.ben, party=Party.STUDENT)
        react()
    with time_machine.travel(START, tick=False):
        sweeps.lapse_requests(now=clock.now())
        assert react() == []
