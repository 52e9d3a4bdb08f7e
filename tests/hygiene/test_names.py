"""The names of public classes are unique in the package."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.hygiene.test_house import PACKAGE


def public_classes() -> dict[str, list[str]]:
    """Return the modules of the package that define each public class at module level."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(path.relative_to(PACKAGE)))
    return found


def test_public_class_names_are_unique() -> None:
    classes = public_classes()
    assert len(classes) > 300
    assert {name: files for name, files in classes.items() if len(files) > 1} == {}
