"""Only runtimes, stores and bootstrap compare kinds by name; other code checks capabilities."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.runtimes import catalog as runtimes
from launchpad_tui.stores import catalog as stores

PACKAGE = Path(runtimes.__file__).parent.parent
KINDS = {*runtimes.KINDS, *runtimes.FORMER, *stores.KINDS}
#: Constants of the catalogs whose value is the ID of a kind.
NAMES = {
    f"{catalog.__name__}.{name}"
    for catalog in (runtimes, stores)
    for name, value in vars(catalog).items()
    if isinstance(value, str) and value in KINDS
}


def comparisons(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comparison with the name of a kind, and of each import of one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            text = ast.unparse(node)
            names = {
                each.value
                for operand in operands
                for each in ast.walk(operand)
                if isinstance(each, ast.Constant)
            }
            if "kind" in text.lower() and names & KINDS:
                yield node.lineno, text
        elif isinstance(node, ast.MatchValue) and isinstance(node.value, ast.Constant):
            if node.value.value in KINDS - {"file"}:
                yield node.value.lineno, ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".catalog"):
            for each in node.names:
                if f"{node.module}.{each.name}" in NAMES:
                    yield node.lineno, f"import {each.name}"


@pytest.mark.parametrize("folder", ["services", "ui", "cli", "server", "demo", "domain"])
def test_no_comparison_with_a_kind(folder: str) -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {text}"
        for path in sorted((PACKAGE / folder).rglob("*.py"))
        for line, text in comparisons(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "connection.kind == 'local'",
        "self.kind.id != 'sap-ai-core'",
        "record.kind in ('file', 's3')",
    ],
)
def test_the_check_finds_comparisons(text: str) -> None:
    assert list(comparisons(ast.parse(text)))
