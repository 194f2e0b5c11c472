from django.urls import path

from students.views import favourites

app_name = "students"
urlpatterns = [
    path("favourites", favourites.index, name="favourites"),
    path("favourites/<slug:slug>", favourites.change, name="favourite"),
]
