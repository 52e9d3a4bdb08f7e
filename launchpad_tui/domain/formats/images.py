"""Previews of images, of which only the header is read: format, size in pixels, colors."""

from __future__ import annotations

import struct
from typing import NamedTuple

from launchpad_tui.domain.formats.base import Malformed, Preview, Source, bytes_text

_PNG = b"\x89PNG\r\n\x1a\n"
#: the color types of PNG, https://www.w3.org/TR/png-3/#11IHDR
_PNG_COLORS = {
    0: "grayscale",
    2: "RGB",
    3: "palette",
    4: "grayscale with alpha",
    6: "RGB with alpha",
}
#: the number of components of JPEG images
_JPEG_COLORS = {1: "grayscale", 3: "color", 4: "CMYK"}
#: the markers of JPEG that begin a frame header, ITU-T T.81, table B.1: all from 0xC0 on, without
#: tables (DHT, DAC) and the reserved one (JPG)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: the markers of JPEG that have no length: restarts, start and end of the image
_BARE = frozenset(range(0xD0, 0xDA)) | {0x01}

#: the largest number of markers before the frame header that are read
_MOST_SEGMENTS = 100


class _Image(NamedTuple):
    """What the header of an image states."""

    format: str
    width: int
    height: int
    colors: str


def image_preview(source: Source) -> Preview | None:
    """Preview a PNG, JPEG, GIF or WebP image. Raises Malformed if its header is invalid."""
    head = source.head
    if head.startswith(_PNG):
        found = _png(source)
    elif head.startswith(b"\xff\xd8\xff"):
        found = _jpeg(source)
    elif head[:6] in {b"GIF87a", b"GIF89a"}:
        width, height = struct.unpack("<HH", source.exactly(6, 4))
        found = _Image("GIF", width, height, "palette")
    elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        found = _webp(source)
    else:
        return None
    facts = (
        ("Size", bytes_text(source.size)),
        ("Pixels", f"{found.width:,} × {found.height:,}"),
        ("Colors", found.colors),
    )
    return Preview("image", f"{found.format} image", facts, note="The image is not drawn.")


def _png(source: Source) -> _Image:
    name, width, height, depth, color = struct.unpack(">4sIIBB", source.exactly(12, 14))
    if name != b"IHDR" or color not in _PNG_COLORS:
        raise Malformed("The header of the PNG image is invalid.")
    return _Image("PNG", width, height, f"{_PNG_COLORS[color]}, {depth} bits")


def _jpeg(source: Source) -> _Image:
    """Read the segments up to the frame header, ITU-T T.81, section B.1."""
    position = 2
    # Each segment beyond the first bytes of the file is read by itself.
    for _ in range(_MOST_SEGMENTS):
        fill, marker = source.exactly(position, 2)
        if fill != 0xFF:
            break
        if marker == 0xFF:
            # Markers may be preceded by any number of fill bytes.
            position += 1
        elif marker in _BARE:
            position += 2
        elif marker in _FRAMES:
            depth, height, width, count = struct.unpack(">BHHB", source.exactly(position + 4, 6))
            colors = _JPEG_COLORS.get(count, f"{count} components")
            return _Image("JPEG", width, height, f"{colors}, {depth} bits")
        else:
            (length,) = struct.unpack(">H", source.exactly(position + 2, 2))
            position += 2 + length
    raise Malformed("The segments of the JPEG image are invalid.")


def _webp(source: Source) -> _Image:
    """Read the first chunk, https://developers.google.com/speed/webp/docs/riff_container."""
    chunk = source.exactly(12, 4)
    if chunk == b"VP8X":
        flags, data = source.exactly(20, 1)[0], source.exactly(24, 6)
        width, height = (int.from_bytes(part, "little") + 1 for part in (data[:3], data[3:]))
        return _Image("WebP", width, height, "color with alpha" if flags & 0x10 else "color")
    if chunk == b"VP8L":
        bits = int.from_bytes(source.exactly(21, 4), "little")
        colors = "lossless with alpha" if bits >> 28 & 1 else "lossless"
        return _Image("WebP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, colors)
    if chunk == b"VP8 ":
        width, height = struct.unpack("<HH", source.exactly(26, 4))
        return _Image("WebP", width & 0x3FFF, height & 0x3FFF, "color")
    raise Malformed("The first chunk of the WebP image is unknown.")
