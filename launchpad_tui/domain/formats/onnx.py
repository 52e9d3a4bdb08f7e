"""Previews of ONNX models, whose protocol buffers are traversed without reading the weights.

The field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
from launchpad_tui.domain.formats.protobuf import Fields

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
    "float8e4m3fn",
    "float8e4m3fnuz",
    "float8e5m2",
    "float8e5m2fnuz",
    "uint4",
    "int4",
    "float4e2m1",
    "float8e8m0",
    "uint2",
    "int2",
    "float6e2m3",
    "float6e3m2",
)
#: the largest number of bytes of a part that is read completely, such as an input with its shape
_SMALL = 64 << 10
#: the largest depth of graphs in attributes of nodes
_DEPTH = 8


@dataclass(slots=True)
class _Weights:
    """The tensors of a model: rows of the table, and where their data are."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    count: int = 0
    #: number of tensors by the path of the file with their data
    files: dict[str, int] = field(default_factory=dict)

    def facts(self) -> list[tuple[str, str]]:
        """Return the external files, those outside of the folder of the model marked."""
        return [
            (
                "External file",
                f"{short(path, 200) or '(no path)'}, {count:,} tensor{'s' * (count != 1)}"
                + ("" if is_inside(path) else ", OUTSIDE of the folder of the model"),
            )
            for path, count in list(self.files.items())[:20]
        ]

    def problem(self) -> str:
        """Return a problem of the external files; empty if there is none."""
        if all(map(is_inside, self.files)):
            return ""
        return (
            "Weights are in a file outside of the folder of the model, which ONNX refuses to read."
        )


def is_inside(path: str) -> bool:
    """Return whether a path of external data stays in the folder of the model."""
    parts = path.replace("\\", "/").split("/")
    drive = len(path) > 1 and path[1] == ":"
    return bool(path) and not path.startswith(("/", "\\")) and not drive and ".." not in parts


_NAMED = {2: "Producer", 3: "Producer version", 4: "Domain", 6: "Description"}


def onnx_preview(source: Source) -> Preview | None:
    """Preview a model: versions, producer, inputs, outputs, weights and files with their data."""
    head = source.head
    # ir_version comes first: field 1, a small number.
    if not source.ending((".onnx",)) and not (
        len(head) > 16 and head[0] == 0x08 and 1 <= head[1] <= 32 and head[2] == 0x12
    ):
        return None
    model = _Model(Fields(source), source.ending((".onnx",)))
    model.facts.append(("Size", bytes_text(source.size)))
    try:
        for number, wire, start, end in model.walk.fields(0, source.size):
            model.add(number, wire, start, end)
    except Malformed as error:
        model.problem = str(error)
    if model.known:
        return model.preview()
    if not source.ending((".onnx",)):
        return None
    raise Malformed(model.problem or "The file is not an ONNX model.")


@dataclass(slots=True)
class _Model:
    """What is known of a model.

    Attributes:
        walk: the fields of the file.
        named: whether the name of the file is that of a model.
        known: whether the file is a model.
    """

    walk: Fields
    named: bool
    known: bool = False
    problem: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    rows: list[tuple[str, ...]] = field(default_factory=list)
    opsets: list[str] = field(default_factory=list)
    weights: _Weights = field(default_factory=_Weights)

    def add(self, number: int, wire: int, start: int, end: int) -> None:
        """Add a field of the model."""
        walk = self.walk
        if wire == 0:
            if number in {1, 5}:
                title = "IR version" if number == 1 else "Model version"
                self.facts.append((title, str(start)))
            self.known = self.known or (number == 1 and self.named)
        elif wire != 2:
            return
        elif number in _NAMED and end > start:
            self.facts.append((_NAMED[number], short(walk.text(start, end), 200)))
        elif number == 8:
            # A SavedModel of TensorFlow begins with the same fields, but has no operator set.
            self.known = True
            self.opsets.append(_opset(walk, start, end))
        elif number == 14:
            key, value = _property(walk, start, end)
            self.facts.append((short(key, 60), short(value, 200)))
        elif number == 7:
            self.known = True
            self.problem = _graph(walk, start, end, self.facts, self.rows, self.weights)
        elif number == 25:
            _function(walk, start, end, self.weights)

    def preview(self) -> Preview:
        """Return the preview."""
        facts, files = list(self.facts), self.weights.files
        if self.opsets:
            facts.append(("Operators", ", ".join(self.opsets[:10])))
        facts += self.weights.facts()
        rows = [*self.rows, *(row if files else row[:4] for row in self.weights.rows)]
        count = len(self.rows) + self.weights.count
        note = self.problem or shown_note(ROWS, count, "inputs, outputs and weights")
        return Preview(
            "onnx",
            "ONNX model",
            tuple(facts),
            ("", "Name", "Type", "Shape", *(("File",) if files else ())),
            tuple(rows[:ROWS]),
            note=" ".join(filter(None, (self.weights.problem(), note))),
        )


def _function(walk: Fields, start: int, end: int, weights: _Weights) -> None:
    for number, wire, first, last in walk.fields(start, end):
        if number == 7 and wire == 2:
            _node(walk, first, last, weights)


def _opset(walk: Fields, start: int, end: int) -> str:
    domain, version = "", "?"
    for number, wire, first, last in walk.fields(start, end):
        if number == 1 and wire == 2:
            domain = walk.text(first, last)
        elif number == 2 and wire == 0:
            version = str(first)
    return f"{short(domain, 80) or 'ai.onnx'} {version}"


def _property(walk: Fields, start: int, end: int) -> tuple[str, str]:
    pair = {1: "", 2: ""}
    for number, wire, first, last in walk.fields(start, end):
        if number in pair and wire == 2:
            pair[number] = walk.text(first, last)
    return pair[1], pair[2]


def _graph(
    walk: Fields,
    start: int,
    end: int,
    facts: list[tuple[str, str]],
    rows: list[tuple[str, ...]],
    weights: _Weights,
) -> str:
    """Add nodes, weights, inputs and outputs of a graph; return a problem, empty if none."""
    nodes = initializers = 0
    problem = ""
    try:
        for number, wire, first, last in walk.fields(start, end):
            if wire != 2:
                continue
            if number == 1:
                nodes += 1
                _node(walk, first, last, weights)
            elif number == 5:
                initializers += 1
                _tensor(walk, first, last, weights)
            elif number == 15:
                initializers += 1
                _sparse(walk, first, last, weights)
            elif number == 2:
                facts.append(("Graph", short(walk.text(first, last), 200)))
            elif number in {11, 12} and last - first <= _SMALL:
                rows.append(("input" if number == 11 else "output", *_slot(walk, first, last)))
    except Malformed as error:
        problem = f"{error} The rest of the graph is not analyzed."
    facts += [("Nodes", f"{nodes:,}"), ("Weights", f"{initializers:,}")]
    return problem


def _node(walk: Fields, start: int, end: int, weights: _Weights, depth: int = 0) -> None:
    """Add the tensors in the attributes of a node, and those of graphs in them."""
    if depth > _DEPTH:
        raise Malformed("The graphs are nested too deeply.")
    for number, wire, first, last in walk.fields(start, end):
        if number != 5 or wire != 2:
            continue
        for part, form, begin, stop in walk.fields(first, last):
            if form != 2:
                continue
            if part in {5, 10}:
                _tensor(walk, begin, stop, weights)
            elif part in {22, 23}:
                _sparse(walk, begin, stop, weights)
            elif part in {6, 11}:
                for each, way, a, b in walk.fields(begin, stop):
                    if each == 1 and way == 2:
                        _node(walk, a, b, weights, depth + 1)
                    elif each == 5 and way == 2:
                        _tensor(walk, a, b, weights)


def _sparse(walk: Fields, start: int, end: int, weights: _Weights) -> None:
    for number, wire, first, last in walk.fields(start, end):
        if number in {1, 2} and wire == 2:
            _tensor(walk, first, last, weights)


def _tensor(walk: Fields, start: int, end: int, weights: _Weights) -> None:
    """Add a tensor. Its data are skipped."""
    name, kind, shape = "", "undefined", list[int]()
    external: dict[str, str] = {}
    is_external = False
    for number, wire, first, last in walk.fields(start, end):
        if number == 1 and wire in {0, 2}:
            shape += walk.numbers(wire, first, last)
        elif number == 2 and wire == 0:
            kind = _TYPES[first] if first < len(_TYPES) else str(first)
        elif number == 8 and wire == 2:
            name = short(walk.text(first, last), 200)
        elif number == 13 and wire == 2:
            key, value = _property(walk, first, last)
            external[key] = value
        elif number == 14 and wire == 0:
            is_external = first == 1
    weights.count += 1
    file = ""
    if is_external:
        path = external.get("location", "")
        if path in weights.files or len(weights.files) < 1000:
            weights.files[path] = weights.files.get(path, 0) + 1
        offset, length = external.get("offset", "0"), external.get("length", "")
        file = f"{short(path, 200)} at {short(offset, 20)}" + (
            f", {short(length, 20)} bytes" if length else ""
        )
    if len(weights.rows) < ROWS:
        weights.rows.append(("weight", name, kind, shape_text(shape), file))


def _slot(walk: Fields, start: int, end: int) -> tuple[str, str, str]:
    name, kind, shape = "", "", ""
    for number, wire, first, last in walk.fields(start, end):
        if number == 1 and wire == 2:
            name = short(walk.text(first, last), 200)
        elif number == 2 and wire == 2:
            kind, shape = _type(walk, first, last)
    return name, kind, shape


def _type(walk: Fields, start: int, end: int) -> tuple[str, str]:
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


def _dimension(walk: Fields, start: int, end: int) -> str:
    for number, wire, first, last in walk.fields(start, end):
        if number == 1 and wire == 0:
            return str(first)
        if number == 2 and wire == 2:
            return short(walk.text(first, last), 40)
    return "?"
