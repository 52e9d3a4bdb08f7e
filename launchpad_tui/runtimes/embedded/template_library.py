"""Other workflow templates that ``templateRef`` names."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.yaml_nodes import Node, TemplateError

#: the largest number of other workflow templates that one workflow uses
_LIMIT = 200


@record
class LibraryDocument:
    """A workflow template that others may refer to: its node, its text and where it is from."""

    node: Node
    text: str
    origin: str


@record
class NamedTemplate:
    """A template of another workflow template; ``line`` is that of the reference."""

    workflow: str
    name: str
    node: Node
    line: int
    origin: str

    @property
    def key(self) -> str:
        """The name of the template among those of the workflow that refers to it."""
        return f"{self.workflow}/{self.name}"

    def wrapped(self, error: TemplateError) -> TemplateError:
        """Return an error in the other document as an error of the reference."""
        return TemplateError(
            self.line, f"templateRef {self.key}: {error.reason} ({self.origin}:{error.line})"
        )


class Library:
    """Finds workflow templates by name.

    Args:
        find: returns a document; None if there is none with this name.
    """

    def __init__(self, find: Callable[[str], LibraryDocument | None] = lambda _name: None) -> None:
        self._find = find
        self._lines: dict[str, int] = {}
        self._templates: dict[str, dict[str, Node]] = {}
        #: the documents that were used, by name
        self.used: dict[str, LibraryDocument] = {}

    def template(self, workflow: str, name: str, node: Node) -> NamedTemplate:
        """Return a template of another workflow template.

        Args:
            workflow: the name of the workflow template.
            name: the name of the template in it.
            node: the node of the reference.

        Raises:
            TemplateError: there is no such workflow template, or it has no such template.
        """
        document = self.used.get(workflow) or self._find(workflow)
        if document is None:
            raise node.error(
                f"there is no workflow template {workflow!r} beside this one or among the "
                "executables; add it first"
            )
        if workflow not in self.used:
            if len(self.used) >= _LIMIT:
                raise node.error(f"more than {_LIMIT} other workflow templates are used")
            self.used[workflow] = document
            self._templates[workflow] = {
                each.get_text("name").strip(): each
                for each in document.node.require("spec").list_of("templates")
            }
        # A reference inside another document has the line of the first reference to it.
        line = self._lines.setdefault(workflow, node.line)
        found = self._templates[workflow].get(name)
        if found is not None:
            return NamedTemplate(workflow, name, found, line, document.origin)
        raise node.error(f"the workflow template {workflow} has no template {name!r}")


def library_of(documents: Iterable[tuple[str, LibraryDocument]]) -> Library:
    """Return a library of documents with their names; the first one of a name is used."""
    found: dict[str, LibraryDocument] = {}
    for name, document in documents:
        found.setdefault(name, document)
    return Library(found.get)
