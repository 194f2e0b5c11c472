"""The words search knows: subjects, categories, places and their aliases, once per process."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from instainstru.lib import clock
from instructors.models import Alias, Category, Place, PlaceAlias, Subject
from instructors.services.search.names import Names

# An alias that staff add is understood everywhere after this many seconds, and at once where it was added.
STALE_AFTER = 30.0


class Named(NamedTuple):
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Phrases in lower case with spaces, each to what it names."""

    subjects: dict[str, str]
    categories: dict[str, str]
    places: dict[str, str]
    # Slug to (name, category slug); slug to name.
    subject_names: dict[str, tuple[str, str]]
    category_names: dict[str, str]
    subject_ids: dict[str, int]
    # Places that contain others: of two places named, the smaller is meant.
    wide_places: frozenset[str] = frozenset()
    # The same phrases, prepared for finding them in a text.
    names: Names = field(init=False, repr=False, compare=False)
    # Category slug to the slugs of its subjects, in the catalogue's order.
    by_category: dict[str, list[str]] = field(init=False, repr=False, compare=False)
    _by_id: dict[int, Named] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        grouped: dict[str, list[str]] = {}
        for slug, (_, owner) in self.subject_names.items():
            grouped.setdefault(owner, []).append(slug)
        object.__setattr__(self, "by_category", grouped)
        by_id = {pk: Named(slug, self.subject_names[slug][0]) for slug, pk in self.subject_ids.items()}
        object.__setattr__(self, "_by_id", by_id)
        object.__setattr__(self, "names", Names.of(self.subjects, self.categories, self.places))

    def subject(self, pk: int) -> Named:
        """The subject with that id; one that was added since is looked up."""
        known = self._by_id.get(pk)
        return known or Named(*Subject.objects.values_list("slug", "name").get(pk=pk))

    def subjects_of(self, category: str) -> list[str]:
        """The slugs of a category's subjects, in the catalogue's order."""
        return self.by_category.get(category, [])


_seen: tuple[float, Vocabulary] | None = None


def current() -> Vocabulary:
    """The vocabulary, at most ``STALE_AFTER`` seconds old."""
    global _seen
    if _seen is None or clock.monotonic() - _seen[0] > STALE_AFTER:
        _seen = (clock.monotonic(), read())
    return _seen[1]


def forget() -> None:
    """Drop this process's copy, after a change of the catalogue."""
    global _seen
    _seen = None


def read() -> Vocabulary:
    """The vocabulary as the database has it; ZIP codes are recognised by their form instead."""
    places = Place.objects.filter(kind__in=(Place.Kind.BOROUGH, Place.Kind.NEIGHBOURHOOD))
    return _of(
        tuple(Category.objects.values_list("slug", "name")),
        tuple(Subject.objects.values_list("slug", "name", "category__slug", "pk")),
        tuple(Alias.objects.values_list("text", "subject__slug", "category__slug")),
        tuple(places.values_list("slug", "kind")),
        tuple(PlaceAlias.objects.values_list("text", "place__slug")),
    )


# While the words are the same, what was learned of misspelt ones stays.
@lru_cache(maxsize=1)
def _of(
    categories: tuple[tuple[str, str], ...],
    subjects: tuple[tuple[str, str, str, int], ...],
    aliases: tuple[tuple[str, str | None, str | None], ...],
    places: tuple[tuple[str, str], ...],
    short: tuple[tuple[str, str], ...],
) -> Vocabulary:
    return Vocabulary(
        subjects={phrase(slug): slug for slug, *_ in subjects}
        | {phrase(text): subject for text, subject, _ in aliases if subject},
        categories={slug: slug for slug, _ in categories}
        | {phrase(text): category for text, _, category in aliases if category},
        places={phrase(slug): slug for slug, _ in places} | {phrase(text): slug for text, slug in short},
        subject_names={slug: (name, category) for slug, name, category, _ in subjects},
        category_names=dict(categories),
        subject_ids={slug: pk for slug, _, _, pk in subjects},
        wide_places=frozenset(slug for slug, kind in places if kind == Place.Kind.BOROUGH),
    )


def phrase(slug: str) -> str:
    return slug.replace("-", " ").replace("'", "").replace(".", "")
