"""The words search knows: subjects, categories, places and their aliases, once per process."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    """The vocabulary, read anew when it is older than ``STALE_AFTER`` and something changed."""
    global _seen
    if _seen is None or clock.monotonic() - _seen[0] > STALE_AFTER:
        fresh = read()
        # What was learned of misspelt words stays while the words are the same.
        _seen = (clock.monotonic(), _seen[1] if _seen and _seen[1] == fresh else fresh)
    return _seen[1]


def forget() -> None:
    """Drop this process's copy, after a change of the catalogue."""
    global _seen
    _seen = None


def read() -> Vocabulary:
    """The vocabulary as the database has it; ZIP codes are recognised by their form instead."""
    categories = list(Category.objects.all())
    subjects = list(Subject.objects.select_related("category"))
    aliases = list(Alias.objects.select_related("subject", "category"))
    places = dict(Place.objects.exclude(kind=Place.Kind.ZIP).values_list("slug", "kind"))
    short = PlaceAlias.objects.select_related("place").values_list("text", "place__slug")
    return Vocabulary(
        subjects={phrase(one.slug): one.slug for one in subjects}
        | {phrase(one.text): one.subject.slug for one in aliases if one.subject},
        categories={one.slug: one.slug for one in categories}
        | {phrase(one.text): one.category.slug for one in aliases if one.category},
        places={phrase(slug): slug for slug in places} | {phrase(text): slug for text, slug in short},
        subject_names={one.slug: (one.name, one.category.slug) for one in subjects},
        category_names={one.slug: one.name for one in categories},
        subject_ids={one.slug: one.pk for one in subjects},
        wide_places=frozenset(slug for slug, kind in places.items() if kind == Place.Kind.BOROUGH),
    )


def phrase(slug: str) -> str:
    return slug.replace("-", " ").replace("'", "").replace(".", "")
