"""Add metrics, parameters, tags and custom info to artifacts, and remove what was added."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.cli.arguments import artifact, integer
from launchpad_tui.cli.bindings import (
    bindings,
    nothing_to_log,
    number_bindings,
    warn_of_credentials,
)
from launchpad_tui.cli.command import Argument, Command, argument
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.artifact import Artifact, ArtifactKind
    from launchpad_tui.domain.artifact_attributes import ArtifactAttributes

#: The option of commands that add artifacts.
NO_ATTRIBUTES = argument(
    "--no-attributes",
    action="store_true",
    help="Do not read files such as metrics.json and params.yaml beside the model",
)
VALUES = argument(
    "metric",
    nargs="*",
    metavar="NAME=NUMBER",
    help="Metric and its value; nan and inf are allowed",
)
STEP = argument("--step", type=integer, default=0, metavar="N", help="Step (default: 0)")
TAG = argument("--tag", action="append", metavar="NAME=VALUE", help="Tag; may be repeated")
INFO = argument("--info", action="append", metavar="NAME=TEXT", help="Custom info; may be repeated")
PARAMETER = argument(
    "--parameter",
    "-p",
    action="append",
    metavar="NAME=VALUE",
    help="Parameter of an artifact that no execution created; may be repeated",
)
FILE = argument(
    "--file",
    action="append",
    metavar="FILE",
    help="File of this machine with metrics or parameters (JSON, JSON lines, YAML, CSV); "
    "may be repeated",
    completes="files",
)
REPLACE = argument(
    "--replace", action="store_true", help="Remove what was added to the same metrics before"
)
#: The options that remove values that were added.
REMOVED: tuple[Argument, ...] = (
    argument("--metric", action="append", metavar="NAME", help="Metric; may be repeated"),
    argument(
        "--parameter", "-p", action="append", metavar="NAME", help="Parameter; may be repeated"
    ),
    argument("--tag", action="append", metavar="NAME", help="Tag; may be repeated"),
    argument("--info", action="append", metavar="NAME", help="Custom info; may be repeated"),
)


def note_same_url(context: CommandContext, one: Artifact) -> None:
    """Print a note if other artifacts of the kind have the URL of one that was added."""
    others = context.desk.artifacts.others_at(context.scope, one.kind, one.url, one.id)
    if others:
        names = ", ".join(other.name_with_version for other in others)
        context.note(f"note: {names} has the same URL; {one.name_with_version} was added beside it")


def add_beside(context: CommandContext, one: Artifact) -> ArtifactAttributes | None:
    """Add the values in the files beside a new artifact, and report them; None without any.

    A file that cannot be read is reported, because the artifact was added already.
    """
    from launchpad_tui.errors import LaunchpadError

    service = context.desk.attribute_files
    try:
        paths = service.find(context.scope, one.url)
        return _add_files(context, one, paths) if paths else None
    except LaunchpadError as error:
        context.note(f"note: Files beside the {one.kind} were not read. {error.title}.")
        return None


def add_found(context: CommandContext, found: Iterable[tuple[Artifact, Sequence[str]]]) -> None:
    """Add the values in files that were found beside imported artifacts, and report them."""
    count = 0
    for one, paths in found:
        if not paths:
            continue
        added, errors = context.desk.attribute_files.add(context.scope, one, paths)
        count += bool(added)
        for error in errors:
            context.note(f"warning: {one.name}: {error.title}. {error.detail}")
    if count:
        context.note(f"Added metrics or parameters of {count} from the files beside them.")


def _add_files(
    context: CommandContext, one: Artifact, paths: Sequence[str]
) -> ArtifactAttributes | None:
    found, errors = context.desk.attribute_files.add(context.scope, one, paths)
    for error in errors:
        context.note(f"warning: {error.title}. {error.detail}")
    if not found:
        return None
    context.note(f"Added {found.counts} to {one.name} from {', '.join(paths)}.")
    return found


def log_for_artifact(context: CommandContext, options: argparse.Namespace, one: Artifact) -> None:
    """Add what the options of a command name to an artifact, and report it.

    Raises:
        InvalidInput: Nothing was given, or a value or a file is not valid.
        NotFound: An execution does not exist, or there are no files beside the model.
    """
    from launchpad_tui.aiapi.artifacts import extended_artifact
    from launchpad_tui.domain.artifact_attributes import ArtifactAttributes
    from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
    from launchpad_tui.services.attribute_formats import merged

    at = now()
    parameters = bindings(options.parameter, "parameter")
    given = ArtifactAttributes(
        [
            Metric(name, value, at, options.step)
            for name, value in number_bindings(options.metric, "metric").items()
        ],
        parameters,
        [Tag(*pair) for pair in bindings(options.tag, "tag").items()],
        [CustomInfo(*pair) for pair in bindings(options.info, "info").items()],
    )
    new = merged((*map(_read, options.file or ()), given))
    beside, source = getattr(options, "beside", False), getattr(options, "from_execution", None)
    if not (new or beside or source):
        raise nothing_to_log()
    desk, scope = context.desk, context.scope
    if new:
        desk.annotations.add_attributes(scope, one.id, new, replacing=options.replace)
        warn_of_credentials(context, "parameter", new.parameters)
    if beside:
        paths = desk.attribute_files.find(scope, one.url)
        if not paths:
            raise NotFound(
                f"No files with metrics or parameters at {one.url}",
                "Their names are metrics.json, metrics.csv, params.yaml and the like.",
                "Pass a file of this machine with --file.",
            )
        new = merged((new, _add_files(context, one, paths) or ArtifactAttributes()))
    if source:
        execution = desk.executions.resolve(scope, source).id
        context.read_metrics([execution])
        new = merged((new, desk.evaluations.add(scope, one.id, execution)))
    data = {
        **extended_artifact(desk.artifacts.get(scope, one.id)),
        "added": {
            "metrics": sorted({each.name for each in new.metrics}),
            "parameters": dict(new.parameters),
            "tags": [each.name for each in new.tags],
            "customInfo": [each.name for each in new.custom_info],
        },
    }
    counts = new.counts or "nothing"
    context.done(f"Added {counts} to {one.kind} {one.name_with_version}.", data, id=one.id)
    if new and not source:
        from launchpad_tui.cli.artifact_edits import UNDO_HINT

        context.hint(UNDO_HINT)


def delete_of_artifact(context: CommandContext, options: argparse.Namespace, one: Artifact) -> None:
    """Remove values that were added to an artifact: those that options name, or all."""
    from launchpad_tui.cli.artifact_edits import UNDO_HINT
    from launchpad_tui.domain.artifact_attributes import AttributeKind

    desk, scope = context.desk, context.scope
    names = {
        AttributeKind.METRIC: options.metric or (),
        AttributeKind.PARAMETER: options.parameter or (),
        AttributeKind.TAG: options.tag or (),
        AttributeKind.INFO: options.info or (),
    }
    if not any(names.values()):
        names = {part: [] for part in AttributeKind}
        for part, name in desk.annotations.attribute_sources(scope, one.id):
            names[part] = [*names[part], name]
    desk.annotations.remove_attributes(scope, one.id, names)
    count = sum(map(len, names.values()))
    context.done(
        f"Removed {count} value{'s' * (count != 1)} from {one.kind} {one.name_with_version}.",
        {"id": one.id, "removed": {str(part): list(some) for part, some in names.items()}},
        id=one.id,
    )
    context.hint(UNDO_HINT)


def _read(path: str) -> ArtifactAttributes:
    """Return the values in a file of this machine. Raises InvalidInput."""
    from launchpad_tui.services.attribute_formats import SIZE_LIMIT, parse_attributes

    file = Path(path).expanduser()
    try:
        with file.open("rb") as source:
            content = source.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise InvalidInput(
            f"The file {path[:120]!r} cannot be read",
            error.strerror or str(error),
            "Check the path.",
            field="file",
        ) from error
    return parse_attributes(file.name, content, now())


def _log(kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace) -> None:
    one = context.desk.artifacts.resolve(context.scope, options.id, kind)
    log_for_artifact(context, options, one)


def log_command(group: str, noun: str, kind: ArtifactKind | None) -> Command:
    """Return the command that adds values to an artifact of a group such as ``models``."""
    return Command(
        (group, "log"),
        f"Add metrics, parameters, tags or custom info to {noun}",
        (
            f"launchpad {group} log churn accuracy=0.93 loss=0.21 -p depth=8 --tag reviewed=yes",
            f"launchpad {group} log churn --file metrics.json --file params.yaml",
            f"launchpad {group} log churn --from-execution e0123",
        ),
        partial(_log, kind),
        (
            artifact(group),
            VALUES,
            STEP,
            PARAMETER,
            TAG,
            INFO,
            FILE,
            argument(
                "--beside",
                action="store_true",
                help="Read metrics.json, params.yaml and the like beside the files of the model",
            ),
            argument(
                "--from-execution",
                metavar="ID",
                help="Add the metrics of an execution that evaluated it",
                completes="executions",
            ),
            REPLACE,
        ),
        details=(
            "Everything is kept on this machine, also for artifacts of remote runtimes. To remove "
            "values that were added: launchpad metrics delete"
        ),
    )
