"""The package has no import cycles, including imports for type checking and in functions."""

from __future__ import annotations

from collections.abc import Mapping, Set

import grimp


def strongly_connected(imports: Mapping[str, Set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other (Tarjan's algorithm)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    open_modules: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = low[module] = len(order)
        open_modules.append(module)
        for imported in sorted(imports[module]):
            if imported not in order:
                visit(imported)
                low[module] = min(low[module], low[imported])
            elif imported in open_modules:
                low[module] = min(low[module], order[imported])
        if low[module] == order[module]:
            group = open_modules[open_modules.index(module) :]
            del open_modules[open_modules.index(module) :]
            if len(group) > 1 or module in imports[module]:
                found.append(sorted(group))

    for module in sorted(imports):
        if module not in order:
            visit(module)
    return found


def test_cycles_are_found() -> None:
    imports: dict[str, set[str]] = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}
    assert strongly_connected(imports) == [["b", "c"]]


def test_no_import_cycles() -> None:
    graph = grimp.build_graph("launchpad_tui", exclude_type_checking_imports=False, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imports) > 300
    assert strongly_connected(imports) == []
