"""Previews of images. The files were written by Pillow; each has 7 × 5 pixels."""

from __future__ import annotations

from base64 import b64decode

import pytest

from launchpad_tui.domain.formats import Preview, preview

IMAGES = {
    "PNG, RGB": (
        "iVBORw0KGgoAAAANSUhEUgAAAAcAAAAFCAIAAAAG+GGPAAAADElEQVR4nGNgoCcAAABuAAFIXXpjAAAAAElFTkSuQmCC",
        "RGB, 8 bits",
    ),
    "PNG, gray": (
        "iVBORw0KGgoAAAANSUhEUgAAAAcAAAAFCAQAAAAjkz5TAAAADElEQVR4nGNgoBoAAABLAAG/bzr6AAAAAElFTkSuQmCC",
        "grayscale with alpha, 8 bits",
    ),
    "GIF": ("R0lGODdhBwAFAIAAAAAAAAAAACwAAAAABwAFAAAIDAABCBxIsKDBgwcDAgA7", "palette"),
    "WebP": (
        "UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoHAAUADMDOJaQAA3AA/uxnAAA=",
        "color",
    ),
    "WebP, lossless": ("UklGRhoAAABXRUJQVlA4TA4AAAAvBgABAAcQEf0PRET/Aw==", "lossless"),
    "WebP, transparent": (
        "UklGRhoAAABXRUJQVlA4TA0AAAAvBgABEAcQERGIiP4HAA==",
        "lossless with alpha",
    ),
    "WebP, extended": (
        "UklGRmAAAABXRUJQVlA4WAoAAAAYAAAABgAABAAAQUxQSA8AAAABB0AgaYu3/RERR0T0PwAAVlA4IBgAAAAwAQCdASoH"
        "AAUADMDOJaQAA3AA/uwdgABFWElGCgAAAElJKgAIAAAAAAA=",
        "color with alpha",
    ),
    "JPEG, progressive": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////"
        "////////////////////////////wgALCAAFAAcBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAv/aAAgBAQAAAAE//8QA"
        "FBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABBQJ//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQAGPwJ//8QAFBAB"
        "AAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPyF//9oACAEBAAAAEH//xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAE/"
        "EH//2Q==",
        "grayscale, 8 bits",
    ),
}


def preview_of(content: bytes, size: int | None = None) -> Preview:
    whole = len(content) if size is None else size
    return preview("picture", whole, lambda offset, length: content[offset : offset + length])


@pytest.mark.parametrize("name", IMAGES)
def test_size_and_colors_of_an_image(name: str) -> None:
    text, colors = IMAGES[name]
    content = b64decode(text)
    found = preview_of(content)
    assert found.kind == "image"
    assert found.title == f"{name.partition(',')[0]} image"
    assert ("Pixels", "7 × 5") in found.facts
    assert ("Colors", colors) in found.facts


@pytest.mark.parametrize("name", IMAGES)
def test_damaged_images_are_described(name: str) -> None:
    content = b64decode(IMAGES[name][0])
    for end in range(9, len(content)):
        found = preview_of(content[:end])
        shown = dict(found.facts)
        # A size is shown only if it was read completely.
        assert shown.get("Pixels", "7 × 5") == "7 × 5"
        assert "Pixels" in shown or found.note or found.kind == "binary"
    assert "Pixels" not in dict(preview_of(content[:9]).facts)


def test_a_jpeg_image_without_end_is_read_only_in_part() -> None:
    reads = []

    def read(offset: int, length: int) -> bytes:
        reads.append(length)
        return b"\xff" * length if offset else b"\xff\xd8" + b"\xff" * (length - 2)

    found = preview("endless.jpg", 1 << 40, read)
    assert "invalid" in found.note
    assert len(reads) < 100
