from django.urls import path

from instructors.views import calendars, hours, listing, office, public, search, share, week

app_name = "instructors"
urlpatterns = [
    path("", search.home, name="home"),
    path("search", search.search, name="search"),
    path("@<slug:slug>", public.page, name="profile"),
    path("@<slug:slug>/qr.svg", share.qr_svg, name="qr_svg"),
    path("@<slug:slug>/qr.png", share.qr_png, name="qr_png"),
    path("instructors/<int:instructor_id>", public.by_id, name="by_id"),
    path("office/start", office.start, name="office_start"),
    path("office/profile", office.edit_profile, name="office_profile"),
    path("office/page", share.your_page, name="your_page"),
    path("office/listing", listing.overview, name="listing"),
    path("office/listing/about", listing.about, name="listing_about"),
    path("office/listing/photo", listing.photo, name="listing_photo"),
    path("office/listing/lessons", listing.lessons, name="listing_lessons"),
    path("office/listing/places", listing.places, name="listing_places"),
    path("office/listing/hours", listing.hours, name="listing_hours"),
    path("office/listing/submit", listing.submit, name="listing_submit"),
    path("office/listing/withdraw", listing.withdraw, name="listing_withdraw"),
    path("office/listing/press", listing.press, name="listing_press"),
    path("office/offerings", office.offerings, name="office_offerings"),
    path("office/offerings/new", office.edit_offering, name="office_offering_new"),
    path("office/offerings/<int:offering_id>", office.edit_offering, name="office_offering"),
    path("office/offerings/<int:offering_id>/toggle", office.toggle_offering, name="office_offering_toggle"),
    path("office/hours", week.pattern, name="office_hours"),
    path("office/week", week.week, name="office_week"),
    path("office/week/<str:day>", week.week, name="office_week_of"),
    path("office/dates", hours.dates, name="office_dates"),
    path("office/dates/<str:day>/remove", hours.remove_date, name="office_date_remove"),
    path("office/time-off", hours.time_off, name="office_time_off"),
    path("office/time-off/<int:block_id>/remove", hours.remove_time_off, name="office_time_off_remove"),
    path("office/calendars", calendars.calendars, name="office_calendars"),
    path("office/calendars/<int:calendar_id>/check", calendars.check, name="office_calendar_check"),
    path("office/calendars/<int:calendar_id>/remove", calendars.remove, name="office_calendar_remove"),
]
