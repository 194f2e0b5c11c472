"""What is kept of a photograph: a small square, and nothing of where it was taken."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from bookings.tests.cast import Cast
from instainstru.lib.errors import Invalid
from instructors.models import Place
from instructors.services import portraits

GPS = 0x8825
MAKE = 0x010F


def photograph(width: int = 900, height: int = 600, kind: str = "JPEG") -> io.BytesIO:
    image = Image.new("RGB", (width, height), "teal")
    facts = Image.Exif()
    facts[MAKE] = "A camera"
    facts[GPS] = {1: "N", 2: (40.0, 44.0, 30.0)}
    kept = io.BytesIO()
    image.save(kept, kind, exif=facts)
    kept.seek(0)
    return kept


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_portrait_is_a_square_without_metadata(kind: str):
    assert Image.open(photograph(kind=kind)).getexif()[MAKE] == "A camera"
    with Image.open(portraits.made(photograph(kind=kind))) as made:
        assert (made.format, made.size) == ("JPEG", (512, 512))
        assert dict(made.getexif()) == {}


@pytest.mark.parametrize(
    "content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b"\xff\xd8\xff\xe0 cut off"]
)
def test_what_is_no_photograph_is_refused(content: bytes):
    with pytest.raises(Invalid, match="JPEG, PNG or WebP"):
        portraits.made(io.BytesIO(content))


def test_a_photograph_of_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(portraits, "MOST_PIXELS", 1000)
    with pytest.raises(Invalid, match="too large"):
        portraits.made(photograph())


@pytest.mark.django_db(transaction=True)
def test_a_new_portrait_replaces_the_old_and_is_shown(
    client: Client, cast: Cast, settings: Any, tmp_path: Path
):
    settings.MEDIA_ROOT = tmp_path
    ana = cast.piano.instructor
    ana.place = Place.objects.first() or Place.objects.create(
        slug="x", name="X", kind="zip", latitude=40, longitude=-74, radius_km=1
    )
    ana.save()
    client.force_login(cast.ana)
    facts = {
        "headline": "Piano", "bio": "Twenty years of scales.", "place": ana.place.name, "slug": "ana-a",
        "time_zone": "America/New_York", "cancellation_preset": "standard",
    }  # fmt: skip
    for _ in range(2):
        upload = SimpleUploadedFile("me.jpg", photograph().read(), "image/jpeg")
        page = client.post(reverse("instructors:office_profile"), {**facts, "photo": upload})
        assert page.status_code == 302
    kept = list(tmp_path.rglob("*.jpg"))
    assert len(kept) == 1
    assert f"/media/portraits/{kept[0].name}".encode() in client.get("/@ana-a").content
    client.post(reverse("instructors:office_profile"), facts)
    assert list(tmp_path.rglob("*.jpg")) == kept
    client.post(reverse("instructors:office_profile"), {**facts, "photo-clear": "on"})
    assert list(tmp_path.rglob("*.jpg")) == []
    wrong = SimpleUploadedFile("me.jpg", b"<script>", "image/jpeg")
    page = client.post(reverse("instructors:office_profile"), {**facts, "photo": wrong})
    assert page.status_code == 422
    assert "photo" in page.context["form"].errors
