"""The composition root of the REST API, version 1: every address under `/api/v1/`."""

from django.urls import path

from bookings.api import changes, lessons, no_shows, requests, taking
from instainstru.lib import documents
from instructors.api import directory, explain, hours, legacy, limits, me, search, times, weeks
from students import api as students

urlpatterns = [
    path("openings", search.Openings.as_view()),
    path("instructors/<str:instructor>/openings", times.InstructorOpenings.as_view()),
    path("bookings", lessons.Bookings.as_view()),
    path("schema", documents.schema, name="api_schema"),
    path("docs", documents.docs, name="api_docs"),
    path("categories", directory.Categories.as_view()),
    path("subjects", directory.Subjects.as_view()),
    path("instructors", directory.Instructors.as_view()),
    path("instructors/me", me.Me.as_view()),
    path("instructors/me/hours", hours.Hours.as_view()),
    path("instructors/me/week/<str:day>", hours.Week.as_view()),
    path("instructors/me/availability/operations", legacy.Operations.as_view()),
    path("instructors/me/week/<str:day>/copy", weeks.CopyWeek.as_view()),
    path("instructors/me/week/<str:day>/apply", weeks.ApplyWeek.as_view()),
    path("instructors/me/limits", limits.OwnLimits.as_view()),
    path("instructors/me/explain", explain.Explain.as_view()),
    path("instructors/<str:instructor>", directory.OneInstructor.as_view()),
    path("holds", taking.Holds.as_view()),
    path("holds/<uuid:hold_id>", taking.Hold.as_view()),
    path("holds/<uuid:hold_id>/extend", taking.ExtendHold.as_view()),
    path("bookings/<uuid:booking_id>", lessons.Booking.as_view()),
    path("bookings/<uuid:booking_id>.ics", lessons.BookingCalendarFile.as_view()),
    path("bookings/<uuid:booking_id>/events", lessons.BookingEvents.as_view()),
    path("bookings/<uuid:booking_id>/cancel", changes.Cancel.as_view()),
    path("bookings/<uuid:booking_id>/reschedule", changes.Reschedule.as_view()),
    path("bookings/<uuid:booking_id>/move-requests", requests.MoveRequests.as_view()),
    path("bookings/<uuid:booking_id>/move-requests/<uuid:request_id>", requests.OneMoveRequest.as_view()),
    path("bookings/<uuid:booking_id>/move-requests/<uuid:request_id>/accept", requests.AcceptMove.as_view()),
    path(
        "bookings/<uuid:booking_id>/move-requests/<uuid:request_id>/decline", requests.DeclineMove.as_view()
    ),
    path("bookings/<uuid:booking_id>/complete", changes.Complete.as_view()),
    path("bookings/<uuid:booking_id>/no-show", changes.NoShow.as_view()),
    path("bookings/<uuid:booking_id>/no-show/agree", no_shows.AgreeNoShow.as_view()),
    path("bookings/<uuid:booking_id>/no-show/dispute", no_shows.DisputeNoShow.as_view()),
    path("students", students.Students.as_view()),
    path("students/<int:student_id>", students.OneStudent.as_view()),
]
