"""Lists on the command line: the options that all have, and a walk through a listing of any length."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

from launchpad_tui.cli.command import arg
from launchpad_tui.errors import InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.query import MetricColumn, Query
    from launchpad_tui.services.listing import Listing

Row = TypeVar("Row")
_BATCH = 500

OPTIONS = (
    arg(
        "--search",
        metavar="TEXT",
        help="name, description, ID or a label holds all of these words, in any case",
    ),
    arg(
        "--where",
        metavar="CONDITION",
        action="append",
        help="conditions such as 'accuracy > 0.9 and rate < 0.1', 'status = DEAD', 'label.stage = prod'",
    ),
    arg(
        "--sort",
        metavar="NAME",
        completes="metrics",
        help="an attribute or a metric (loss, loss:min); --sort=-NAME sorts downwards",
    ),
    arg(
        "--metric",
        metavar="NAME",
        action="append",
        completes="metrics",
        help="a metric as a column: loss, loss:best, loss:min, loss:max; may be repeated",
    ),
    arg("--limit", metavar="N", type=int, default=0, help="at most so many rows (default: all)"),
)


def query(context: Context, options: argparse.Namespace, attributes: frozenset[str]) -> Query:
    """The query that the options ask for.

    Args:
        attributes: what of the list can be sorted and filtered by, in snake case; camelCase is understood too.

    Raises:
        InvalidInput: a condition, a metric or the order cannot be read.
    """
    from launchpad_tui.domain.query import Condition, Order, Query

    metrics = tuple(metric_column(text) for text in options.metric or ())
    order = Order()
    if options.sort:
        name = options.sort.removeprefix("-")
        snake = re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
        order = Order(
            snake if snake in attributes else metric_column(name), options.sort.startswith("-")
        )
    conditions: list[Condition] = []
    if options.where:
        from launchpad_tui.domain.expression import parse_where

        artifacts, scope = context.desk.artifacts, context.scope
        for text in options.where:
            conditions += parse_where(
                text,
                attributes,
                lambda: artifacts.metric_keys(scope),
                lambda: artifacts.parameter_names(scope),
            )
    return Query(
        search=options.search or "", conditions=tuple(conditions), order=order, metrics=metrics
    )


def metric_column(text: str) -> MetricColumn:
    """``loss`` or ``loss:min`` as a column.

    Raises:
        InvalidInput: the part behind the colon is no statistic.
    """
    from launchpad_tui.domain.query import MetricColumn, Statistic

    key, colon, statistic = text.rpartition(":")
    if not colon or "}" in statistic:
        return MetricColumn(text)
    try:
        return MetricColumn(key, Statistic(statistic))
    except ValueError as error:
        names = ", ".join(Statistic)
        raise InvalidInput(
            f"{statistic!r} is no value of a metric", hint=f"One of {names}.", field="metric"
        ) from error


def walk(listing: Listing[Row], limit: int) -> Iterator[Row]:
    """The rows in order, a batch at a time; ``limit`` 0 means all."""
    if limit < 0:
        raise InvalidInput(f"{limit} rows cannot be listed", hint="0 lists all.", field="limit")
    total = listing.count()
    if limit > 0:
        total = min(total, limit)
    for start in range(0, total, _BATCH):
        yield from listing.slice(start, min(start + _BATCH, total))
