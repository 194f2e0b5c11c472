"""Putting the catalogue and New York's places into a database: adds what is missing, changes nothing.

Works with historical models too: migrations call it, and so does ``manage.py load_catalogue``.
"""

from __future__ import annotations

from typing import Any

from django.utils.text import slugify

from instructors.data import catalogue, places


def load(apps: Any) -> None:
    """Both; ``apps`` is Django's registry or a migration's."""
    load_catalogue(apps)
    load_places(apps)


def load_catalogue(apps: Any) -> None:
    """Categories, subjects and their aliases."""
    category, subject, alias = (apps.get_model("instructors", name) for name in ("Category", "Subject", "Alias"))
    category.objects.bulk_create(
        (
            category(slug=slug, name=name, position=position)
            for position, (slug, name, _) in enumerate(catalogue.CATEGORIES)
        ),
        ignore_conflicts=True,
    )
    categories = dict(category.objects.values_list("slug", "id"))
    subject.objects.bulk_create(
        (
            subject(category_id=categories[parent], slug=slug, name=name, position=position)
            for parent, rows in catalogue.SUBJECTS.items()
            for position, (slug, name, _) in enumerate(rows)
        ),
        ignore_conflicts=True,
    )
    subjects = dict(subject.objects.values_list("slug", "id"))
    words = [
        alias(text=word, category_id=categories[slug])
        for slug, _, words in catalogue.CATEGORIES
        for word in words
    ]
    words += [
        alias(text=word, subject_id=subjects[slug])
        for rows in catalogue.SUBJECTS.values()
        for slug, _, words in rows
        for word in words
    ]
    alias.objects.bulk_create(words, ignore_conflicts=True)


def load_places(apps: Any) -> None:
    """New York, its boroughs and neighbourhoods, and their short names. ZIP codes come when asked for."""
    place, alias = (apps.get_model("instructors", name) for name in ("Place", "PlaceAlias"))
    rows = [("city", "", places.CITY), *(("borough", slugify(places.CITY[0]), row) for row in places.BOROUGHS)]
    rows += [("neighbourhood", parent, row) for parent, some in places.NEIGHBOURHOODS.items() for row in some]
    place.objects.bulk_create(
        (
            place(
                slug=slugify(name),
                name=name,
                kind=kind,
                parent=parent,
                latitude=latitude,
                longitude=longitude,
                radius_km=reach,
            )
            for kind, parent, (name, latitude, longitude, reach, _) in rows
        ),
        ignore_conflicts=True,
    )
    ids = dict(place.objects.values_list("slug", "id"))
    alias.objects.bulk_create(
        (alias(text=word, place_id=ids[slugify(row[0])]) for _, _, row in rows for word in row[4]),
        ignore_conflicts=True,
    )
