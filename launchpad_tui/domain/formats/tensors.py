"""Previews of tensor files: safetensors, GGUF and NumPy's .npy. Only headers are read."""

from __future__ import annotations

import ast
import json
import math
import re
import struct

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
        header = json.loads(source.exactly(8, length).decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The header cannot be read: {short(str(error), 120)}.") from error
    if not isinstance(header, dict):
        raise Malformed("The header is not a JSON object.")
    metadata = header.pop("__metadata__", None) or {}
    rows, numbers, problem = [], 0, ""
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        problem = "The metadata are not texts."
    types: dict[str, int] = {}
    places: list[tuple[int, int, str]] = []
    for name, entry in header.items():
        if not _is_entry(entry):
            problem = problem or f"The entry of {short(name, 80)} is not valid."
            continue
        kind, shape, (first, last) = entry["dtype"], entry["shape"], entry["data_offsets"]
        count = _product(shape)
        numbers += count
        places.append((first, last, name))
        types[kind] = types.get(kind, 0) + count
        problem = problem or _safetensors_problem(name, kind, count, first, last)
        rows.append((short(name), short(kind, 40), shape_text(shape), f"{last - first:,}"))
    problem = problem or _gaps(places, source.size - 8 - length)
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
    if isinstance(metadata, dict):
        facts += [
            (short(str(key), 40), short(str(value), 200))
            for key, value in list(metadata.items())[:20]
        ]
    note = problem or shown_note(ROWS, len(rows), "tensors")
    return Preview(
        "safetensors", "Safetensors", tuple(facts), _COLUMNS, tuple(rows[:ROWS]), note=note
    )


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _is_entry(entry: object) -> bool:
    """Return whether an entry has a type, a shape, and two offsets of data."""
    if not isinstance(entry, dict) or not isinstance(entry.get("dtype"), str):
        return False
    shape, offsets = entry.get("shape"), entry.get("data_offsets")
    return (
        isinstance(shape, list)
        and isinstance(offsets, list)
        and len(offsets) == 2
        and all(map(_is_size, [*shape, *offsets]))
    )


def _gaps(places: list[tuple[int, int, str]], size: int) -> str:
    """Return a problem if the data of the tensors do not fill the file; empty if they do."""
    end = 0
    for first, last, name in sorted(places):
        if first != end:
            return f"The data of {short(name, 80)} do not follow those before them."
        end = last
    if end != size:
        return f"The data should have {end:,} bytes, but have {size:,}."
    return ""


def _is_size(value: object) -> bool:
    """Return whether a value is an integer of 64 bits without a sign."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 64


def _safetensors_problem(name: str, kind: str, count: int, first: int, last: int) -> str:
    """Return why the library refuses an entry; empty if it accepts it."""
    if kind not in _BITS:
        return f"The type {short(kind, 40)} of {short(name, 80)} is unknown."
    if count * _BITS[kind] % 8:
        return f"The data of {short(name, 80)} do not end at a byte."
    if last - first != count * _BITS[kind] // 8:
        return f"The size of {short(name, 80)} does not match its shape."
    return ""


def _product(shape: list[int]) -> int:
    if any(each < 0 for each in shape):
        raise Malformed("A shape has a negative dimension.")
    # Integers with thousands of digits are slow to multiply.
    return math.prod(shape) if sum(each.bit_length() for each in shape) < 256 else 0


#: struct formats of GGUF's value types by their numbers; 8 is a string, 9 an array
_GGUF = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
#: name, number of elements of a block, and its bytes, by the number of the type
#: (https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/gguf/constants.py)
_GGUF_TYPES = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
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

    def tell(self) -> int:
        """Return the offset in the file."""
        return self._start + self._place

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
    note, alignment, ends = "", "32", list[tuple[int, str]]()
    problems: list[str] = []
    names: set[str] = set()
    try:
        for _ in range(pairs):
            key, kind = cursor.text(), cursor.number("I")
            value = cursor.value(kind)
            alignment = value if key == "general.alignment" else alignment
            if len(facts) < 80:
                facts.append((short(key, 60), short(value, 200)))
        for _ in range(min(tensors, _GGUF_MOST)):
            name, count = cursor.text(), cursor.number("I")
            if count > 8:
                raise Malformed(f"A tensor has {count:,} dimensions.")
            shape = [cursor.number("Q") for _ in range(count)]
            kind, offset = cursor.number("I"), cursor.number("Q")
            elements = _product(shape)
            numbers += elements
            if name in names:
                problems.append(f"There are two tensors {short(name, 80)}.")
            names.add(name)
            title, size = _gguf_size(kind, shape, elements)
            if size is None:
                problems.append(f"The type or the shape of {short(name, 80)} is not valid.")
            else:
                ends.append((offset + size, name))
            shown = "?" if size is None else f"{size:,}"
            rows.append((short(name), title, shape_text(shape), shown))
        if tensors <= _GGUF_MOST:
            facts.insert(3, ("Parameters", f"{numbers:,}"))
        else:
            problems.append(f"Only the first {_GGUF_MOST:,} tensors are analyzed.")
        problems += _gguf_truncation(source.size, cursor.tell(), alignment, ends)
    except Malformed as error:
        note = f"{error} The rest of the file is not analyzed."
    note = note or " ".join(problems[:3]) or shown_note(ROWS, tensors, "tensors")
    return Preview("gguf", "GGUF", tuple(facts), _COLUMNS, tuple(rows[:ROWS]), note=note)


def _gguf_size(kind: int, shape: list[int], elements: int) -> tuple[str, int | None]:
    """Return the name of a type and the bytes of a tensor; None if they are not valid."""
    if kind not in _GGUF_TYPES:
        return str(kind), None
    name, block, size = _GGUF_TYPES[kind]
    # A row consists of whole blocks.
    if (shape[0] if shape else 1) % block:
        return name, None
    return name, elements // block * size


def _gguf_truncation(
    size: int, header: int, alignment: str, ends: list[tuple[int, str]]
) -> list[str]:
    """Return a problem if the data of the tensors are not complete in the file."""
    if not alignment.isdecimal() or not 0 < int(alignment) < 1 << 32:
        return [f"The alignment {short(alignment, 20)} is not valid."]
    start = -(-header // int(alignment)) * int(alignment)
    end, name = max(ends, default=(0, ""))
    if start + end <= size or not ends:
        return []
    return [f"The file is truncated: the data of {short(name, 80)} end at {start + end:,} bytes."]


def npy_facts(head: bytes, size: int | None = None) -> tuple[tuple[str, str], ...] | None:
    """Return type, shape and order of an array in NumPy's format; None if the data are not one.

    https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

    Args:
        head: the first bytes.
        size: the number of bytes of the file, if it is checked.

    Raises:
        Malformed: the file is truncated, or its header not valid.
    """
    if not head.startswith(b"\x93NUMPY"):
        return None
    if len(head) < 12 or head[6:8] not in {b"\1\0", b"\2\0", b"\3\0"}:
        raise Malformed("The version of the array's format is unknown, or the file is truncated.")
    start = 12 if head[6] >= 2 else 10
    length = data_start(head) - start
    if length > 65536 or start + length > len(head):
        raise Malformed("The header of the array is truncated or too long.")
    try:
        text = head[start : start + length].decode("utf-8" if head[6] == 3 else "latin-1")
        # Python 2 wrote long integers with a suffix.
        header = ast.literal_eval(re.sub(r"(\d)L\b", r"\1", text.strip()))
        kind, shape, fortran = header["descr"], header["shape"], header["fortran_order"]
        if len(header) != 3 or not isinstance(shape, tuple) or not isinstance(fortran, bool):
            raise ValueError("not the keys of a header")
        if not all(map(_is_size, shape)):
            raise ValueError("not a shape")
        count = _product(list(shape))
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError) as error:
        raise Malformed("The header of the array is not valid.") from error
    bytes_each = _item_size(kind)
    if size is not None and bytes_each is not None and start + length + count * bytes_each > size:
        raise Malformed(
            f"The array is truncated: it has {start + length + count * bytes_each:,} bytes, the "
            f"file {size:,}."
        )
    found = [
        ("Type", short(str(kind), 200)),
        ("Shape", shape_text(list(shape))),
        ("Elements", f"{count:,}"),
    ]
    if bytes_each is None:
        found.append(("Objects", "pickled: loading them can run any code"))
    return tuple(found + ([("Order", "column-major (Fortran)")] if fortran else []))


def data_start(head: bytes) -> int:
    """Return the position of the data of an array in NumPy's format, whose first 12 bytes are
    given."""
    wide = head[6] >= 2
    (length,) = struct.unpack_from("<I" if wide else "<H", head, 8)
    return int(length) + (12 if wide else 10)


_ITEM = re.compile(r"[<>|=]?([?biufcmMSUVO])(\d*)(?:\[[^\]]*\])?\Z")


def _item_size(kind: object) -> int | None:
    """Return the bytes of an element; None if it contains objects.

    Raises:
        Malformed: the type is not one of NumPy.
    """
    if isinstance(kind, str):
        match = _ITEM.match(kind)
        if match is None:
            raise Malformed(f"The type {short(kind, 80)} of the array is unknown.")
        if match[1] == "O":
            return None
        if len(match[2]) > 10:
            raise Malformed("The size of a type of the array is not valid.")
        return int(match[2] or 1) * (4 if match[1] == "U" else 1)
    if isinstance(kind, tuple) and len(kind) == 2:
        kind = [("", *kind)]
    if not isinstance(kind, list):
        raise Malformed("The type of the array is not valid.")
    total = 0
    for each in kind:
        if not isinstance(each, tuple) or len(each) not in {2, 3}:
            raise Malformed("The type of the array is not valid.")
        size = _item_size(each[1])
        shape = each[2] if len(each) == 3 else ()
        if size is None:
            return None
        shape = (shape,) if _is_size(shape) else shape
        if not isinstance(shape, tuple | list) or not all(map(_is_size, shape)):
            raise Malformed("The type of the array is not valid.")
        total += size * _product(list(shape))
    return total


def npy_preview(source: Source) -> Preview | None:
    """Preview an array in NumPy's format."""
    facts = npy_facts(source.head, source.size)
    if facts is None:
        return None
    return Preview("npy", "NumPy array", (("Size", bytes_text(source.size)), *facts))
