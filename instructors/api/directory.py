"""Who teaches, and what can be taught."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponse
from rest_framework.request import Request

from instainstru.accounts.models import Scope
from instainstru.lib.drf import ApiView, answer
from instainstru.lib.errors import NotFound
from instainstru.lib.fields import Parameters
from instainstru.lib.openapi import PAGING, call, page_of, parameter
from instainstru.lib.paging import MOST, page
from instructors.models import Category, Instructor, Subject
from instructors.serializers import (
    CardAnswer,
    CategoryAnswer,
    ProfileAnswer,
    SubjectAnswer,
    show_card,
    show_category,
    show_profile,
    show_subject,
)
from instructors.services import profile

CURSOR = ("cursor", "limit")


class CatalogueView(ApiView):
    required_scopes = {"GET": Scope.OPENINGS_READ}


class Instructors(CatalogueView):
    @call(
        "Everybody who teaches here, the newest first",
        tag="Catalogue",
        name="list_instructors",
        answers=page_of(CardAnswer, "InstructorPage"),
        refusals={422: "A parameter at fault."},
        parameters=[parameter("subject", "Only those who teach it (slug)."), *PAGING],
    )
    def get(self, request: Request) -> HttpResponse:
        wishes = Parameters(request.GET, known=("subject", *CURSOR))
        subject = wishes.text("subject", longest=50)
        wishes.check()
        rows = profile.listed()
        if subject:
            rows = rows.filter(offerings__subject__slug=subject, offerings__is_listed=True)
        return answer(page(rows, request=request, order=["-id"]).as_json(_card))


class OneInstructor(CatalogueView):
    @call(
        "One instructor, by number or slug",
        tag="Catalogue",
        name="get_instructor",
        answers=ProfileAnswer,
        refusals={404: "No such instructor.", 422: "It takes no parameters."},
    )
    def get(self, request: Request, instructor: str) -> HttpResponse:
        Parameters(request.GET, known=()).check()
        found = profile.listed().filter(profile.named(instructor)).first()
        if found is None:
            raise NotFound
        photo = request.build_absolute_uri(found.photo.url) if found.photo else None
        return answer(show_profile(found, found.offerings.all(), photo=photo))


def _card(instructor: Instructor) -> dict[str, Any]:
    return show_card(instructor, instructor.offerings.all())


class Subjects(CatalogueView):
    @call(
        "What can be taught",
        tag="Catalogue",
        name="list_subjects",
        answers=page_of(SubjectAnswer, "SubjectPage"),
        refusals={422: "A parameter at fault."},
        parameters=[parameter("category", "Only those of it (slug)."), *PAGING],
    )
    def get(self, request: Request) -> HttpResponse:
        wishes = Parameters(request.GET, known=("category", *CURSOR))
        category = wishes.text("category", longest=50)
        wishes.check()
        rows = Subject.objects.select_related("category").prefetch_related("aliases")
        if category:
            rows = rows.filter(category__slug=category)
        return answer(page(rows, request=request, order=["slug"], usual=MOST).as_json(show_subject))


class Categories(CatalogueView):
    @call(
        "Subjects by category",
        tag="Catalogue",
        name="list_categories",
        answers=page_of(CategoryAnswer, "CategoryPage"),
        refusals={422: "A parameter at fault."},
        parameters=PAGING,
    )
    def get(self, request: Request) -> HttpResponse:
        Parameters(request.GET, known=CURSOR).check()
        rows = Category.objects.prefetch_related(
            Prefetch("subjects", Subject.objects.order_by("position", "slug"))
        )
        return answer(page(rows, request=request, order=["slug"], usual=MOST).as_json(show_category))
