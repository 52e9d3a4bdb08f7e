"""Typed access to the nodes of a YAML document, in which every error has a line number."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

#: the largest number of nodes of a document that are visited, with aliases counted each time
NODE_LIMIT = 250_000
#: the largest number of values that are nested in each other
_VALUE_DEPTH = 50


class TemplateError(Exception):
    """A document is not valid. ``line`` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class _Document:
    """The text of a document, and the number of nodes that may still be visited.

    An alias stands for its entire content, so that a small text can have billions of nodes. Every
    visit of a node is counted, no matter through how many aliases it is reached.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._left = NODE_LIMIT
        self._merged: dict[int, dict[str, Any] | None] = {}

    def count(self, line: int, number: int = 1) -> None:
        """Count visited nodes. Raises TemplateError if there are too many."""
        self._left -= number
        if self._left < 0:
            raise TemplateError(
                line, f"the document has more than {NODE_LIMIT:,} entries, aliases included"
            )

    def entries(self, node: Any, path: str) -> dict[str, Any]:
        """Return the value nodes of a mapping by key, with merge keys resolved.

        Own keys precede merged keys, and earlier merged mappings precede later ones
        (https://yaml.org/type/merge.html).

        Raises:
            TemplateError: a key is not a string or occurs twice, or merged mappings form a cycle.
        """
        line = int(node.start_mark.line) + 1
        if id(node) in self._merged:
            known = self._merged[id(node)]
            if known is None:
                raise TemplateError(line, f"{path}: the merged mappings form a cycle")
            return known
        self._merged[id(node)] = None
        own: dict[str, Any] = {}
        merged: list[Any] = []
        self.count(line, len(node.value))
        for key, value in node.value:
            key_line = int(key.start_mark.line) + 1
            if key.id != "scalar":
                raise TemplateError(key_line, f"{path}: a key must be a string")
            if key.tag == "tag:yaml.org,2002:merge":
                merged += value.value if value.id == "sequence" else [value]
                continue
            name = str(key.value)
            if name in own:
                raise TemplateError(key_line, f"{path}: duplicate key {name}")
            own[name] = value
        found: dict[str, Any] = {}
        for other in merged:
            if other.id != "mapping":
                raise TemplateError(line, f"{path}: only mappings can be merged")
            entries = self.entries(other, path)
            self.count(line, len(entries))
            for name, entry in entries.items():
                found.setdefault(name, entry)
        found |= own
        self._merged[id(node)] = found
        return found


class Node:
    """A node of a document; ``path`` names it in error messages."""

    def __init__(self, node: Any, path: str, document: _Document) -> None:
        self._node = node
        self.path = path
        self._document = document
        self._items: dict[str, Node] | None = None
        document.count(self.line)

    @property
    def line(self) -> int:
        """The line on which the node starts, from 1."""
        return int(self._node.start_mark.line) + 1

    @property
    def source(self) -> str:
        """The text of the node."""
        start, end = self._node.start_mark, self._node.end_mark
        # Spaces in place of what precedes the node keep the indentation of its first line.
        return " " * int(start.column) + self._document.text[start.index : end.index]

    def serialized(self) -> str:
        """Return the node as a YAML document of its own."""
        import yaml

        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        return str(yaml.serialize(self._node, Dumper=dumper, allow_unicode=True))

    def error(self, reason: str) -> TemplateError:
        """Return an error at this node."""
        return TemplateError(self.line, f"{self.path}: {reason}" if self.path else reason)

    @property
    def is_null(self) -> bool:
        """Whether the value is missing, ``~`` or ``null``."""
        return str(self._node.tag) == "tag:yaml.org,2002:null"

    @property
    def is_scalar(self) -> bool:
        """Whether the node is a string, a number, a boolean or null."""
        return bool(self._node.id == "scalar")

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
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise self.error(f"must be an integer, not {text[:40]!r}")
        return int(text)

    def boolean(self) -> bool:
        """Return a boolean. Raises TemplateError if the node is not one."""
        text = self.text().lower()
        if text not in {"true", "false"}:
            raise self.error(f"must be true or false, not {text[:40]!r}")
        return text == "true"

    def value(self, depth: int = 0) -> object:
        """Return the value as in JSON; ``depth`` counts the values around it.

        Raises:
            TemplateError: a key is not a string, or there are too many nodes.
        """
        if depth > _VALUE_DEPTH:
            raise self.error(f"the value is nested more than {_VALUE_DEPTH} levels deep")
        if self.is_mapping:
            return {key: each.value(depth + 1) for key, each in self.items()}
        if not self.is_scalar:
            return [each.value(depth + 1) for each in self.entries()]
        text = self.text()
        if self._node.style in {"'", '"', "|", ">"}:
            return text
        if self.is_null:
            return None
        if text.lower() in {"true", "false"}:
            return text.lower() == "true"
        if re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text):
            return int(text)
        number = re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", text)
        # A leading zero marks a text such as 007.
        return float(text) if number and not re.match(r"-?0[0-9]", text) else text

    def items(self) -> Iterator[tuple[str, Node]]:
        """Yield the keys and values of a mapping, with merge keys resolved.

        Raises:
            TemplateError: the node is not a mapping, or has a duplicate key.
        """
        yield from self._mapping().items()

    def _mapping(self) -> dict[str, Node]:
        if self._items is None:
            if self.is_null:
                self._items = {}
            elif not self.is_mapping:
                raise self.error(f"must be a mapping, not {_kind(self._node)}")
            else:
                self._items = {
                    name: Node(value, f"{self.path}.{name}" if self.path else name, self._document)
                    for name, value in self._document.entries(self._node, self.path).items()
                }
        return self._items

    def get(self, key: str) -> Node | None:
        """Return the value of a key; None if the key is missing or its value is null."""
        value = self._mapping().get(key)
        return None if value is None or value.is_null else value

    def get_mapping(self, key: str) -> Node:
        """Return the mapping of a key; an empty one if the key is missing or its value is null."""
        found = self.get(key)
        if found is not None:
            return found
        mark = self._node.start_mark
        empty = type(self._node)("tag:yaml.org,2002:map", [], mark, mark)
        return Node(empty, f"{self.path}.{key}" if self.path else key, self._document)

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

    def get_boolean(self, key: str, *, default: bool = False) -> bool:
        """Return the boolean of a key; the default if the key is missing."""
        found = self.get(key)
        return default if found is None else found.boolean()

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
            Node(value, f"{self.path}[{place}]", self._document)
            for place, value in enumerate(self._node.value)
        ]

    def named_scalars(self) -> Iterator[tuple[str, int, str]]:
        """Yield all scalars as name, line and text, also of parts that are not valid.

        The name is the key of the mapping, and in ``{name: …, value: …}`` the name. References to
        keys of secrets are left out. The content of an alias is visited once.
        """
        visited: set[int] = set()
        waiting: list[tuple[str, Any]] = [("", self._node)]
        while waiting:
            name, node = waiting.pop()
            if node.id == "scalar":
                yield name, int(node.start_mark.line) + 1, str(node.value)
            elif id(node) not in visited:
                visited.add(id(node))
                if node.id == "mapping":
                    waiting += reversed(list(_named_values(node)))
                else:
                    waiting += [(name, each) for each in reversed(node.value)]

    def list_of(self, key: str) -> list[Node]:
        """Return the entries of the list of a key; empty if the key is missing."""
        found = self.get(key)
        return [] if found is None else found.entries()


def _named_values(mapping: Any) -> Iterator[tuple[str, Any]]:
    pairs = [(str(key.value), value) for key, value in mapping.value if key.id == "scalar"]
    of_pair = next((str(v.value) for k, v in pairs if k == "name" and v.id == "scalar"), "")
    for key, value in pairs:
        # The reference to a secret names it and has no value.
        if not key.endswith("KeyRef"):
            yield of_pair if key in {"value", "default"} else key, value


def documents(text: str) -> Iterator[Node]:
    """Yield the non-empty documents of a YAML or JSON text.

    Raises:
        TemplateError: the text is not valid YAML.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    # The positions of nodes do not count a byte order mark.
    text = text.removeprefix("\ufeff")
    if "\t" in text and _is_json(text):
        # YAML refuses tabs in places where JSON allows them; strings of JSON contain none.
        text = text.replace("\t", " ")
    try:
        for document in yaml.compose_all(text, Loader=loader):
            if document is not None:
                yield Node(document, "", _Document(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TemplateError(
            int(mark.line) + 1 if mark else 1, f"invalid YAML: {error.problem or error.context}"
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise TemplateError(1, f"invalid YAML: {str(error)[:200]}") from error


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _kind(node: Any) -> str:
    return {"scalar": "a string", "sequence": "a list", "mapping": "a mapping"}.get(
        node.id, "an unknown node"
    )
