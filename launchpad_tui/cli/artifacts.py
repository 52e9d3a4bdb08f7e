"""Commands on models, datasets, result sets, and artifacts of any kind: the same commands under four words."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.artifacts import extended_artifact, serialize_file
from launchpad_tui.aiapi.executions import extended_execution
from launchpad_tui.aiapi.metrics import serialize_metric_values, serialize_series
from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli import artifact_files, listing
from launchpad_tui.cli.command import Command, arg
from launchpad_tui.domain.artifact import (
    LABEL_PREFIX,
    Artifact,
    ArtifactKind,
    UrlState,
    parse_label,
)
from launchpad_tui.domain.numbers import metric_text, size_text

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.lineage import Lineage, LineageExecution

ATTRIBUTES = frozenset(
    {
        "id",
        "name",
        "description",
        "scenario_id",
        "url",
        "execution_id",
        "size",
        "created_at",
        "modified_at",
        "files_state",
        "checked_at",
    }
)
_WORDS: dict[str, ArtifactKind | None] = {
    "models": ArtifactKind.MODEL,
    "datasets": ArtifactKind.DATASET,
    "resultsets": ArtifactKind.RESULTSET,
    "artifacts": None,
}


def _list(kind: ArtifactKind | None, context: Context, options: argparse.Namespace) -> None:
    query = listing.query(context, options, ATTRIBUTES)
    columns = query.metrics
    context.resources(
        listing.walk(context.desk.artifacts.listing(context.scope, kind, query), options.limit),
        lambda row: {
            **extended_artifact(row.artifact),
            "metrics": serialize_metric_values(row.metrics),
        },
        (
            "ID",
            "NAME",
            *(() if kind else ("KIND",)),
            *(("DESCRIPTION",) if options.wide else ()),
            "SCENARIO",
            "SIZE",
            "CREATED",
            *(("CHANGED", "LABELS", "FILES") if options.wide else ()),
            "EXECUTION",
            *map(str, columns),
            "URL",
        ),
        lambda row: (
            row.artifact.id,
            row.artifact.name,
            *(() if kind else (str(row.artifact.kind),)),
            *((row.artifact.description,) if options.wide else ()),
            row.artifact.scenario_id,
            size_text(row.artifact.size),
            rfc3339(row.artifact.created_at) or "",
            *(
                (
                    rfc3339(row.artifact.modified_at) or "",
                    _labels(row.artifact),
                    str(row.artifact.files_state),
                )
                if options.wide
                else ()
            ),
            row.artifact.execution_id,
            *(metric_text(row.metrics.get(column), 6) for column in columns),
            row.artifact.url,
        ),
    )


def _labels(one: Artifact) -> str:
    return ", ".join(f"{key.removeprefix(LABEL_PREFIX)}={value}" for key, value in one.labels)


def _since(one: Artifact) -> str:
    checked = rfc3339(one.checked_at)
    return f", as of {checked}" if checked else ""


def _find(kind: ArtifactKind | None, context: Context, options: argparse.Namespace) -> Artifact:
    return context.desk.artifacts.resolve(context.scope, options.id, kind)


def _show(kind: ArtifactKind | None, context: Context, options: argparse.Namespace) -> None:
    one = _find(kind, context, options)
    files = context.desk.files.recorded(context.scope, one.id)
    subjects = context.desk.compare.artifacts(context.scope, [one.id])
    parameters = next(
        (each.configuration.parameters for each in subjects if each.configuration), {}
    )
    inputs = next((each.inputs for each in subjects), {})
    series = context.desk.metrics.series_of_artifact(context.scope, one.id)
    lines = [
        ("id", one.id),
        ("name", one.name),
        ("kind", str(one.kind)),
        ("description", one.description),
        ("url", one.url),
        ("scenario", one.scenario_id),
        ("execution", one.execution_id or "none: added by hand"),
        ("labels", "\n".join(f"{key} = {value}" for key, value in one.labels)),
        ("size", size_text(one.size)),
        ("files are", f"{one.files_state}{_since(one)}"),
        ("created", rfc3339(one.created_at) or ""),
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
    ]
    data = {
        **extended_artifact(one),
        "parameters": dict(parameters),
        "inputArtifacts": dict(inputs),
        "metrics": [serialize_series(each) for each in series],
        "files": [serialize_file(each) for each in files],
    }
    context.resource(data, lines)


def _add(kind: ArtifactKind | None, context: Context, options: argparse.Namespace) -> None:
    found = context.desk.files.check_url(context.scope, options.url)
    # Of an unknown store the registration itself complains.
    if found.state in {UrlState.EMPTY, UrlState.UNREACHABLE}:
        context.note(f"warning: {found.message}")
    one = context.desk.artifacts.add(
        context.scope,
        kind or ArtifactKind(options.kind),
        options.name,
        options.url,
        options.scenario,
        options.description or "",
        tuple(parse_label(text) for text in options.label or ()),
    )
    if found.state is UrlState.OK and options.record:
        context.desk.verification.record(context.scope, one.id)
    context.done(f"Added {one.kind} {one.id}.", extended_artifact(one), id=one.id)


def _lineage(kind: ArtifactKind | None, context: Context, options: argparse.Namespace) -> None:
    one = _find(kind, context, options)
    found = context.desk.lineage.lineage(context.scope, one.id)
    if context.json:
        context.print_json(
            {
                "root": found.root,
                "artifacts": [extended_artifact(each) for each in found.artifacts.values()],
                "executions": [
                    {
                        **extended_execution(each.execution),
                        "inputArtifacts": [
                            {"key": key, "artifactId": value} for key, value in each.inputs
                        ],
                        "outputArtifactIds": list(each.outputs),
                    }
                    for each in found.executions.values()
                ],
                "truncated": found.truncated,
            }
        )
        return
    for depth, text in _tree(found):
        context.line("  " * depth + text)
    if found.truncated:
        context.note("There is more; it was cut.")


def _tree(found: Lineage) -> list[tuple[int, str]]:
    from launchpad_tui.domain.text import safe_text

    seen: set[str] = set()

    def artifact(artifact_id: str) -> str:
        one = found.artifacts.get(artifact_id)
        return safe_text(f"{one.kind} {one.name} ({one.id})") if one else f"{artifact_id} (gone)"

    def run(each: LineageExecution) -> str:
        return safe_text(
            f"execution {each.execution.id} of {each.execution.configuration_name}: {each.execution.status}"
        )

    def up(artifact_id: str, depth: int) -> list[tuple[int, str]]:
        source = found.source(artifact_id)
        if source is None or source.execution.id in seen:
            return []
        seen.add(source.execution.id)
        lines = [(depth, f"made by {run(source)}")]
        for key, value in source.inputs:
            lines += [
                (depth + 1, f"from {safe_text(key)}: {artifact(value)}"),
                *up(value, depth + 2),
            ]
        return lines

    def down(artifact_id: str, depth: int) -> list[tuple[int, str]]:
        lines: list[tuple[int, str]] = []
        for each in found.consumers(artifact_id):
            lines.append((depth, f"went into {run(each)}"))
            if each.execution.id in seen:
                continue
            seen.add(each.execution.id)
            for value in each.outputs:
                lines += [(depth + 1, f"which made {artifact(value)}"), *down(value, depth + 2)]
        return lines

    return [(0, artifact(found.root)), *up(found.root, 1), *down(found.root, 1)]


def _commands(word: str, kind: ArtifactKind | None) -> tuple[Command, ...]:
    a_thing = f"a {kind}" if kind else "an artifact"
    one = arg("id", help="ID, a unique part of its beginning, or a unique name", completes=word)
    kind_option = "" if kind else " --kind other"
    kinds = (
        ()
        if kind
        else (arg("--kind", required=True, choices=tuple(ArtifactKind), help="its kind"),)
    )
    return (
        Command(
            (word, "list"),
            f"list the {word}, newest first",
            (
                f"launchpad {word} list --search churn",
                f"launchpad {word} list --metric loss:best --sort loss --limit 10",
            ),
            partial(_list, kind),
            (
                *listing.OPTIONS,
                arg("--wide", "-w", action="store_true", help="description, labels, files too"),
            ),
        ),
        Command(
            (word, "show"),
            f"show {a_thing}",
            (f"launchpad {word} show churn", f"launchpad {word} show churn --json"),
            partial(_show, kind),
            (one,),
        ),
        Command(
            (word, "add"),
            f"add {a_thing} by its URL",
            (
                f"launchpad {word} add churn ai://default/churn/1 --scenario churn{kind_option} --label stage=prod",
                f"launchpad {word} add churn ai://lake/churn/2 --scenario churn{kind_option} --record",
            ),
            partial(_add, kind),
            (
                arg("name", help="its name; need not be unique"),
                arg("url", help="ai://<object store>/<path>"),
                *kinds,
                arg(
                    "--scenario",
                    required=True,
                    metavar="ID",
                    help="the scenario that it belongs to",
                    completes="scenarios",
                ),
                arg("--description", metavar="TEXT", help="what it is"),
                arg(
                    "--label", action="append", metavar="KEY=VALUE", help="a label; may be repeated"
                ),
                arg(
                    "--record",
                    action="store_true",
                    help="hash its files now, so that changes are noticed later",
                ),
            ),
        ),
        *artifact_files.commands(word, kind, one),
        Command(
            (word, "lineage"),
            "show what it was made from, and what was made from it",
            (f"launchpad {word} lineage churn", f"launchpad {word} lineage churn --json"),
            partial(_lineage, kind),
            (one,),
        ),
    )


COMMANDS = tuple(command for word, kind in _WORDS.items() for command in _commands(word, kind))
