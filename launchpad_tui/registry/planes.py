"""Numbers of eight bytes as planes: first the lowest byte of every number, then the second lowest,
and so on, because bytes of the same significance are similar."""

from __future__ import annotations

from array import array
from operator import sub
from typing import Any

from launchpad_tui.registry import chunk

_BYTES = 8


def split(data: bytes) -> bytes:
    """Return the bytes of numbers as planes."""
    return b"".join([data[k::_BYTES] for k in range(_BYTES)])


def numbers(code: str, planes: bytes) -> array[Any]:
    """Return the array of numbers that `split` has divided into planes. Raises ValueError."""
    count, rest = divmod(len(planes), _BYTES)
    if rest:
        raise ValueError("a pack of series is incomplete")
    data = bytearray(len(planes))
    for k in range(_BYTES):
        data[k::_BYTES] = planes[k * count : (k + 1) * count]
    return chunk.decoded(code, bytes(data))


def differences(of: array[int]) -> array[int]:
    """Return the first number and the differences. Raises OverflowError."""
    return array("q", [*of[:1], *map(sub, of[1:], of)])
