"""Only `ui/textual_compat.py` uses Textual's private API."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import textwrap
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from textual.message_pump import MessagePump

import launchpad_tui.ui

ROOT = Path(__file__).parents[2]
COMPAT = "launchpad_tui.ui.textual_compat"


def modules() -> list[str]:
    """Return the names of all modules of the UI except the one that may use the private API."""
    found = pkgutil.walk_packages(launchpad_tui.ui.__path__, "launchpad_tui.ui.")
    return [module.name for module in found if module.name != COMPAT]


def tree_of(module: str) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(inspect.getsource(import_module(module)))


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def names_in(node: ast.AST, *, of_self: bool) -> set[str]:
    """Return the private methods of a class and, if ``of_self``, its private attributes."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and is_private(each.name):
            found.add(each.name)
        if (
            of_self
            and isinstance(each, ast.Attribute)
            and is_private(each.attr)
            and isinstance(each.value, ast.Name)
            and each.value.id in {"self", "cls"}
        ):
            found.add(each.attr)
    return found


@cache
def private_names(kind: type) -> frozenset[str]:
    """Return the private names of a class of Textual."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    return frozenset(names_in(tree, of_self=True))


def test_private_names_of_textual_are_found() -> None:
    from textual.app import App
    from textual.screen import Screen

    assert {"_screen_stack", "_handle_exception"} <= private_names(App)
    assert "_extend_compose" in private_names(Screen)


def test_no_private_module_or_name_is_imported() -> None:
    found = [
        f"{module}:{node.lineno}"
        for module in modules()
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").split(".")[0] in {"textual", "rich"}
        and any(
            part.startswith("_")
            for part in (*(node.module or "").split("."), *(alias.name for alias in node.names))
        )
    ]
    assert not found


def widget_classes() -> Iterator[tuple[type, ast.ClassDef]]:
    """Yield the classes of the UI that derive from a class of Textual, with their syntax trees."""
    for module in modules():
        for node in tree_of(module).body:
            if isinstance(node, ast.ClassDef):
                kind = getattr(import_module(module), node.name)
                if isinstance(kind, type) and issubclass(kind, MessagePump):
                    yield kind, node


def test_no_subclass_uses_or_hides_a_private_name() -> None:
    found = []
    classes = list(widget_classes())
    for kind, node in classes:
        textual = {
            name
            for base in kind.__mro__
            if base.__module__.startswith("textual.")
            for name in private_names(base)
        }
        found += [f"{kind.__name__}.{name}" for name in names_in(node, of_self=True) & textual]
    assert len(classes) > 50
    assert not found


def test_no_private_name_of_another_object_is_used() -> None:
    textual = {
        name
        for kind, _ in widget_classes()
        for base in kind.__mro__
        if base.__module__.startswith("textual.")
        for name in private_names(base)
    }
    found = [
        f"{module}:{node.lineno} {ast.unparse(node)}"
        for module in modules()
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute)
        and node.attr in textual
        and not (isinstance(node.value, ast.Name) and node.value.id in {"self", "cls", "os"})
    ]
    assert not found
