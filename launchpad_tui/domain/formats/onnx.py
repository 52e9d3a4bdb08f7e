"""Previews of ONNX models, whose protocol buffers are traversed without reading the weights.

The field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from collections.abc import Iterator

from launchpad_tui.domain.formats.base import (
    ROWS,
    Malformed,
    Preview,
    Source,
    bytes_text,
    shape_text,
    short,
    shown_note,
)

_TYPES = (
    "undefined",
    "float32",
    "uint8",
    "int8",
    "uint16",
    "int16",
    "int32",
    "int64",
    "text",
    "bool",
    "float16",
    "float64",
    "uint32",
    "uint64",
    "complex64",
    "complex128",
    "bfloat16",
)
#: the largest number of fields of a message that are traversed
_MOST = 200_000
#: the largest number of bytes of a part that is read completely, such as an input with its shape
_SMALL = 64 << 10
#: the number of bytes that are read at once
_STEP = 4096


class _Fields:
    """The fields of protocol buffers in a file, by offset.

    https://protobuf.dev/programming-guides/encoding/"""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._start = 0
        self._data = b""

    def bytes(self, at: int, length: int) -> bytes:
        if not (self._start <= at and at + length <= self._start + len(self._data)):
            self._data = self._source.at(at, max(length, _STEP))
            self._start = at
        found = self._data[at - self._start : at - self._start + length]
        if len(found) < length:
            raise Malformed(f"The file is truncated at {at + len(found):,} bytes.")
        return found

    def varint(self, at: int) -> tuple[int, int]:
        value = 0
        for place in range(10):
            (byte,) = self.bytes(at + place, 1)
            value |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                return value, at + place + 1
        raise Malformed(f"There is no valid number at byte {at:,}.")

    def fields(self, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield field number, wire type, and start and end of the content; for a number its value
        and its end."""
        at = start
        for _ in range(_MOST):
            if at >= end:
                return
            key, at = self.varint(at)
            number, wire = key >> 3, key & 7
            if wire == 0:
                value, at = self.varint(at)
                yield number, wire, value, at
            elif wire == 2:
                length, at = self.varint(at)
                if at + length > end:
                    raise Malformed(
                        f"A part of {length:,} bytes at {at:,} is longer than the message that "
                        "contains it."
                    )
                yield number, wire, at, at + length
                at += length
            elif wire in {1, 5}:
                size = 8 if wire == 1 else 4
                yield number, wire, at, at + size
                at += size
            else:
                raise Malformed(f"There is no valid field at byte {at:,}.")
        raise Malformed("The model has too many parts to list.")

    def text(self, start: int, end: int) -> str:
        return self.bytes(start, min(end - start, 2000)).decode("utf-8", "replace")


def onnx_preview(source: Source) -> Preview | None:
    """Preview a model: versions, producer, inputs and outputs."""
    head = source.head
    # ir_version comes first: field 1, a small number.
    if not source.ending((".onnx",)) and not (
        len(head) > 16 and head[0] == 0x08 and 1 <= head[1] <= 32 and head[2] == 0x12
    ):
        return None
    walk = _Fields(source)
    facts: list[tuple[str, str]] = [("Size", bytes_text(source.size))]
    rows: list[tuple[str, ...]] = []
    opsets: list[str] = []
    problem = ""
    named = {2: "Producer", 3: "Producer version", 4: "Domain", 6: "Description"}
    known = False
    try:
        for number, wire, start, end in walk.fields(0, source.size):
            if wire == 0:
                facts += (
                    [("IR version", str(start))]
                    if number == 1
                    else [("Model version", str(start))] * (number == 5)
                )
                known = known or (number == 1 and source.ending((".onnx",)))
            elif wire == 2 and number in named:
                if end > start:
                    facts.append((named[number], short(walk.text(start, end), 200)))
            elif wire == 2 and number == 8:
                # A SavedModel of TensorFlow begins with the same fields, but has no operator set.
                known = True
                opsets.append(_opset(walk, start, end))
            elif wire == 2 and number == 14:
                facts.append(_property(walk, start, end))
            elif wire == 2 and number == 7:
                known = True
                problem = _graph(walk, start, end, facts, rows)
    except Malformed as error:
        problem = str(error)
    if not known:
        if not source.ending((".onnx",)):
            return None
        raise Malformed(problem or "The file is not an ONNX model.")
    if opsets:
        facts.append(("Operators", ", ".join(opsets[:10])))
    note = problem or shown_note(ROWS, len(rows), "inputs and outputs")
    return Preview(
        "onnx",
        "ONNX model",
        tuple(facts),
        ("", "Name", "Type", "Shape"),
        tuple(rows[:ROWS]),
        note=note,
    )


def _opset(walk: _Fields, start: int, end: int) -> str:
    domain, version = "", "?"
    for number, wire, first, last in walk.fields(start, end):
        if number == 1 and wire == 2:
            domain = walk.text(first, last)
        elif number == 2 and wire == 0:
            version = str(first)
    return f"{short(domain, 80) or 'ai.onnx'} {version}"


def _property(walk: _Fields, start: int, end: int) -> tuple[str, str]:
    pair = {1: "", 2: ""}
    for number, wire, first, last in walk.fields(start, end):
        if number in pair and wire == 2:
            pair[number] = walk.text(first, last)
    return short(pair[1], 60), short(pair[2], 200)


def _graph(
    walk: _Fields, start: int, end: int, facts: list[tuple[str, str]], rows: list[tuple[str, ...]]
) -> str:
    """Add nodes, weights, inputs and outputs of a graph; return a problem, empty if none."""
    nodes = weights = 0
    problem = ""
    try:
        for number, wire, first, last in walk.fields(start, end):
            if wire != 2:
                continue
            if number == 1:
                nodes += 1
            elif number == 5:
                weights += 1
            elif number == 2:
                facts.append(("Graph", short(walk.text(first, last), 200)))
            elif number in {11, 12} and last - first <= _SMALL:
                rows.append(("input" if number == 11 else "output", *_slot(walk, first, last)))
    except Malformed as error:
        problem = str(error)
    facts += [("Nodes", f"{nodes:,}"), ("Weights", f"{weights:,}")]
    return problem


def _slot(walk: _Fields, start: int, end: int) -> tuple[str, str, str]:
    name, kind, shape = "", "", ""
    for number, wire, first, last in walk.fields(start, end):
        if number == 1 and wire == 2:
            name = short(walk.text(first, last), 200)
        elif number == 2 and wire == 2:
            kind, shape = _type(walk, first, last)
    return name, kind, shape


def _type(walk: _Fields, start: int, end: int) -> tuple[str, str]:
    for number, wire, first, last in walk.fields(start, end):
        if number != 1 or wire != 2:
            continue
        kind, shape = "", ""
        for part, form, begin, stop in walk.fields(first, last):
            if part == 1 and form == 0:
                kind = _TYPES[begin] if begin < len(_TYPES) else str(begin)
            elif part == 2 and form == 2:
                sizes = [
                    _dimension(walk, a, b)
                    for each, way, a, b in walk.fields(begin, stop)
                    if each == 1 and way == 2
                ]
                shape = shape_text(sizes)
        return kind, shape
    return "not a tensor", ""


def _dimension(walk: _Fields, start: int, end: int) -> str:
    for number, wire, first, last in walk.fields(start, end):
        if number == 1 and wire == 0:
            return str(first)
        if number == 2 and wire == 2:
            return short(walk.text(first, last), 40)
    return "?"
