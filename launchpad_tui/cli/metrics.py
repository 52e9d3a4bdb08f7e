"""Commands on metrics."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.metrics import extended_metric, serialize_series
from launchpad_tui.cli.aliases import current_direction
from launchpad_tui.cli.arguments import METRICS, SUBJECTS, named_metrics
from launchpad_tui.cli.artifact_values import (
    FILE,
    INFO,
    PARAMETER,
    REMOVED,
    REPLACE,
    STEP,
    TAG,
    VALUES,
    delete_of_artifact,
    log_for_artifact,
)
from launchpad_tui.cli.bindings import bindings, nothing_to_log, number_bindings
from launchpad_tui.cli.charts import CHART_OPTIONS, print_charts
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.table import TableColumn
from launchpad_tui.domain.artifact import is_record
from launchpad_tui.domain.artifact_attributes import source_lines
from launchpad_tui.domain.metric import normal_name
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.artifact import Artifact
    from launchpad_tui.domain.artifact_attributes import Sources
    from launchpad_tui.domain.metric import SeriesSummary

_BATCH = 1000


def execution_id(context: CommandContext, text: str) -> str:
    """Return the ID under which the metrics of an execution or an artifact are stored.

    Raises:
        NotFound: The text names nothing.
    """
    execution = _subject(context, text)[0]
    context.read_metrics([execution])
    return execution


def _subject(context: CommandContext, text: str) -> tuple[str, Artifact | None]:
    """Return the ID under which metrics are stored, and the artifact if the text names one.

    Raises:
        NotFound: The text names nothing.
    """
    try:
        return context.desk.executions.resolve(context.scope, text).id, None
    except NotFound:
        found = context.desk.artifacts.resolve(context.scope, text)
        return found.attributes_id, found


def _series(context: CommandContext, text: str) -> tuple[SeriesSummary, ...]:
    return context.desk.metrics.series(context.scope, execution_id(context, text))


def _list(context: CommandContext, options: argparse.Namespace) -> None:
    context.resources(
        _series(context, options.id),
        serialize_series,
        (
            TableColumn("METRIC", cut_last=True),
            TableColumn("LAST", right=True),
            TableColumn("AT STEP", right=True),
            TableColumn("MIN", right=True),
            TableColumn("MAX", right=True),
            TableColumn("POINTS", optional=1, right=True),
            TableColumn("NON-FINITE", optional=2, right=True),
        ),
        lambda one: (
            one.key,
            f"{one.last:.6g}",
            str(one.last_step),
            "" if one.minimum is None else f"{one.minimum:.6g}",
            "" if one.maximum is None else f"{one.maximum:.6g}",
            str(one.count),
            str(one.not_finite or ""),
        ),
    )


def _show(context: CommandContext, options: argparse.Namespace) -> None:
    """Print the metrics, tags and custom info of an execution or an artifact."""
    execution, artifact = _subject(context, options.id)
    context.read_metrics([execution])
    parameters: Mapping[str, str] = {}
    sources: Sources = {}
    if artifact is not None:
        (compared,) = context.desk.compare.artifacts(context.scope, [artifact.id])
        parameters = compared.configuration.parameters if compared.configuration else {}
        sources = context.desk.annotations.attribute_sources(context.scope, artifact.id)
    series = context.desk.metrics.series(context.scope, execution)
    tags = context.desk.metrics.tags(context.scope, execution)
    infos = context.desk.metrics.custom_info(context.scope, execution)
    data = {
        "executionId": None if is_record(execution) else execution,
        "artifactId": artifact.id if artifact else None,
        "parameters": dict(parameters),
        "metrics": [serialize_series(each) for each in series],
        "tags": [{"name": each.name, "value": each.value} for each in tags],
        "customInfo": [{"name": each.name, "value": each.value} for each in infos],
        "added": [
            {"part": str(part), "name": name, "source": source}
            for (part, name), source in sources.items()
        ],
    }
    lines = [
        ("execution", "" if is_record(execution) else execution),
        ("parameters", "\n".join(f"{name} = {value}" for name, value in parameters.items())),
        (
            "metrics",
            "\n".join(f"{each.key} = {each.last:.6g} at step {each.last_step}" for each in series),
        ),
        ("tags", "\n".join(f"{each.name} = {each.value}" for each in tags)),
        *((f"custom info {each.name}", each.value) for each in infos),
        ("added", "\n".join(source_lines(sources))),
    ]
    context.resource(data, lines)


def _keys(context: CommandContext, _options: argparse.Namespace) -> None:
    context.resources(
        context.desk.artifacts.metric_keys(context.scope),
        lambda key: {"key": key},
        ("METRIC",),
        lambda key: (key,),
    )


def _export(context: CommandContext, options: argparse.Namespace) -> None:
    execution = execution_id(context, options.id)
    series, waiting = context.desk.metrics.series_with_waiting(context.scope, execution)
    names = frozenset(map(normal_name, named_metrics(options.metric)))
    selected = [
        one
        for one in series
        if not names or names & {normal_name(one.key), normal_name(one.key.split("{")[0])}
    ]
    if not selected:
        from launchpad_tui.domain.suggestions import did_you_mean, nearest

        keys = [one.key for one in series]
        suggestion = did_you_mean([near for name in names for near in nearest(name, keys)])
        raise NotFound(
            f"No metric to export for {options.id[:80]!r}",
            f"The selected metrics were not logged. {suggestion}".rstrip()
            if series
            else "No metrics were logged.",
            f"Logged metrics: {', '.join(one.key for one in series[:20]) or 'none'}.",
        )
    if context.output == "name":
        context.resources(selected, serialize_series, (), lambda one: (one.key,))
    elif context.output == "csv" or (context.output == "table" and not options.output):
        from launchpad_tui.cli.metric_export import write_csv

        with context.paged():
            write_csv(context.desk.metrics.rows(selected, waiting))
    elif context.output == "json":
        from launchpad_tui.cli.metric_export import json_parts
        from launchpad_tui.cli.output import write_json_parts

        with context.paged():
            write_json_parts(json_parts(context.desk.metrics.rows(selected, waiting)))
    else:
        context.resources(
            context.desk.metrics.stream(selected, waiting),
            extended_metric,
            (
                TableColumn("NAME", cut_last=True),
                "LABELS",
                TableColumn("STEP", right=True),
                "TIMESTAMP",
                TableColumn("VALUE", right=True),
            ),
            lambda one: (
                one.name,
                ",".join(f"{name}={value}" for name, value in one.labels),
                str(one.step),
                context.time(one.timestamp),
                repr(one.value),
            ),
        )


def _log(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.domain.metric import CustomInfo, Metric, Tag

    execution, artifact = _subject(context, options.id)
    if artifact is not None:
        log_for_artifact(context, options, artifact)
        return
    if options.parameter or options.file or options.replace:
        raise InvalidInput(
            "Parameters and files cannot be logged for an execution",
            f"{options.id[:80]!r} is an execution; its configuration has its parameters.",
            "Use --parameter, --file and --replace with a model.",
            field="id",
        )
    at = now().replace(microsecond=0)
    values = number_bindings(options.metric, "metric")
    points = [Metric(name, value, at, options.step) for name, value in values.items()]
    tags = [Tag(*pair) for pair in bindings(options.tag, "tag").items()]
    infos = [CustomInfo(*pair) for pair in bindings(options.info, "info").items()]
    if not (points or tags or infos):
        raise nothing_to_log()
    context.desk.metrics.record(execution, points, tags, infos, context.scope)
    counts = f"{len(points)} metrics, {len(tags)} tags and {len(infos)} custom info entries"
    context.done(f"Logged {counts} for {execution}.", id=execution)


def _delete(context: CommandContext, options: argparse.Namespace) -> None:
    execution, artifact = _subject(context, options.id)
    if artifact is not None:
        delete_of_artifact(context, options, artifact)
        return
    if options.metric or options.parameter or options.tag or options.info:
        raise InvalidInput(
            "Single values of an execution cannot be deleted",
            f"{options.id[:80]!r} is an execution. The AI API deletes all that it logged.",
            "Leave out the options, or name a model to which the values were added.",
            field="id",
        )
    context.desk.metrics.delete(execution, context.scope)
    context.done(f"Deleted the metrics, tags and custom info of {execution}.", id=execution)


def _set_direction(context: CommandContext, options: argparse.Namespace) -> None:
    direction = None if options.direction == "auto" else options.direction
    context.desk.boards.set_direction(options.metric, direction)
    context.done(
        f"{options.metric}: {direction or 'automatic: lower or higher'} is better.",
        {"metric": options.metric, "direction": direction},
        id=options.metric,
    )


def _chart(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.compare import find_subjects

    print_charts(context, find_subjects(context, options.ids), options)


_SUBJECT = argument(
    "id",
    help="Execution or model: ID, unique ID prefix or unique name",
    completes="artifacts",
)
COMMANDS = (
    Command(
        ("metrics", "list"),
        "List the metrics of an execution or model",
        ("launchpad metrics list churn", "launchpad metrics list e0123 --json"),
        _list,
        (_SUBJECT,),
    ),
    Command(
        ("metrics", "show"),
        "Show metrics, tags and custom info",
        ("launchpad metrics show churn", "launchpad metrics show e0123 --json"),
        _show,
        (_SUBJECT,),
    ),
    Command(
        ("metrics", "keys"),
        "List the metrics that were logged in the resource group",
        ("launchpad metrics keys", "launchpad metrics keys --json"),
        _keys,
    ),
    Command(
        ("metrics", "export"),
        "Print all points of metrics as CSV or JSON",
        (
            "launchpad metrics export churn --metric loss > loss.csv",
            "launchpad metrics export e0123 --json",
        ),
        _export,
        (
            _SUBJECT,
            METRICS,
        ),
    ),
    Command(
        ("metrics", "log"),
        "Log metrics, tags or custom info for an execution or model",
        (
            "launchpad metrics log e0123 accuracy=0.93 --step 10",
            "launchpad metrics log e0123 --tag reviewed=yes --info 'note=good on night images'",
        ),
        _log,
        (_SUBJECT, VALUES, STEP, TAG, INFO, PARAMETER, FILE, REPLACE),
        details="Use this outside of the execution. Inside of it, use: launchpad log",
    ),
    Command(
        ("metrics", "delete"),
        "Delete what an execution logged or was added to a model",
        ("launchpad metrics delete e0123", "launchpad metrics delete churn --metric accuracy"),
        _delete,
        (_SUBJECT, *REMOVED),
        details="The options name single values that were added to a model.",
    ),
    Command(
        ("metrics", "set-direction"),
        "Set which values of a metric are better",
        (
            "launchpad metrics set-direction margin higher",
            "launchpad metrics set-direction margin auto",
        ),
        _set_direction,
        (
            argument("metric", help="Name of the metric", completes="metrics"),
            argument(
                "direction",
                type=current_direction,
                choices=("lower", "higher", "auto"),
                help="Better direction; auto derives it from the name of the metric",
            ),
        ),
        details="The direction determines the best value in comparisons.",
    ),
    Command(
        ("metrics", "chart"),
        "Draw charts of the metrics of executions or models",
        (
            "launchpad metrics chart churn",
            "launchpad metrics chart churn-1 churn-2 --metric loss --smooth 0.9",
            "launchpad metrics chart e0123 --metric loss --x-axis relative --log-y --width 100",
        ),
        _chart,
        (
            SUBJECTS,
            METRICS,
            *CHART_OPTIONS,
        ),
    ),
)
