"""Typed access to the nodes of a YAML document, in which every error has a line number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class TemplateError(Exception):
    """A document is not valid. ``line`` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class Node:
    """A node of a document; ``path`` names it in error messages."""

    def __init__(self, node: Any, path: str) -> None:
        self._node = node
        self.path = path

    @property
    def line(self) -> int:
        """The line on which the node starts, from 1."""
        return int(self._node.start_mark.line) + 1

    def error(self, reason: str) -> TemplateError:
        """Return an error at this node."""
        return TemplateError(self.line, f"{self.path}: {reason}" if self.path else reason)

    @property
    def is_null(self) -> bool:
        """Whether the value is missing, ``~`` or ``null``."""
        return str(self._node.tag) == "tag:yaml.org,2002:null"

    @property
    def is_mapping(self) -> bool:
        """Whether the node is a mapping."""
        return bool(self._node.id == "mapping")

    def text(self) -> str:
        """Return a scalar as it is written; a null value is an empty string.

        Raises:
            TemplateError: the node is a list or a mapping.
        """
        if self._node.id != "scalar":
            raise self.error(f"must be a string, not {_kind(self._node)}")
        return "" if self.is_null and self._node.style is None else str(self._node.value)

    def integer(self) -> int:
        """Return an integer. Raises TemplateError if the node is not one."""
        text = self.text()
        if not text.lstrip("+-").isdigit():
            raise self.error(f"must be an integer, not {text[:40]!r}")
        return int(text)

    def items(self) -> Iterator[tuple[str, Node]]:
        """Yield the keys and values of a mapping, with merge keys resolved.

        Raises:
            TemplateError: the node is not a mapping, or has a duplicate key.
        """
        if self.is_null:
            return
        if not self.is_mapping:
            raise self.error(f"must be a mapping, not {_kind(self._node)}")
        from yaml.constructor import SafeConstructor

        merged = any(key.tag == "tag:yaml.org,2002:merge" for key, _ in self._node.value)
        if merged:
            SafeConstructor().flatten_mapping(self._node)
        seen: dict[str, Node] = {}
        for key, value in self._node.value:
            if key.id != "scalar":
                raise TemplateError(
                    int(key.start_mark.line) + 1, f"{self.path}: a key must be a string"
                )
            name = str(key.value)
            if name in seen and not merged:
                raise TemplateError(
                    int(key.start_mark.line) + 1, f"{self.path}: duplicate key {name}"
                )
            # The last value wins, because flattening puts the merged keys first.
            seen[name] = Node(value, f"{self.path}.{name}" if self.path else name)
        yield from seen.items()

    def get(self, key: str) -> Node | None:
        """Return the value of a key; None if the key is missing or its value is null."""
        for name, value in self.items():
            if name == key:
                return None if value.is_null else value
        return None

    def require(self, key: str) -> Node:
        """Return the value of a key. Raises TemplateError if it is missing."""
        found = self.get(key)
        if found is None:
            raise self.error(f"{key} is missing")
        return found

    def get_text(self, key: str, default: str = "") -> str:
        """Return the string of a key; the default if the key is missing."""
        found = self.get(key)
        return default if found is None else found.text()

    def require_text(self, key: str) -> str:
        """Return the non-empty string of a key. Raises TemplateError."""
        found = self.require(key)
        text = found.text().strip()
        if not text:
            raise found.error("must not be empty")
        return text

    def entries(self) -> list[Node]:
        """Return the entries of a list; null counts as an empty list.

        Raises:
            TemplateError: the node is not a list.
        """
        if self.is_null:
            return []
        if self._node.id != "sequence":
            raise self.error(f"must be a list, not {_kind(self._node)}")
        return [
            Node(value, f"{self.path}[{place}]") for place, value in enumerate(self._node.value)
        ]

    def list_of(self, key: str) -> list[Node]:
        """Return the entries of the list of a key; empty if the key is missing."""
        found = self.get(key)
        return [] if found is None else found.entries()


def documents(text: str) -> Iterator[Node]:
    """Yield the non-empty documents of a YAML text.

    Raises:
        TemplateError: the text is not valid YAML.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for document in yaml.compose_all(text, Loader=loader):
            if document is not None:
                yield Node(document, "")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TemplateError(
            int(mark.line) + 1 if mark else 1, f"invalid YAML: {error.problem or error.context}"
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise TemplateError(1, f"invalid YAML: {str(error)[:200]}") from error


def _kind(node: Any) -> str:
    return {"scalar": "a string", "sequence": "a list", "mapping": "a mapping"}.get(
        node.id, "an unknown node"
    )
