"""What the supervisors of executions record: messages, read positions, and claims that change."""

from __future__ import annotations

from collections.abc import Mapping

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Claim
from launchpad_tui.domain.timestamps import now, to_micros
from launchpad_tui.registry.codec import cut, to_json
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.executions import execution, execution_pk


def read_positions(registry: Registry, scope: Scope, execution_id: str) -> dict[str, int]:
    """Return the position up to which each file of an execution was recorded, in bytes.

    Raises:
        NotFound: the execution does not exist.
    """
    with registry.read() as db:
        return dict(
            db.execute(
                "SELECT source, position FROM read_positions WHERE execution_pk = ?",
                (execution_pk(db, scope, execution_id),),
            ).fetchall()
        )


def set_read_position(
    registry: Registry, scope: Scope, execution_id: str, source: str, position: int
) -> None:
    """Record up to which position a file of an execution was recorded.

    Raises:
        NotFound: the execution does not exist.
    """
    with registry.write("executions") as db:
        db.execute(
            "INSERT INTO read_positions (execution_pk, source, position) VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET position = excluded.position",
            (execution_pk(db, scope, execution_id), source, position),
        )


def reclaim(
    registry: Registry, scope: Scope, execution_id: str, lost: Claim, pid: int, boot: str
) -> bool:
    """Claim an execution whose supervisor died; return False if another process has done so.

    Args:
        lost: the claim of the supervisor that died.

    Raises:
        NotFound: the execution does not exist.
    """
    with registry.write("executions") as db:
        return (
            db.execute(
                "UPDATE executions SET supervisor_pid = ?, supervisor_boot = ?, claimed_at = ? "
                "WHERE pk = ? AND supervisor_pid = ? AND claimed_at = ?",
                (
                    pid,
                    boot,
                    to_micros(now()),
                    execution_pk(db, scope, execution_id),
                    lost.pid,
                    to_micros(lost.at),
                ),
            ).rowcount
            == 1
        )


def describe(
    registry: Registry,
    scope: Scope,
    execution_id: str,
    message: str,
    details: Mapping[str, str],
) -> None:
    """Replace the message of an execution that has not ended, and change its status details.

    Args:
        details: the details to change; those with an empty value are removed.

    Raises:
        NotFound: the execution does not exist.
    """
    with registry.write("executions") as db:
        current = execution(registry, scope, execution_id)
        if current.status.final:
            return
        changed = {**current.status_details, **details}
        db.execute(
            "UPDATE executions SET status_message = ?, status_details = ?, "
            "modified_at = max(?, modified_at) WHERE pk = ?",
            (
                cut(message),
                to_json({name: text for name, text in changed.items() if text}),
                to_micros(now()),
                execution_pk(db, scope, execution_id),
            ),
        )
