"""The command that lays models or executions side by side."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from launchpad_tui.cli import output
from launchpad_tui.cli.charts import CHART_ARGS, print_charts
from launchpad_tui.cli.command import WORDS, Command, arg
from launchpad_tui.domain.comparison import AGGREGATES, Comparison, Options, Row, compare
from launchpad_tui.domain.comparison_text import as_csv, as_json, as_markdown, cell_texts
from launchpad_tui.domain.text import safe_text
from launchpad_tui.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.comparison import ComparedItem

FORMATS = ("table", "csv", "markdown", "json")


def _compare(context: Context, options: argparse.Namespace) -> None:
    subjects = find(context, options.ids)
    if options.diff:
        _print_difference(context, options)
        return
    if options.chart:
        print_charts(context, subjects, options)
        return
    baseline = subjects[_place(context, subjects, options.baseline)].id if options.baseline else ""
    form = "json" if context.json else options.format
    every = options.all or form == "json" or len(subjects) < 2
    desk = context.desk
    at = None if options.at_step is None else desk.charts.at_step(subjects, options.at_step)
    chosen = Options(
        options.aggregate,
        at=at,
        differing=not every,
        baseline=baseline,
        directions=desk.boards.directions(),
    )
    found = compare(subjects, chosen)
    found = replace(found, rows=tuple(row for row in found.rows if _wanted(row, options)))
    if form == "json":
        context.print_json(as_json(found))
    elif form == "csv":
        sys.stdout.write(as_csv(found))
    elif form == "markdown":
        sys.stdout.write(as_markdown(found))
    else:
        _print_table(found)
    if not found.rows and form != "json":
        context.note("Nothing differs; --all shows all rows.")


def find(context: Context, texts: Sequence[str]) -> tuple[ComparedItem, ...]:
    """The subjects that the texts name, in their order: artifacts by ID, beginning of it or name, or executions.

    Raises:
        NotFound, Conflict: a text names none, or several.
    """
    artifacts: dict[str, str] = {}
    executions: dict[str, str] = {}
    for text in texts:
        try:
            artifacts[text] = context.desk.artifacts.resolve(context.scope, text).id
        except NotFound:
            try:
                executions[text] = context.desk.executions.resolve(context.scope, text).id
            except NotFound:
                hint = "Give IDs, beginnings of them, or names of models; or IDs of executions."
                raise NotFound(f"There is no model or execution {text[:80]!r}", hint=hint) from None

    def read() -> dict[str, ComparedItem]:
        service = context.desk.compare
        made = service.artifacts(context.scope, list(artifacts.values())) if artifacts else ()
        alone = service.executions(context.scope, list(executions.values())) if executions else ()
        return {one.id: one for one in (*made, *alone)}

    found = read()
    if context.read_metrics(
        [one.execution.id for one in found.values() if one.execution is not None]
    ):
        found = read()
    ids = dict.fromkeys(artifacts.get(text) or executions[text] for text in texts)
    return tuple(found[one] for one in ids)


def _wanted(row: Row, options: argparse.Namespace) -> bool:
    if not options.metric or not row.numeric:
        return True
    return row.name in options.metric or row.name.split("{")[0] in options.metric


def _print_difference(context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.domain.difference import difference

    if len(options.ids) != 2:
        raise InvalidInput(f"A difference is between two, not {len(options.ids)}", field="id")
    ids = [one.id for one in find(context, options.ids)]
    subjects, _ = context.desk.compare.subjects(context.scope, ids, files=True)
    one, other = (subjects * 2)[:2]
    found = difference(one, other)
    if context.json:
        lines = [{"kind": line.kind, "text": line.text} for line in found]
        context.print_json({"subjects": [one.id, other.id], "lines": lines})
        return
    for head in (f"--- {one.name} {one.id}", f"+++ {other.name} {other.id}", *map(str, found)):
        context.line(safe_text(head))
    if not found:
        context.note("Nothing differs.")


def _place(context: Context, subjects: Sequence[ComparedItem], text: str) -> int:
    wanted = find(context, [text])[0].id
    for index, one in enumerate(subjects):
        if one.id == wanted:
            return index
    raise InvalidInput(f"{text[:80]!r} is not among those compared", field="baseline")


def _print_table(found: Comparison) -> None:
    heads = found.titles()

    def cells() -> Iterator[list[str]]:
        group = ""
        for row in found.rows:
            if row.group != group:
                group = row.group
                yield [group.upper(), *[""] * len(heads)]
            marks = ["*" if place in row.best else "" for place in range(len(heads))]
            texts = cell_texts(row, found.baseline)
            yield [f"  {row.name}", *(text + mark for text, mark in zip(texts, marks, strict=True))]

    output.print_table(("", *heads), cells())
    if any(row.best for row in found.rows):
        print("* best")


COMMANDS = (
    Command(
        ("compare",),
        WORDS["compare"].help,
        (
            "launchpad compare churn-1 churn-2 churn-3",
            "launchpad compare e0123 e4567 --all --aggregate best --baseline e0123",
            "launchpad compare churn-1 churn-2 --metric loss --over step --chart",
            "launchpad compare churn-1 churn-2 --format markdown > comparison.md",
        ),
        _compare,
        (
            arg(
                "ids",
                nargs="+",
                metavar="id",
                completes="artifacts",
                help="models or executions: IDs, beginnings of them, or unique names",
            ),
            arg("--all", action="store_true", help="all rows, not only those that differ"),
            arg(
                "--metric",
                action="append",
                metavar="NAME",
                completes="metrics",
                help="of the metrics only this one; may be repeated",
            ),
            arg(
                "--aggregate",
                choices=AGGREGATES,
                default="last",
                help="which value of a metric (default: last)",
            ),
            arg(
                "--at-step",
                type=int,
                metavar="N",
                help="metrics at this step, or at the last one before it that was logged",
            ),
            arg(
                "--diff",
                action="store_true",
                help="two of them line by line, with custom info and files",
            ),
            arg(
                "--baseline",
                metavar="ID",
                help="show differences to this one, in units and percent",
                completes="artifacts",
            ),
            arg("--chart", action="store_true", help="draw the metrics instead"),
            *CHART_ARGS,
            arg(
                "--format",
                choices=FORMATS,
                default="table",
                help="how to print it (default: table)",
            ),
        ),
    ),
)
