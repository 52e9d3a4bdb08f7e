"""Values that shell completion offers, and that depend on other words of the command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from launchpad_tui.errors import LaunchpadError

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.artifact import ArtifactKind
    from launchpad_tui.domain.connection import ConnectionKind, Scope, StoreKind
    from launchpad_tui.domain.scenario import Executable
    from launchpad_tui.services.desk import Desk

#: A value and its description.
Value = tuple[str, str]
#: The kinds of values that `contextual_values` returns.
CONTEXTUAL = frozenset(
    {
        "columns",
        "parameter bindings",
        "input bindings",
        "fields",
        "secret fields",
        "aliases",
        "clients",
    }
)
#: The maximum number of IDs or names that are offered.
LIMIT = 200


def contextual_values(
    context: CommandContext, kind: str, words: Sequence[str], last: str
) -> Iterable[Value] | None:
    """Return the values of a kind that depends on other words; None for other kinds.

    Args:
        context: The context that provides names.
        kind: A kind of `launchpad_tui.cli.command.Argument.completes`.
        words: The words of the command line without options, and ``--type=TYPE`` if it was given.
        last: The incomplete word.
    """
    kinds: dict[str, Callable[[], Iterable[Value]]] = {
        "columns": lambda: _columns(context, words, last),
        "parameter bindings": lambda: _bindings(context, words, "parameters"),
        "input bindings": lambda: _inputs(context, words, last),
        "fields": lambda: _fields(context, words, "="),
        "secret fields": lambda: _fields(context, words, ""),
        "aliases": lambda: dict.fromkeys(
            (alias, "") for alias, _ in context.desk.annotations.aliases(context.scope)
        ),
        "clients": lambda: ((one.name, one.id) for one in context.desk.clients.list()),
    }
    found = kinds.get(kind)
    return None if found is None else found()


def artifact_values(
    desk: Desk, scope: Scope, kind: ArtifactKind | None, last: str
) -> Iterator[Value]:
    """Yield names, references to versions such as ``churn@latest``, and IDs of artifacts."""
    from launchpad_tui.domain.query import Query

    name, at, _ = last.partition("@")
    rows = desk.artifacts.listing(scope, kind, Query(search=name)).slice(0, LIMIT)
    names = Counter(row.artifact.name for row in rows)
    offered: set[str] = set()
    for row in rows:
        one = row.artifact
        if not one.name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            # A name that a shell would have to quote is not offered.
            pass
        elif names[one.name] == 1 and not at:
            yield one.name, one.id
        elif one.version is not None:
            if one.name not in offered:
                offered.add(one.name)
                yield f"{one.name}@latest", one.id
            for alias in one.aliases:
                yield f"{one.name}@{alias}", one.id
            if at:
                yield f"{one.name}@v{one.version}", one.id
        yield one.id, one.name


def _columns(context: CommandContext, words: Sequence[str], last: str) -> Iterator[Value]:
    """Yield attributes, metrics and parameters, after a dash or the other names of a list."""
    from launchpad_tui.domain.list_names import heading, shared_names, written
    from launchpad_tui.domain.query import Subject

    if words[:1] == ["executions"]:
        from launchpad_tui.cli.executions import ATTRIBUTES
    else:
        from launchpad_tui.cli.artifact_attributes import ATTRIBUTES
    before, comma, _ = last.rpartition(",")
    start = f"{before}{comma}" or ("-" if last.startswith("-") else "")
    artifacts, scope = context.desk.artifacts, context.scope
    pairs = [(Subject.METRIC, name) for name in artifacts.metric_keys(scope)]
    pairs += [(Subject.PARAMETER, name) for name in artifacts.parameter_names(scope)]
    shared = shared_names(pairs)
    for subject, name in pairs:
        shown = written(subject, name, prefixed=True) if name in shared else name
        yield f"{start}{shown}", str(subject)
    for name in sorted({heading(one, ATTRIBUTES) for one in ATTRIBUTES}):
        yield f"{start}{name}", "attribute"


def _executable(context: CommandContext, words: Sequence[str]) -> Executable | None:
    """Return the executable that a command line names, directly or by what was created of it."""
    desk, scope = context.desk, context.scope
    if len(words) < 3:
        return None
    ways: tuple[Callable[[str], str], ...] = (
        lambda text: text,
        lambda text: desk.configurations.resolve(scope, text).executable_id,
        lambda text: desk.executions.resolve(scope, text).executable_id,
    )
    for way in ways:
        try:
            return desk.scenarios.executable(scope, way(words[2]))
        except LaunchpadError:
            continue
    return None


def _bindings(context: CommandContext, words: Sequence[str], part: str) -> Iterator[Value]:
    found = _executable(context, words)
    if found is None:
        return
    if part == "parameters":
        for parameter in found.parameters:
            default = "required" if parameter.default is None else parameter.default
            yield f"{parameter.name}=", parameter.description or default
    else:
        for slot in found.inputs:
            yield f"{slot.name}=", slot.description or slot.kind


def _inputs(context: CommandContext, words: Sequence[str], last: str) -> Iterator[Value]:
    name, equals, value = last.partition("=")
    if not equals:
        yield from _bindings(context, words, "inputs")
        return
    for text, description in artifact_values(context.desk, context.scope, None, value):
        yield f"{name}={text}", description


def _fields(context: CommandContext, words: Sequence[str], ending: str) -> Iterator[Value]:
    """Yield the fields of the type that the command line names, or of the object that it edits."""
    desk = context.desk
    stores = words[:1] == ["stores"]
    kinds: Sequence[ConnectionKind | StoreKind] = (
        desk.stores.kinds() if stores else desk.connections.kinds()
    )
    named = next((one.partition("=")[2] for one in words if one.startswith("--type=")), "")
    if not named and words[1:2] == ["edit"] and len(words) > 2:
        objects = desk.stores.list(context.scope) if stores else desk.connections.list()
        named = next((one.kind for one in objects if one.name == words[2]), "")
    for kind in kinds:
        if kind.id != named:
            continue
        for field in kind.fields:
            if (field.kind == "secret") is not bool(ending):
                yield f"{field.name}{ending}", field.title
