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
            "piano: keyboard", "guitar", "bass-guitar", "ukulele", "violin", "viola", "cello", "flute",
            "clarinet", "saxophone", "trumpet", "drums: drum", "voice: singing, vocal", "music-theory",
            "music-production", "songwriting", "dj",
        ],
    ),
    "dance": ([], ["ballet", "hip-hop", "salsa", "ballroom", "tap", "contemporary-dance"]),
    "arts": (
        ["art"],
        [
            "drawing", "painting", "photography", "pottery", "acting", "digital-art", "sewing",
            "calligraphy",
        ],
    ),
    "sports": (
        ["fitness"],
        [
            "yoga", "pilates", "personal-training: personal trainer", "boxing", "swimming", "tennis",
            "golf", "soccer", "basketball", "karate", "jiu-jitsu", "running", "fencing", "ice-skating",
        ],
    ),
    "tutoring": (
        ["tutor"],
        [
            "math", "algebra", "geometry", "calculus", "statistics", "physics", "chemistry", "biology",
            "reading", "essay-writing", "sat-prep: sat", "act-prep", "gre-prep", "lsat-prep", "coding",
            "python", "java", "javascript", "data-science", "homework-help",
        ],
    ),
    "languages": (
        ["language"],
        [
            "spanish", "french", "italian", "german", "portuguese", "mandarin: chinese", "japanese",
            "korean", "arabic", "hebrew", "russian", "hindi", "esl", "asl: sign language",
        ],
    ),
    "hobbies": (
        [],
        [
            "cooking", "baking", "chess", "public-speaking", "life-coaching", "career-coaching", "makeup",
            "dog-training", "magic", "gardening",
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
