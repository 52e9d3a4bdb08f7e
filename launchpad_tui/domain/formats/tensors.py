"""Previews of tensor files: safetensors, GGUF and NumPy's .npy. Only headers are read."""

from __future__ import annotations

import ast
import json
import math
import struct
from collections.abc import Mapping

from launchpad_tui.domain.formats.base import (
    PIECE,
    ROWS,
    Malformed,
    Preview,
    Source,
    bytes_text,
    shape_text,
    short,
    shown_note,
)

#: the bits of an element by the name of its type in https://github.com/huggingface/safetensors
_BITS = {
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "F64": 64,
    "I64": 64,
    "U64": 64,
    "C64": 64,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
}
_COLUMNS = ("Tensor", "Type", "Shape", "Bytes")


def safetensors_preview(source: Source) -> Preview | None:
    """Preview a safetensors file: eight bytes of length, a JSON header, then the data.

    https://github.com/huggingface/safetensors#format
    """
    if (
        len(source.head) < 9
        or source.head[8:9] != b"{"
        or not (source.ending((".safetensors",)) or source.head[8:10] in {b'{"', b"{ ", b"{}"})
    ):
        return None
    (length,) = struct.unpack("<Q", source.head[:8])
    if length > source.size - 8:
        if not source.ending((".safetensors",)):
            return None
        raise Malformed(
            f"The header has {length:,} bytes, more than the file: it is truncated, or not "
            "a safetensors file."
        )
    if length > PIECE:
        raise Malformed(f"The header of {length:,} bytes is too large to read.")
    try:
        header = json.loads(source.exactly(8, length))
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The header cannot be read: {short(str(error), 120)}.") from error
    if not isinstance(header, dict):
        raise Malformed("The header is not a JSON object.")
    metadata = header.pop("__metadata__", {})
    rows, numbers, end, problem = [], 0, 0, ""
    types: dict[str, int] = {}
    for name, entry in header.items():
        try:
            kind, shape = str(entry["dtype"]), [int(each) for each in entry["shape"]]
            first, last = (int(each) for each in entry["data_offsets"])
        except (TypeError, KeyError, ValueError, OverflowError):
            problem = problem or f"The entry of {short(name, 80)} is not valid."
            continue
        count = _product(shape)
        numbers += count
        end = max(end, last)
        types[kind] = types.get(kind, 0) + count
        if kind in _BITS and last - first != (count * _BITS[kind] + 7) // 8:
            problem = problem or f"The size of {short(name, 80)} does not match its shape."
        rows.append((short(name), kind, shape_text(shape), f"{last - first:,}"))
    if 8 + length + end != source.size:
        problem = problem or (
            f"The file should have {8 + length + end:,} bytes, but has {source.size:,}."
        )
    facts = [
        ("Size", bytes_text(source.size)),
        ("Tensors", f"{len(rows):,}"),
        ("Parameters", f"{numbers:,}"),
    ]
    facts += (
        [("Types", ", ".join(f"{kind} {count:,}" for kind, count in sorted(types.items())))]
        if types
        else []
    )
    if isinstance(metadata, Mapping):
        facts += [
            (short(str(key), 40), short(str(value), 200))
            for key, value in list(metadata.items())[:20]
        ]
    note = problem or shown_note(ROWS, len(rows), "tensors")
    return Preview(
        "safetensors", "Safetensors", tuple(facts), _COLUMNS, tuple(rows[:ROWS]), note=note
    )


def _product(shape: list[int]) -> int:
    if any(each < 0 for each in shape):
        raise Malformed("A shape has a negative dimension.")
    # Integers with thousands of digits are slow to multiply.
    return math.prod(shape) if sum(each.bit_length() for each in shape) < 256 else 0


#: struct formats of GGUF's value types by their numbers; 8 is a string, 9 an array
_GGUF = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_GGUF_TYPES = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    6: "Q5_0",
    7: "Q5_1",
    8: "Q8_0",
    9: "Q8_1",
    10: "Q2_K",
    11: "Q3_K",
    12: "Q4_K",
    13: "Q5_K",
    14: "Q6_K",
    15: "Q8_K",
    16: "IQ2_XXS",
    17: "IQ2_XS",
    18: "IQ3_XXS",
    19: "IQ1_S",
    20: "IQ4_NL",
    21: "IQ3_S",
    22: "IQ2_S",
    23: "IQ4_XS",
    24: "I8",
    25: "I16",
    26: "I32",
    27: "I64",
    28: "F64",
    29: "IQ1_M",
    30: "BF16",
    34: "TQ1_0",
    35: "TQ2_0",
    39: "MXFP4",
    40: "NVFP4",
}
#: the largest number of tensors of a GGUF file that are read
_GGUF_MOST = 5000


class _Cursor:
    """Reads a file from an offset on, a megabyte at a time."""

    def __init__(self, source: Source, at: int, order: str) -> None:
        self._source, self._start, self._order = source, at, order
        self._data = b""
        self._place = 0

    def take(self, length: int) -> bytes:
        if length > PIECE:
            raise Malformed(f"A part of {length:,} bytes is too large to read.")
        while len(self._data) - self._place < length:
            at = self._start + len(self._data)
            more = self._source.at(at, max(1 << 20, length)) if at < self._source.size else b""
            if not more:
                raise Malformed(f"The file is truncated at {at:,} bytes.")
            self._data += more
        self._place += length
        return self._data[self._place - length : self._place]

    def number(self, form: str) -> int:
        return int(struct.unpack(self._order + form, self.take(struct.calcsize(form)))[0])

    def text(self) -> str:
        return self.take(self.number("Q")).decode("utf-8", "replace")

    def value(self, kind: int, depth: int = 0) -> str:
        if kind == 8:
            return self.text()
        if kind == 9:
            inner, count = self.number("I"), self.number("Q")
            if depth > 4:
                raise Malformed("Its arrays are nested too deeply.")
            shown = []
            if inner in _GGUF:
                size = struct.calcsize(_GGUF[inner])
                data = self.take(size * count)
                shown = [
                    str(struct.unpack_from(self._order + _GGUF[inner], data, size * i)[0])
                    for i in range(min(count, 8))
                ]
            else:
                for place in range(count):
                    one = self.value(inner, depth + 1)
                    if place < 8:
                        shown.append(one)
            return f"[{', '.join(shown)}{', …' if count > 8 else ''}] ({count:,})"
        if kind not in _GGUF:
            raise Malformed(f"The type {kind} of a value is unknown.")
        (found,) = struct.unpack(self._order + _GGUF[kind], self.take(struct.calcsize(_GGUF[kind])))
        return str(found)


def gguf_preview(source: Source) -> Preview | None:
    """Preview a GGUF file.

    https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
    """
    if not source.head.startswith(b"GGUF") or len(source.head) < 24:
        return None
    order = "<" if source.head[4:6] != b"\0\0" else ">"
    (version,) = struct.unpack_from(f"{order}I", source.head, 4)
    facts = [("Size", bytes_text(source.size)), ("Version", str(version))]
    if version not in {2, 3}:
        return Preview("gguf", "GGUF", tuple(facts), note="This version is not supported.")
    tensors, pairs = struct.unpack_from(f"{order}QQ", source.head, 8)
    facts.append(("Tensors", f"{tensors:,}"))
    cursor, rows, numbers = _Cursor(source, 24, order), [], 0
    note = ""
    try:
        for _ in range(pairs):
            key, kind = cursor.text(), cursor.number("I")
            value = cursor.value(kind)
            if len(facts) < 80:
                facts.append((short(key, 60), short(value, 200)))
        for _ in range(min(tensors, _GGUF_MOST)):
            name, count = cursor.text(), cursor.number("I")
            if count > 8:
                raise Malformed(f"A tensor has {count:,} dimensions.")
            shape = [cursor.number("Q") for _ in range(count)]
            kind = cursor.number("I")
            cursor.number("Q")
            numbers += _product(shape)
            rows.append((short(name), _GGUF_TYPES.get(kind, str(kind)), shape_text(shape)))
        if tensors <= _GGUF_MOST:
            facts.insert(3, ("Parameters", f"{numbers:,}"))
    except Malformed as error:
        note = str(error)
    note = note or shown_note(ROWS, tensors, "tensors")
    return Preview("gguf", "GGUF", tuple(facts), _COLUMNS[:3], tuple(rows[:ROWS]), note=note)


def npy_facts(head: bytes) -> tuple[tuple[str, str], ...] | None:
    """Return type, shape and order of an array in NumPy's format; None if the data are not one.

    https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

    Raises:
        Malformed: the header is truncated or not valid.
    """
    if not head.startswith(b"\x93NUMPY") or len(head) < 12:
        return None
    wide = head[6] >= 2
    (length,) = struct.unpack_from("<I" if wide else "<H", head, 8)
    start = 12 if wide else 10
    if length > 65536 or start + length > len(head):
        raise Malformed("The header of the array is truncated or too long.")
    text = head[start : start + length].decode("latin-1").strip()
    try:
        header = ast.literal_eval(text)
        kind, shape, fortran = header["descr"], header["shape"], header["fortran_order"]
        count = _product([int(each) for each in shape])
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError) as error:
        raise Malformed("The header of the array is not valid.") from error
    found = [
        ("Type", short(str(kind), 200)),
        ("Shape", shape_text(list(shape))),
        ("Elements", f"{count:,}"),
    ]
    if "O" in str(kind):
        found.append(("Objects", "pickled: loading them can run any code"))
    return tuple(found + ([("Order", "column-major (Fortran)")] if fortran else []))


def npy_preview(source: Source) -> Preview | None:
    """Preview an array in NumPy's format."""
    facts = npy_facts(source.head)
    if facts is None:
        return None
    return Preview("npy", "NumPy array", (("Size", bytes_text(source.size)), *facts))
