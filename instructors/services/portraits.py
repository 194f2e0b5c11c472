"""Portraits as they are kept: small, square, and without what the camera wrote into them."""

from __future__ import annotations

import io
import uuid
from typing import IO, Any

from django.core.files.base import ContentFile
from PIL import Image, ImageOps, UnidentifiedImageError

from instainstru.lib.errors import Invalid

SIDE = 512
# A face needs some; below this nobody is recognised in the large portrait.
LEAST_SIDE = 160
MOST_BYTES = 15 * 1024 * 1024
# Larger ones are refused before they are unpacked: a few kilobytes can hold gigabytes.
MOST_PIXELS = 50_000_000
KINDS = ("JPEG", "PNG", "WEBP")
WRONG = "That is not a photograph we can read. Upload one as JPEG, PNG or WebP."
BROKEN = "That file is cut off or broken. Choose the photograph again, or save it anew as JPEG, PNG or WebP."
ANIMATED = "That picture moves. Upload a still photograph as JPEG, PNG or WebP."
HEIC = (
    "That is a HEIC file, which browsers cannot show. Export the photograph as JPEG; on an iPhone, "
    "Settings, Camera, Formats, Most Compatible makes it take new ones as JPEG."
)
# The brands of the high efficiency format in the first box of its files.
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevx", b"mif1", b"msf1")


def made(upload: IO[bytes]) -> ContentFile:
    """A new JPEG of the upload's middle; its metadata, which may say where it was taken, stays behind.

    Refuses in words, at the field ``photo``: too large, too small, animated, broken, or no photograph.
    """
    _check_head(upload)
    try:
        with Image.open(upload, formats=KINDS) as image:
            _check(image)
            # draft() reads a large JPEG at a fraction of its size already.
            image.draft("RGB", (SIDE * 2, SIDE * 2))
            upright = ImageOps.exif_transpose(image)
            square = ImageOps.fit(_opaque(upright), (SIDE, SIDE))
    except UnidentifiedImageError:
        raise _refusal(WRONG) from None
    except Image.DecompressionBombError:
        raise _refusal(_too_many_pixels()) from None
    except (OSError, ValueError, SyntaxError):
        raise _refusal(BROKEN) from None
    kept = io.BytesIO()
    square.save(kept, "JPEG", quality=85, optimize=True)
    return ContentFile(kept.getvalue(), name=f"{uuid.uuid4().hex}.jpg")


def _check_head(upload: IO[bytes]) -> None:
    """What can be told without understanding the picture; leaves the file at its beginning."""
    size = upload.seek(0, io.SEEK_END)
    upload.seek(0)
    if not size:
        raise _refusal("That file is empty. Choose a photograph as JPEG, PNG or WebP.")
    if size > MOST_BYTES:
        raise _refusal(
            f"That file has {size / 1024 / 1024:.0f} MB; a photograph may have {MOST_BYTES // 1024 // 1024}. "
            "Make it smaller, or send it to yourself in a smaller size first."
        )
    head = upload.read(12)
    upload.seek(0)
    if head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS:
        raise _refusal(HEIC)
    if head[:4] == b"GIF8":
        raise _refusal(ANIMATED)


def _check(image: Any) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise _refusal(_too_many_pixels())
    if getattr(image, "is_animated", False):
        raise _refusal(ANIMATED)
    if min(image.width, image.height) < LEAST_SIDE:
        raise _refusal(
            f"That photograph is too small: {image.width} by {image.height} pixels. "
            f"It needs {LEAST_SIDE} on its shorter side."
        )


def _too_many_pixels() -> str:
    return (
        "That photograph is too large. Make it smaller than "
        f"{MOST_PIXELS // 1_000_000} megapixels and upload it again."
    )


def _opaque(image: Image.Image) -> Image.Image:
    """What shines through is white, not the black that dropping transparency leaves."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")


def _refusal(text: str) -> Invalid:
    return Invalid(text, field="photo")
