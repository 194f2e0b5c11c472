"""The caller's own profile, listed or not, and where it stands."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from instainstru.accounts.models import Scope
from instainstru.accounts.services import signed_in
from instainstru.lib.drf import ApiView, answer
from instainstru.lib.fields import Parameters
from instainstru.lib.openapi import call
from instructors.models import Offering
from instructors.serializers import OwnProfileAnswer, show_own_profile
from instructors.services import profile, standing


class Me(ApiView):
    required_scopes = {"GET": Scope.HOURS_READ}

    @call(
        "My profile, where it stands, and what is missing",
        tag="My hours",
        name="get_my_profile",
        answers=OwnProfileAnswer,
        refusals={404: "The caller does not teach here.", 422: "It takes no parameters."},
    )
    def get(self, request: Request) -> HttpResponse:
        Parameters(request.GET, known=()).check()
        instructor = profile.instructor_of(signed_in(request))
        offerings = Offering.objects.select_related("subject").filter(instructor=instructor, is_active=True)
        photo = request.build_absolute_uri(instructor.photo.url) if instructor.photo else None
        shown = show_own_profile(
            instructor, offerings.order_by("pk"), photo=photo, missing=standing.missing(instructor)
        )
        return answer(shown)
