"""Slots: which colour and marker a series has, the same everywhere and for ever.

A slot is a whole number. Colours come again after eight, markers are shifted then, so that 64 series differ in one of
the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

COLOURS = 8
_MARKERS = "●■▲◆▼★✚✖"
_ASCII_MARKERS = "o#^*v+%x"
#: the colours of slots in 256-colour terminals, told apart by people who see colours differently (after Okabe and Ito)
ANSI256 = (75, 215, 79, 175, 221, 141, 209, 145)
#: the same as RGB
RGB = ("#62b0f0", "#e8a33d", "#5cc9a0", "#e07bb0", "#f0d75c", "#a795f2", "#ee7d52", "#9fb0c3")


def marker(slot: int, *, ascii_only: bool = False) -> str:
    """The marker of a slot, one cell wide."""
    glyphs = _ASCII_MARKERS if ascii_only else _MARKERS
    return glyphs[(slot + slot // COLOURS) % len(glyphs)]


def assign(ids: Sequence[str], taken: Mapping[str, int]) -> dict[str, int]:
    """Slots for these IDs: those they have in ``taken``, for the others the lowest that none of these IDs has.

    Args:
        ids: what is shown together.
        taken: slots given before.
    """
    found = {one: taken[one] for one in ids if one in taken}
    used = set(found.values())
    # Two that were never seen together may have one slot: the later one gives way.
    seen: set[int] = set()
    for one in ids:
        if one in found:
            if found[one] in seen:
                used.discard(-1)
                del found[one]
            else:
                seen.add(found[one])
    used = set(found.values())
    free = 0
    for one in ids:
        if one not in found:
            while free in used:
                free += 1
            found[one] = free
            used.add(free)
    return found
