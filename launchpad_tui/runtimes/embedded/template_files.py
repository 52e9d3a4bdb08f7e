"""Reads workflow templates from files and folders."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.template_library import LibraryDocument
from launchpad_tui.runtimes.embedded.template_tags import helm_line
from launchpad_tui.runtimes.embedded.yaml_nodes import Node, TemplateError, documents

#: the largest number of bytes of a file
SIZE_LIMIT = 2_000_000
#: the largest number of bytes of the files in which other workflow templates are searched
_LIBRARY_LIMIT = 50_000_000
#: the names of folders that are not searched
_IGNORED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", "site-packages"}
)
_SUFFIXES = (".yaml", ".yml", ".json")
TEMPLATE_KINDS = frozenset({"WorkflowTemplate", "ClusterWorkflowTemplate"})
_LIST_KINDS = frozenset({"List", "WorkflowTemplateList", "ClusterWorkflowTemplateList"})
_HELM = (
    "the file is a template of Helm or of another generator; write its output to a file, for "
    "example with helm template, and add that"
)


@record
class Document:
    """A document of a file, or an item of a list; ``text`` can be parsed without the rest."""

    node: Node
    text: str

    @property
    def kind(self) -> str:
        """The kind of the document; empty if it has none."""
        if not self.node.is_mapping:
            return ""
        kind = self.node.get("kind")
        return kind.text() if kind is not None and kind.is_scalar else ""

    @property
    def name(self) -> str:
        """The name in the metadata; empty if there is none."""
        metadata = self.node.get("metadata")
        name = metadata.get("name") if metadata is not None and metadata.is_mapping else None
        return name.text().strip() if name is not None and name.is_scalar else ""


def template_files(folder: Path) -> Iterator[Path]:
    """Yield the YAML and JSON files of a folder and its subfolders, sorted."""
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _IGNORED_FOLDERS)
        for name in sorted(names):
            if name.lower().endswith(_SUFFIXES):
                yield Path(top, name)


def decoded(data: bytes) -> str:
    """Decode a YAML stream, which may be UTF-8, UTF-16 or UTF-32 (YAML 1.2, section 5.2)."""
    for mark, encoding in (
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\x00\x00\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding)
    return data.decode("utf-8-sig")


def read_documents(text: str) -> list[Document]:
    """Return the documents of a text, and the items of documents that are Kubernetes lists.

    Raises:
        TemplateError: the text is not valid YAML, or it is the input of a generator of YAML.
    """
    try:
        nodes = list(_items(documents(text)))
    except TemplateError as error:
        if line := helm_line(text, valid_yaml=False):
            raise TemplateError(line, _HELM) from error
        if tab := _tab_line(text, error.line):
            reason = "the line is indented with a tab, but YAML requires spaces"
            raise TemplateError(tab, reason) from error
        raise
    found = [Document(node, text if len(nodes) == 1 else "") for node in nodes]
    if any(each.kind in TEMPLATE_KINDS for each in found) and (
        line := helm_line(text, valid_yaml=True)
    ):
        raise TemplateError(line, _HELM)
    # The comments of a file with a single document are kept.
    return found if len(nodes) == 1 else [Document(node, _source(node)) for node in nodes]


def _items(nodes: Iterator[Node]) -> Iterator[Node]:
    for node in nodes:
        if Document(node, "").kind in _LIST_KINDS:
            yield from _items(iter(node.list_of("items")))
        else:
            yield node


def _source(node: Node) -> str:
    try:
        list(documents(node.source))
    except TemplateError:
        # An alias in an item of a list may refer to an anchor in another item.
        return node.serialized()
    return node.source


def _tab_line(text: str, line: int) -> int:
    """Return the line of a tab in the indentation near the line of an error; 0 if there is none."""
    lines = text.splitlines()
    for number in (line, line - 1, line + 1):
        if 1 <= number <= len(lines) and re.match(r" *\t", lines[number - 1]):
            return number
    return 0


class FolderLibrary:
    """Finds workflow templates in files, which are read when the first one is searched.

    Args:
        files: the files.
        added: returns the text of an executable that was added before; None if there is none.
    """

    def __init__(
        self, files: Callable[[], Iterable[Path]], added: Callable[[str], str | None]
    ) -> None:
        self._files = files
        self._added = added
        self._found: dict[str, LibraryDocument] | None = None

    def find(self, name: str) -> LibraryDocument | None:
        """Return the workflow template with a name; None if there is none."""
        if self._found is None:
            self._found = {}
            self._read_files(self._found)
        if name not in self._found:
            text = self._added(name)
            if text is not None:
                _index(text, f"the executable {name}", self._found)
        return self._found.get(name)

    def _read_files(self, found: dict[str, LibraryDocument]) -> None:
        size = 0
        for file in self._files():
            try:
                length = file.stat().st_size
                size += length
                if length > SIZE_LIMIT or size > _LIBRARY_LIMIT:
                    continue
                text = decoded(file.read_bytes())
            except (OSError, UnicodeDecodeError):
                continue
            if "WorkflowTemplate" in text:
                _index(text, str(file), found)


def _index(text: str, origin: str, found: dict[str, LibraryDocument]) -> None:
    try:
        for each in read_documents(text):
            if each.kind in TEMPLATE_KINDS and each.name:
                found.setdefault(each.name, LibraryDocument(each.node, each.text, origin))
    except TemplateError:
        # The problem of this file is reported when the file itself is added.
        return


def combined_text(text: str, used: Iterable[LibraryDocument]) -> str:
    """Return a text with a template and the other templates that it uses, as YAML documents."""
    others = [each.text for each in used]
    return "\n---\n".join([text.rstrip("\n"), *(each.rstrip("\n") for each in others)]) + "\n"
