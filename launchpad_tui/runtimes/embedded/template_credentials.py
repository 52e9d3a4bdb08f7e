"""Notes about values of a workflow template that look like credentials."""

from __future__ import annotations

from launchpad_tui.domain.credential_warnings import is_suspected
from launchpad_tui.runtimes.embedded.yaml_nodes import Node


def credential_notes(template: Node, executable_id: str) -> list[str]:
    """Return a note for each value that looks like a credential.

    A value is judged by the key of its mapping, and in ``{name: …, value: …}`` by the name.

    Args:
        template: The document.
        executable_id: The ID of the executable.
    """
    notes: dict[str, None] = {}
    for name, line, text in template.named_scalars():
        if is_suspected(name, text):
            subject = f"The value of {name}" if name else "A value"
            notes[
                f"{subject} in line {line} looks like a credential. Templates are stored and "
                "shown in clear. Use a secretKeyRef, or an environment variable of the executable: "
                f"launchpad executables set {executable_id} environment='NAME=VALUE'"
            ] = None
    return list(notes)
