"""Previews of TensorFlow's SavedModel, of which only the description of the graph is read.

The field numbers are those of saved_model.proto and meta_graph.proto in
https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/protobuf
"""

from __future__ import annotations

from launchpad_tui.domain.formats.base import Malformed, Preview, Source, bytes_text, short
from launchpad_tui.domain.formats.protobuf import Fields


def saved_model_preview(source: Source) -> Preview | None:
    """Preview a SavedModel: tags, version of TensorFlow, and signatures."""
    head = source.head
    # saved_model_schema_version is 1, and the first of meta_graphs follows.
    if not head.startswith(b"\x08\x01\x12") or not source.ending((".pb",)):
        return None
    walk = Fields(source)
    facts = [("Size", bytes_text(source.size))]
    problem, graphs = "", 0
    try:
        for number, wire, start, end in walk.fields(0, source.size):
            if number == 1 and wire == 0:
                facts.append(("Schema version", str(start)))
            elif number == 2 and wire == 2:
                graphs += 1
                facts += _meta_graph(walk, start, end)
    except Malformed as error:
        problem = f"{error} "
    facts.insert(1, ("Graphs", str(graphs)))
    note = f"{problem}Operations and variables are not analyzed."
    return Preview("savedmodel", "TensorFlow SavedModel", tuple(facts[:80]), note=note)


def _meta_graph(walk: Fields, start: int, end: int) -> list[tuple[str, str]]:
    tags, signatures, version = [], [], ""
    for number, wire, first, last in walk.fields(start, end):
        if number == 1 and wire == 2:
            for part, form, begin, stop in walk.fields(first, last):
                if part == 4 and form == 2:
                    tags.append(short(walk.text(begin, stop), 80))
                elif part == 5 and form == 2:
                    version = short(walk.text(begin, stop), 40)
        elif number == 5 and wire == 2:
            for part, form, begin, stop in walk.fields(first, last):
                if part == 1 and form == 2:
                    signatures.append(short(walk.text(begin, stop), 80))
    facts = [
        ("Tags", ", ".join(tags[:20])),
        ("TensorFlow", version),
        ("Signatures", ", ".join(signatures[:20])),
    ]
    return [(name, value) for name, value in facts if value]
