"""Shell completion: a small script for each shell, which calls ``launchpad _complete``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from launchpad_tui.cli.command import (
    COMMAND_GROUPS,
    COMMON_OPTIONS,
    SUBGROUPS,
    Argument,
    Command,
    argument,
)
from launchpad_tui.cli.completion_values import LIMIT, artifact_values, contextual_values
from launchpad_tui.errors import LaunchpadError

if TYPE_CHECKING:
    import argparse

    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.services.desk import Desk

#: Characters that bash takes for words of their own (COMP_WORDBREAKS).
_BREAKS = frozenset("=@:")
_SCRIPTS = {
    "bash": """\
_launchpad() {
  local word=${COMP_WORDS[COMP_CWORD]} each rest
  COMPREPLY=()
  while IFS=$'\t' read -r each rest; do
    if [[ $each == "//files" ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r each; do COMPREPLY+=("$each"); done < <(compgen -f -- "$word")
    else
      [[ $each == *= ]] && compopt -o nospace 2>/dev/null
      COMPREPLY+=("$(printf %q "$each")")
    fi
  done < <(launchpad _complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o nosort -F _launchpad launchpad
""",
    "zsh": """\
#compdef launchpad
_launchpad() {
  local -a found described end
  found=("${(@f)$(launchpad _complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ ${found[1]} == "//files" ]]; then _files; return; fi
  described=("${(@)found//:/\\\\:}")
  described=("${(@)described/$'\\t'/:}")
  [[ ${found[1]%%$'\\t'*} == *= ]] && end=(-S '')
  [[ -n ${found[1]} ]] && _describe launchpad described $end
}
if [[ ${funcstack[1]} == _launchpad ]]; then _launchpad "$@"; else compdef _launchpad launchpad; fi
""",
    "fish": """\
function __launchpad_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (launchpad _complete -- $words[2..-1] 2>/dev/null)
  if test "$found[1]" = "//files"
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $found
  end
end
complete -c launchpad -f -a '(__launchpad_complete)'
""",
}


def script(shell: str) -> str:
    """Return the completion script for bash, zsh or fish."""
    return _SCRIPTS[shell]


def candidates(context: CommandContext, words: list[str]) -> Iterator[str]:
    """Yield the completions of the last word: ``word<tab>description``, or ``//files`` for a path.

    Args:
        context: The context that provides IDs and names.
        words: The words after ``launchpad``. The last one is incomplete, possibly empty.
    """
    joined, removed = _joined(words or [""])
    *before, last = joined
    added = ""
    if last.startswith("--") and "=" in last:
        # The value of an option after = is completed like the next word.
        flag, _, last = last.partition("=")
        before, added = [*before, flag], f"{flag}="
    for line in _candidates(context, before, last):
        found = line if line.startswith("//") else f"{added}{line}".removeprefix(removed)
        if found and not found.startswith("\t"):
            yield found


def _joined(words: Sequence[str]) -> tuple[list[str], str]:
    """Return words that bash has split, such as ``name=value`` and ``name@alias``, as one.

    Returns:
        Also the start of the last word that bash does not replace by a completion.
    """
    joined: list[str] = []
    glued, removed = False, ""
    for word in words:
        if joined and (glued or word in _BREAKS):
            removed = joined[-1] + (word if word in _BREAKS else "")
            joined[-1] += word
        else:
            joined.append(word)
            removed = ""
        glued = word in _BREAKS
    return joined, removed


def _candidates(context: CommandContext, before: list[str], last: str) -> Iterator[str]:
    """Yield the completions of a word that follows others."""
    from launchpad_tui.cli.aliases import current_names
    from launchpad_tui.cli.parser import commands, default_command, group_name

    before = current_names(before)
    plain = _plain_words(before)
    group = group_name(before)
    if not group:
        if _completes_option(COMMON_OPTIONS, before, last):
            yield from _option_completions(COMMON_OPTIONS, before, last, context)
        else:
            yield from _group_names(last)
        return
    if group not in COMMAND_GROUPS:
        return
    table = commands(group)
    matching = [each for each in table if plain[: len(each.path)] == list(each.path)]
    command = max(matching, key=lambda each: len(each.path), default=None)
    if command is None:
        listing = default_command(table, tuple(plain))
        options = (*listing.args, *listing.common) if listing is not None else ()
        if _completes_option(options, before, last):
            yield from _option_completions(options, before, last, context)
        else:
            yield from _next_words(table, plain, last)
        return
    arguments = (*command.args, *command.common)
    if _completes_option(arguments, before, last):
        yield from _option_completions(arguments, before, last, context)
        return
    yield from _next_words(table, plain, last)
    positional = [each for each in command.args if each.positional]
    position = len(_plain_words(before, arguments)) - len(command.path)
    if positional and (
        position < len(positional) or positional[-1].keywords.get("nargs") in {"*", "+"}
    ):
        each = positional[min(position, len(positional) - 1)]
        yield from _values(context, each, last, _given(arguments, before))


def _next_words(table: Sequence[Command], plain: Sequence[str], last: str) -> Iterator[str]:
    """Yield the words that may follow in the path of a command."""
    below = [
        each
        for each in table
        if len(each.path) > len(plain) and list(each.path[: len(plain)]) == list(plain)
    ]
    descriptions: dict[str, str] = {}
    for each in below:
        path = each.path[: len(plain) + 1]
        descriptions.setdefault(path[-1], each.help if path == each.path else SUBGROUPS[path])
    for word, description in descriptions.items():
        if word.startswith(last):
            yield f"{word}\t{description}"


def _plain_words(words: Sequence[str], arguments: Sequence[Argument] = COMMON_OPTIONS) -> list[str]:
    """Return the words that are neither options nor their values."""
    with_value = {flag for each in arguments if each.takes_value for flag in each.flags}
    rest, found = iter(words), []
    for each in rest:
        if each in with_value:
            next(rest, None)
        elif not each.startswith("-"):
            found.append(each)
    return found


def _completes_option(arguments: Sequence[Argument], before: Sequence[str], last: str) -> bool:
    """Return whether the last word is an option or the value of one."""
    return last.startswith("-") or _option_before(arguments, before) is not None


def _option_before(arguments: Sequence[Argument], before: Sequence[str]) -> Argument | None:
    """Return the option whose value is the last word; None if there is none."""
    return next(
        (each for each in arguments if before and before[-1] in each.flags and each.takes_value),
        None,
    )


def _option_completions(
    arguments: Sequence[Argument], before: Sequence[str], last: str, context: CommandContext
) -> Iterator[str]:
    option = _option_before(arguments, before)
    if option is not None and not option.positional:
        yield from _values(context, option, last, _given(arguments, before))
        return
    for each in arguments:
        for flag in each.flags:
            if flag.startswith("--") and flag.startswith(last):
                yield f"{flag}\t{each.help}"


def _group_names(last: str) -> Iterator[str]:
    for name, group in COMMAND_GROUPS.items():
        if name.startswith(last) and not group.hidden:
            yield f"{name}\t{group.help}"


def _given(arguments: Sequence[Argument], before: Sequence[str]) -> list[str]:
    """Return the words without options, and the type that an option names."""
    words = [word.partition("=") for word in before]
    types = [value for flag, _, value in words if flag == "--type" and value]
    types += [after for word, after in pairwise(before) if word == "--type"]
    return [*_plain_words(before, arguments), *(f"--type={each}" for each in types)]


def _values(
    context: CommandContext, each: Argument, last: str, words: Sequence[str]
) -> Iterator[str]:
    choices = each.keywords.get("choices")
    if choices:
        yield from (str(choice) for choice in choices if str(choice).startswith(last))
    elif each.completes == "files":
        yield "//files"
    elif each.completes == "topics":
        from launchpad_tui.services.manual import TOPICS

        yield from (name for name in TOPICS if name.startswith(last))
    elif each.completes:
        from launchpad_tui.domain.text import safe_text

        if not context.home.registry_path.exists():
            # Completion must not create a home folder.
            return
        try:
            found = contextual_values(context, each.completes, words, last)
            if found is None:
                found = stored_values(context, each.completes, last)
            found = list(found)
        except LaunchpadError:
            # An error message would be printed into the command line that the user is editing.
            return
        for value, description in found:
            if value.startswith(last) and value == safe_text(value):
                yield f"{value}\t{safe_text(description, 60)}"


def stored_values(context: CommandContext, name: str, last: str) -> Iterable[tuple[str, str]]:
    """Return the values of a kind (see `Argument.completes`), each with a short description."""
    from launchpad_tui.domain.artifact import ArtifactKind

    desk, scope = context.desk, context.scope
    kinds = {
        "models": ArtifactKind.MODEL,
        "datasets": ArtifactKind.DATASET,
        "resultsets": ArtifactKind.RESULTSET,
    }
    if name in kinds or name == "artifacts":
        return artifact_values(desk, scope, kinds.get(name), last)
    values: dict[str, Callable[[], Iterable[tuple[str, str]]]] = {
        "executions": lambda: _executions(desk, scope),
        "schedules": lambda: ((one.id, one.name) for one in desk.schedules.list(scope)[:LIMIT]),
        "configurations": lambda: _configurations(desk, scope),
        "execution sources": lambda: (
            *((one.id, one.name) for one in desk.scenarios.executables(scope)),
            *_configurations(desk, scope),
        ),
        "executables": lambda: ((one.id, one.name) for one in desk.scenarios.executables(scope)),
        "scenarios": lambda: ((one.id, one.name) for one in desk.scenarios.scenarios(scope)),
        "connections": lambda: ((one.name, one.kind) for one in desk.connections.list()),
        "groups": lambda: (
            (one.name, one.status) for one in desk.connections.groups(scope.connection)
        ),
        "stores": lambda: ((one.name, one.kind) for one in desk.stores.list(scope)),
        "connection types": lambda: ((one.id, one.title) for one in desk.connections.kinds()),
        "store types": lambda: ((one.id, one.title) for one in desk.stores.kinds()),
        "sweeps": lambda: (
            pair
            for one in desk.sweeps.summaries(scope)[:LIMIT]
            for pair in ((one.id, f"{one.name}: {one.progress}"), (one.name, one.progress))
        ),
        "metrics": lambda: ((key, "") for key in desk.artifacts.metric_keys(scope)),
        "parameters": lambda: ((name, "") for name in desk.artifacts.parameter_names(scope)),
    }
    return values[name]()


def _configurations(desk: Desk, scope: Scope) -> Iterator[tuple[str, str]]:
    """Yield the unique names of configurations, then the IDs of all."""
    found = desk.configurations.list(scope)[:LIMIT]
    names = [one.name for one in found]
    yield from ((one.name, one.id) for one in found if names.count(one.name) == 1)
    yield from ((one.id, one.name) for one in found)


def _executions(desk: Desk, scope: Scope) -> Iterator[tuple[str, str]]:
    from launchpad_tui.domain.query import Query

    rows = desk.executions.listing(scope, Query()).slice(0, LIMIT)
    if rows:
        yield "latest", rows[0].execution.id
    for row in rows:
        yield row.execution.id, f"{row.execution.configuration_name} {row.execution.status}"


def _print_script(_context: CommandContext, options: argparse.Namespace) -> None:
    print(script(options.shell), end="")


def _print_completions(context: CommandContext, options: argparse.Namespace) -> None:
    for line in candidates(context, options.words):
        print(line)


COMMANDS = (
    Command(
        ("completion",),
        COMMAND_GROUPS["completion"].help,
        (
            'eval "$(launchpad completion bash)"',
            "launchpad completion zsh > ~/.zfunc/_launchpad",
            "launchpad completion fish > ~/.config/fish/completions/launchpad.fish",
        ),
        _print_script,
        (argument("shell", choices=("bash", "zsh", "fish"), help="Name of the shell"),),
    ),
    Command(
        ("_complete",),
        COMMAND_GROUPS["_complete"].help,
        ("launchpad _complete -- models sh", "launchpad _complete -- models show ''"),
        _print_completions,
        (
            argument(
                "words", nargs="*", help="Words of the command line; the last one is incomplete"
            ),
        ),
        hidden=True,
    ),
)
