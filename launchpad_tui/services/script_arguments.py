"""Reads the options of a Python script from its source, without running it.

Calls of argparse's ``add_argument`` and of click's ``option`` with constant values are understood.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record, replace

_SWITCHES = {"store_true", "BooleanOptionalAction"}
#: actions that need no parameter: the option is left out
_WITHOUT_VALUE = {"help", "version"}
_OUTPUT = re.compile(
    r"(out|output|save|checkpoint|ckpt|export|artifact)s?(_(dir|directory|folder|path|file))?"
    r"|(output|save|model|checkpoint|ckpt|export|result|artifact)s?_(dir|directory|folder|path|file"
    r"|out|output|to)"
)
_INPUT = re.compile(
    r"(data|dataset|input|inputs|corpus)|(\w+_)?(data|dataset|input|corpus)_?"
    r"(dir|directory|folder|path|file|root|set)?"
)


@record
class ScriptOption:
    """An option or positional argument of a script.

    Attributes:
        name: the name of its value, such as ``learning_rate``.
        flag: the option, such as ``--learning-rate``; empty for a positional argument.
        default: the value as text; None if it is required.
        choices: the allowed values; empty for any.
        description: its help.
        switch: whether the option has no value, and is given or not.
        problem: why the option cannot be a parameter; empty if it can.
    """

    name: str
    flag: str
    default: str | None = None
    choices: tuple[str, ...] = ()
    description: str = ""
    switch: bool = False
    problem: str = ""

    @property
    def is_output(self) -> bool:
        """Whether its name is one of a file or folder that the script writes."""
        return not self.switch and _OUTPUT.fullmatch(self.name.lower()) is not None

    @property
    def is_input(self) -> bool:
        """Whether its name is one of data that the script reads."""
        return not self.switch and _INPUT.fullmatch(self.name.lower()) is not None


@record
class Script:
    """What the source of a script says about it: its description and its options, in order."""

    description: str
    options: tuple[ScriptOption, ...]


def read_script(text: str, name: str) -> Script:
    """Return the description and the options of a Python script.

    Raises:
        InvalidInput: the text is not valid Python.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise InvalidInput(
            f"{name} is not a valid Python script",
            f"{name}{line}: {reason}",
            "Correct the script, then add it again.",
            field="path",
        ) from error
    found: dict[str, ScriptOption] = {}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda each: (each.lineno, each.col_offset)):
        called = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if called in {"add_argument", "option"} and (option := _option(call, called)) is not None:
            found.setdefault(option.name, option)
    description = (ast.get_docstring(tree) or "").strip().partition("\n")[0]
    return Script(description, tuple(found.values()))


def _option(call: ast.Call, called: str) -> ScriptOption | None:
    """Return the option that a call declares; None if it declares none."""
    names = [
        each.value
        for each in call.args
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value
    ]
    if not names or len(names) < len(call.args):
        return None
    given = {each.arg: each.value for each in call.keywords if each.arg is not None}
    flags = [each.partition("/")[0] for each in names if each.startswith("-")]
    if called == "option" and not flags:
        return None
    flag = next((each for each in flags if each.startswith("--")), flags[0] if flags else "")
    dest = _constant(given.get("dest"))
    plain = next((each for each in names if not each.startswith("-")), "")
    name = dest if isinstance(dest, str) else plain or flag.lstrip("-")
    action = _action(given.get("action"))
    if action in _WITHOUT_VALUE:
        return None
    help_text = _constant(given.get("help"))
    made = ScriptOption(
        re.sub(r"\W", "_", name, flags=re.ASCII),
        flag,
        description=" ".join(_plain(help_text).split()) if isinstance(help_text, str) else "",
    )
    return _with_value(made, given, action, called)


def _with_value(
    made: ScriptOption, given: dict[str, ast.expr], action: str, called: str
) -> ScriptOption:
    """Return an option with its default and choices, or with its problem."""
    if action in _SWITCHES or (called == "option" and _constant(given.get("is_flag")) is True):
        default = _constant(given.get("default")) is True
        if default and action != "BooleanOptionalAction":
            return replace(made, switch=True, problem="it is always on")
        return replace(made, switch=True, default=str(default).lower())
    if action not in {"", "store"}:
        return replace(made, problem=f"its action is {action}")
    if "nargs" in given and _constant(given["nargs"]) not in {1, "?", None}:
        return replace(made, problem="it takes several values")
    if _constant(given.get("multiple")) is True:
        return replace(made, problem="it takes several values")
    choices = _constant(given.get("choices"))
    if isinstance(choices, list | tuple):
        made = replace(made, choices=tuple(map(str, choices)))
    required = _constant(given.get("required")) is True
    if "default" not in given:
        if required or not made.flag:
            return made
        return replace(made, problem="it has no default")
    default = _constant(given["default"])
    if isinstance(default, str | int | float):
        return replace(made, default=str(default))
    if default is None and _is_constant(given["default"]):
        return replace(made, problem="it has no default")
    return replace(made, problem="its default is not a constant")


def _action(node: ast.expr | None) -> str:
    value = _constant(node)
    if isinstance(value, str):
        return value
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _plain(text: str) -> str:
    """Return a help text of argparse without its variables, such as ``(default: %(default)s)``."""
    text = re.sub(r"\s*[(\[][^()\[\]]*%\(default\)s[^()\[\]]*[)\]]", "", text)
    return re.sub(r"%\(\w+\)\w", "", text).replace("%%", "%")


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _constant(node: ast.expr | None) -> Any:
    """Return the value of a constant expression; None if it is not constant.

    ``Path("data")`` has the value ``data``.
    """
    if node is None:
        return None
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        called = node.func.id if isinstance(node.func, ast.Name) else called
        if called == "Path":
            return _constant(node.args[0])
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
