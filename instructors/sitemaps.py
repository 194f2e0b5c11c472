"""What search engines may list: the first pages and every listed instructor."""

from __future__ import annotations

from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet
from django.urls import reverse

from instructors.models import Instructor, Subject
from instructors.presentation import page_url


class FirstPages(Sitemap):
    """The pages that name no one: the first one, and one for each subject."""

    def items(self) -> list[str]:
        subjects = Subject.objects.values_list("slug", flat=True)
        search = reverse("instructors:search")
        return [reverse("instructors:home"), search, *(f"{search}?subject={slug}" for slug in subjects)]

    def location(self, item: str) -> str:
        return item


class Instructors(Sitemap):
    """Everybody who can be booked, oldest first, so that the pages of the map stay as they are."""

    limit = 10_000

    def items(self) -> QuerySet[Instructor]:
        return Instructor.objects.filter(status=Instructor.Status.LISTED).only("slug").order_by("pk")

    def location(self, item: Instructor) -> str:
        return page_url(item.slug)


SITEMAPS = {"pages": FirstPages, "instructors": Instructors}
