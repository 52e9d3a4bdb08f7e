"""Shell completion: one small script a shell, which asks ``launchpad _complete`` what may follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from launchpad_tui.cli.command import COMMON, GROUPS, Arg, Command
from launchpad_tui.errors import LaunchpadError

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context

#: at most so many IDs or names are offered
_MOST = 200
_SCRIPTS = {
    "bash": """\
_launchpad() {
  local IFS=$'\\n' word=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=($(launchpad _complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
  if [[ ${COMPREPLY[0]} == "//files" ]]; then COMPREPLY=($(compgen -f -- "$word")); fi
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
    from launchpad_tui.cli.parser import commands

    *before, last = words or [""]
    table = [command for command in commands() if not command.hidden]
    plain = [word for word in before if not word.startswith("-")]
    command = next(
        (each for each in table if plain[: len(each.words)] == list(each.words)),
        None,
    )
    if command is None:
        yield from _words(table, plain, last)
        return
    arguments = (*command.args, *COMMON)
    for each in arguments:
        if before and before[-1] in each.flags and "action" not in each.options:
            yield from _values(context, each, last)
            return
        if before and before[-1] in each.flags and each.options.get("action") == "append":
            yield from _values(context, each, last)
            return
    if last.startswith("-"):
        for each in arguments:
            for flag in each.flags:
                if flag.startswith("--") and flag.startswith(last):
                    yield f"{flag}\t{each.help}"
        return
    positional = [each for each in command.args if not each.flags[0].startswith("-")]
    if positional:
        place = min(len(plain) - len(command.words), len(positional) - 1)
        yield from _values(context, positional[place], last)


def _words(table: list[Command], plain: list[str], last: str) -> Iterator[str]:
    seen: set[str] = set()
    for each in table:
        if len(each.words) <= len(plain) or list(each.words[: len(plain)]) != plain:
            continue
        word = each.words[len(plain)]
        if word.startswith(last) and word not in seen:
            seen.add(word)
            yield f"{word}\t{GROUPS.get(word, each.help) if len(each.words) > len(plain) + 1 else each.help}"


def _values(context: Context, each: Arg, last: str) -> Iterator[str]:
    choices = each.options.get("choices")
    if choices:
        yield from (str(choice) for choice in choices if str(choice).startswith(last))
    elif each.completes == "files":
        yield "//files"
    elif each.completes:
        from launchpad_tui.domain.text import safe_text

        try:
            found = list(_known(context, each.completes, last))
        except LaunchpadError:
            # The shell is asking in the middle of a line: a registry that cannot be read offers nothing.
            return
        for value, meaning in found:
            if value.startswith(last) and value == safe_text(value):
                yield f"{value}\t{safe_text(meaning, 60)}"


def _known(context: Context, what: str, last: str) -> Iterator[tuple[str, str]]:
    from launchpad_tui.domain.artifact import ArtifactKind
    from launchpad_tui.domain.page import Query

    desk, scope = context.desk, context.scope
    kinds = {
        "models": ArtifactKind.MODEL,
        "datasets": ArtifactKind.DATASET,
        "resultsets": ArtifactKind.RESULTSET,
        "artifacts": None,
    }
    if what in kinds:
        query = Query(search=last if len(last) >= 3 else "")
        for row in desk.artifacts.listing(scope, kinds[what], query).slice(0, _MOST):
            yield row.artifact.id, row.artifact.name
    elif what == "executions":
        for run in desk.executions.listing(scope, Query()).slice(0, _MOST):
            yield run.execution.id, f"{run.execution.configuration_name} {run.execution.status}"
    elif what == "configurations":
        for one in desk.configurations.list(scope)[:_MOST]:
            yield one.id, one.name
    elif what == "executables":
        for executable in desk.scenarios.executables(scope):
            yield executable.id, executable.name
    elif what == "connections":
        for connection in desk.connections.list():
            yield connection.name, connection.kind
    elif what == "groups":
        for group in desk.connections.groups(scope.connection):
            yield group.name, group.status
    elif what == "stores":
        for store in desk.connections.stores(scope):
            yield store.name, store.kind
    elif what == "metrics":
        for key in desk.artifacts.metric_keys(scope):
            yield key, ""
