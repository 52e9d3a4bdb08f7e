"""The command that lays models or executions side by side."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from launchpad_tui.cli import output, shapes
from launchpad_tui.cli.command import WORDS, Command, arg
from launchpad_tui.cli.listing import number_text
from launchpad_tui.cli.side_by_side import AGGREGATES, Row, rows
from launchpad_tui.domain.text import safe_text
from launchpad_tui.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.comparison import Subject

FORMATS = ("table", "csv", "markdown", "json")
#: characters of an ID that tell subjects of one name apart
_SHORT = 8


def _compare(context: Context, options: argparse.Namespace) -> None:
    subjects = find(context, options.ids)
    baseline = _place(context, subjects, options.baseline) if options.baseline else None
    table = [row for row in rows(subjects, options.aggregate) if _wanted(row, options)]
    form = "json" if context.json else options.format
    if form == "json":
        context.print_json(
            {
                "count": len(subjects),
                "subjects": [_subject(one) for one in subjects],
                "baseline": None if baseline is None else subjects[baseline].id,
                "rows": [_row(row, baseline) for row in table],
            }
        )
        return
    if not options.all and len(subjects) > 1:
        table = [row for row in table if row.differs]
    heads = titles(subjects)
    if form == "csv":
        _print_csv(heads, table)
    elif form == "markdown":
        _print_markdown(heads, table, baseline)
    else:
        _print_table(heads, table, baseline)
    if not table:
        context.note("Nothing differs; --all shows all rows.")


def find(context: Context, texts: Sequence[str]) -> tuple[Subject, ...]:
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
    found = {
        one.id: one
        for one in (
            *(context.desk.compare.artifacts(context.scope, list(artifacts.values())) if artifacts else ()),
            *(context.desk.compare.executions(context.scope, list(executions.values())) if executions else ()),
        )
    }
    ids = dict.fromkeys(artifacts.get(text) or executions[text] for text in texts)
    return tuple(found[one] for one in ids)


def titles(subjects: Sequence[Subject]) -> list[str]:
    """A heading for each subject: its name, with the beginning of its ID where another has the same name."""
    names = [one.name for one in subjects]
    return [one.name if names.count(one.name) == 1 else f"{one.name} {one.id[:_SHORT]}" for one in subjects]


def _wanted(row: Row, options: argparse.Namespace) -> bool:
    if not options.metric or row.group not in {"metrics", "model metrics"}:
        return True
    return row.name in options.metric or row.name.split("{")[0] in options.metric


def _subject(one: Subject) -> shapes.Json:
    return {
        "id": one.id,
        "name": one.name,
        "kind": str(one.artifact.kind) if one.artifact else "execution",
        "executionId": one.execution.id if one.execution else None,
        "configurationId": one.configuration.id if one.configuration else None,
    }


def _row(row: Row, baseline: int | None) -> shapes.Json:
    values = [shapes.number(value) if isinstance(value, float) else value for value in row.values]
    return {
        "group": str(row.group),
        "name": row.name,
        "values": values,
        "differs": row.differs,
        "best": list(row.best),
        **({} if baseline is None else {"differences": [shapes.number(one) for one in row.differences(baseline)]}),
        "direction": row.direction,
    }


def _texts(row: Row, baseline: int | None) -> list[str]:
    """The row's values; numbers with the difference to the baseline's behind them."""
    texts = [number_text(value) if isinstance(value, float) else value or "" for value in row.values]
    if baseline is None:
        return texts
    base = row.values[baseline]
    for index, difference in enumerate(row.differences(baseline)):
        if difference is None or index == baseline:
            continue
        percent = f", {100 * difference / abs(base):+.3g} %" if isinstance(base, float) and base else ""
        texts[index] += f" ({difference:+.3g}{percent})"
    return texts


def _place(context: Context, subjects: Sequence[Subject], text: str) -> int:
    wanted = find(context, [text])[0].id
    for index, one in enumerate(subjects):
        if one.id == wanted:
            return index
    raise InvalidInput(f"{text[:80]!r} is not among those compared", field="baseline")


def _print_table(heads: Sequence[str], table: Sequence[Row], baseline: int | None) -> None:
    def cells() -> Iterator[list[str]]:
        group = ""
        for row in table:
            if row.group != group:
                group = row.group
                yield [group.upper(), *[""] * len(heads)]
            marks = ["*" if index in row.best else "" for index in range(len(heads))]
            yield [f"  {row.name}", *(text + mark for text, mark in zip(_texts(row, baseline), marks, strict=True))]

    output.print_table(("", *heads), cells())
    if any(row.best for row in table):
        print("* best")


def _print_csv(heads: Sequence[str], table: Sequence[Row]) -> None:
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("group", "name", *(safe_text(head) for head in heads)))
    for row in table:
        exact = (repr(value) if isinstance(value, float) else safe_text(value or "") for value in row.values)
        writer.writerow((row.group, safe_text(row.name), *exact))


def _print_markdown(heads: Sequence[str], table: Sequence[Row], baseline: int | None) -> None:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(_markdown(cell) for cell in cells) + " |"

    print(line(["", "", *heads]))
    print(f"|{'---|' * (len(heads) + 2)}")
    for row in table:
        cells = _texts(row, baseline)
        print(
            line([row.group, row.name])[:-1]
            + "".join(
                f"| **{_markdown(cell)}** " if index in row.best else f"| {_markdown(cell)} "
                for index, cell in enumerate(cells)
            )
            + "|"
        )


def _markdown(text: str) -> str:
    """Text that Markdown shows as it is, inside a cell of a table."""
    text = safe_text(text)
    for char in "\\`*_{}[]<>|~#":
        text = text.replace(char, "\\" + char)
    return text


COMMANDS = (
    Command(
        ("compare",),
        WORDS["compare"].help,
        (
            "launchpad compare churn-1 churn-2 churn-3",
            "launchpad compare e0123 e4567 --all --aggregate best --baseline e0123",
            "launchpad compare churn-1 churn-2 --format markdown > comparison.md",
        ),
        _compare,
        (
            arg("ids", nargs="+", metavar="id", completes="artifacts",
                help="models or executions: IDs, beginnings of them, or unique names"),
            arg("--all", action="store_true", help="all rows, not only those that differ"),
            arg("--metric", action="append", metavar="NAME", completes="metrics",
                help="of the metrics only this one; may be repeated"),
            arg("--aggregate", choices=AGGREGATES, default="last", help="which value of a metric (default: last)"),
            arg("--baseline", metavar="ID", help="show differences to this one, in units and percent",
                completes="artifacts"),
            arg("--format", choices=FORMATS, default="table", help="how to print it (default: table)"),
        ),
    ),
)  # fmt: skip
