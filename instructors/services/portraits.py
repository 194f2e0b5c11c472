"""Portraits as they are kept: small, square, and without what the camera wrote into them."""

from __future__ import annotations

import io
import uuid
from typing import IO

from django.core.files.base import ContentFile
from PIL import Image, ImageOps

from instainstru.lib.errors import Invalid

SIDE = 512
# Larger ones are refused before they are unpacked: a few kilobytes can hold gigabytes.
MOST_PIXELS = 50_000_000
KINDS = ("JPEG", "PNG", "WEBP")
WRONG = "Upload a photograph as JPEG, PNG or WebP."


def made(upload: IO[bytes]) -> ContentFile:
    """A new JPEG of the upload's middle; its metadata, which may say where it was taken, stays behind."""
    try:
        with Image.open(upload, formats=KINDS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Invalid(
                    "That photograph is too large. Make it smaller than 50 megapixels.", field="photo"
                )
            # draft() reads a large JPEG at a fraction of its size already.
            image.draft("RGB", (SIDE * 2, SIDE * 2))
            upright = ImageOps.exif_transpose(image)
            square = ImageOps.fit(upright.convert("RGB"), (SIDE, SIDE))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Invalid(WRONG, field="photo") from None
    kept = io.BytesIO()
    square.save(kept, "JPEG", quality=85, optimize=True)
    return ContentFile(kept.getvalue(), name=f"{uuid.uuid4().hex}.jpg")
