"""Shell completion: one small script a shell, which asks ``launchpad _complete`` what may follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from launchpad_tui.cli.command import BRANCHES, COMMON, WORDS, Arg, Command
from launchpad_tui.errors import LaunchpadError

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.artifact import ArtifactKind
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.services.desk import Desk

#: at most so many IDs or names are offered
_MOST = 200
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
      COMPREPLY+=("$(printf %q "$each")")
    fi
  done < <(launchpad _complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o nosort -F _launchpad launchpad
""",
    "zsh": """\
#compdef launchpad
_launchpad() {
  local -a found described
  found=("${(@f)$(launchpad _complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ ${found[1]} == "//files" ]]; then _files; return; fi
  described=("${(@)found//:/\\\\:}")
  described=("${(@)described/$'\\t'/:}")
  [[ -n ${found[1]} ]] && _describe launchpad described
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
    """The script of a shell: bash, zsh or fish."""
    return _SCRIPTS[shell]


def candidates(context: Context, words: list[str]) -> Iterator[str]:
    """What may stand in place of the last word: ``word<tab>what it is``, or ``//files`` where it is a path.

    Args:
        context: to look IDs and names up in.
        words: the words behind ``launchpad``, the last one unfinished (perhaps empty).
    """
    from launchpad_tui.cli.parser import commands, first_word

    *before, last = words or [""]
    plain = _plain(before)
    word = first_word(before)
    if not word:
        yield from (
            _options(COMMON, before, last, context) if _wants(COMMON, before, last) else _top(last)
        )
        return
    if word not in WORDS:
        return
    table = commands(word)
    fitting = [each for each in table if plain[: len(each.words)] == list(each.words)]
    command = max(fitting, key=lambda each: len(each.words), default=None)
    if command is None:
        yield from _next_words(table, plain, last)
        return
    arguments = (*command.args, *command.common)
    if _wants(arguments, before, last):
        yield from _options(arguments, before, last, context)
        return
    yield from _next_words(table, plain, last)
    positional = [each for each in command.args if each.positional]
    place = len(_plain(before, arguments)) - len(command.words)
    if positional and (
        place < len(positional) or positional[-1].options.get("nargs") in {"*", "+"}
    ):
        yield from _values(context, positional[min(place, len(positional) - 1)], last)


def _next_words(table: Sequence[Command], plain: Sequence[str], last: str) -> Iterator[str]:
    """The words that lead from these to a command."""
    below = [
        each
        for each in table
        if len(each.words) > len(plain) and list(each.words[: len(plain)]) == list(plain)
    ]
    meanings: dict[str, str] = {}
    for each in below:
        words = each.words[: len(plain) + 1]
        meanings.setdefault(words[-1], each.help if words == each.words else BRANCHES[words])
    yield from (f"{word}\t{meaning}" for word, meaning in meanings.items() if word.startswith(last))


def _plain(words: Sequence[str], arguments: Sequence[Arg] = COMMON) -> list[str]:
    """The words that are neither options nor their values."""
    values = {flag for each in arguments if each.takes_value for flag in each.flags}
    rest, found = iter(words), []
    for each in rest:
        if each in values:
            next(rest, None)
        elif not each.startswith("-"):
            found.append(each)
    return found


def _wants(arguments: Sequence[Arg], before: Sequence[str], last: str) -> bool:
    """Whether an option or an option's value is to be completed."""
    return last.startswith("-") or _valued(arguments, before) is not None


def _valued(arguments: Sequence[Arg], before: Sequence[str]) -> Arg | None:
    """The option whose value comes next."""
    return next(
        (each for each in arguments if before and before[-1] in each.flags and each.takes_value),
        None,
    )


def _options(
    arguments: Sequence[Arg], before: Sequence[str], last: str, context: Context
) -> Iterator[str]:
    valued = _valued(arguments, before)
    if valued is not None and not valued.positional:
        yield from _values(context, valued, last)
        return
    for each in arguments:
        for flag in each.flags:
            if flag.startswith("--") and flag.startswith(last):
                yield f"{flag}\t{each.help}"


def _top(last: str) -> Iterator[str]:
    for name, word in WORDS.items():
        if name.startswith(last) and not word.hidden:
            yield f"{name}\t{word.help}"


def _values(context: Context, each: Arg, last: str) -> Iterator[str]:
    choices = each.options.get("choices")
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
            # Pressing a key must not make a home.
            return
        try:
            found = list(_known(context, each.completes, last))
        except LaunchpadError:
            # The shell is asking in the middle of a line: a registry that cannot be read offers nothing.
            return
        for value, meaning in found:
            if value.startswith(last) and value == safe_text(value):
                yield f"{value}\t{safe_text(meaning, 60)}"


def _known(context: Context, what: str, last: str) -> Iterable[tuple[str, str]]:
    """What there is of a sort, with a few words on each."""
    from launchpad_tui.domain.artifact import ArtifactKind

    desk, scope = context.desk, context.scope
    kinds = {
        "models": ArtifactKind.MODEL,
        "datasets": ArtifactKind.DATASET,
        "resultsets": ArtifactKind.RESULTSET,
    }
    if what in kinds or what == "artifacts":
        return _artifacts(desk, scope, kinds.get(what), last)
    known: dict[str, Callable[[], Iterable[tuple[str, str]]]] = {
        "executions": lambda: _executions(desk, scope),
        "schedules": lambda: ((one.id, one.name) for one in desk.schedules.list(scope)[:_MOST]),
        "configurations": lambda: (
            (one.id, one.name) for one in desk.configurations.list(scope)[:_MOST]
        ),
        "executables": lambda: ((one.id, one.name) for one in desk.scenarios.executables(scope)),
        "scenarios": lambda: ((one.id, one.name) for one in desk.scenarios.scenarios(scope)),
        "connections": lambda: ((one.name, one.kind) for one in desk.connections.list()),
        "groups": lambda: (
            (one.name, one.status) for one in desk.connections.groups(scope.connection)
        ),
        "stores": lambda: ((one.name, one.kind) for one in desk.stores.list(scope)),
        "kinds": lambda: ((one.id, one.title) for one in desk.connections.kinds()),
        "types": lambda: ((one.id, one.title) for one in desk.stores.kinds()),
        "metrics": lambda: ((key, "") for key in desk.artifacts.metric_keys(scope)),
    }
    return known[what]()


def _artifacts(
    desk: Desk, scope: Scope, kind: ArtifactKind | None, last: str
) -> Iterator[tuple[str, str]]:
    from launchpad_tui.domain.query import Query

    rows = desk.artifacts.listing(scope, kind, Query(search=last)).slice(0, _MOST)
    names = Counter(row.artifact.name for row in rows)
    for row in rows:
        yield row.artifact.id, row.artifact.name
        # A name stands for its artifact where it is the only one, and is one word of a shell.
        if (
            names[row.artifact.name] == 1
            and row.artifact.name.replace("-", "").replace("_", "").isalnum()
        ):
            yield row.artifact.name, row.artifact.id


def _executions(desk: Desk, scope: Scope) -> Iterator[tuple[str, str]]:
    from launchpad_tui.domain.query import Query

    for row in desk.executions.listing(scope, Query()).slice(0, _MOST):
        yield row.execution.id, f"{row.execution.configuration_name} {row.execution.status}"
