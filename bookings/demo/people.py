"""Demo people: staff, a partner, students, and instructors with what they offer."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

from bookings.demo import market, weeks
from bookings.demo.words import Words, email_of
from instainstru.accounts.api_keys import digest_of
from instainstru.accounts.models import ApiKey, Scope, User
from instainstru.lib import clock
from instainstru.rules.models import Rules
from instructors.models import Instructor, Offering, Place, Subject, WeeklyHours
from instructors.services import profile
from instructors.services.slots import limits_of
from students.models import Student

TIME_ZONE = "America/New_York"
PARTNER = "Brightside After School"
# Weights of New York's boroughs; places elsewhere are met by the few who teach online from afar.
BOROUGHS = {"manhattan": 38, "brooklyn": 34, "queens": 17, "bronx": 7, "staten island": 4}
AFAR = {"60614": "America/Chicago", "90026": "America/Los_Angeles", "80206": "America/Denver"}
WITH_ARTICLE = ("Upper ", "Lower ", "Financial ", "East Village", "West Village", "Garment", "Meatpacking")
SCOPES = {
    "staff": [Scope.OPENINGS_READ, Scope.BOOKINGS_READ, Scope.BOOKINGS_WRITE, Scope.HOURS_READ],
    "partner": [Scope.OPENINGS_READ, Scope.BOOKINGS_READ, Scope.BOOKINGS_WRITE],
    "instructor": list(Scope),
    "student": [Scope.OPENINGS_READ, Scope.BOOKINGS_READ, Scope.BOOKINGS_WRITE],
}
# Staff have looked at these.
CHECKED = (Instructor.Status.LISTED, Instructor.Status.SUSPENDED)
SENT_BACK = "Please say in your text how long you have taught, and what a first lesson with you is like."
NOTICES = ("notice_online_min", "notice_at_instructor_min", "notice_at_student_min")
# Stars are shown as if everybody began with this many ratings of this mean.
PRIOR_COUNT, PRIOR_MEAN = 5, 4.6


@dataclass(slots=True)
class Teacher:
    """An instructor on the way into the database."""

    user: User
    instructor: Instructor
    offerings: list[Offering]
    diary: weeks.Diary
    hours: list[WeeklyHours]
    # Since when students can have booked them.
    since: datetime


@dataclass(frozen=True, slots=True)
class Scene:
    """What all demo people share: the day they are set in, the rules, the catalogue, the password."""

    seed: int
    # Local midnight in New York beginning the day the data is anchored to.
    dawn: datetime
    rules: Rules
    # Fewer days of hours than the rules' horizon, or None.
    horizon_days: int | None
    subjects: dict[str, Subject]
    places: dict[str, list[Place]]
    afar: list[Place]
    password: str

    def rng(self, topic: str) -> Random:
        """Random numbers of a topic of their own, so that one part can grow without moving another."""
        return Random(f"{self.seed} {topic}")


def user(
    scene: Scene, key: int, first: str, last: str, email: str, *, joined: datetime, **fields: object
) -> User:
    return User(
        id=key, first_name=first, last_name=last, email=email, password=scene.password,
        date_joined=joined, **{"time_zone": TIME_ZONE, **fields},
    )  # fmt: skip


def students(
    scene: Scene, words: Words, keys: Sequence[tuple[int, int]], *, partner_id: int, partnered: int
) -> tuple[list[User], list[Student]]:
    """A student for each pair of keys (user, student); the last ``partnered`` are the partner's."""
    rng = scene.rng("students")
    users, found = [], []
    for position, (user_id, student_id) in enumerate(keys):
        first, last, _ = words.name()
        joined = scene.dawn - timedelta(days=rng.randint(130, 900), minutes=rng.randint(0, 1439))
        email = email_of(f"student{position + 1}")
        users.append(user(scene, user_id, first, last, email, joined=joined))
        is_theirs = position >= len(keys) - partnered
        found.append(
            Student(
                id=student_id,
                user_id=user_id,
                created_at=joined,
                partner_id=partner_id if is_theirs else None,
            )
        )
    return users, found


class Teachers:
    """Makes instructors one after the other; remembers who has been made."""

    def __init__(self, scene: Scene, words: Words) -> None:
        self._scene = scene
        self._words = words
        self._rng = scene.rng("instructors")
        self._clusters, self._weights = market.clusters()
        self._weeks, weights = weeks.all_weeks()
        self._week_weights = list(accumulate(weights))
        self._boroughs = [name for name in BOROUGHS if scene.places.get(name)]
        # So that every subject has somebody in a small town too, each is the main one once before any is twice.
        self._first_round = list({cluster[0]: cluster for cluster in self._clusters}.values())
        self._rng.shuffle(self._first_round)
        self._slugs: dict[str, int] = {}

    def make(self, user_id: int, instructor_id: int, offering_ids: Sequence[int], *, busy: bool) -> Teacher:
        """The next instructor; ``busy`` is the one the demo introduces by name."""
        rng, scene = self._rng, self._scene
        first, last, tongues = self._words.name()
        is_new = not busy and rng.random() < 0.12
        joined = scene.dawn - timedelta(days=rng.randint(2, 40) if is_new else rng.randint(130, 1500))
        place, tz, borough = self._place(busy=busy)
        email = email_of("instructor" if busy else self._words.handle(first, last))
        owner = user(scene, user_id, first, last, email, joined=joined, time_zone=tz)
        cluster = ("piano", "music-theory", "songwriting") if busy else self._cluster()
        taught = cluster[
            : min(len(cluster), rng.choices((1, 2, 3, 4), weights=(3, 8, 34, 55))[0], len(offering_ids))
        ]
        instructor = self._instructor(owner, instructor_id, taught[0], tongues, place=place, borough=borough)
        self._standing(instructor, is_new=is_new, busy=busy)
        offerings = self._offerings(
            instructor, taught, offering_ids, borough=borough, online=place in scene.afar
        )
        category = scene.subjects[taught[0]].category.slug
        where = self._where(instructor, offerings[0])
        instructor.bio = self._words.bio(category, taught[0], where=where)
        diary = self._diary(instructor, busy=busy)
        hours = [
            WeeklyHours(instructor_id=instructor_id, weekday=weekday, from_min=low, to_min=high)
            for weekday, windows in enumerate(diary.week)
            for low, high in windows
        ]
        return Teacher(owner, instructor, offerings, diary, hours, since=joined + timedelta(days=1))

    def _cluster(self) -> tuple[str, ...]:
        cluster = (
            self._first_round.pop()
            if self._first_round
            else self._rng.choices(self._clusters, weights=self._weights)[0]
        )
        return tuple(slug for slug in cluster if slug in self._scene.subjects)

    def _place(self, *, busy: bool) -> tuple[Place | None, str, str]:
        """A place, its zone and its borough."""
        rng, scene = self._rng, self._scene
        if not busy and scene.afar and rng.random() < 0.03:
            place = rng.choice(scene.afar)
            return place, AFAR[place.slug], ""
        if not self._boroughs:
            return None, TIME_ZONE, ""
        borough = rng.choices(self._boroughs, weights=[BOROUGHS[name] for name in self._boroughs])[0]
        borough = "brooklyn" if busy and "brooklyn" in self._boroughs else borough
        return rng.choice(scene.places[borough]), TIME_ZONE, borough

    def _instructor(
        self,
        owner: User,
        key: int,
        subject: str,
        tongues: tuple[str, ...],
        *,
        place: Place | None,
        borough: str,
    ) -> Instructor:
        rng, scene, words = self._rng, self._scene, self._words
        category = scene.subjects[subject].category.slug
        spoken = {"English", *(tongue for tongue in tongues if rng.random() < 0.7)}
        if category == "languages" and subject not in ("esl", "asl"):
            spoken.add(subject.capitalize())
        instructor = Instructor(
            id=key,
            user=owner,
            slug=self._slug(owner),
            headline=words.headline(category, subject),
            languages=sorted(spoken),
            time_zone=owner.time_zone,
            place=place,
            address=words.address(place.name) if place and borough else "",
            cancellation_preset=rng.choices(("flexible", "standard", "strict"), weights=(3, 6, 1))[0],
            **dict.fromkeys(NOTICES, rng.choice((None,) * 14 + (120, 240, 720, 1440))),
            buffer_min=rng.choice((None,) * 9 + (30,)),
            grid_min=rng.choice((None,) * 15 + (30,)),
            overnight_rule=rng.random() < 0.85,
            horizon_days=scene.horizon_days,
            created_at=owner.date_joined,
        )
        instructor.latitude, instructor.longitude = profile.public_point(instructor)
        return instructor

    def _slug(self, owner: User) -> str:
        """The first name and a letter, numbered: an address gives no more away than a card does."""
        letters = [c for c in f"{owner.first_name} {owner.last_name[:1]}".lower() if c.isalnum() or c in " -"]
        plain = "-".join("".join(letters).split())
        number = self._slugs[plain] = self._slugs.get(plain, 0) + 1
        return plain if number == 1 else f"{plain}-{number}"

    def _standing(self, instructor: Instructor, *, is_new: bool, busy: bool) -> None:
        """Stars, lessons given, and whether staff have checked and listed them."""
        rng = self._rng
        dice = 0.5 if busy else rng.random()
        instructor.status = Instructor.Status.LISTED
        if dice < 0.008:
            instructor.status = Instructor.Status.SUBMITTED
            # Within the last two days, in which nobody has joined.
            ago = timedelta(days=instructor.pk % 2, hours=instructor.pk % 24, minutes=instructor.pk % 60)
            instructor.submitted_at = self._scene.dawn - ago
        elif dice < 0.02:
            instructor.status = Instructor.Status.DRAFT
            instructor.sent_back_reason = SENT_BACK if dice < 0.012 else ""
        elif dice > 0.995:
            instructor.status = Instructor.Status.SUSPENDED
            instructor.suspended_reason = "Documents expired; asked for new ones."
        if instructor.status in CHECKED and (busy or rng.random() < 0.93):
            instructor.verified_at = instructor.created_at + timedelta(hours=rng.randint(5, 40))
        count = 0 if is_new else 127 if busy else int(rng.lognormvariate(3, 1.1))
        mean = 4.92 if busy else min(5.0, 3.9 + 1.1 * rng.betavariate(5, 1.6))
        instructor.rating_count = count
        weight = PRIOR_COUNT + count
        instructor.rating = round((PRIOR_COUNT * PRIOR_MEAN + count * mean) / weight, 3) if count else 0
        instructor.lesson_count = int(count * rng.uniform(1.3, 3.5))

    def _offerings(
        self,
        instructor: Instructor,
        taught: Sequence[str],
        keys: Sequence[int],
        *,
        borough: str,
        online: bool,
    ) -> list[Offering]:
        rng, scene = self._rng, self._scene
        standing = min(1.7, max(0.62, rng.lognormvariate(0, 0.2)))
        notice = limits_of(instructor, scene.rules).notice
        found = []
        for key, slug in zip(keys, taught, strict=False):
            category = scene.subjects[slug].category.slug
            terms = market.terms(rng, category=category, subject=slug, borough=borough, standing=standing)
            modalities = ["online"] if online else terms.modalities
            found.append(
                Offering(
                    id=key,
                    instructor=instructor,
                    subject=scene.subjects[slug],
                    price_per_hour=terms.price_per_hour,
                    durations=terms.durations,
                    modalities=modalities,
                    levels=terms.levels,
                    audiences=terms.audiences,
                    description=self._words.description(category, slug),
                    is_listed=instructor.is_listed,
                    rating=instructor.rating,
                    latitude=instructor.latitude,
                    longitude=instructor.longitude,
                    notice_min=notice[modalities[0]],
                )
            )
        return found

    def _where(self, instructor: Instructor, offering: Offering) -> str:
        """A sentence on where and in which languages lessons are, from the facts; begins with a space."""
        place = instructor.place
        # A ZIP code's parent is its city: "Chicago, IL".
        name = "New York" if not place else place.parent.split(",")[0] if place.slug in AFAR else place.name
        name = f"the {name}" if name.startswith(WITH_ARTICLE) else name
        ways = {
            "online": (f" I teach online from {name}.", f" Online lessons reach you from {name}."),
            "at_instructor": (f" My room is in {name}, close to the train.", f" You will find me in {name}."),
            "at_student": (f" I come to you in and around {name}.", f" I travel from {name}."),
        }
        text = self._rng.choice(ways[self._rng.choice(offering.modalities)])
        if len(instructor.languages) > 1:
            text += f" We can speak {' or '.join(instructor.languages)}, whichever is easier."
        return text

    def _diary(self, instructor: Instructor, *, busy: bool) -> weeks.Diary:
        rng = self._rng
        week = weeks.BUSY_WEEK if busy else rng.choices(self._weeks, cum_weights=self._week_weights)[0]
        first = clock.today(instructor.time_zone)
        limits = limits_of(instructor, self._scene.rules)
        diary = weeks.Diary(week, limits, first, first + timedelta(days=limits.horizon_days))
        weeks.differ(diary, rng)
        if not busy:
            weeks.time_off(diary, rng, instructor_id=instructor.pk)
        instructor.open_until = diary.last + weeks.DAY
        return diary


def key_text(scene_seed: int, email: str) -> str:
    """The API key of a demo person: the same for the same seed, so for development only."""
    digest = hashlib.sha256(f"demo key {scene_seed} {email}".encode()).digest()
    return "ii_" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def api_key(owner: User, role: str, *, text: str, name: str, created_at: datetime) -> ApiKey:
    return ApiKey(
        user_id=owner.pk, name=name, prefix=text[:10], digest=digest_of(text),
        scopes=sorted(SCOPES[role]), created_at=created_at,
    )  # fmt: skip
