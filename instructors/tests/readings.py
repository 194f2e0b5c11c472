"""Queries with their readings (``search_readings/*.tsv``), and the catalogue's words without a database."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from instructors.data import catalogue, new_york
from instructors.services.search.parse import Reading
from instructors.services.search.vocabulary import Vocabulary, phrase

FOLDER = Path(__file__).parent / "search_readings"
WEDNESDAY = date(2026, 12, 2)
LISTS = {"subjects", "exclude_subjects", "weekdays"}
NUMBERS = {"price_min", "price_max", "duration_min", "age"}
DATED = re.compile(r"\[(\d{4}-\d\d-\d\d)\] (.*)")


def rows(*names: str) -> Iterator[tuple[str, date, dict[str, Any]]]:
    """(text, today, reading) of every row of the sets named, or of all."""
    for path in [FOLDER / f"{name}.tsv" for name in names] or sorted(FOLDER.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            text, tab, said = line.partition("\t")
            if not tab or line.startswith("#"):
                continue
            dated = DATED.fullmatch(text)
            today = date.fromisoformat(dated.group(1)) if dated else WEDNESDAY
            yield dated.group(2) if dated else text, today, reading(said)


def reading(said: str) -> dict[str, Any]:
    """The reading written as ``subjects=piano,chess date=2026-12-05 time=09:00-10:00 near_me``."""
    meant = Reading().as_dict()
    for part in shlex.split(said):
        name, _, value = part.partition("=")
        if name in LISTS:
            meant[name] = value.split(",")
        elif name in NUMBERS:
            meant[name] = int(value)
        elif name == "date":
            meant["date_from"] = meant["date_to"] = value
        elif name in ("dates", "time"):
            first, _, last = value.partition(".." if name == "dates" else "-")
            kind = "date" if name == "dates" else "time"
            meant[f"{kind}_from"], meant[f"{kind}_to"] = first or None, last or None
        else:
            assert name in meant, name
            meant[name] = value or True
    return meant


@cache
def vocabulary() -> Vocabulary:
    """The words of a new database, from the files it is loaded from."""
    subjects: dict[str, str] = {}
    categories: dict[str, str] = {}
    names: dict[str, tuple[str, str]] = {}
    for category, (others, entries) in catalogue.CATALOGUE.items():
        categories |= dict.fromkeys([category, *others], category)
        for entry in entries:
            slug, _, aliases = entry.partition(":")
            names[slug] = (catalogue.name_of(slug), category)
            subjects |= {phrase(alias): slug for alias in [slug, *_listed(aliases)]}
    places: dict[str, str] = {}
    for name, about in (
        *new_york.BOROUGHS.items(),
        *(one for some in new_york.NEIGHBOURHOODS.values() for one in some.items()),
    ):
        slug = new_york.slug_of(name)
        places |= {phrase(alias): slug for alias in [slug, *_listed(about[3])]}
    return Vocabulary(
        subjects=subjects,
        categories=categories,
        places=places,
        subject_names=names,
        category_names={slug: catalogue.name_of(slug) for slug in catalogue.CATALOGUE},
        subject_ids={slug: number for number, slug in enumerate(names, 1)},
        wide_places=frozenset(new_york.slug_of(name) for name in new_york.BOROUGHS),
    )


def _listed(text: str) -> list[str]:
    return [word for word in (part.strip() for part in text.split(",")) if word]
