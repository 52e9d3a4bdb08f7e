"""Options of list commands, and rows of listings of any length."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from launchpad_tui.cli.arguments import ALL_METRICS, integer
from launchpad_tui.cli.command import argument
from launchpad_tui.cli.table import TableColumn
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import replace

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.query import Filter, MetricColumn, Query
    from launchpad_tui.services.listing import Listing

Row = TypeVar("Row")
_BATCH = 500
#: the number of known names that an error lists
_LISTED = 20

#: the number of metric columns that are always shown
_FEW = 3
LIMIT = argument(
    "--limit",
    metavar="N",
    type=integer,
    default=0,
    help="Maximum number of rows (default: all)",
)
ALL = argument(
    "--all",
    action="store_const",
    dest="limit",
    const=0,
    help="List all rows, as --limit 0 does",
)
SWEEP = argument(
    "--sweep",
    metavar="SWEEP",
    completes="sweeps",
    help="Only items of a sweep: ID, unique ID prefix, unique name, or latest",
)
LIST_OPTIONS = (
    argument(
        "--search",
        metavar="TEXT",
        help="Only items with all search terms in their texts, such as names, versions, aliases, "
        "IDs, labels and URLs",
    ),
    argument(
        "--where",
        metavar="CONDITION",
        action="append",
        help="Only items that meet a condition, such as 'accuracy > 0.9 and rate < 0.1', "
        "'status = DEAD' or 'label.stage = prod'; may be repeated",
    ),
    SWEEP,
    argument(
        "--sort",
        metavar="NAME",
        completes="metrics",
        help="Sort by an attribute or a metric (loss, loss:min); --sort=-NAME sorts in descending "
        "order",
    ),
    argument(
        "--metric",
        metavar="NAME",
        action="append",
        completes="metrics",
        help="Add a metric as a column: loss, loss:best, loss:min, loss:max, or all; may be "
        "repeated",
    ),
    argument(
        "--parameter",
        metavar="NAME",
        action="append",
        completes="parameters",
        help="Add a parameter of the configurations as a column, or all; may be repeated",
    ),
    LIMIT,
    ALL,
)


def query(
    context: CommandContext, options: argparse.Namespace, attributes: frozenset[str]
) -> Query:
    """Return the query that the options of a list command describe.

    Args:
        context: The context of the command.
        options: The parsed options.
        attributes: The sortable attributes in snake case. Options may name them in camelCase too.

    Raises:
        InvalidInput: A condition, a metric or the sort order is invalid, or names a metric that is
            not known, or a parameter that no configuration has.
    """
    from launchpad_tui.domain.query import Condition, Op, Order, Query, Subject

    metrics = metric_columns(context, options.metric or ())
    order = Order()
    if options.sort:
        from launchpad_tui.domain.expression import sort_name

        name = sort_name(options.sort.removeprefix("-"), attributes)
        order = Order(
            name if name in attributes else metric_column(name), options.sort.startswith("-")
        )
    by = order.by
    named = [("metric", one) for one in metrics]
    if not isinstance(by, str):
        named.append(("sort", by))
    if named:
        _check_known(context, named, attributes)
    conditions: list[Filter] = []
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
    conditions = [_with_sweeps(context, one) for one in conditions]
    if options.sweep:
        sweep_id = context.desk.sweeps.resolve(context.scope, options.sweep).id
        conditions.append(Condition(Subject.ATTRIBUTE, "sweep", Op.EQUALS, sweep_id))
    return Query(
        search=options.search or "",
        conditions=tuple(conditions),
        order=order,
        metrics=metrics,
        parameters=_parameters(context, getattr(options, "parameter", None) or ()),
    )


def _with_sweeps(context: CommandContext, one: Filter) -> Filter:
    """Return a filter whose sweeps are named by ID. Raises NotFound for an unknown sweep."""
    from launchpad_tui.domain.query import Combination, Op, Subject

    if isinstance(one, Combination):
        return replace(one, parts=tuple(_with_sweeps(context, part) for part in one.parts))
    attribute = one.subject is Subject.ATTRIBUTE and one.name == "sweep"
    if not attribute or one.op not in {Op.EQUALS, Op.NOT_EQUALS}:
        return one
    service = context.desk.sweeps
    if any(one.value == known.name for known in service.summaries(context.scope)):
        # All sweeps of the name match.
        return one
    return replace(one, value=service.resolve(context.scope, one.value).id)


def _parameters(context: CommandContext, names: Sequence[str]) -> tuple[str, ...]:
    """Return the parameters that options name; ``all`` names all parameters of the group.

    Raises:
        InvalidInput: No configuration has a parameter of a name.
    """
    if not names:
        return ()
    known = context.desk.artifacts.parameter_names(context.scope)
    found: dict[str, None] = {}
    for name in names:
        if name == ALL_METRICS and name not in known:
            found |= dict.fromkeys(known)
        elif name in known or not known:
            found[name] = None
        else:
            from launchpad_tui.domain.suggestions import did_you_mean, nearest

            raise InvalidInput(
                f"There is no parameter {name[:80]!r} in {context.scope}",
                did_you_mean(nearest(name, known)) or f"Known: {', '.join(known[:_LISTED])}.",
                "Show the parameters of a configuration with: launchpad configurations show ID",
                field="parameter",
            )
    return tuple(found)


def metric_columns(context: CommandContext, texts: Sequence[str]) -> tuple[MetricColumn, ...]:
    """Return the metric columns that options name; ``all`` names all metrics of the group."""
    from launchpad_tui.domain.query import MetricColumn

    known = context.desk.artifacts.metric_keys(context.scope) if ALL_METRICS in texts else ()
    columns: dict[MetricColumn, None] = {}
    for text in texts:
        if text == ALL_METRICS and text not in known:
            columns |= dict.fromkeys(MetricColumn(key) for key in known)
        else:
            columns[metric_column(text)] = None
    return tuple(columns)


def metric_table_columns(columns: Sequence[MetricColumn]) -> Iterator[TableColumn]:
    """Yield the table columns of metrics; of many, the last ones are left out if need be."""
    for column in columns:
        yield TableColumn(str(column), optional=int(len(columns) > _FEW), right=True)


def serialize_parameters(values: Mapping[str, str], names: Sequence[str]) -> dict[str, Any]:
    """Return the field ``parameters`` of a row in JSON, nothing if no parameter was named."""
    return {"parameters": {name: values.get(name) for name in names}} if names else {}


def parameter_table_columns(names: Sequence[str]) -> Iterator[TableColumn]:
    """Yield the table columns of parameters; of many, the last ones are left out if need be."""
    for name in names:
        yield TableColumn(name, optional=int(len(names) > _FEW), right=True)


def _check_known(
    context: CommandContext,
    named: Sequence[tuple[str, MetricColumn]],
    attributes: frozenset[str],
) -> None:
    """Raise InvalidInput if an option names a metric that no execution has logged.

    Without any metric in the resource group nothing is refused: a script may list models before the
    first one is trained, and metrics of remote executions may not have been read yet.

    Args:
        named: Pairs of the option and the metric column that it names.
        attributes: The attributes by which the list can be sorted.
    """
    known = context.desk.artifacts.metric_keys(context.scope)
    for option, column in named:
        if not known or column.key in known:
            continue
        from launchpad_tui.domain.suggestions import did_you_mean, nearest

        titles = [_camel(name) for name in sorted(attributes)] if option == "sort" else []
        names = [*titles, *known]
        suggestion = did_you_mean(nearest(column.key, names))
        shown = column.key[:80]
        what = "attribute or metric" if option == "sort" else "metric"
        raise InvalidInput(
            f"There is no {what} {shown!r} in {context.scope}",
            suggestion or f"Known names: {', '.join(names[:_LISTED])}.",
            "List all metrics with: launchpad metrics keys",
            field=option,
        )


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def metric_column(text: str) -> MetricColumn:
    """Return the metric column that a text such as ``loss`` or ``loss:min`` names.

    Raises:
        InvalidInput: The text after the colon is not a statistic.
    """
    from launchpad_tui.domain.query import MetricColumn, Statistic

    if (column := MetricColumn.parse(text)) is not None:
        return column
    _, colon, statistic = text.rpartition(":")
    if not colon or "}" in statistic:
        return MetricColumn(text)
    raise InvalidInput(
        f"Invalid statistic {statistic[:80]!r}",
        f"It is part of the metric column {text[:80]!r}.",
        f"Use one of {', '.join(Statistic)}.",
        field="metric",
    )


def rows(listing: Listing[Row], limit: int) -> Iterator[Row]:
    """Yield the rows of a listing in order, read in batches.

    The rows are not counted first, because counting may take longer than reading the first rows.

    Args:
        listing: The listing.
        limit: The maximum number of rows; 0 stands for all.

    Raises:
        InvalidInput: The limit is negative.
    """
    check_limit(limit)
    start = 0
    while limit == 0 or start < limit:
        stop = start + _BATCH if limit == 0 else min(start + _BATCH, limit)
        found = listing.slice(start, stop)
        yield from found
        if len(found) < stop - start:
            return
        start = stop


def check_limit(limit: int) -> None:
    """Raise InvalidInput if a maximum number of rows is negative."""
    if limit < 0:
        raise InvalidInput(
            f"Invalid limit {limit}",
            "The number of rows cannot be negative.",
            "Use 0 to list all rows.",
            field="limit",
        )
