"""Conditions that executions have to meet after they have ended, for scripts and CI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.execution import ExecutionDetails


def all_meet(
    context: CommandContext,
    conditions: Sequence[str],
    ended: Sequence[ExecutionDetails],
    attributes: frozenset[str],
) -> bool:
    """Return whether executions meet all conditions; print a note for each that is not met.

    Args:
        context: The context of the command.
        conditions: Conditions as those of ``--where``.
        ended: The executions.
        attributes: The attributes of executions that conditions may name.

    Raises:
        InvalidInput: A condition cannot be parsed, or names what none of the records has.
    """
    from launchpad_tui.cli.listing import known_names
    from launchpad_tui.domain.expression import parse_where
    from launchpad_tui.domain.query import Query

    ids = tuple(each.execution.id for each in ended)
    if not conditions or not ids:
        return True
    context.read_metrics(ids)
    names = known_names(context, attributes)
    met = True
    for text in conditions:
        filters = parse_where(
            text, attributes, names.metrics, names.parameters, names.labels, names.tags
        )
        rows = context.desk.executions.listing(
            context.scope, Query(conditions=tuple(filters), ids=ids)
        ).slice(0, len(ids))
        found = {row.execution.id for row in rows}
        for one in (each for each in ids if each not in found):
            met = False
            context.note(
                f"launchpad: Execution {one} does not meet the condition: {text}\n"
                f"To show its metrics: launchpad metrics list {one}"
            )
    return met
