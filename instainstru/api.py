"""The composition root of the REST API, version 1: every address under `/api/v1/`."""

from django.urls import path

from bookings.api import lessons, taking
from instructors.api import times

urlpatterns = [
    path("instructors/<str:instructor>/openings", times.InstructorOpenings.as_view()),
    path("holds", taking.Holds.as_view()),
    path("holds/<uuid:hold_id>", taking.Hold.as_view()),
    path("holds/<uuid:hold_id>/extend", taking.ExtendHold.as_view()),
    path("bookings", lessons.Bookings.as_view()),
    path("bookings/<uuid:booking_id>", lessons.Booking.as_view()),
]
