from django.urls import path

from bookings.views import cards, checkout, feed, host, identity, lesson, move, requests, stripe, teaching

app_name = "bookings"
urlpatterns = [
    path("hold", checkout.hold, name="hold"),
    path("bookings/<uuid:booking_id>/confirm", checkout.confirm, name="confirm"),
    path("bookings/<uuid:booking_id>/bank", checkout.bank, name="bank"),
    path("bookings/<uuid:booking_id>/identify", identity.identify, name="identify"),
    path("bookings/<uuid:booking_id>/verify", identity.verify_code, name="verify_code"),
    path("bookings/<uuid:booking_id>/resend", identity.resend_code, name="resend_code"),
    path("bookings/<uuid:booking_id>/address", identity.change_address, name="change_address"),
    path("bookings/<uuid:booking_id>/extend", checkout.extend, name="extend"),
    path("bookings/<uuid:booking_id>/release", checkout.release, name="release"),
    path("bookings/<uuid:booking_id>/booked", checkout.booked, name="booked"),
    path("calendar/<str:token>.ics", feed.calendar, name="feed"),
    path("lessons", lesson.lessons, name="lessons"),
    path("lessons/<uuid:booking_id>", lesson.lesson, name="lesson"),
    path("lessons/<uuid:booking_id>.ics", lesson.calendar_file, name="lesson_ics"),
    path("lessons/<uuid:booking_id>/cancel", lesson.cancel, name="cancel"),
    path("lessons/<uuid:booking_id>/pay", cards.pay, name="pay"),
    path("lessons/<uuid:booking_id>/pay/bank", cards.pay_bank, name="pay_bank"),
    path("lessons/<uuid:booking_id>/reschedule", move.reschedule, name="reschedule"),
    path("lessons/<uuid:booking_id>/requests/<uuid:request_id>", requests.answer, name="answer_request"),
    path(
        "lessons/<uuid:booking_id>/requests/<uuid:request_id>/withdraw",
        requests.withdraw,
        name="withdraw_request",
    ),
    path("lessons/<uuid:booking_id>/complete", lesson.complete, name="complete"),
    path("lessons/<uuid:booking_id>/no-show", lesson.no_show, name="no_show"),
    path("payment-methods", cards.cards, name="cards"),
    path("payment-methods/begin", cards.begin, name="begin_card"),
    path("payment-methods/<int:card_id>/remove", cards.remove, name="remove_card"),
    path("stripe/webhook", stripe.webhook, name="stripe_webhook"),
    path("teaching/", teaching.today, name="today"),
    path("teaching/week", teaching.week, name="week"),
    path("teaching/why", host.explain, name="why"),
    path("teaching/book", host.book, name="host"),
]
