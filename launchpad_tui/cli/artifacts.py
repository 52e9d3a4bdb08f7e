"""Commands on artifacts: the groups models, datasets, resultsets and artifacts."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli import (
    artifact_edits,
    artifact_files,
    artifact_values,
    list_rows,
    listing,
    trash,
)
from launchpad_tui.cli.arguments import LABEL, artifact
from launchpad_tui.cli.artifact_attributes import ATTRIBUTES
from launchpad_tui.cli.bindings import SCENARIO, scenario_of, warn_of_credentials
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.progress import progress
from launchpad_tui.cli.table import ID, NAME, TableColumn
from launchpad_tui.domain.artifact import (
    LABEL_PREFIX,
    Artifact,
    ArtifactKind,
    UrlState,
    parse_label,
)
from launchpad_tui.domain.artifact_attributes import source_lines
from launchpad_tui.domain.numbers import size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.artifact import ArtifactFile
    from launchpad_tui.domain.query import ArtifactRow, Query

#: By group: the kind of its artifacts, their noun with its article, and their plural.
_GROUPS: dict[str, tuple[ArtifactKind | None, str, str]] = {
    "models": (ArtifactKind.MODEL, "a model", "models"),
    "datasets": (ArtifactKind.DATASET, "a dataset", "datasets"),
    "resultsets": (ArtifactKind.RESULTSET, "a result set", "result sets"),
    "artifacts": (None, "an artifact", "artifacts"),
}
#: By kind: the name of the list in saved views.
_LIST_NAMES = {kind: group for group, (kind, _, _) in _GROUPS.items()}


def _list(kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace) -> None:
    options.list_name = _LIST_NAMES[kind]
    query = listing.query(context, options, ATTRIBUTES)
    rows = list_rows.rows(
        context.desk.artifacts.listing(context.scope, kind, query),
        options.limit,
        quiet=context.quiet,
    )
    if options.columns:
        from launchpad_tui.cli.list_columns import print_columns

        shown = listing.columns_option(
            options.columns, listing.known_names(context, ATTRIBUTES - listing.FILTERED_ONLY)
        )
        print_columns(context, rows, shown, ATTRIBUTES, "artifacts")
        return
    context.resources(
        rows,
        lambda row: _serialized(query, row),
        (
            ID,
            NAME,
            *((TableColumn("VERSION", optional=2),) if kind is ArtifactKind.MODEL else ()),
            *(() if kind else (TableColumn("KIND", optional=2),)),
            TableColumn("CONFIGURATION", cut_last=True),
            TableColumn("DESCRIPTION", wide=True),
            TableColumn("SCENARIO", optional=4),
            TableColumn("SIZE", optional=3, right=True),
            TableColumn("CREATED", optional=1),
            TableColumn("MODIFIED", wide=True),
            TableColumn("LABELS", wide=True),
            TableColumn("FILES", wide=True),
            TableColumn("EXECUTION", optional=5),
            *listing.table_columns(context, query),
            TableColumn("URL", optional=6),
        ),
        lambda row: (
            context.short_id("artifacts", row.artifact.id),
            row.artifact.name,
            *((row.artifact.version_text,) if kind is ArtifactKind.MODEL else ()),
            *(() if kind else (str(row.artifact.kind),)),
            row.configuration_name,
            row.artifact.description,
            row.artifact.scenario_id,
            size_text(row.artifact.size),
            context.time(row.artifact.created_at),
            context.time(row.artifact.modified_at),
            _labels(row.artifact),
            str(row.artifact.files_state),
            context.short_id("executions", row.artifact.execution_id),
            *listing.column_texts(query, row),
            row.artifact.url,
        ),
        metrics=tuple(map(str, query.metrics)),
        parameters=listing.parameter_names(query),
    )


def _serialized(query: Query, row: ArtifactRow) -> dict[str, Any]:
    from launchpad_tui.aiapi.artifacts import extended_artifact

    return {
        **extended_artifact(row.artifact),
        **listing.serialized_columns(query, row),
    }


def _labels(one: Artifact) -> str:
    return ", ".join(f"{key.removeprefix(LABEL_PREFIX)}={value}" for key, value in one.labels)


def _checked_text(one: Artifact) -> str:
    checked = rfc3339(one.checked_at)
    return f", as of {checked}" if checked else ""


def _resolve(
    kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace
) -> Artifact:
    return context.desk.artifacts.resolve(context.scope, options.id, kind)


def _show(kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.aiapi.artifacts import extended_artifact, serialize_file
    from launchpad_tui.aiapi.metrics import serialize_series
    from launchpad_tui.domain.code_text import code_lines

    one = _resolve(kind, context, options)
    files = context.desk.files.recorded(context.scope, one.id)
    (compared,) = context.desk.compare.artifacts(context.scope, [one.id])
    parameters = compared.configuration.parameters if compared.configuration else {}
    inputs = compared.inputs
    sources = context.desk.annotations.attribute_sources(context.scope, one.id)
    series = context.desk.metrics.series_of_artifact(context.scope, one.id)
    notes = context.desk.annotations.notes(context.scope, one.id)
    provenance = context.desk.executions.provenance(context.scope, one.execution_id)
    local = context.desk.runtimes.is_remote(context.scope)
    lines = [
        ("id", one.id),
        ("name", one.name),
        ("name in runtime", one.runtime_name),
        ("version", "" if one.version is None else str(one.version)),
        ("aliases", " ".join(one.aliases)),
        ("pinned", context.field_time(one.pinned_at)),
        ("kind", str(one.kind)),
        ("description", one.description),
        ("url", one.url),
        ("scenario", one.scenario_id),
        ("execution", one.execution_id or "none (added manually)"),
        ("labels", "\n".join(f"{key} = {value}" for key, value in one.labels)),
        ("only on this machine", ", ".join(one.local_changes) if local else ""),
        ("size", size_text(one.size)),
        ("files state", f"{one.files_state}{_checked_text(one)}"),
        ("created", context.field_time(one.created_at)),
        *code_lines(provenance),
        ("parameters", "\n".join(f"{key} = {value}" for key, value in parameters.items())),
        ("inputs", "\n".join(f"{key} = {value}" for key, value in inputs.items())),
        (
            "metrics",
            "\n".join(f"{each.key} = {each.last:.6g} at step {each.last_step}" for each in series),
        ),
        (
            "files",
            "\n".join(f"{each.path}  {size_text(each.size)}  {each.sha256}" for each in files),
        ),
        ("tags", "\n".join(f"{key} = {value}" for key, value in compared.tags.items())),
        *((f"custom info {key}", value) for key, value in compared.custom_info.items()),
        ("added", "\n".join(source_lines(sources))),
        ("notes", notes),
    ]
    data = {
        **extended_artifact(one),
        "parameters": dict(parameters),
        "inputArtifacts": dict(inputs),
        "metrics": [serialize_series(each) for each in series],
        "tags": dict(compared.tags),
        "customInfo": dict(compared.custom_info),
        "added": [
            {"part": str(part), "name": key, "source": source}
            for (part, key), source in sources.items()
        ],
        "files": [serialize_file(each) for each in files],
        "notes": notes,
        "provenance": dict(provenance) or None,
    }
    context.resource(data, lines)


def _add(kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace) -> None:
    found = context.desk.files.check_url(context.scope, options.url)
    # Adding the artifact raises an error if the object store does not exist.
    if found.state in {UrlState.EMPTY, UrlState.UNREACHABLE} and not options.record:
        context.note(f"warning: {found.message}")
    values = (
        context.scope,
        kind or ArtifactKind(options.kind),
        options.name,
        options.url,
        scenario_of(context, options, kind),
        options.description or "",
        tuple(parse_label(text) for text in options.label or ()),
    )
    files: Sequence[ArtifactFile] = ()
    if options.record:
        # Nothing is added if a value is not valid or a file cannot be read.
        context.desk.artifacts.new(*values)
        with progress("Hashing", quiet=context.quiet) as report:
            files = context.desk.verification.read_files(context.scope, options.url, report)
    from launchpad_tui.aiapi.artifacts import extended_artifact

    one = context.desk.artifacts.add(*values)
    if files:
        context.desk.verification.record_read(context.scope, one.id, files)
    if not options.no_attributes:
        artifact_values.add_beside(context, one)
    warn_of_credentials(context, "label", dict(one.labels))
    warn_of_credentials(context, "text", {"description": one.description, "url": one.url})
    artifact_values.note_same_url(context, one)
    context.done(f"Added {one.kind} {one.id}.", extended_artifact(one), id=one.id)


def _lineage(
    kind: ArtifactKind | None, context: CommandContext, options: argparse.Namespace
) -> None:
    from launchpad_tui.cli.lineage import print_lineage

    print_lineage(context, _resolve(kind, context, options), options)


def _commands(group: str, kind: ArtifactKind | None, noun: str, plural: str) -> tuple[Command, ...]:
    one = artifact(group)
    kind_option = "" if kind else " --kind other"
    kinds = (
        ()
        if kind
        else (
            argument(
                "--kind", required=True, choices=tuple(ArtifactKind), help="Kind of the artifact"
            ),
        )
    )
    return (
        Command(
            (group, "list"),
            f"List the {plural}, newest first",
            (
                f"launchpad {group} list --search churn",
                f"launchpad {group} list --metric loss:best --sort loss --limit 10",
                f"launchpad {group} list --columns name,size,label.stage --sort label.stage",
            ),
            partial(_list, kind),
            listing.LIST_OPTIONS,
        ),
        Command(
            (group, "show"),
            f"Show {noun}",
            (f"launchpad {group} show churn", f"launchpad {group} show churn --json"),
            partial(_show, kind),
            (one,),
        ),
        Command(
            (group, "add"),
            f"Add {noun} by its URL",
            (
                f"launchpad {group} add churn ai://default/churn/1 --scenario churn{kind_option} "
                "--label stage=prod",
                f"launchpad {group} add churn ai://lake/churn/2 --scenario churn{kind_option} "
                "--record",
            ),
            partial(_add, kind),
            (
                argument("name", help="Name; need not be unique"),
                argument("url", help="URL in the form ai://<object store>/<path>"),
                *kinds,
                SCENARIO,
                argument("--description", metavar="TEXT", help="Description"),
                LABEL,
                argument(
                    "--record",
                    action="store_true",
                    help="Record the checksums of the files, to detect changes later",
                ),
                artifact_values.NO_ATTRIBUTES,
            ),
        ),
        artifact_edits.edit_command(group, noun, kind),
        artifact_values.log_command(group, noun, kind),
        *(artifact_edits.VERSION_COMMANDS if kind is ArtifactKind.MODEL else ()),
        *trash.artifact_commands(group, noun, plural, kind),
        *((trash.PRUNE,) if kind is ArtifactKind.MODEL else ()),
        *artifact_files.commands(group, noun, plural, kind),
        Command(
            (group, "lineage"),
            f"Show the inputs and the uses of {noun}",
            (
                f"launchpad {group} lineage churn",
                f"launchpad {group} lineage churn --up --json",
                f"launchpad {group} lineage churn --dot | dot -Tsvg > lineage.svg",
            ),
            partial(_lineage, kind),
            (
                one,
                argument("--up", action="store_true", help="Only what it was created from"),
                argument("--down", action="store_true", help="Only what was created from it"),
                argument("--dot", action="store_true", help="Print a graph for Graphviz"),
            ),
        ),
    )


COMMANDS = tuple(
    command
    for group, (kind, noun, plural) in _GROUPS.items()
    for command in _commands(group, kind, noun, plural)
)
