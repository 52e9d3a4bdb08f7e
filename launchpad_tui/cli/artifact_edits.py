"""Commands that edit artifacts, and commands on versions and aliases of models."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli import list_rows, listing
from launchpad_tui.cli.arguments import SIZE_OPTIONS
from launchpad_tui.cli.bindings import warn_of_credentials
from launchpad_tui.cli.command import Argument, Command, argument
from launchpad_tui.cli.table import ID, TableColumn
from launchpad_tui.domain.artifact import LABEL_PREFIX, ArtifactKind, parse_label
from launchpad_tui.domain.numbers import metric_text, size_text
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.artifact import Artifact
    from launchpad_tui.domain.model_version import AliasChange

#: printed after changes that can be undone
UNDO_HINT = "Undo with: launchpad undo"
_EDITED = ("name", "description", "label", "remove_label", "note", "note_file")


def _edit(kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.aiapi.artifacts import extended_artifact
    from launchpad_tui.domain.model_version import ArtifactEdit

    scope, desk = context.scope, context.desk
    found = [desk.artifacts.resolve(scope, text, kind) for text in options.ids]
    ids = list(dict.fromkeys(one.id for one in found))
    given = [name for name in _EDITED if getattr(options, name) is not None]
    nothing = not given and options.pinned is None and not options.editor
    if nothing and len(ids) == 1:
        from launchpad_tui.cli.editing import can_ask, edit_artifact

        if can_ask():
            changed_one = edit_artifact(context, found[0])
            text = f"Changed {found[0].kind} {found[0].name}." if changed_one else "No changes."
            now = desk.artifacts.resolve(scope, ids[0], kind)
            context.done(text, extended_artifact(now), id=ids[0])
            if changed_one:
                context.hint(UNDO_HINT)
            return
    if nothing:
        raise InvalidInput(
            "Nothing to change",
            "No option was given that changes something.",
            "Pass an option, for example --label stage=prod. All options: "
            "launchpad models edit --help",
        )
    changes = ArtifactEdit(
        name=options.name,
        description=options.description,
        set_labels=tuple(parse_label(text) for text in options.label or ()),
        remove_labels=tuple(
            text if "/" in text else LABEL_PREFIX + text for text in options.remove_label or ()
        ),
        notes=_notes(context, options, ids),
        pinned=options.pinned,
    )
    changed = desk.annotations.edit(scope, ids, changes)
    warn_of_credentials(context, "label", dict(changes.set_labels))
    warn_of_credentials(
        context, "text", {"description": changes.description or "", "notes": changes.notes or ""}
    )
    if context.structured:
        found_data = [extended_artifact(one) for one in changed]
        if len(found_data) == 1:
            context.print_data(found_data[0])
        elif context.output in {"csv", "markdown"}:
            context.print_data({"artifacts": found_data}, rows="artifacts")
        else:
            context.print_data(found_data)
        return
    where = " on this machine" if desk.runtimes.is_remote(scope) else ""
    for one in changed:
        context.done(f"Changed {one.kind} {one.name} ({one.id}){where}.", id=one.id)
    context.hint(UNDO_HINT)


def _notes(context: CommandContext, options: argparse.Namespace, ids: list[str]) -> str | None:
    """Return the new notes, None to keep them. Raises InvalidInput."""
    sources = [options.note is not None, options.note_file is not None, options.editor]
    if sum(sources) > 1:
        raise InvalidInput(
            "The notes are given twice",
            "--note, --note-file and --editor exclude each other.",
            "Use one of them.",
            field="note",
        )
    from launchpad_tui.services.text_editor import edited_text, text_of_file

    if options.note_file is not None:
        if options.note_file == "-":
            return sys.stdin.read()
        return text_of_file(Path(options.note_file))
    if not options.editor:
        note: str | None = options.note
        return note
    if len(ids) > 1:
        raise InvalidInput(
            "The notes of several artifacts cannot be edited together",
            f"{len(ids)} artifacts were given.",
            "Name one artifact, or use --note.",
            field="editor",
        )
    return edited_text(context.desk.annotations.notes(context.scope, ids[0]))


def _versions(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.aiapi.artifacts import extended_artifact
    from launchpad_tui.aiapi.metrics import serialize_metric_values
    from launchpad_tui.domain.query import Condition, Op, Order, Query, Subject

    name = options.name
    artifacts, scope = context.desk.artifacts, context.scope
    if not artifacts.has_name(scope, name):
        name = artifacts.resolve(scope, name, ArtifactKind.MODEL).name
    conditions = [Condition(Subject.ATTRIBUTE, "name", Op.EQUALS, name)]
    if options.scenario:
        conditions.append(Condition(Subject.ATTRIBUTE, "scenario_id", Op.EQUALS, options.scenario))
    columns = listing.metric_columns(context, options.metric or ())
    query = Query(conditions=tuple(conditions), order=Order("version", True), metrics=columns)
    found = artifacts.listing(scope, ArtifactKind.MODEL, query)
    if options.chart or options.svg:
        if len(columns) != 1:
            raise InvalidInput(
                "The chart of versions shows one metric",
                f"{len(columns)} metrics were given.",
                "Name one, for example --metric val_loss:best.",
                field="metric",
            )
        from launchpad_tui.cli.charts import draw_versions

        rows = list(list_rows.rows(found, options.limit, quiet=context.quiet))
        if context.read_metrics([row.artifact.execution_id for row in rows]):
            rows = list(
                list_rows.rows(
                    artifacts.listing(scope, ArtifactKind.MODEL, query), 0, quiet=context.quiet
                )
            )
        draw_versions(context, rows, columns[0], options)
        return
    context.resources(
        list_rows.rows(found, options.limit, quiet=context.quiet),
        lambda row: {
            **extended_artifact(row.artifact),
            "metrics": serialize_metric_values(row.metrics),
        },
        (
            ID,
            TableColumn("VERSION", right=True),
            TableColumn("ALIASES", cut_last=True),
            TableColumn("SCENARIO", optional=3),
            TableColumn("CREATED", optional=1),
            TableColumn("SIZE", optional=2, right=True),
            *listing.metric_table_columns(context, columns),
            TableColumn("URL", optional=4),
        ),
        lambda row: (
            context.short_id("artifacts", row.artifact.id),
            "" if row.artifact.version is None else str(row.artifact.version),
            " ".join(row.artifact.aliases),
            row.artifact.scenario_id,
            context.time(row.artifact.created_at),
            size_text(row.artifact.size),
            *(metric_text(row.metrics.get(column), 6) for column in columns),
            row.artifact.url,
        ),
        metrics=tuple(map(str, columns)),
    )


def _promote(context: CommandContext, options: argparse.Namespace) -> None:
    scope, desk = context.scope, context.desk
    one = desk.artifacts.resolve(scope, options.id, ArtifactKind.MODEL)
    if options.remove:
        change = desk.annotations.remove_alias(scope, one.id, options.alias)
        text = f"Removed the alias {change.alias} from {one.name} version {one.version}."
    else:
        change = desk.annotations.promote(scope, one.id, options.alias)
        text = promoted_text(change)
    context.done(text, serialized_change(change), id=one.id)
    context.hint(UNDO_HINT)


def promoted_text(change: AliasChange) -> str:
    """Return a sentence about an alias that points at a model."""
    reference = f"{change.name}@{change.alias}"
    if not change.changed:
        return f"{reference} is version {change.version} already."
    before = f" (before: version {change.previous_version})" if change.previous_id else ""
    return f"{reference} is now version {change.version}{before}."


def _aliases(context: CommandContext, options: argparse.Namespace) -> None:
    scope, service = context.scope, context.desk.annotations
    if options.history:
        context.resources(
            service.history(scope, options.name or "", options.alias or ""),
            serialized_change,
            ("TIME", "NAME", "ALIAS", "VERSION", "BEFORE", "BY", "SCENARIO", "ID"),
            lambda change: (
                context.time(change.changed_at),
                change.name,
                change.alias,
                "removed" if change.version is None else str(change.version),
                "" if change.previous_version is None else str(change.previous_version),
                change.changed_by,
                change.scenario_id,
                context.short_id("artifacts", change.artifact_id),
            ),
            name=lambda change: change.artifact_id or f"{change.name}@{change.alias}",
        )
        return
    found = [
        (alias, one)
        for alias, one in service.aliases(scope, options.name or "")
        if options.alias in {None, alias}
    ]
    context.resources(
        found,
        _serialized_alias,
        ("REFERENCE", "VERSION", "ID", "SCENARIO", "CREATED"),
        lambda row: (
            f"{row[1].name}@{row[0]}",
            str(row[1].version),
            context.short_id("artifacts", row[1].id),
            row[1].scenario_id,
            context.time(row[1].created_at),
        ),
    )


def _serialized_alias(row: tuple[str, Artifact]) -> dict[str, Any]:
    alias, one = row
    return {
        "reference": f"{one.name}@{alias}",
        "name": one.name,
        "alias": alias,
        "version": one.version,
        "artifactId": one.id,
        "scenarioId": one.scenario_id,
    }


def serialized_change(change: AliasChange) -> dict[str, Any]:
    """Return a change of an alias as JSON."""
    return {
        "name": change.name,
        "scenarioId": change.scenario_id,
        "alias": change.alias,
        "artifactId": change.artifact_id or None,
        "version": change.version,
        "previousArtifactId": change.previous_id or None,
        "previousVersion": change.previous_version,
        "changedAt": rfc3339(change.changed_at),
        "changedBy": change.changed_by,
    }


def edit_command(group: str, noun: str, kind: ArtifactKind | None) -> Command:
    """Return the command that edits artifacts of a kind (None: of any kind)."""
    return Command(
        (group, "edit"),
        f"Edit name, description, labels, notes or pin of {noun}",
        (
            f"launchpad {group} edit churn --label stage=prod --pin",
            f"launchpad {group} edit 30de1001 30de1002 --name churn --remove-label draft",
            f"launchpad {group} edit churn --editor",
        ),
        partial(_edit, kind),
        (
            argument(
                "ids",
                nargs="+",
                metavar="id",
                help="IDs, unique ID prefixes, unique names or references (NAME@ALIAS)",
                completes=group,
            ),
            *_EDIT_OPTIONS,
        ),
        details=(
            "At a terminal, without options, name, description, labels and notes of one artifact "
            "are opened in an editor. Several artifacts are changed together. The changes are kept "
            "on this machine; a remote runtime does not know them, because the AI API cannot "
            "change artifacts."
        ),
    )


_EDIT_OPTIONS: tuple[Argument, ...] = (
    argument("--name", metavar="TEXT", help="Shown name; empty restores the original name"),
    argument("--description", metavar="TEXT", help="Description; may be empty"),
    argument("--label", action="append", metavar="KEY=VALUE", help="Set a label; may be repeated"),
    argument(
        "--remove-label", action="append", metavar="KEY", help="Remove a label; may be repeated"
    ),
    argument("--note", metavar="TEXT", help="Notes in Markdown; empty removes them"),
    argument(
        "--note-file",
        metavar="FILE",
        help="Read the notes from a file; - stands for the standard input",
        completes="files",
    ),
    argument(
        "--editor", action="store_true", help="Edit the notes in the editor that EDITOR names"
    ),
    argument("--pin", dest="pinned", action="store_const", const=True, help="Mark as pinned"),
    argument("--unpin", dest="pinned", action="store_const", const=False, help="Remove the pin"),
)
_NAME = argument("name", nargs="?", help="Name of the models (default: all names)")
VERSION_COMMANDS = (
    Command(
        ("models", "versions"),
        "List the versions of the models of a name, newest first",
        (
            "launchpad models versions churn",
            "launchpad models versions churn --metric accuracy:best --json",
            "launchpad models versions churn --metric val_loss:best --chart",
        ),
        _versions,
        (
            argument("name", help="Name of the models"),
            argument("--scenario", metavar="ID", help="Only this scenario", completes="scenarios"),
            argument(
                "--metric",
                metavar="NAME",
                action="append",
                completes="metrics",
                help="Add a metric as a column, or all; may be repeated",
            ),
            argument(
                "--chart",
                action="store_true",
                help="Draw the metric over the versions, with the aliases and the best one marked",
            ),
            argument("--svg", metavar="FILE", help="Write the chart to an SVG file"),
            *SIZE_OPTIONS,
            listing.LIMIT,
            listing.ALL,
        ),
        details=(
            "The models of one name in a scenario are numbered in the order of their creation. "
            "NAME@3 refers to version 3, NAME@latest to the highest version."
        ),
    ),
    Command(
        ("models", "promote"),
        "Point an alias at a version of a model",
        (
            "launchpad models promote churn@3 production",
            "launchpad models promote 30de1001 champion",
            "launchpad models promote churn@production production --remove",
        ),
        _promote,
        (
            argument(
                "id",
                help="ID, unique ID prefix, unique name, NAME@VERSION or NAME@ALIAS",
                completes="models",
            ),
            argument("alias", help="Alias, for example production", completes="aliases"),
            argument("--remove", action="store_true", help="Remove the alias from the model"),
        ),
        details=(
            "Afterwards NAME@ALIAS refers to the model, wherever an ID can be given. The alias "
            "moves if another version of the name has it."
        ),
    ),
    Command(
        ("models", "aliases"),
        "List the aliases of models, or the history of their changes",
        (
            "launchpad models aliases",
            "launchpad models aliases churn --history",
        ),
        _aliases,
        (
            _NAME,
            argument("--alias", metavar="ALIAS", help="Only this alias"),
            argument(
                "--history",
                action="store_true",
                help="Show who changed which alias, when, and from which version",
            ),
        ),
    ),
)
