"""What search engines ask for."""

from __future__ import annotations

import pytest
from django.test import Client

from bookings.tests.cast import Cast
from bookings.tests.factories import InstructorFactory

pytestmark = pytest.mark.django_db


def test_robots_are_told_where_the_map_is(client: Client):
    answer = client.get("/robots.txt")
    assert answer["Content-Type"].startswith("text/plain")
    assert b"Sitemap: http://testserver/sitemap.xml" in answer.content
    assert b"Disallow: /office/" in answer.content


def test_the_map_names_everybody_who_is_listed_and_nobody_else(client: Client, cast: Cast):
    InstructorFactory(slug="hidden", status="draft")
    index = client.get("/sitemap.xml")
    assert b"http://testserver/sitemap-instructors.xml" in index.content
    people = client.get("/sitemap-instructors.xml").content
    assert b"<loc>http://testserver/@ana-a</loc>" in people
    assert b"hidden" not in people
    assert b"<loc>http://testserver/search?subject=piano</loc>" in client.get("/sitemap-pages.xml").content


def test_pages_say_what_they_are(client: Client, cast: Cast):
    narrow = client.get("/search?q=piano+online+under+$90").content
    assert b'<link rel="canonical" href="http://testserver/search?subject=piano">' in narrow
    page = client.get("/@ana-a?duration=30").content
    assert b'<link rel="canonical" href="http://testserver/@ana-a">' in page
    assert b"<title>Ana A., Piano" in page
    assert b'<meta name="description" content="Book a lesson with Ana A.' in page
