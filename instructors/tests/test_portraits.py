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


def frames(kind: str) -> bytes:
    """Two pictures that take turns."""
    kept = io.BytesIO()
    first, second = (Image.new("RGB", (300, 300), colour) for colour in ("teal", "white"))
    first.save(kept, kind, save_all=True, append_images=[second])
    return kept.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a photograph we can read"),
        (b"%PDF-1.7", "not a photograph we can read"),
        (b"\xff\xd8\xff\xe0 cut off", "not a photograph we can read|cut off or broken"),
        (photograph().read()[:4000], "cut off or broken"),
        (photograph(kind="PNG").read()[:2000], "cut off or broken"),
        (frames("GIF"), "moves"),
        (frames("WEBP"), "moves"),
        (frames("PNG"), "moves"),
        (b"\x00\x00\x00\x24ftypheic" + b"\x00" * 40, "HEIC"),
        (b"\x00\x00\x00\x24ftypmif1" + b"\x00" * 40, "HEIC"),
        (photograph(100, 800).read(), "too small: 100 by 800"),
    ],
)
def test_what_cannot_be_a_portrait_is_refused_in_words(content: bytes, words: str):
    with pytest.raises(Invalid, match=words) as refusal:
        portraits.made(io.BytesIO(content))
    assert list(refusal.value.fields) == ["photo"]


def test_a_file_of_too_many_bytes_is_refused_unread(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(portraits, "MOST_BYTES", 2 * 1024 * 1024)
    with pytest.raises(Invalid, match=r"has 3 MB; a photograph may have 2\."):
        portraits.made(io.BytesIO(b"\xff" * 3 * 1024 * 1024))


def test_what_shines_through_becomes_white():
    clear = io.BytesIO()
    Image.new("RGBA", (300, 300), (0, 0, 0, 0)).save(clear, "PNG")
    with Image.open(portraits.made(io.BytesIO(clear.getvalue()))) as made:
        assert made.getpixel((100, 100)) == (255, 255, 255)


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
