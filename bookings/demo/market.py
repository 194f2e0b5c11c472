"""What is taught with what, how, for how long and for how much."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from instructors.models import Audience, Level, Modality

# Subjects one person credibly teaches together, the first being the main one.
CLUSTERS = tuple(
    tuple(line.split())
    for line in """
    piano music-theory songwriting voice
    piano music-theory voice
    guitar ukulele bass-guitar songwriting
    guitar songwriting music-production ukulele
    bass-guitar guitar music-theory
    ukulele guitar voice
    violin viola music-theory cello
    viola violin music-theory
    cello violin music-theory
    flute saxophone clarinet music-theory
    clarinet saxophone music-theory
    saxophone clarinet music-production
    trumpet music-theory saxophone
    drums music-production songwriting
    voice songwriting acting piano
    voice piano music-theory songwriting
    music-theory piano songwriting
    music-production dj songwriting
    songwriting guitar voice
    dj music-production songwriting
    ballet contemporary-dance pilates
    hip-hop contemporary-dance tap
    salsa ballroom tap
    ballroom salsa tap
    tap ballet hip-hop
    contemporary-dance ballet yoga
    drawing painting digital-art
    painting drawing calligraphy
    photography digital-art drawing
    pottery drawing painting
    acting public-speaking voice
    digital-art drawing photography
    sewing calligraphy painting
    calligraphy drawing painting
    yoga pilates running
    yoga pilates personal-training
    pilates yoga
    personal-training boxing running
    personal-training running pilates boxing
    boxing personal-training running
    swimming running
    tennis
    golf
    soccer running personal-training
    basketball personal-training
    karate jiu-jitsu boxing
    jiu-jitsu boxing
    running personal-training yoga
    fencing
    ice-skating
    math algebra geometry homework-help
    math algebra calculus sat-prep
    algebra geometry math
    geometry algebra sat-prep
    calculus statistics physics
    statistics data-science math
    physics calculus math
    chemistry biology homework-help
    biology chemistry sat-prep
    reading essay-writing homework-help
    essay-writing reading sat-prep
    sat-prep act-prep math essay-writing
    act-prep sat-prep math reading
    gre-prep statistics essay-writing
    lsat-prep essay-writing gre-prep
    coding python javascript
    python data-science coding
    java coding algebra
    javascript coding python
    data-science python statistics
    homework-help reading math
    spanish portuguese esl
    spanish esl reading
    french esl spanish
    italian french esl
    german esl essay-writing
    portuguese spanish
    mandarin math calligraphy esl
    japanese calligraphy esl
    korean esl math
    arabic french esl
    hebrew esl reading
    russian chess math esl
    hindi esl math
    esl spanish reading
    asl esl
    cooking baking
    baking cooking
    chess math coding
    public-speaking career-coaching acting
    life-coaching career-coaching public-speaking
    career-coaching public-speaking essay-writing
    makeup photography
    dog-training
    magic public-speaking acting
    gardening cooking
    """.strip().splitlines()
)

# How often a main subject is met, where not 1.
POPULARITY = {
    "piano": 4, "guitar": 4, "math": 4, "spanish": 4, "yoga": 3, "personal-training": 3, "voice": 3,
    "sat-prep": 3, "coding": 2, "python": 2, "violin": 2, "french": 2, "drums": 2, "tennis": 2,
    "swimming": 2, "cooking": 2, "drawing": 2, "photography": 2, "esl": 2, "mandarin": 2,
}  # fmt: skip

# Dollars an hour around which a subject's prices lie, where not its category's.
PRICES = {
    "music": 75, "dance": 80, "arts": 70, "sports": 80, "tutoring": 70, "languages": 55, "hobbies": 75,
    "voice": 85, "cello": 85, "violin": 85, "ukulele": 55, "dj": 90, "music-production": 90, "pottery": 85,
    "photography": 90, "calligraphy": 60, "personal-training": 95, "pilates": 90, "golf": 110, "tennis": 95,
    "swimming": 90, "running": 65, "soccer": 65, "basketball": 65, "fencing": 100, "ice-skating": 95,
    "homework-help": 45, "reading": 50, "sat-prep": 110, "act-prep": 105, "gre-prep": 115, "lsat-prep": 140,
    "calculus": 80, "statistics": 85, "data-science": 105, "coding": 80, "python": 85, "java": 85,
    "javascript": 85, "physics": 80, "mandarin": 60, "japanese": 60, "arabic": 60, "spanish": 50,
    "asl": 65, "chess": 55, "life-coaching": 110, "career-coaching": 120, "public-speaking": 100,
    "dog-training": 95, "makeup": 85, "magic": 65, "gardening": 60, "baking": 70,
}  # fmt: skip
BOROUGH_PRICES = {"manhattan": 1.12, "brooklyn": 1.03, "queens": 0.94, "bronx": 0.88, "staten island": 0.92}

# Chances of (online, at the instructor's, at the student's).
WAYS = {
    "music": (0.65, 0.75, 0.35), "dance": (0.30, 0.90, 0.25), "arts": (0.45, 0.80, 0.30),
    "sports": (0.15, 0.75, 0.45), "tutoring": (0.85, 0.35, 0.40), "languages": (0.92, 0.30, 0.25),
    "hobbies": (0.45, 0.50, 0.55),
}  # fmt: skip
NEVER_ONLINE = frozenset(
    [
        "swimming",
        "tennis",
        "golf",
        "soccer",
        "basketball",
        "fencing",
        "ice-skating",
        "jiu-jitsu",
        "pottery",
        "dog-training",
        "gardening",
    ]
)
FOR_GROWN_UPS = frozenset(["lsat-prep", "gre-prep", "career-coaching", "life-coaching", "makeup", "dj"])
DURATIONS = ([60], [60], [45, 60], [30, 60], [60, 90], [30, 45, 60], [45, 60, 90], [60, 90, 120])
LEVELS: tuple[tuple[int, Sequence[str]], ...] = (
    (45, list(Level)),
    (30, [Level.BEGINNER, Level.INTERMEDIATE]),
    (13, [Level.INTERMEDIATE, Level.ADVANCED]),
    (12, [Level.BEGINNER]),
)
AUDIENCES: tuple[tuple[int, Sequence[str]], ...] = (
    (35, list(Audience)),
    (25, [Audience.ADULTS]),
    (20, [Audience.TEENS, Audience.ADULTS]),
    (20, [Audience.KIDS, Audience.TEENS]),
)


class Terms(NamedTuple):
    price_per_hour: int
    durations: list[int]
    modalities: list[str]
    levels: list[str]
    audiences: list[str]


def clusters() -> tuple[list[tuple[str, ...]], list[int]]:
    """The clusters and how often each is met."""
    return list(CLUSTERS), [POPULARITY.get(cluster[0], 1) for cluster in CLUSTERS]


def terms(rng: Random, *, category: str, subject: str, borough: str, standing: float) -> Terms:
    """One offering's terms; ``standing`` around 1 is what its teacher can ask for."""
    base = PRICES.get(subject, PRICES[category]) * BOROUGH_PRICES.get(borough, 1.0)
    dollars = max(25, 5 * round(base * standing * rng.uniform(0.92, 1.08) / 5))
    grown_up = subject in FOR_GROWN_UPS
    return Terms(
        price_per_hour=dollars * 100,
        durations=list(rng.choice(DURATIONS)),
        modalities=_modalities(rng, category, subject),
        levels=_weighted(rng, LEVELS),
        audiences=[Audience.ADULTS] if grown_up else _weighted(rng, AUDIENCES),
    )


def _modalities(rng: Random, category: str, subject: str) -> list[str]:
    chances = zip(Modality.values, WAYS[category], strict=True)
    chosen = [way for way, chance in chances if rng.random() < chance]
    if subject in NEVER_ONLINE:
        chosen = [way for way in chosen if way != Modality.ONLINE]
    return chosen or [Modality.AT_INSTRUCTOR if subject in NEVER_ONLINE else Modality.ONLINE]


def _weighted(rng: Random, choices: tuple[tuple[int, Sequence[str]], ...]) -> list[str]:
    return [str(value) for value in rng.choices([c[1] for c in choices], weights=[c[0] for c in choices])[0]]
