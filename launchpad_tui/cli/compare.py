"""The command that compares models or executions."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from launchpad_tui.cli import output
from launchpad_tui.cli.arguments import METRICS, SUBJECTS, integer, named_metrics
from launchpad_tui.cli.charts import CHART_OPTIONS, print_charts
from launchpad_tui.cli.command import COMMAND_GROUPS, Command, argument
from launchpad_tui.domain.comparison import AGGREGATES, Comparison, Options, Row, compare
from launchpad_tui.domain.comparison_text import as_csv, as_json, as_markdown, cell_texts
from launchpad_tui.domain.text import safe_text
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.records import replace

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.comparison import ComparedItem

FORMATS = ("table", "csv", "markdown", "json")


def run(context: CommandContext, options: argparse.Namespace) -> None:
    """Compare the items that ``options.ids`` names; the other options are `COMPARE_OPTIONS`."""
    subjects = find_subjects(context, options.ids)
    if options.diff:
        _print_difference(context, options)
        return
    if options.chart:
        print_charts(context, subjects, options)
        return
    baseline = (
        subjects[_baseline_index(context, subjects, options.baseline)].id
        if options.baseline
        else ""
    )
    if context.output == "name":
        for one in subjects:
            context.line(safe_text(one.id))
        return
    output_format = context.output if context.structured else options.format
    whole = output_format in {"json", "yaml"} or context.output == "wide"
    all_rows = options.all or whole or len(subjects) < 2
    desk = context.desk
    at = None if options.at_step is None else desk.charts.at_step(subjects, options.at_step)
    comparison_options = Options(
        options.aggregate,
        at=at,
        differing=not all_rows,
        baseline=baseline,
        directions=desk.boards.directions(),
    )
    found = compare(subjects, comparison_options)
    _check_metrics(subjects, named_metrics(options.metric))
    found = replace(found, rows=tuple(row for row in found.rows if _selected(row, options)))
    if output_format in {"json", "yaml"}:
        context.print_data(as_json(found))
    elif output_format == "csv":
        sys.stdout.write(as_csv(found))
    elif output_format == "markdown":
        sys.stdout.write(as_markdown(found))
    else:
        with context.paged():
            _print_table(found, wide=context.output == "wide")
    if not found.rows and not whole:
        context.note("No differences. To show all rows: --all")


def find_subjects(context: CommandContext, texts: Sequence[str]) -> tuple[ComparedItem, ...]:
    """Return the artifacts and executions that the texts name, in the order of the texts.

    Raises:
        NotFound: A text names nothing.
        Conflict: A text names several artifacts or executions.
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
                raise NotFound(
                    f"Model or execution {text[:80]!r} not found",
                    f"It is not in {context.scope}.",
                    "Pass the ID, an ID prefix or the name of a model, or the ID of an execution.",
                ) from None

    def read() -> dict[str, ComparedItem]:
        service = context.desk.compare
        with_artifact = (
            service.artifacts(context.scope, list(artifacts.values())) if artifacts else ()
        )
        only_execution = (
            service.executions(context.scope, list(executions.values())) if executions else ()
        )
        return {one.id: one for one in (*with_artifact, *only_execution)}

    found = read()
    if context.read_metrics(
        [one.execution.id for one in found.values() if one.execution is not None]
    ):
        found = read()
    ids = dict.fromkeys(artifacts.get(text) or executions[text] for text in texts)
    return tuple(found[one] for one in ids)


def _check_metrics(subjects: Sequence[ComparedItem], names: Sequence[str]) -> None:
    """Raise NotFound if a metric was not logged for any of the compared items."""
    from launchpad_tui.services.charting import metric_keys

    known = metric_keys(subjects) if names else ()
    for name in names:
        if name not in known and not any(key.split("{")[0] == name for key in known):
            from launchpad_tui.domain.suggestions import did_you_mean, nearest

            suggestion = did_you_mean(nearest(name, known))
            raise NotFound(
                f"Metric {name[:80]!r} not found",
                f"It was not logged for these models or executions. {suggestion}".rstrip(),
                f"Metrics: {', '.join(known[:20]) or 'none'}.",
            )


def _selected(row: Row, options: argparse.Namespace) -> bool:
    wanted = named_metrics(options.metric)
    return not wanted or not row.numeric or row.name in wanted or row.name.split("{")[0] in wanted


def _print_difference(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.domain.difference import difference

    if len(options.ids) != 2:
        raise InvalidInput(
            f"--diff cannot compare {len(options.ids)} items",
            "It compares two models or executions line by line.",
            "Pass two IDs, or leave out --diff.",
            field="id",
        )
    ids = [one.id for one in find_subjects(context, options.ids)]
    subjects, _ = context.desk.compare.subjects(context.scope, ids, files=True)
    one, other = (subjects * 2)[:2]
    code = context.desk.compare.changed_files(context.scope, one, other)
    found = difference(one, other, code)
    if context.structured:
        lines = [{"kind": line.kind, "text": line.text} for line in found]
        context.print_data({"subjects": [one.id, other.id], "lines": lines}, rows="lines")
        return
    with context.paged():
        for head in (f"--- {one.name} {one.id}", f"+++ {other.name} {other.id}", *map(str, found)):
            context.line(safe_text(head))
    if not found:
        context.note("No differences.")


def _baseline_index(context: CommandContext, subjects: Sequence[ComparedItem], text: str) -> int:
    baseline = find_subjects(context, [text])[0].id
    for index, one in enumerate(subjects):
        if one.id == baseline:
            return index
    raise InvalidInput(
        f"Invalid baseline {text[:80]!r}",
        "It is not one of the compared models or executions.",
        "Add it to the compared IDs, or select another baseline.",
        field="baseline",
    )


def _print_table(found: Comparison, *, wide: bool) -> None:
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

    output.print_table(("", *heads), cells(), wide=wide)
    if any(row.best for row in found.rows):
        print("* best value")


#: the options of commands that compare
COMPARE_OPTIONS = (
    argument("--all", action="store_true", help="Show all rows, not only those that differ"),
    METRICS,
    argument(
        "--aggregate",
        choices=AGGREGATES,
        default="last",
        help="Value of a metric (default: last)",
    ),
    argument(
        "--at-step",
        type=integer,
        metavar="N",
        help="Show metrics at this step, or at the last logged step before it",
    ),
    argument(
        "--diff",
        action="store_true",
        help="Compare two items line by line, including their code, custom info and files",
    ),
    argument(
        "--baseline",
        metavar="ID",
        help="Show differences from this model or execution, absolute and in percent",
        completes="artifacts",
    ),
    argument("--chart", action="store_true", help="Draw charts of the metrics"),
    *CHART_OPTIONS,
    argument(
        "--format",
        choices=FORMATS,
        default="table",
        help="Output format (default: table)",
    ),
)
COMMANDS = (
    Command(
        ("compare",),
        COMMAND_GROUPS["compare"].help,
        (
            "launchpad compare churn-1 churn-2 churn-3",
            "launchpad compare e0123 e4567 --all --aggregate best --baseline e0123",
            "launchpad compare churn-1 churn-2 --metric loss --x-axis step --chart",
            "launchpad compare churn-1 churn-2 --format markdown > comparison.md",
        ),
        run,
        (
            SUBJECTS,
            *COMPARE_OPTIONS,
        ),
    ),
)
