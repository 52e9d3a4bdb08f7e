"""Options of list commands, and the columns of metrics and other values."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from launchpad_tui.cli.arguments import ALL_METRICS, integer
from launchpad_tui.cli.command import argument
from launchpad_tui.cli.table import TableColumn
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import replace

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.list_names import Names
    from launchpad_tui.domain.query import (
        ArtifactRow,
        ExecutionRow,
        Filter,
        MetricColumn,
        Order,
        Query,
        ValueColumn,
    )

#: the number of known names that an error lists
_LISTED = 20

#: the number of metric columns that are always shown
_FEW = 3
#: attributes by which lists are filtered, and that they do not show
FILTERED_ONLY = frozenset({"sweep"})
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
WHERE = argument(
    "--where",
    metavar="CONDITION",
    action="append",
    help="Only items that meet a condition on attributes or parameters; may be repeated",
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
        completes="columns",
        help="Only items that meet a condition, such as 'accuracy > 0.9 and rate < 0.1', "
        "'status = DEAD' or 'label.stage = prod'; may be repeated",
    ),
    SWEEP,
    argument(
        "--sort",
        metavar="NAME",
        completes="columns",
        help="Sort by an attribute, a metric (loss, loss:min), a parameter, label.NAME or "
        "tag.NAME, which becomes a column; loss:best lists the best values first; -NAME sorts in "
        "descending order",
    ),
    argument(
        "--best",
        metavar="METRIC",
        completes="metrics",
        help="Sort by a metric with its best values first; whether lower or higher values are "
        "better follows from its name or metrics set-direction",
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
    argument(
        "--view",
        metavar="NAME",
        help="Use a saved view; other options add to it or replace its order and columns",
    ),
    argument("--save-view", metavar="NAME", help="Save search, conditions, order and columns"),
    argument(
        "--columns",
        metavar="NAMES",
        action="append",
        completes="columns",
        help="Show the ID and these columns only: attributes, metrics, parameters, label.NAME and "
        "tag.NAME, separated by commas",
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
    from launchpad_tui.domain.list_names import parse_column
    from launchpad_tui.domain.metric import Direction
    from launchpad_tui.domain.query import (
        Condition,
        MetricColumn,
        Op,
        Order,
        Query,
        Statistic,
        Subject,
        ValueColumn,
    )

    names = known_names(context, attributes)
    metrics = metric_columns(context, options.metric or ())
    values = _parameters(context, getattr(options, "parameter", None) or ())
    shown = columns_option(getattr(options, "columns", None), names)
    metrics += tuple(one for one in shown if isinstance(one, MetricColumn) and one not in metrics)
    values += tuple(one for one in shown if isinstance(one, ValueColumn) and one not in values)
    view = _view(context, options, attributes)
    order = view.order
    if not metrics and not values:
        metrics, values = view.metrics, view.values
    if options.sort:
        by = parse_column(options.sort.removeprefix("-"), names)
        descending = options.sort.startswith("-")
        if isinstance(by, MetricColumn) and by.statistic is Statistic.BEST:
            descending = descending or _direction(context, by) == Direction.HIGHER
        order = Order(by, descending)
    best = getattr(options, "best", None)
    if best:
        order = _best_first(context, options)
    if (options.sort or best) and not shown:
        if isinstance(order.by, MetricColumn) and order.by not in metrics:
            metrics += (order.by,)
        elif isinstance(order.by, ValueColumn) and order.by not in values:
            values += (order.by,)
    metrics = known_columns(context, metrics)
    conditions: list[Filter] = [*view.conditions]
    if options.where:
        from launchpad_tui.domain.expression import parse_where

        for text in options.where:
            conditions += parse_where(
                text, attributes, names.metrics, names.parameters, names.labels, names.tags
            )
    conditions = [_with_sweeps(context, one) for one in conditions]
    if options.sweep:
        sweep_id = context.desk.sweeps.resolve(context.scope, options.sweep).id
        conditions.append(Condition(Subject.ATTRIBUTE, "sweep", Op.EQUALS, sweep_id))
    found = Query(
        search=options.search or view.search,
        conditions=tuple(conditions),
        order=order,
        metrics=metrics,
        values=values,
    )
    if getattr(options, "save_view", None):
        saved = context.desk.views.save(options.list_name, options.save_view, found)
        context.note(f"Saved view {saved.name} of {saved.list_name}.")
    return found


def _best_first(context: CommandContext, options: argparse.Namespace) -> Order:
    """Return the order with the best values of the metric that ``--best`` names first.

    Raises:
        InvalidInput: The metric is unknown, or it is unknown which of its values are better.
    """
    from launchpad_tui.domain.list_names import metric_column
    from launchpad_tui.domain.metric import Direction
    from launchpad_tui.domain.query import Order

    if options.sort:
        raise InvalidInput(
            "--best and --sort exclude each other",
            "Both set the order of the list.",
            "Leave one of them out; to show another column, use --metric or --parameter.",
            field="best",
        )
    column = metric_column(options.best, "best")
    (column,) = known_columns(context, (column,))
    direction = _direction(context, column)
    if direction is None:
        raise InvalidInput(
            f"It is unknown which values of {column.key} are better",
            "The name of the metric does not suggest it.",
            f"Set it with: launchpad metrics set-direction {column.key} lower (or higher)",
            field="best",
        )
    return Order(column, direction == Direction.HIGHER)


def _direction(context: CommandContext, column: MetricColumn) -> str | None:
    """Return whether ``lower`` or ``higher`` values of a metric are better, None if unknown."""
    from launchpad_tui.domain.metric import guess_direction

    return context.desk.boards.directions().get(column.key) or guess_direction(column.key)


def _view(
    context: CommandContext, options: argparse.Namespace, attributes: frozenset[str]
) -> Query:
    """Return the query of the saved view that options name; without one, the default query."""
    from launchpad_tui.domain.query import Query

    name = getattr(options, "view", None)
    if not name:
        return Query()
    return context.desk.views.get(options.list_name, name, attributes).query


def known_names(context: CommandContext, attributes: frozenset[str]) -> Names:
    """Return the names that the options of a list command may use."""
    from launchpad_tui.domain.list_names import Names

    artifacts, scope = context.desk.artifacts, context.scope
    return Names(
        attributes,
        lambda: artifacts.metric_keys(scope),
        lambda: artifacts.parameter_names(scope),
        lambda: artifacts.label_keys(scope),
        lambda: artifacts.tag_names(scope),
    )


def columns_option(
    texts: Sequence[str] | None, names: Names
) -> tuple[str | MetricColumn | ValueColumn, ...]:
    """Return the columns that the option ``--columns`` names, in their order.

    Raises:
        InvalidInput: A name is unknown.
    """
    from launchpad_tui.domain.list_names import parse_column

    # A comma in a quoted name does not separate two names.
    words = [
        word.strip()
        for text in texts or ()
        for word in re.findall(r"""(?:[^,"']|"[^"]*"|'[^']*')+""", text)
        if word.strip()
    ]
    return tuple(dict.fromkeys(parse_column(word, names, "columns") for word in words))


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


def _parameters(context: CommandContext, names: Sequence[str]) -> tuple[ValueColumn, ...]:
    """Return the parameters that options name; ``all`` names all parameters of the group.

    Raises:
        InvalidInput: No configuration has a parameter of a name.
    """
    if not names:
        return ()
    from launchpad_tui.domain.query import Subject, ValueColumn

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
    return tuple(ValueColumn(Subject.PARAMETER, name) for name in found)


def metric_columns(context: CommandContext, texts: Sequence[str]) -> tuple[MetricColumn, ...]:
    """Return the metric columns that options name; ``all`` names all metrics of the group.

    Raises:
        InvalidInput: A name is unknown.
    """
    from launchpad_tui.domain.list_names import metric_column
    from launchpad_tui.domain.query import MetricColumn

    known = context.desk.artifacts.metric_keys(context.scope) if ALL_METRICS in texts else ()
    columns: dict[MetricColumn, None] = {}
    for text in texts:
        if text == ALL_METRICS and text not in known:
            columns |= dict.fromkeys(MetricColumn(key) for key in known)
        else:
            columns[metric_column(text)] = None
    return known_columns(context, tuple(columns))


def metric_table_columns(
    context: CommandContext, columns: Sequence[MetricColumn], count: int = 0
) -> Iterator[TableColumn]:
    """Yield the table columns of metrics; of many, the last ones are left out if need be.

    Args:
        context: The context of the command. Tables on a terminal have short heads.
        columns: The metrics.
        count: The number of columns including those of other values.
    """
    from launchpad_tui.domain.list_names import metric_heads

    heads = metric_heads(columns) if context.compact else map(str, columns)
    for head in heads:
        optional = int(max(count, len(columns)) > _FEW)
        yield TableColumn(head, optional=optional, right=True, asked=True)


def serialized_columns(query: Query, row: ArtifactRow | ExecutionRow) -> dict[str, Any]:
    """Return the values of metrics, and of parameters and tags if there are such columns."""
    from launchpad_tui.aiapi.metrics import serialize_metric_values
    from launchpad_tui.domain.query import Subject

    data: dict[str, Any] = {"metrics": serialize_metric_values(row.metrics)}
    for subject, field in ((Subject.PARAMETER, "parameters"), (Subject.TAG, "tags")):
        shown = [one for one in query.values if one.subject is subject]
        if shown:
            data[field] = {one.name: row.values.get(one) for one in shown}
    return data


def parameter_names(query: Query) -> tuple[str, ...]:
    """Return the names of the parameters that are columns."""
    from launchpad_tui.domain.query import Subject

    return tuple(one.name for one in query.values if one.subject is Subject.PARAMETER)


def table_columns(context: CommandContext, query: Query) -> Iterator[TableColumn]:
    """Yield the table columns of metrics, parameters, labels and tags; of many, the last ones are
    left out if need be."""
    count = len(query.metrics) + len(query.values)
    yield from metric_table_columns(context, query.metrics, count)
    for value in query.values:
        yield TableColumn(value.title, optional=int(count > _FEW), asked=True)


def column_texts(query: Query, row: ArtifactRow | ExecutionRow) -> Iterator[str]:
    """Yield the cells of the columns of metrics, parameters, labels and tags."""
    from launchpad_tui.domain.numbers import metric_text

    for column in query.metrics:
        yield metric_text(row.metrics.get(column), 6)
    for value in query.values:
        yield row.values.get(value, "")


def known_columns(
    context: CommandContext, named: Sequence[MetricColumn]
) -> tuple[MetricColumn, ...]:
    """Return the columns of metrics that options name, by their keys or the heads of columns.

    Without any metric in the resource group nothing is refused: a script may list models before the
    first one is trained, and metrics of remote executions may not have been read yet.

    Raises:
        InvalidInput: No execution has logged a metric of a name.
    """
    from launchpad_tui.domain.list_names import of_title

    known = context.desk.artifacts.metric_keys(context.scope) if named else ()
    columns = []
    for column in named:
        if not known or column.key in known:
            columns.append(column)
            continue
        if titled := of_title(str(column), known):
            columns.append(titled)
            continue
        from launchpad_tui.domain.suggestions import did_you_mean, nearest

        suggestion = did_you_mean(nearest(column.key, known))
        raise InvalidInput(
            f"There is no metric {column.key[:80]!r} in {context.scope}",
            suggestion or f"Known names: {', '.join(known[:_LISTED])}.",
            "List all metrics with: launchpad metrics keys",
            field="metric",
        )
    return tuple(columns)


def where_filters(
    context: CommandContext, texts: Sequence[str] | None, attributes: frozenset[str]
) -> tuple[Filter, ...]:
    """Return the filters of ``--where`` for a list whose rows have attributes and parameters.

    Raises:
        InvalidInput: An expression is invalid, or a name is unknown.
    """
    if not texts:
        return ()
    from launchpad_tui.domain.expression import parse_where

    artifacts, scope = context.desk.artifacts, context.scope
    return tuple(
        one
        for text in texts
        for one in parse_where(text, attributes, tuple, lambda: artifacts.parameter_names(scope))
    )
