"""What is asked: the calls of each row, varied by turn and the same in every run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from urllib.parse import quote, urlencode
from uuid import uuid4

from benchmarks.databases import FreeTime, Listed
from benchmarks.people import People, visitor
from benchmarks.timing import Call

SUBJECTS = (
    "piano", "guitar", "violin", "voice", "drums", "math", "algebra", "sat-prep", "python", "spanish",
    "french", "esl", "yoga", "pilates", "personal-training", "tennis", "drawing", "cooking", "chess", "salsa",
)  # fmt: skip
PLACES = (
    "brooklyn", "manhattan", "astoria", "harlem", "park slope", "williamsburg", "upper west side", "11215",
)  # fmt: skip
WORDS = (
    "{subject} tomorrow evening in {place}",
    "{subject} under $90 saturday morning",
    "{subject} lessons near {place}",
    "cheap {subject} next week",
    "{subject} this weekend in {place} under $120",
)
CATEGORIES = ("music", "dance", "arts", "sports", "tutoring", "languages", "hobbies")
NAMES = ("sara", "maria", "david", "anna", "james")
# Cents an hour.
PRICES = (7000, 8000, 9000, 10000, 12000)


def floor(turn: int) -> Call:
    return Call("/floor")


def search(people: People) -> Callable[[int], Call]:
    """A subject under a price near a place, in a window of three hours of one of the coming days."""

    def make(turn: int) -> Call:
        rng = Random(f"search {turn}")
        # 9 am to 6 pm in New York, whichever side of daylight saving: the hours people ask for.
        start = _midnight() + timedelta(days=rng.randint(1, 14), hours=rng.randint(14, 21))
        wishes = {
            "subject": rng.choice(SUBJECTS),
            "price_max": rng.choice(PRICES),
            "from": _instant(start),
            "to": _instant(start + timedelta(hours=3)),
            "near": rng.choice(PLACES),
        }
        return Call(f"/api/v1/openings?{urlencode(wishes)}", people.student(turn))

    return make


def finds(people: People) -> dict[str, Callable[[int], Call]]:
    """The kinds of searches there are, by name; nothing but exact results, so that each is one search."""
    return {
        "a subject in a window under a price": _asking(people, _narrow),
        "a category in a place on weekends": _asking(people, _category),
        "only “tonight”": _asking(people, _tonight),
        "soonest first": _asking(people, _soonest),
        "ten filters at once": _asking(people, _ten),
    }


def _asking(people: People, wishes: Callable[[Random], dict[str, object]]) -> Callable[[int], Call]:
    def make(turn: int) -> Call:
        asked = {**wishes(Random(f"{wishes.__name__} {turn}")), "relax": 0}
        return Call(f"/api/v1/openings?{urlencode(asked)}", people.student(turn))

    return make


def _narrow(rng: Random) -> dict[str, object]:
    start = _midnight() + timedelta(days=rng.randint(1, 14), hours=rng.randint(14, 21))
    return {
        "subject": rng.choice(SUBJECTS), "price_max": rng.choice(PRICES), "from": _instant(start),
        "to": _instant(start + timedelta(hours=3)),
    }  # fmt: skip


def _category(rng: Random) -> dict[str, object]:
    return {"category": rng.choice(CATEGORIES), "near": rng.choice(PLACES), "weekdays": "sat,sun"}


def _tonight(rng: Random) -> dict[str, object]:
    day = (_midnight() + timedelta(days=rng.randint(1, 3))).date()
    return {"date": day.isoformat(), "part": "evening"}


def _soonest(rng: Random) -> dict[str, object]:
    return {"subject": rng.choice(SUBJECTS), "sort": "soonest"}


def _ten(rng: Random) -> dict[str, object]:
    return {
        "subject": rng.choice(SUBJECTS), "near": rng.choice(PLACES), "radius_km": 8, "price_min": 3000,
        "price_max": rng.choice(PRICES), "weekdays": "mon,tue,wed,thu,fri", "part": "evening",
        "duration": 60, "modality": "in_person", "level": "beginner", "audience": "adults",
        "sort": rng.choice(("recommended", "price_asc", "rating_desc")),
    }  # fmt: skip


def counts(turn: int) -> Call:
    """The counts behind the filters of one of those."""
    rng = Random(f"counts {turn}")
    asked = rng.choice((_narrow, _category, _tonight, _soonest))(rng)
    return Call(f"/search/counts?{urlencode(asked)}", visitor())


def suggestion(turn: int) -> Call:
    """Somebody has typed the beginning of something."""
    rng = Random(f"suggestion {turn}")
    whole = rng.choice((*SUBJECTS, *NAMES, *(f"piano in {place}" for place in PLACES)))
    typed = whole[: rng.randint(min(3, len(whole)), len(whole))].strip()
    return Call(f"/search/suggest?q={quote(typed)}", {**visitor(), "Accept": "application/json"})


def month(people: People, some: list[Listed]) -> Callable[[int], Call]:
    """Thirty days of one instructor, another one each time."""

    def make(turn: int) -> Call:
        start = _midnight() + timedelta(days=1)
        who = some[turn % len(some)]
        wishes = {
            "offering": who.offering,
            "from": _instant(start),
            "to": _instant(start + timedelta(days=30)),
        }
        path = f"/api/v1/instructors/{who.instructor}/openings"
        return Call(f"{path}?{urlencode(wishes)}", people.student(turn))

    return make


def results_page(turn: int) -> Call:
    rng = Random(f"page {turn}")
    text = rng.choice(WORDS).format(subject=rng.choice(SUBJECTS).replace("-", " "), place=rng.choice(PLACES))
    return Call(f"/search?q={quote(text)}", visitor())


def instructor_page(some: list[Listed]) -> Callable[[int], Call]:
    return lambda turn: Call(f"/@{some[turn % len(some)].slug}", visitor())


def feed(addresses: list[str]) -> Callable[[int], Call]:
    """Calendars read whole, another one each time."""
    return lambda turn: Call(addresses[turn % len(addresses)])


def booking(time: FreeTime, headers: dict[str, str]) -> Call:
    """One booking, with a key of its own so that a repeated request would have one effect."""
    body = {"offering": time.offering, "starts_at": time.starts_at, "duration_min": time.duration_min}
    headers = {**headers, "Idempotency-Key": str(uuid4())}
    return Call("/api/v1/bookings", headers, method="POST", body=body, expect=201, again=409)


# Each turn is another instructor's, and each run has other hours: every call has something to write.

_PAST_THE_HOUR = Random().randrange(60)
# The weeks that are applied and copied; copied into the one between.
APPLIED, COPIED_INTO, COPIED = 0, 6, 7


def read_week(keys: list[str]) -> Callable[[int], Call]:
    """Some week of the coming two months."""
    return lambda turn: Call(_week(turn % 8), _bearer(keys, turn))


def save_week(keys: list[str]) -> Callable[[int], Call]:
    """Nine windows on seven days."""
    return lambda turn: _put(3, _bearer(keys, turn), hour=8)


def copy_week(keys: list[str]) -> Callable[[int], Call]:
    """A week that differs from the other in every day."""
    body = {"from": f"{_monday(COPIED)}"}
    return lambda turn: Call(f"{_week(COPIED_INTO)}/copy", _once(keys, turn), method="POST", body=body)


def apply_week(keys: list[str]) -> Callable[[int], Call]:
    """To twelve weeks, all of whose dates change."""
    return lambda turn: Call(f"{_week(APPLIED)}/apply", _once(keys, turn), method="POST", body={"weeks": 12})


def prepared_weeks(keys: list[str]) -> Callable[[int], Call]:
    """The weeks that ``copy_week`` and ``apply_week`` begin with, two turns for each instructor."""
    return lambda turn: _put(
        (APPLIED, COPIED)[turn % 2], _bearer(keys, turn // 2), hour=10 if turn % 2 else 9
    )


def _put(number: int, headers: dict[str, str], *, hour: int) -> Call:
    windows = [
        {"from": f"{hour:02d}:{_PAST_THE_HOUR:02d}", "to": "12:00"}, {"from": "13:00", "to": "17:00"},
    ]  # fmt: skip
    days = [
        {"date": f"{_monday(number) + timedelta(days=n)}", "windows": windows[: 2 if n < 2 else 1]}
        for n in range(7)
    ]
    return Call(_week(number), {**headers, "If-Match": "*"}, method="PUT", body={"days": days})


def _week(number: int) -> str:
    return f"/api/v1/instructors/me/week/{_monday(number)}"


def _monday(number: int) -> date:
    """Of the week so many after next, in which every day is ahead wherever one is."""
    today = datetime.now(UTC).date()
    return today - timedelta(days=today.weekday()) + timedelta(weeks=number + 1)


def _bearer(keys: list[str], turn: int) -> dict[str, str]:
    return {"Authorization": f"Bearer {keys[turn % len(keys)]}"}


def _once(keys: list[str], turn: int) -> dict[str, str]:
    return {**_bearer(keys, turn), "If-Match": "*", "Idempotency-Key": str(uuid4())}


def _midnight() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _instant(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
