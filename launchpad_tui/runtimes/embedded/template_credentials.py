"""Notes about values of a workflow template that look like credentials."""

from __future__ import annotations

from collections.abc import Iterator

from launchpad_tui.domain.credential_warnings import is_suspected
from launchpad_tui.runtimes.embedded.yaml_nodes import Node


def credential_notes(template: Node, executable_id: str) -> list[str]:
    """Return a note for each value that looks like a credential.

    A value is judged by the key of its mapping, and in ``{name: …, value: …}`` by the name.

    Args:
        template: The document.
        executable_id: The ID of the executable.

    Raises:
        TemplateError: A key of the document occurs twice.
    """
    notes: dict[str, None] = {}
    for name, node in _values(template, ""):
        if is_suspected(name, node.text()):
            subject = f"The value of {name}" if name else "A value"
            notes[
                f"{subject} in line {node.line} looks like a credential. Templates are stored and "
                "shown in clear. Use a secretKeyRef, or an environment variable of the executable: "
                f"launchpad executables set {executable_id} environment='NAME=VALUE'"
            ] = None
    return list(notes)


def _values(node: Node, name: str) -> Iterator[tuple[str, Node]]:
    """Yield all scalars of a document with their names."""
    if node.is_scalar:
        yield name, node
    elif node.is_mapping:
        entries = dict(node.items())
        named = entries.get("name")
        of_pair = named.text() if named is not None and named.is_scalar else ""
        for key, value in entries.items():
            # The reference to a secret names it and has no value.
            if not key.endswith("KeyRef"):
                yield from _values(value, of_pair if key in {"value", "default"} else key)
    else:
        for each in node.entries():
            yield from _values(each, name)
