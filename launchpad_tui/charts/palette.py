"""Slots: the color and marker of a series, the same on every screen and permanently.

A slot is a whole number. Colors repeat after eight slots with other markers, so that 64 series
differ in color or marker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

COLORS = 8
# No shape of a status, of the best value or of a direction: ●✓✗◌■◐ ★ ▲▼, in ASCII @+xo#~ * ^v.
_MARKERS = "◆✚►▬◇✱◄▮"
_ASCII_MARKERS = "%&$=MWHK"
#: colors of slots in 256-color terminals, distinguishable with color blindness (Okabe, Ito)
ANSI256 = (75, 215, 79, 175, 221, 141, 209, 145)
#: the same as RGB
RGB = ("#62b0f0", "#e8a33d", "#5cc9a0", "#e07bb0", "#f0d75c", "#a795f2", "#ee7d52", "#9fb0c3")


def marker(slot: int, *, ascii_only: bool = False) -> str:
    """Return the marker of a slot, one cell wide."""
    glyphs = _ASCII_MARKERS if ascii_only else _MARKERS
    return glyphs[(slot + slot // COLORS) % len(glyphs)]


def assign(ids: Sequence[str], taken: Mapping[str, int]) -> dict[str, int]:
    """Return the slots of IDs: those assigned before, or the lowest slot that none of them has.

    Args:
        ids: the IDs that are shown together.
        taken: slots assigned before.
    """
    found = {one: taken[one] for one in ids if one in taken}
    used = set(found.values())
    # IDs that were never shown together may have the same slot: the later one gets a new one.
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
