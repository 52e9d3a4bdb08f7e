"""The end of executions that created artifacts."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from launchpad_tui.domain.artifact import Artifact, ArtifactFile
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import OUTPUTS, OUTPUTS_KEPT, Execution, Status
from launchpad_tui.errors import Conflict
from launchpad_tui.registry import artifacts
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.executions import execution_pk, transition


def finish_completed(
    registry: Registry,
    scope: Scope,
    execution_id: str,
    outputs: Sequence[tuple[Artifact, Sequence[ArtifactFile]]],
    completed_at: datetime | None,
    message: str = "",
    details: Mapping[str, str] | None = None,
    *,
    again: bool = False,
) -> Execution:
    """Complete an execution and add its output artifacts with their files in one transaction.

    Args:
        completed_at: None keeps the current time.
        again: the execution is DEAD with the detail ``outputs: kept``.

    Raises:
        NotFound: it does not exist.
        Conflict: it is not RUNNING (or DEAD, with ``again``), or an artifact's ID is taken.
    """
    with registry.write("executions", "artifacts") as db:
        group = group_pk(db, scope)
        for artifact, files in outputs:
            pk = artifacts.insert(db, group, artifact)
            artifacts.insert_files(db, pk, files)
        if again:
            _resume(db, execution_pk(db, scope, execution_id), execution_id)
        return transition(
            registry,
            scope,
            execution_id,
            Status.COMPLETED,
            message,
            details,
            completed_at=completed_at,
        )


def _resume(db: sqlite3.Connection, pk: int, execution_id: str) -> None:
    """Set an execution that died while its outputs were stored to RUNNING, within a transaction."""
    changed = db.execute(
        "UPDATE executions SET status = ? WHERE pk = ? AND status = ? AND status_details ->> ? = ?",
        (Status.RUNNING, pk, Status.DEAD, OUTPUTS, OUTPUTS_KEPT),
    ).rowcount
    if not changed:
        raise Conflict(
            f"The outputs of execution {execution_id} cannot be stored",
            "No outputs are waiting to be stored.",
            "Run the execution again if its outputs are missing.",
        )
