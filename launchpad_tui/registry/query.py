"""Translates conditions and searches of lists into SQL.

Values are always bound parameters, never part of a statement.
"""

from __future__ import annotations

import math
from datetime import timedelta

from launchpad_tui.domain.metric import Direction, guess_direction
from launchpad_tui.domain.query import (
    Combination,
    Condition,
    Filter,
    Junction,
    MetricColumn,
    Op,
    Statistic,
    Subject,
)
from launchpad_tui.domain.timestamps import now, parse_rfc3339, to_micros
from launchpad_tui.errors import InvalidInput
from launchpad_tui.registry.codec import number
from launchpad_tui.registry.commit_filter import COMMIT, same_commit
from launchpad_tui.registry.list_tables import ARTIFACTS, ListTable
from launchpad_tui.registry.series_texts import number_of as number_of_text
from launchpad_tui.registry.sweep_filter import SWEEP, membership

Values = tuple[object, ...]

#: The maximum number of conditions of a list, because SQLite limits the depth of expressions.
MAX_CONDITIONS = 100
#: the largest number of characters of a pattern
MAX_PATTERN = 1000
#: the operators of SQL
COMPARE = {
    Op.EQUALS: "=",
    Op.NOT_EQUALS: "<>",
    Op.LESS: "<",
    Op.LESS_EQUAL: "<=",
    Op.GREATER: ">",
    Op.GREATER_EQUAL: ">=",
}


def by_key(key: str) -> bool:
    """Return whether a metric column has the key of one series instead of a metric's name."""
    return "{" in key


def series_key_condition(key: str) -> str:
    """Return the SQL condition that the series ``s`` has a key, or is the headline of a metric.

    It has one parameter, which is ``key``, and selects the index of the metric's values.
    """
    if by_key(key):
        return f"s.key = {number_of_text('?')} AND s.key <> 0"
    return f"s.name = {number_of_text('?')} AND s.headline = 1"


def series_condition(table: ListTable, key: str) -> str:
    """Return the SQL condition under which the series ``s`` represents a metric in a row of a list.

    It has one parameter, which is ``key``. If ``key`` is the name of a metric, the series that is
    marked as the headline of the row's execution and model represents it.
    """
    if by_key(key):
        same = "o.key = s.key"
        main = (
            "s.pk = (SELECT o.pk FROM series o WHERE o.execution_pk = s.execution_pk "
            "AND o.key = s.key ORDER BY o.artifact_name, o.pk LIMIT 1)"
        )
        return f"{series_key_condition(key)} AND {table.owns.format(same=same, main=main)}"
    owns = table.owns.format(same="o.headline = 1", main="s.main = 1")
    return f"{series_key_condition(key)} AND {owns}"


def statistic_column(column: MetricColumn) -> str:
    """Return the column of ``series`` with a metric column's value."""
    if column.statistic is Statistic.LATEST:
        return "last"
    if column.statistic is Statistic.BEST:
        return "minimum" if guess_direction(column.key) == Direction.LOWER else "maximum"
    return "minimum" if column.statistic is Statistic.MINIMUM else "maximum"


def conditions_sql(
    table: ListTable, conditions: tuple[Filter, ...]
) -> tuple[list[str], list[object]]:
    """Return the conditions as SQL, and the parameters.

    Raises:
        InvalidInput: an attribute is unknown, or a value is invalid for it; ``field`` is the name
            of the condition.
    """
    count = sum(
        len(list(one.leaves())) if isinstance(one, Combination) else 1 for one in conditions
    )
    if count > MAX_CONDITIONS:
        raise InvalidInput(
            "The list has too many conditions",
            f"It has {count:,} conditions. At most {MAX_CONDITIONS} are supported.",
            "Use fewer conditions.",
            field="where",
        )
    where: list[str] = []
    values: list[object] = []
    for condition in conditions:
        sql, bound = _filter_sql(table, condition)
        where.append(sql)
        values += bound
    return where, values


def _filter_sql(table: ListTable, one: Filter) -> tuple[str, Values]:
    """Return a condition or a combination as SQL, and the parameters."""
    if isinstance(one, Condition):
        if table.configuration and one.subject not in {Subject.ATTRIBUTE, Subject.PARAMETER}:
            raise InvalidInput(
                f"The list cannot be filtered by {one.subject}s",
                f"{one.name} is a {one.subject}. Its rows have parameters only.",
                "Filter by an attribute or a parameter.",
                field=one.name,
            )
        return _BY_SUBJECT[one.subject](table, one)
    parts = [_filter_sql(table, part) for part in one.parts]
    values = tuple(value for _, bound in parts for value in bound)
    if one.junction is Junction.NOT:
        # A comparison with NULL is neither true nor false.
        return f"NOT coalesce({parts[0][0]}, 0)", values
    return f"({f' {one.junction.upper()} '.join(f'({sql})' for sql, _ in parts)})", values


def _like(column: str, condition: Condition) -> tuple[str, Values]:
    """Return the SQL of a comparison of a text with a pattern, regardless of case."""
    pattern = condition.value.casefold()
    if len(pattern) > MAX_PATTERN:
        raise InvalidInput(
            f"The pattern for {condition.name} is too long",
            f"It has {len(pattern):,} characters. At most {MAX_PATTERN} are supported.",
            "Use a shorter pattern.",
            field=condition.name,
        )
    if "%" not in pattern:
        # Shells and other tools write * for any text.
        pattern = pattern.replace("*", "%")
    return f"casefold({column}) LIKE ?", (pattern,)


def attribute_condition(table: ListTable, condition: Condition) -> tuple[str, Values]:
    """Return the SQL of a condition on an attribute."""
    attribute = table.attributes.get(condition.name)
    if attribute is None:
        hint = f"Use one of {', '.join(table.attributes)}."
        raise InvalidInput(
            f"There is no attribute {condition.name!r}", hint=hint, field=condition.name
        )
    if condition.name == SWEEP:
        execution_id = "t.execution_id" if table is ARTIFACTS else "t.id"
        if (found := membership(execution_id, condition)) is not None:
            return found
    column = attribute.sql
    if condition.name == COMMIT and (found := same_commit(column, condition)) is not None:
        return found
    if condition.op is Op.CONTAINS:
        return f"instr(casefold({column}), ?)", (condition.value.casefold(),)
    if condition.op is Op.MISSING:
        return f"coalesce({column}, '') = ''", ()
    if attribute.kind in {"text", "name"}:
        if condition.op is Op.LIKE:
            return _like(column, condition)
        if condition.op in {Op.BEFORE, Op.AFTER}:
            raise InvalidInput(
                f"{condition.name} is not a time",
                "The operators before and after compare times.",
                "Use = or contains.",
                field=condition.name,
            )
        collate = "" if condition.op in {Op.EQUALS, Op.NOT_EQUALS} else " COLLATE NOCASE"
        return f"{column}{collate} {COMPARE[condition.op]} ?", (condition.value,)
    if condition.op is Op.LIKE:
        raise InvalidInput(
            f"{condition.name} is not a text",
            "The operator like compares texts with a pattern.",
            "Use <, <=, =, !=, >= or >.",
            field=condition.name,
        )
    if attribute.kind == "timestamp":
        return _timestamp(condition, column)
    if condition.op in {Op.BEFORE, Op.AFTER}:
        raise InvalidInput(
            f"{condition.name} is not a time",
            "The operators before and after compare times.",
            "Use < or >.",
            field=condition.name,
        )
    value = number_of(condition)
    return f"{column} {COMPARE[condition.op]} ?", (
        value * 1_000_000 if attribute.kind == "seconds" else value,
    )


def _timestamp(condition: Condition, column: str) -> tuple[str, Values]:
    from launchpad_tui.registry.units import period

    text = condition.value.strip()
    try:
        ago = period(text)
        start = parse_rfc3339(text) if ago is None else now() - ago
    except (ValueError, OverflowError) as error:
        hint = "Write 2026-01-31, 2026-01-31T12:00:00Z, or 2h, 7d or 2w for that long ago."
        raise InvalidInput(
            f"{text[:40]!r} is not a date or time",
            f"{condition.name} is compared with a date or a time.",
            hint,
            field=condition.name,
        ) from error
    # A date without a time represents the whole day.
    day = ago is None and len(text) == 10
    low, high = (
        to_micros(start),
        to_micros(start + timedelta(days=1)) if day else to_micros(start) + 1,
    )
    match condition.op:
        case Op.EQUALS:
            return f"{column} >= ? AND {column} < ?", (low, high)
        case Op.NOT_EQUALS:
            return f"({column} < ? OR {column} >= ?)", (low, high)
        case Op.BEFORE | Op.LESS:
            return f"{column} < ?", (low,)
        case Op.LESS_EQUAL:
            return f"{column} < ?", (high,)
        case Op.GREATER_EQUAL:
            return f"{column} >= ?", (low,)
        case _:
            return f"{column} >= ?", (high,)


def label_condition(table: ListTable, condition: Condition) -> tuple[str, Values]:
    """Return the SQL of a condition on a label.

    Rows without the label match only ``!=``, as in label selectors of the AI API.
    """
    if table is not ARTIFACTS:
        raise InvalidInput(
            "Executions cannot be filtered by labels",
            "Executions have no labels.",
            "Filter by an attribute, a metric, a parameter or a tag.",
            field=condition.name,
        )
    key = condition.name if "/" in condition.name else f"%/{condition.name}"
    named = "key = ?" if "/" in condition.name else "key LIKE ?"
    if condition.op is Op.MISSING:
        sql = f"SELECT 1 FROM artifact_labels l WHERE l.artifact_pk = t.pk AND l.{named}"
        return f"NOT EXISTS ({sql})", (key,)
    test, value = text_test("l.value", condition)
    inside = (
        "EXISTS (SELECT 1 FROM artifact_labels l "
        f"WHERE l.artifact_pk = t.pk AND l.{named} AND {test})"
    )
    return (f"NOT {inside}" if condition.op is Op.NOT_EQUALS else inside), (key, value)


def _tag(table: ListTable, condition: Condition) -> tuple[str, Values]:
    """Return the SQL of a condition on a tag. Rows without the tag match only ``!=``."""
    tags = f"SELECT 1 FROM tags g WHERE g.execution_pk = {table.execution} AND g.name = ?"
    if condition.op is Op.MISSING:
        return f"NOT EXISTS ({tags})", (condition.name,)
    test, value = text_test("g.value", condition)
    differs = "NOT " if condition.op is Op.NOT_EQUALS else ""
    return f"{differs}EXISTS ({tags} AND {test})", (condition.name, value)


def text_test(column: str, condition: Condition) -> tuple[str, object]:
    """Return the SQL of a test of a text, and its parameter; ``!=`` is tested as ``=``."""
    if condition.op is Op.LIKE:
        like, (pattern,) = _like(column, condition)
        return like, pattern
    if condition.op is Op.CONTAINS:
        return f"instr(casefold({column}), ?)", condition.value.casefold()
    if condition.op in {Op.EQUALS, Op.NOT_EQUALS}:
        return f"{column} = ?", condition.value
    if condition.op in {Op.BEFORE, Op.AFTER}:
        return f"{column} {'<' if condition.op is Op.BEFORE else '>'} ?", condition.value
    asked = number(condition.value)
    compare = COMPARE[condition.op]
    if asked is None:
        return f"{column} {compare} ?", condition.value
    return f"CAST({column} AS REAL) {compare} ?", asked


def _metric(table: ListTable, condition: Condition) -> tuple[str, Values]:
    """Return the SQL of a condition on a metric. Rows without a value never match."""
    if condition.op is Op.MISSING:
        missing = metric_column(condition)
        return (
            f"NOT EXISTS (SELECT 1 FROM series s WHERE s.execution_pk = {table.execution} "
            f"AND {series_condition(table, missing.key)} "
            f"AND s.{statistic_column(missing)} IS NOT NULL)",
            (missing.key,),
        )
    if condition.op not in COMPARE:
        raise InvalidInput(
            f"The metric {condition.name} cannot be compared by {condition.op}",
            "The values of metrics are numbers.",
            "Use =, !=, <, <=, > or >=.",
            field=condition.name,
        )
    column = metric_column(condition)
    return (
        f"EXISTS (SELECT 1 FROM series s WHERE s.execution_pk = {table.execution} "
        f"AND {series_condition(table, column.key)} "
        f"AND s.{statistic_column(column)} {COMPARE[condition.op]} ?)",
        (column.key, number_of(condition)),
    )


def metric_column(condition: Condition) -> MetricColumn:
    """Return the metric and the statistic that a condition compares."""
    return MetricColumn.parse(condition.name) or MetricColumn(condition.name)


def _parameter(table: ListTable, condition: Condition) -> tuple[str, Values]:
    """Return the SQL of a condition on a parameter. Rows without the parameter never match.

    Values are compared as numbers if both are numbers, otherwise as text.
    """
    if condition.op in {Op.BEFORE, Op.AFTER}:
        raise InvalidInput(
            f"The parameter {condition.name} cannot be compared by {condition.op}",
            "The operators before and after compare times.",
            "Use =, !=, contains, <, <=, > or >=.",
            field=condition.name,
        )
    named = (
        "SELECT 1 FROM executions e "
        "JOIN configuration_parameters p ON p.configuration_pk = e.configuration_pk "
        f"WHERE e.pk = {table.execution} AND p.name = ?"
    )
    if table.configuration:
        named = (
            "SELECT 1 FROM configuration_parameters p "
            f"WHERE p.configuration_pk = {table.configuration} AND p.name = ?"
        )
    if condition.op is Op.MISSING:
        return f"NOT EXISTS ({named})", (condition.name,)
    test, bound, _ = parameter_test(condition)
    return f"EXISTS ({named} AND {test})", (condition.name, *bound)


def parameter_test(condition: Condition, row: str = "p") -> tuple[str, Values, bool]:
    """Return the SQL of a test of the parameter ``row``, its parameters, and whether the index of
    the parameter's values has the matches side by side."""
    asked = number(condition.value)
    if condition.op is Op.LIKE:
        return (*_like(f"{row}.value", condition), False)
    if condition.op is Op.CONTAINS:
        return f"instr(casefold({row}.value), ?)", (condition.value.casefold(),), False
    if asked is None:
        if condition.op is Op.EQUALS:
            # A text that is not a number equals no number.
            return f"{row}.number IS NULL AND {row}.value = ?", (condition.value,), True
        return f"{row}.value {COMPARE[condition.op]} ?", (condition.value,), False
    if condition.op is Op.NOT_EQUALS:
        return f"{row}.number IS NOT ?", (asked,), False
    return f"{row}.number {COMPARE[condition.op]} ?", (asked,), True


def number_of(condition: Condition) -> float:
    """Return the number that a condition compares with."""
    attribute = condition.name if condition.subject is Subject.ATTRIBUTE else ""
    with_unit: float | None = None
    if attribute in {"size", "duration"}:
        from launchpad_tui.registry.units import period, size

        if attribute == "size":
            with_unit = size(condition.value)
        elif (length := period(condition.value)) is not None:
            with_unit = length.total_seconds()
    try:
        value = float(condition.value) if with_unit is None else with_unit
    except ValueError as error:
        units = {
            "size": "Write bytes, or a number with a unit: 500 kB, 1.5 GB.",
            "duration": "Write seconds, or a number with a unit: 90s, 10m, 2h.",
        }
        raise InvalidInput(
            f"{condition.value[:40]!r} is not a number",
            f"{condition.name} is compared with numbers.",
            units.get(attribute, ""),
            field=condition.name,
        ) from error
    if math.isnan(value):
        raise InvalidInput(
            f"{condition.name} cannot be compared with NaN",
            "No comparison with NaN is true.",
            "Compare with a number.",
            field=condition.name,
        )
    return value


_BY_SUBJECT = {
    Subject.ATTRIBUTE: attribute_condition,
    Subject.LABEL: label_condition,
    Subject.METRIC: _metric,
    Subject.PARAMETER: _parameter,
    Subject.TAG: _tag,
}
