"""YAML with positions: typed access to PyYAML's nodes, so that whatever is wrong has a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class TemplateError(Exception):
    """Something in a document is wrong. ``line`` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class Node:
    """A node of a document with the path that leads to it, for messages."""

    def __init__(self, node: Any, path: str) -> None:
        self._node = node
        self.path = path

    @property
    def line(self) -> int:
        """The line on which it begins, from 1."""
        return int(self._node.start_mark.line) + 1

    def error(self, reason: str) -> TemplateError:
        """An error at this place."""
        return TemplateError(self.line, f"{self.path}: {reason}" if self.path else reason)

    @property
    def is_null(self) -> bool:
        """Whether nothing, ``~`` or ``null`` stands here."""
        return str(self._node.tag) == "tag:yaml.org,2002:null"

    @property
    def is_mapping(self) -> bool:
        """Whether it has keys."""
        return bool(self._node.id == "mapping")

    def text(self) -> str:
        """A scalar as it is written; nothing gives an empty text.

        Raises:
            Refused: it is a list or has keys.
        """
        if self._node.id != "scalar":
            raise self.error(f"must be text, not {_kind(self._node)}")
        return "" if self.is_null and self._node.style is None else str(self._node.value)

    def whole_number(self) -> int:
        """A whole number. Raises Refused where it is none."""
        text = self.text()
        if not text.lstrip("+-").isdigit():
            raise self.error(f"must be a whole number, not {text[:40]!r}")
        return int(text)

    def items(self) -> Iterator[tuple[str, Node]]:
        """Keys and values, merge keys resolved.

        Raises:
            Refused: it has no keys, or one twice.
        """
        if self.is_null:
            return
        if not self.is_mapping:
            raise self.error(f"must have keys, not be {_kind(self._node)}")
        from yaml.constructor import SafeConstructor

        merged = any(key.tag == "tag:yaml.org,2002:merge" for key, _ in self._node.value)
        if merged:
            SafeConstructor().flatten_mapping(self._node)
        seen: dict[str, Node] = {}
        for key, value in self._node.value:
            if key.id != "scalar":
                raise TemplateError(
                    int(key.start_mark.line) + 1, f"{self.path}: a key must be text"
                )
            name = str(key.value)
            if name in seen and not merged:
                raise TemplateError(
                    int(key.start_mark.line) + 1, f"{self.path}: {name} stands here twice"
                )
            # Of a merged mapping the later one wins: flattening puts what is merged first.
            seen[name] = Node(value, f"{self.path}.{name}" if self.path else name)
        yield from seen.items()

    def get(self, key: str) -> Node | None:
        """The value of a key; None where it lacks or is null."""
        for name, value in self.items():
            if name == key:
                return None if value.is_null else value
        return None

    def require(self, key: str) -> Node:
        """The value of a key. Raises Refused where it lacks."""
        found = self.get(key)
        if found is None:
            raise self.error(f"{key} is missing")
        return found

    def get_text(self, key: str, default: str = "") -> str:
        """The text of a key."""
        found = self.get(key)
        return default if found is None else found.text()

    def require_text(self, key: str) -> str:
        """The text of a key, not empty. Raises Refused."""
        found = self.require(key)
        text = found.text().strip()
        if not text:
            raise found.error("is empty")
        return text

    def entries(self) -> list[Node]:
        """The entries of a list; nothing gives none. Raises Refused where it is no list."""
        if self.is_null:
            return []
        if self._node.id != "sequence":
            raise self.error(f"must be a list, not {_kind(self._node)}")
        return [
            Node(value, f"{self.path}[{place}]") for place, value in enumerate(self._node.value)
        ]

    def list_of(self, key: str) -> list[Node]:
        """The entries of the list at a key; none where it lacks."""
        found = self.get(key)
        return [] if found is None else found.entries()


def documents(text: str) -> Iterator[Node]:
    """The documents of a YAML text that are not empty.

    Raises:
        Refused: it is no YAML.
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
            int(mark.line) + 1 if mark else 1, f"not YAML: {error.problem or error.context}"
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise TemplateError(1, f"not YAML: {str(error)[:200]}") from error


def _kind(node: Any) -> str:
    return {"scalar": "text", "sequence": "a list", "mapping": "keys"}.get(
        node.id, "something else"
    )
