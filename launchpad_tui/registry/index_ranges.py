"""Conditions as ranges of indexes: the rows of a condition, or those that do not meet it."""

from __future__ import annotations

import sqlite3

from launchpad_tui.domain.query import Condition, Op
from launchpad_tui.records import replace
from launchpad_tui.registry.list_tables import Attribute, ListTable
from launchpad_tui.registry.query import COMPARE, Values, attribute_condition, parameter_test

#: an SQL condition and its parameters
Range = tuple[str, Values]

#: the operators of which one holds if the other one does not, for values that are compared
OPPOSITE: dict[Op, tuple[Op, ...]] = {
    Op.EQUALS: (Op.LESS, Op.GREATER),
    Op.NOT_EQUALS: (Op.EQUALS,),
    Op.LESS: (Op.GREATER_EQUAL,),
    Op.LESS_EQUAL: (Op.GREATER,),
    Op.GREATER: (Op.LESS_EQUAL,),
    Op.GREATER_EQUAL: (Op.LESS,),
    Op.BEFORE: (Op.GREATER_EQUAL,),
    Op.AFTER: (Op.LESS_EQUAL,),
}
#: the largest number of values that match, of which each is looked up in the index
_MATCHES = 300


def operators(op: Op, *, negated: bool) -> tuple[Op, ...] | None:
    """Return the operators of ranges that have the values for which an operator holds, or does not;
    None if they are not side by side in an index."""
    if op not in OPPOSITE:
        return None
    if negated:
        return OPPOSITE[op]
    return OPPOSITE[Op.EQUALS] if op is Op.NOT_EQUALS else (op,)


def attribute_ranges(
    table: ListTable, attribute: Attribute, condition: Condition, *, negated: bool
) -> list[Range] | None:
    """Return the ranges of an attribute's index with all rows that meet a condition.

    Args:
        negated: return the rows that do not meet it instead.

    Returns:
        None if the rows are not side by side in the index.
    """
    value = attribute.ordered
    texts = attribute.kind in {"text", "name"}
    if condition.op is Op.MISSING:
        if texts:
            return [(f"{value} > ''" if negated else f"{value} = ''", ())]
        # An index finds NULL, but not the other values.
        return [(f"{value} > -9.3e18" if negated else f"{value} IS NULL", ())]
    ops = operators(condition.op, negated=negated)
    if ops is None:
        return None
    if not texts:
        only = replace(table, attributes={condition.name: attribute})
        ranges = [attribute_condition(only, replace(condition, op=op)) for op in ops]
        return [*ranges, (f"{value} IS NULL", ())] if negated else ranges
    given = (condition.value,)
    if ops == OPPOSITE[Op.EQUALS]:
        ranges = [(f"{value} < ?", given), (f"{value} > ?", given)]
        if attribute.kind == "name":
            # The index ignores case, the condition does not.
            ranges.append((f"{value} = ? AND {attribute.sql} <> ?", given * 2))
        return ranges
    if ops == (Op.EQUALS,):
        return [(f"{value} = ? AND {attribute.sql} = ?", given * 2)]
    if attribute.kind == "text" or ops[0] not in COMPARE:
        return None
    return [(f"{value} {COMPARE[ops[0]]} ?", given)]


def parameter_ranges(
    db: sqlite3.Connection, condition: Condition, most: int, *, negated: bool
) -> list[Range] | None:
    """Return the ranges of the index of parameters ``p`` with all values that meet a condition.

    Args:
        most: the largest number of values to compare.
        negated: return the values that do not meet it instead.

    Returns:
        None if the values are not side by side in the index, and too many to compare all.
    """
    ops = operators(condition.op, negated=negated)
    if ops is not None:
        tests = [parameter_test(replace(condition, op=op)) for op in ops]
        if all(ranged for _, _, ranged in tests):
            ranges = [(test, bound) for test, bound, _ in tests]
            if negated or condition.op is Op.NOT_EQUALS:
                # A text that is not a number equals no number, and is neither less nor greater.
                ranges.append(("p.number IS NULL", ()))
            return ranges
    test, bound, _ = parameter_test(condition, "listed")
    test = f"NOT coalesce({test}, 0)" if negated else test
    return _matching_parameters(db, condition.name, test, bound, most)


def _matching_parameters(
    db: sqlite3.Connection, name: str, test: str, bound: Values, most: int
) -> list[Range] | None:
    """Return the values of a parameter that pass a test; None if there are too many."""
    # Each step looks up the next value in the index. After the last number, NULL is the number of
    # all other texts.
    named = "FROM configuration_parameters WHERE name = ?"
    found = db.execute(
        f"WITH RECURSIVE numbers (number) AS (SELECT min(number) {named} UNION ALL "
        f"SELECT (SELECT min(number) {named} AND number > numbers.number) FROM numbers "
        "WHERE numbers.number IS NOT NULL LIMIT ?), "
        f"parameters (number, value) AS (SELECT number, (SELECT min(value) {named} AND "
        f"number IS numbers.number) FROM numbers UNION ALL SELECT number, (SELECT min(value) "
        f"{named} AND number IS parameters.number AND value > parameters.value) FROM parameters "
        "WHERE parameters.value IS NOT NULL) "
        f"SELECT listed.number, listed.value, {test} FROM parameters listed "
        "WHERE listed.value IS NOT NULL LIMIT ?",
        (name, name, most, name, name, *bound, most),
    ).fetchall()
    matches = [(number, value) for number, value, passed in found if passed]
    if len(found) >= most or len(matches) > _MATCHES:
        return None
    return [("p.number IS ? AND p.value = ?", pair) for pair in matches]


def matching_values(
    db: sqlite3.Connection,
    table: str,
    key: str,
    name: str,
    test: str,
    bound: Values,
    most: int,
) -> list[str] | None:
    """Return the values of a label or tag that pass a test; None if there are too many.

    Args:
        table: the table with the columns ``key`` and ``value``.
        key: the name of the column of the names.
        name: the complete name.
        test: the SQL of the test of the column ``value``.
        most: the largest number of values to compare.
    """
    named = f"FROM {table} WHERE {key} = ?"
    found = db.execute(
        f"WITH RECURSIVE found (value) AS (SELECT min(value) {named} UNION ALL "
        f"SELECT (SELECT min(value) {named} AND value > found.value) FROM found "
        "WHERE found.value IS NOT NULL LIMIT ?) "
        f"SELECT value, {test} FROM found WHERE value IS NOT NULL",
        (name, name, most, *bound),
    ).fetchall()
    matches = [str(value) for value, passed in found if passed]
    return None if len(found) >= most - 1 or len(matches) > _MATCHES else matches
