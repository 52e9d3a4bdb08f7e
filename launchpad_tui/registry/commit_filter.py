"""The commit of the code of an execution as an attribute of lists of executions and artifacts."""

from __future__ import annotations

from launchpad_tui.domain.query import Condition, Op

#: the name of the attribute
COMMIT = "commit"
#: the least number of characters that stand for the commits that begin with them
_SHORT = 4


def commit_expression(execution_pk: str) -> str:
    """Return the SQL expression of a row's commit, or of the revision of its workflow template in a
    remote runtime, empty without one.

    Args:
        execution_pk: the SQL expression of the row number of the (source) execution.
    """
    return (
        "coalesce((SELECT coalesce(json_extract(p.content, '$.commit'), "
        "json_extract(p.content, '$.template.revision')) "
        f"FROM provenance p WHERE p.execution_pk = {execution_pk}), '')"
    )


def same_commit(column: str, condition: Condition) -> tuple[str, tuple[object, ...]] | None:
    """Return the SQL and the parameters of a comparison with a commit or the start of one.

    Args:
        column: the result of `commit_expression`.

    Returns:
        None for other operators than ``=`` and ``!=``, and for a shorter text.
    """
    if condition.op not in {Op.EQUALS, Op.NOT_EQUALS} or len(condition.value) < _SHORT:
        return None
    equal = "=" if condition.op is Op.EQUALS else "<>"
    value = condition.value.lower()
    return f"substr({column}, 1, ?) {equal} ?", (len(value), value)
