from django.urls import path

from bookings.views import checkout, lesson, move, teaching

app_name = "bookings"
urlpatterns = [
    path("hold", checkout.hold, name="hold"),
    path("bookings/<uuid:booking_id>/confirm", checkout.confirm, name="confirm"),
    path("bookings/<uuid:booking_id>/extend", checkout.extend, name="extend"),
    path("bookings/<uuid:booking_id>/release", checkout.release, name="release"),
    path("bookings/<uuid:booking_id>/booked", checkout.booked, name="booked"),
    path("lessons", lesson.lessons, name="lessons"),
    path("lessons/<uuid:booking_id>", lesson.lesson, name="lesson"),
    path("lessons/<uuid:booking_id>.ics", lesson.calendar_file, name="lesson_ics"),
    path("lessons/<uuid:booking_id>/cancel", lesson.cancel, name="cancel"),
    path("lessons/<uuid:booking_id>/reschedule", move.reschedule, name="reschedule"),
    path("lessons/<uuid:booking_id>/complete", lesson.complete, name="complete"),
    path("lessons/<uuid:booking_id>/no-show", lesson.no_show, name="no_show"),
    path("teaching/", teaching.today, name="today"),
    path("teaching/week", teaching.week, name="week"),
]
