"""What can be taught: categories and subjects in their order, with the other words for them.

The source is the catalogue in the search specification; staff add to it in the back office.
"""

from __future__ import annotations

from typing import Any

# Category: (its aliases, its subjects as "slug", or "slug: alias, alias").
CATALOGUE: dict[str, tuple[list[str], list[str]]] = {
    "music": (
        [],
        [
            "piano: keyboard, pianist", "guitar: guitarist", "bass-guitar", "ukulele: uke",
            "violin: violinist, fiddle", "viola", "cello: cellist", "flute: flutist",
            "clarinet", "saxophone: sax", "trumpet", "drums: drum, drummer, drumming",
            "voice: singing, vocal, singer, sing", "music-theory",
            "music-production", "songwriting: song writing", "dj: djing",
        ],
    ),
    "dance": (
        ["dancing", "dancer"],
        ["ballet", "hip-hop", "salsa", "ballroom", "tap", "contemporary-dance: contemporary"],
    ),
    "arts": (
        ["art"],
        [
            "drawing: draw", "painting: paint, painter", "photography: photographer", "pottery", "acting",
            "digital-art", "sewing: sew",
            "calligraphy",
        ],
    ),
    "sports": (
        ["fitness", "sport"],
        [
            "yoga", "pilates", "personal-training: personal trainer", "boxing: boxer",
            "swimming: swim, swimmer", "tennis",
            "golf", "soccer", "basketball", "karate", "jiu-jitsu: jujitsu, ju jitsu, bjj", "running",
            "fencing",
            "ice-skating: skating",
        ],
    ),
    "tutoring": (
        ["tutor"],
        [
            "math: mathematics", "algebra", "geometry", "calculus: calc", "statistics: stats", "physics",
            "chemistry", "biology",
            "reading", "essay-writing: essay", "sat-prep: sat", "act-prep: act test, act exam, act tutor",
            "gre-prep: gre", "lsat-prep: lsat", "coding: programming, code, coder",
            "python", "java", "javascript", "data-science", "homework-help: homework",
        ],
    ),
    "languages": (
        ["language"],
        [
            "spanish", "french", "italian", "german", "portuguese", "mandarin: chinese", "japanese",
            "korean", "arabic", "hebrew", "russian", "hindi", "esl: english as a second language",
            "asl: sign language, american sign language, sing language",
        ],
    ),
    "hobbies": (
        ["hobby"],
        [
            "cooking: cook", "baking: bake, baker", "chess", "public-speaking: public speaker",
            "life-coaching: life coach", "career-coaching: career coach", "makeup: make up",
            "dog-training: dog trainer", "magic", "gardening: gardener",
        ],
    ),
}  # fmt: skip

# Names that capitalising the slug would get wrong.
NAMES = {
    "dj": "DJ", "sat-prep": "SAT prep", "act-prep": "ACT prep", "gre-prep": "GRE prep",
    "lsat-prep": "LSAT prep", "esl": "ESL", "asl": "ASL", "hip-hop": "Hip-hop", "jiu-jitsu": "Jiu-jitsu",
    "javascript": "JavaScript", "spanish": "Spanish", "voice": "Voice",
}  # fmt: skip


def name_of(slug: str) -> str:
    """The subject's or category's name for people."""
    return NAMES.get(slug) or slug.replace("-", " ").capitalize()


def load(category_model: Any, subject_model: Any, alias_model: Any) -> None:
    """Write the catalogue; what is there already stays as it is. Takes models of any migration state."""
    for place, (slug, (aliases, subjects)) in enumerate(CATALOGUE.items()):
        category, _ = category_model.objects.get_or_create(
            slug=slug, defaults={"name": name_of(slug), "position": place}
        )
        for alias in aliases:
            alias_model.objects.get_or_create(text=alias, defaults={"category": category})
        for position, entry in enumerate(subjects):
            subject_slug, _, others = entry.partition(":")
            subject, _ = subject_model.objects.get_or_create(
                slug=subject_slug,
                defaults={"name": name_of(subject_slug), "category": category, "position": position},
            )
            for alias in filter(None, (word.strip() for word in others.split(","))):
                alias_model.objects.get_or_create(text=alias, defaults={"subject": subject})
