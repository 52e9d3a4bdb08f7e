"""Commands on metrics."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.metrics import extended_metric, serialize_series
from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli.bindings import bindings
from launchpad_tui.cli.charts import CHART_ARGS, print_charts
from launchpad_tui.cli.command import Command, arg
from launchpad_tui.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.metric import Metric, SeriesSummary

_BATCH = 1000


def execution_id(context: Context, text: str) -> str:
    """The execution that a text names: an execution, or the one that made the artifact so named.

    Raises:
        NotFound: neither, or the artifact was added by hand.
    """
    try:
        execution = context.desk.executions.resolve(context.scope, text).id
    except NotFound:
        found = context.desk.artifacts.resolve(context.scope, text)
        if not found.execution_id:
            raise NotFound(
                f"{found.name} has no metrics", "It was added by hand: no execution made it."
            ) from None
        execution = found.execution_id
    context.read_metrics([execution])
    return execution


def _series(context: Context, text: str) -> tuple[SeriesSummary, ...]:
    return context.desk.metrics.series(context.scope, execution_id(context, text))


def _list(context: Context, options: argparse.Namespace) -> None:
    context.resources(
        _series(context, options.id),
        serialize_series,
        ("METRIC", "LAST", "AT STEP", "MIN", "MAX", "POINTS", "NOT FINITE"),
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


def _show(context: Context, options: argparse.Namespace) -> None:
    """The metric resource: metrics, tags and custom info."""
    execution = execution_id(context, options.id)
    series = context.desk.metrics.series(context.scope, execution)
    tags = context.desk.metrics.tags(context.scope, execution)
    infos = context.desk.metrics.custom_info(context.scope, execution)
    data = {
        "executionId": execution,
        "metrics": [serialize_series(each) for each in series],
        "tags": [{"name": each.name, "value": each.value} for each in tags],
        "customInfo": [{"name": each.name, "value": each.value} for each in infos],
    }
    lines = [
        ("execution", execution),
        (
            "metrics",
            "\n".join(f"{each.key} = {each.last:.6g} at step {each.last_step}" for each in series),
        ),
        ("tags", "\n".join(f"{each.name} = {each.value}" for each in tags)),
        *((f"info {each.name}", each.value) for each in infos),
    ]
    context.resource(data, lines)


def _keys(context: Context, _options: argparse.Namespace) -> None:
    context.resources(
        context.desk.artifacts.metric_keys(context.scope),
        lambda key: {"key": key},
        ("METRIC",),
        lambda key: (key,),
    )


def _export(context: Context, options: argparse.Namespace) -> None:
    execution = execution_id(context, options.id)
    names = [each.key for each in context.desk.metrics.series(context.scope, execution)]
    wanted = [
        key
        for key in names
        if not options.metric or key in options.metric or key.split("{")[0] in options.metric
    ]
    if not wanted:
        raise NotFound("There is no such metric", hint=f"Metrics: {', '.join(names) or 'none'}.")

    def points() -> Iterator[Metric]:
        for key in wanted:
            start = 0
            while found := context.desk.metrics.points(
                context.scope, execution, key, start, _BATCH
            ):
                yield from found
                start += len(found)

    if context.json:
        context.resources(points(), extended_metric, (), lambda _: ())
        return
    import csv
    import sys

    from launchpad_tui.domain.text import safe_text

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("name", "labels", "step", "timestamp", "value"))
    for one in points():
        labels = ",".join(f"{name}={value}" for name, value in one.labels)
        writer.writerow(
            (
                safe_text(one.name),
                safe_text(labels),
                one.step,
                rfc3339(one.timestamp),
                repr(one.value),
            )
        )


def _log(context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
    from launchpad_tui.domain.timestamps import now

    execution = context.desk.executions.resolve(context.scope, options.id).id
    points, at = [], now().replace(microsecond=0)
    for name, text in bindings(options.metric, "metric").items():
        try:
            points.append(Metric(name, float(text), at, options.step))
        except ValueError as error:
            raise InvalidInput(
                f"{text[:60]!r} is no number", f"The metric {name}.", field="metric"
            ) from error
    tags = [Tag(*pair) for pair in bindings(options.tag, "tag").items()]
    infos = [CustomInfo(*pair) for pair in bindings(options.info, "info").items()]
    if not (points or tags or infos):
        raise InvalidInput(
            "There is nothing to log", hint="Give metrics as name=number, or --tag, or --info."
        )
    context.desk.metrics.record(execution, points, tags, infos, context.scope)
    context.done(
        f"Logged {len(points) + len(tags) + len(infos)} entries of {execution}.", id=execution
    )


def _delete(context: Context, options: argparse.Namespace) -> None:
    execution = context.desk.executions.resolve(context.scope, options.id).id
    context.desk.metrics.delete(execution, context.scope)
    context.done(f"Deleted the metrics, tags and custom info of {execution}.", id=execution)


def _direction(context: Context, options: argparse.Namespace) -> None:
    way = None if options.direction == "name" else options.direction
    context.desk.boards.set_direction(options.metric, way)
    words = {"lower": "lower is better", "higher": "higher is better"}
    context.done(
        f"{options.metric}: {words.get(options.direction, 'as its name says')}.",
        {"metric": options.metric, "direction": way},
        id=options.metric,
    )


def _chart(context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.compare import find

    print_charts(context, find(context, options.ids), options)


_ID = arg(
    "id", help="an execution or a model: ID, part of its beginning, or name", completes="artifacts"
)
COMMANDS = (
    Command(
        ("metrics", "list"),
        "list the metrics of an execution or model",
        ("launchpad metrics list churn", "launchpad metrics list e0123 --json"),
        _list,
        (_ID,),
    ),
    Command(
        ("metrics", "show"),
        "show the metric resource: metrics, tags, custom info",
        ("launchpad metrics show churn", "launchpad metrics show e0123 --json"),
        _show,
        (_ID,),
    ),
    Command(
        ("metrics", "keys"),
        "list the metrics of the resource group",
        ("launchpad metrics keys", "launchpad metrics keys --json"),
        _keys,
    ),
    Command(
        ("metrics", "export"),
        "print all points as CSV or JSON",
        (
            "launchpad metrics export churn --metric loss > loss.csv",
            "launchpad metrics export e0123 --json",
        ),
        _export,
        (
            _ID,
            arg(
                "--metric",
                action="append",
                metavar="NAME",
                help="this metric only; may be repeated",
                completes="metrics",
            ),
        ),
    ),
    Command(
        ("metrics", "log"),
        "add metrics, tags or custom info to an execution, from outside of it",
        (
            "launchpad metrics log e0123 accuracy=0.93 --step 10",
            "launchpad metrics log e0123 --tag reviewed=yes --info 'note=good on night images'",
        ),
        _log,
        (
            arg("id", help="the execution: ID or part of its beginning", completes="executions"),
            arg("metric", nargs="*", metavar="NAME=NUMBER", help="a metric"),
            arg("--step", type=int, default=0, metavar="N", help="the step (default: 0)"),
            arg("--tag", action="append", metavar="NAME=VALUE", help="a tag; may be repeated"),
            arg(
                "--info", action="append", metavar="NAME=TEXT", help="custom info; may be repeated"
            ),
        ),
    ),
    Command(
        ("metrics", "delete"),
        "delete all metrics, tags and custom info of an execution",
        ("launchpad metrics delete e0123", "launchpad metrics delete e0123 --quiet"),
        _delete,
        (arg("id", help="the execution: ID or part of its beginning", completes="executions"),),
    ),
    Command(
        ("metrics", "better"),
        "say which way a metric is better, for comparisons",
        ("launchpad metrics better margin higher", "launchpad metrics better margin name"),
        _direction,
        (
            arg("metric", help="the metric", completes="metrics"),
            arg(
                "direction",
                choices=("lower", "higher", "name"),
                help="which way; name: as the name says",
            ),
        ),
    ),
    Command(
        ("metrics", "chart"),
        "draw the metrics of executions or models",
        (
            "launchpad metrics chart churn",
            "launchpad metrics chart churn-1 churn-2 --metric loss --smooth 0.9",
            "launchpad metrics chart e0123 --metric loss --over relative --log --width 100 --height 30",
        ),
        _chart,
        (
            arg(
                "ids",
                nargs="+",
                metavar="id",
                completes="artifacts",
                help="models or executions: IDs, beginnings of them, or unique names",
            ),
            arg(
                "--metric",
                action="append",
                metavar="NAME",
                completes="metrics",
                help="this metric only; may be repeated",
            ),
            *CHART_ARGS,
        ),
    ),
)
