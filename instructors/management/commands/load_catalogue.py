from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from instructors.data import catalogue, new_york, zip_codes
from instructors.models import Alias, Category, Place, PlaceAlias, Subject


class Command(BaseCommand):
    help = "Add the categories, subjects, places and aliases that are missing; what is there stays as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            catalogue.load(Category, Subject, Alias)
            new_york.load(Place, PlaceAlias)
            zip_codes.load(Place)
