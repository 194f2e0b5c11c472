"""Loads the demo: who is made when, in one transaction, a few thousand people at a time."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from itertools import islice
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from tqdm import tqdm

from bookings.demo import clear, copy, money, people, weeks
from bookings.demo.dues import Commissions, Due
from bookings.demo.lessons import Lessons, Scheduler
from bookings.demo.names import MAIL_DOMAIN
from bookings.demo.people import Scene, Teacher, Teachers
from bookings.demo.words import Words, email_of
from bookings.models import Account, Booking, Credit, Entry, Package, Payment, Posting
from instainstru.accounts.models import ApiKey, Partner, User
from instainstru.events.models import Event
from instainstru.lib import clock
from instainstru.lib.errors import DomainError
from instainstru.rules import services as rules_service
from instructors.models import (
    CalendarBlock,
    DateHours,
    Instructor,
    Offering,
    OpenDay,
    Place,
    Subject,
    WeeklyHours,
)  # fmt: skip
from instructors.services.search import rank
from students.models import Student

PASSWORD = "take-a-lesson"  # noqa: S105 - known to everybody, in development only
CHUNK = 2000
PARTNER_STUDENTS = 10
OFFERINGS_EACH = 4
LOCK = 0x5EED


@dataclass(frozen=True, slots=True)
class Size:
    seed: int
    instructors: int
    students: int
    bookings: int
    keys: int
    # Days of hours ahead; None means as many as the rules' horizon.
    days: int | None = None

    @property
    def label(self) -> str:
        """How a load is known again: the name of the partner's API key."""
        days = "" if self.days is None else f" days={self.days}"
        return (
            f"demo seed={self.seed} people={self.instructors}+{self.students} "
            f"bookings={self.bookings} keys={self.keys}{days}"
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """``password`` and ``keys`` (by email) are None and empty where they were shown once before."""

    is_new: bool
    password: str | None
    keys: dict[str, str]


def load(size: Size) -> Outcome:
    """Make the demo of this size, in place of any other demo; nothing where it is there already."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if ApiKey.objects.filter(name=size.label, user__email=email_of("partner")).exists():
            return Outcome(False, PASSWORD if settings.DEBUG else None, known_keys(size))
        clear.demo()
        password = PASSWORD if settings.DEBUG else secrets.token_urlsafe(12)
        with connection.cursor() as cursor:
            # Checked row by row as they come, instead of a list of millions kept for the end.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        keys = _load(size, _scene(size, password))
    copy.analyse(
        User, EmailAddress, Student, Instructor, Offering, WeeklyHours, DateHours, CalendarBlock, OpenDay,
        Booking, Event, ApiKey, Payment, Posting, Entry, Account, Credit, Package,
    )  # fmt: skip
    return Outcome(True, password, keys)


def known_keys(size: Size) -> dict[str, str]:
    """In development keys follow from the seed; elsewhere nobody can know them again."""
    if not settings.DEBUG:
        return {}
    emails = ApiKey.objects.filter(user__email__endswith=f"@{MAIL_DOMAIN}").values_list(
        "user__email", flat=True
    )
    return {email: people.key_text(size.seed, email) for email in emails}


def _scene(size: Size, password: str) -> Scene:
    subjects = {subject.slug: subject for subject in Subject.objects.select_related("category")}
    if not subjects:
        raise DomainError("There are no subjects yet: run `manage.py migrate` first.")
    rules = rules_service.current(fresh=True)
    near = Place.objects.filter(kind=Place.Kind.NEIGHBOURHOOD, parent__in=people.BOROUGHS).order_by("slug")
    places: dict[str, list[Place]] = {}
    for place in near:
        places.setdefault(place.parent, []).append(place)
    return Scene(
        seed=size.seed,
        dawn=clock.day_edge(clock.today(people.TIME_ZONE), time(0), people.TIME_ZONE),
        rules=rules,
        horizon_days=None if size.days is None else min(size.days, rules.horizon_days),
        subjects=subjects,
        places=places,
        afar=list(Place.objects.filter(slug__in=people.AFAR).order_by("slug")),
        # One slow hash for all: a hundred thousand of them would take hours.
        password=make_password(password, salt=f"demo-{size.seed:06d}" if settings.DEBUG else None),
    )


def _load(size: Size, scene: Scene) -> dict[str, str]:
    words = Words(scene.rng("words"))
    keyed: list[tuple[User, str]] = []
    students = _first_people(size, scene, words, keyed)
    loader = _Loader(size, scene, words, students)
    with tqdm(total=size.instructors, desc="instructors", unit="", mininterval=0.5) as bar:
        for number in loader.run():
            bar.update(number)
    money.tell(scene, loader.dues, staff=keyed[0][0].pk)
    rank.refresh(loader.instructors, now=clock.now())
    copy.rewrite(Offering, order="offering_once")
    keyed.insert(2, (loader.introduced, "instructor"))
    texts = {
        owner.email: people.key_text(size.seed, owner.email)
        if settings.DEBUG
        else "ii_" + secrets.token_urlsafe(32)
        for owner, _ in keyed
    }
    copy.rows(
        _with_ids(
            ApiKey,
            [
                people.api_key(
                    owner, role, text=texts[owner.email], created_at=scene.dawn,
                    name=size.label if role == "partner" else "Demo",
                )
                for owner, role in keyed
            ],
        )
    )  # fmt: skip
    return texts


def _first_people(size: Size, scene: Scene, words: Words, keyed: list[tuple[User, str]]) -> list[Student]:
    """Staff, the partner and all students, in that order; adds who gets keys to ``keyed``."""
    long_ago = scene.dawn - timedelta(days=1600)
    user_ids = copy.ids(User, 2 + size.students)
    staff = people.user(
        scene,
        next(user_ids),
        "Robin",
        "Vance",
        email_of("staff"),
        joined=long_ago,
        is_staff=True,
        is_superuser=True,
    )
    partner_user = people.user(
        scene, next(user_ids), "Dana", "Whitlock", email_of("partner"), joined=long_ago
    )
    _people([staff, partner_user])
    partner = Partner(
        id=next(copy.ids(Partner, 1)), name=people.PARTNER, user_id=partner_user.pk, created_at=long_ago
    )
    copy.rows([partner])
    pairs = list(zip(user_ids, copy.ids(Student, size.students), strict=True)) if size.students else []
    partnered = min(PARTNER_STUDENTS, size.students - size.keys)
    users, students = people.students(scene, words, pairs, partner_id=partner.pk, partnered=partnered)
    _people(users)
    copy.rows(students)
    keyed += [(staff, "staff"), (partner_user, "partner")]
    keyed += [(user, "student") for user in users[: size.keys]]
    return students


def _people(users: list[User]) -> None:
    """The users, with their addresses confirmed so that they can sign in."""
    copy.rows(users)
    copy.rows(
        _with_ids(
            EmailAddress,
            [EmailAddress(user_id=u.pk, email=u.email, verified=True, primary=True) for u in users],
        )
    )


def _with_ids(model: Any, instances: list[Any]) -> list[Any]:
    if instances:
        for instance, key in zip(instances, copy.ids(model, len(instances)), strict=True):
            instance.pk = key
    return instances


class _Loader:
    """Instructors with all that is theirs, chunk by chunk."""

    introduced: User
    # The keys of all so far, and what their lessons cost.
    instructors: list[int]
    dues: list[Due]

    def __init__(self, size: Size, scene: Scene, words: Words, students: list[Student]) -> None:
        self._size = size
        self._teachers = Teachers(scene, words)
        self._scheduler = Scheduler(scene, students, known=size.keys)
        self._stamp = weeks.Stamp(now=clock.now())
        self._shares = self._popularity(scene)
        self._placed = 0
        self._commissions = Commissions(scene)
        self.instructors, self.dues = [], []

    def _popularity(self, scene: Scene) -> Iterator[float]:
        """For each instructor in turn, how many lessons there are up to and with them."""
        rng, size = scene.rng("popularity"), self._size
        weights = [rng.paretovariate(1.6) for _ in range(size.instructors)]
        # The one introduced by name has some sixty lessons, or a third where there are few.
        wanted = min(60, size.bookings / 3) / max(1, size.bookings)
        weights[0] = sum(weights[1:]) * wanted / (1 - wanted) or 1
        total, so_far = sum(weights), 0.0
        for weight in weights:
            so_far += weight
            # A little ahead, so that the last ones can take what found no room with others.
            yield size.bookings * min(1.0, 1.03 * so_far / total)

    def run(self) -> Iterator[int]:
        """Load everybody; yields how many instructors were added each time."""
        done = 0
        while done < self._size.instructors:
            number = min(CHUNK, self._size.instructors - done)
            self._chunk(number, is_first=done == 0)
            done += number
            yield number

    def _chunk(self, number: int, *, is_first: bool) -> None:
        user_ids, instructor_ids = copy.ids(User, number), copy.ids(Instructor, number)
        offering_ids = copy.ids(Offering, number * OFFERINGS_EACH)
        teachers, lessons = [], Lessons()
        for position, (user_id, instructor_id) in enumerate(zip(user_ids, instructor_ids, strict=True)):
            busy = is_first and position == 0
            keys = list(islice(offering_ids, OFFERINGS_EACH))
            teacher = self._teachers.make(user_id, instructor_id, keys, busy=busy)
            self._teach(teacher, lessons, introduce=busy)
            teachers.append(teacher)
        if is_first:
            self.introduced = teachers[0].user
        self.instructors += [teacher.instructor.pk for teacher in teachers]
        self._write(teachers, lessons)

    def _teach(self, teacher: Teacher, lessons: Lessons, *, introduce: bool) -> None:
        quota = round(next(self._shares)) - self._placed
        if self._size.students and teacher.instructor.is_listed:
            before = len(lessons.bookings)
            self._placed += self._scheduler.fill(teacher, quota, lessons, introduce=introduce)
            theirs = lessons.bookings[before:]
            teacher.instructor.lesson_count += sum(b.status == "completed" for b in theirs)
            self.dues += self._commissions.dues(teacher, theirs, busy=introduce)

    def _write(self, teachers: list[Teacher], lessons: Lessons) -> None:
        """Referenced rows first. Open days before offerings, which repeat the first free instant."""
        _people([teacher.user for teacher in teachers])
        copy.rows(teacher.instructor for teacher in teachers)
        copy.rows(_with_ids(WeeklyHours, [row for teacher in teachers for row in teacher.hours]))
        copy.rows(_with_ids(DateHours, [row for teacher in teachers for row in _differing(teacher)]))
        copy.rows(_with_ids(CalendarBlock, [b for teacher in teachers for b in teacher.diary.blocks]))
        copy.text(OpenDay, weeks.Stamp.COLUMNS, (self._stamped(teacher) for teacher in teachers))
        copy.rows(offering for teacher in teachers for offering in teacher.offerings)
        copy.rows(lessons.bookings)
        copy.rows(_with_ids(Event, lessons.events))

    def _stamped(self, teacher: Teacher) -> str:
        lines, first, bits = self._stamp.open_days(teacher.instructor.pk, teacher.diary)
        for offering in teacher.offerings:
            offering.next_free_at, offering.week_bits = first, bits
        return lines


def _differing(teacher: Teacher) -> Iterator[DateHours]:
    key = teacher.instructor.pk
    for day, windows in sorted(teacher.diary.differing.items()):
        if not windows:
            yield DateHours(instructor_id=key, date=day, is_closed=True)
        for low, high in windows:
            yield DateHours(instructor_id=key, date=day, from_min=low, to_min=high)
