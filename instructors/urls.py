from django.urls import path

from instructors.views import hours, office, public, search

app_name = "instructors"
urlpatterns = [
    path("", search.home, name="home"),
    path("search", search.search, name="search"),
    path("@<slug:slug>", public.page, name="profile"),
    path("instructors/<int:instructor_id>", public.by_id, name="by_id"),
    path("office/start", office.start, name="office_start"),
    path("office/profile", office.edit_profile, name="office_profile"),
    path("office/offerings", office.offerings, name="office_offerings"),
    path("office/offerings/new", office.edit_offering, name="office_offering_new"),
    path("office/offerings/<int:offering_id>", office.edit_offering, name="office_offering"),
    path("office/offerings/<int:offering_id>/toggle", office.toggle_offering, name="office_offering_toggle"),
    path("office/hours", hours.week, name="office_hours"),
    path("office/dates", hours.dates, name="office_dates"),
    path("office/dates/<str:day>/remove", hours.remove_date, name="office_date_remove"),
    path("office/time-off", hours.time_off, name="office_time_off"),
    path("office/time-off/<int:block_id>/remove", hours.remove_time_off, name="office_time_off_remove"),
]
