"""The recorded code of an execution, with which another execution reproduces it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Execution
from launchpad_tui.errors import Conflict, LaunchpadError, NotFound
from launchpad_tui.records import record
from launchpad_tui.runtimes.code_snapshots import CodeSnapshot, CodeSnapshotStore
from launchpad_tui.runtimes.embedded.code_copy import CodeView
from launchpad_tui.runtimes.embedded.code_search import CodeLocation
from launchpad_tui.runtimes.embedded.new_executions import queued_execution
from launchpad_tui.runtimes.embedded.prepared_files import layout_of, views_of
from launchpad_tui.runtimes.embedded.workspace import Workspace
from launchpad_tui.runtimes.host import RuntimeHost

#: what belongs to the code and not to the environment, which an execution takes from the one that
#: it reproduces
_CODE_FIELDS = ("folder", "commit", "branch", "remote", "changed", "patch", "patchIsCut")
#: the names in the folder of working files that belong to the code begin with this
_CODE = "code"


@record
class RecordedCode:
    """The recorded code of an execution that is reproduced.

    Args:
        execution_id: the ID of the execution that is reproduced.
        provenance: what was recorded about its code and environment.
        snapshot: the snapshot of its code.
        template: its workflow template.
        store: the snapshots of the home folder.
    """

    execution_id: str
    provenance: Mapping[str, Any]
    snapshot: CodeSnapshot
    template: str
    store: CodeSnapshotStore

    def restore(self, workspace: Workspace) -> dict[str, CodeView]:
        """Write the code into the folder of the working files and return its views by the name of
        the template. Raises ConfigError, StorageFull."""
        self.store.restore(self.snapshot, workspace.work)
        return views_of(self.snapshot.layout, workspace.work)

    def locations(self, workspace: Workspace) -> dict[str, CodeLocation]:
        """Return the locations of the restored code by the name of the template."""
        views = views_of(self.snapshot.layout, workspace.work)
        return {name: CodeLocation(view.folder, view.path) for name, view in views.items()}

    @property
    def code_state(self) -> dict[str, object]:
        """What was recorded about the code, with the ID of the execution that is reproduced."""
        kept = {name: self.provenance[name] for name in _CODE_FIELDS if name in self.provenance}
        return {**kept, "reproduces": self.execution_id}

    @property
    def interpreter(self) -> Path | None:
        """The interpreter of the execution that is reproduced; None if it was removed."""
        found = Path(str(self.provenance.get("interpreter", "")))
        return found if os.access(found, os.X_OK) and found.is_file() else None


def recorded_code(host: RuntimeHost, scope: Scope, execution_id: str) -> RecordedCode | None:
    """Return the code that an execution reproduces; None if it uses the current code.

    Raises:
        NotFound, ConfigError: the snapshot was deleted or is damaged.
    """
    source = host.records.provenance(scope, execution_id).get("reproduces")
    return None if source is None else code_of(host, scope, str(source))


def code_of(host: RuntimeHost, scope: Scope, execution_id: str) -> RecordedCode:
    """Return the recorded code of an execution.

    Raises:
        Conflict: there is no snapshot of its code.
        NotFound, ConfigError: the snapshot was deleted or is damaged.
    """
    found = host.records.provenance(scope, execution_id)
    snapshot_id = found.get("snapshot", {}).get("id", "")
    if not snapshot_id:
        raise Conflict(
            f"Execution {execution_id} cannot be reproduced",
            found.get("snapshotMissing") or "No snapshot of its code was stored.",
            f"Rerun it with the current code: launchpad executions rerun {execution_id}",
        )
    store = CodeSnapshotStore(host.home.code_snapshots)
    snapshot = store.load(snapshot_id)
    template = store.content(snapshot, snapshot.template).decode()
    return RecordedCode(execution_id, found, snapshot, template, store)


def store_snapshot(
    host: RuntimeHost,
    workspace: Workspace,
    code: Mapping[str, CodeView],
    template: str,
    report: Callable[[str], None],
) -> dict[str, object]:
    """Store a snapshot of the copied code and return what is recorded about it.

    No failure ends the execution: the reason is recorded and reported in the log.

    Args:
        code: the copies of the code by the name of the template.
        template: the workflow template.
        report: receives a line for the log.
    """
    roots = sorted(
        each.name for each in workspace.work.iterdir() if each.name.partition("-")[0] == _CODE
    )
    limit = host.settings.snapshot_limit_mb
    size = sum(_size(workspace.work / root) for root in roots)
    if size > limit * 1_000_000:
        reason = (
            f"The code has {size / 1e6:,.1f} MB, more than executions.snapshot_limit_mb ({limit})."
        )
    else:
        try:
            store = CodeSnapshotStore(host.home.code_snapshots)
            layout = layout_of(code, workspace.work)
            stored = store.store(workspace.work, roots, layout, template)
        except LaunchpadError as error:
            reason = f"{error.title}: {error.detail}"
        else:
            count = len(stored.files)
            report(f"Code snapshot: {stored.id[:12]} ({count} file{'s' * (count != 1)})")
            return {"snapshot": {"id": stored.id, "files": count, "size": stored.size}}
    report(f"Note: no snapshot of the code is stored: {reason}")
    return {"snapshotMissing": reason}


def new_reproduction(host: RuntimeHost, scope: Scope, execution_id: str) -> Execution:
    """Queue an execution with the recorded code, configuration and inputs of another one.

    Raises:
        NotFound: the execution, its executable, an input or the snapshot of the code does not
            exist.
        Conflict: it has not ended, or there is no snapshot of its code.
        ConfigError: a required secret is missing, or the snapshot is damaged.
        StorageFull: the disk has no space for an execution.
    """
    records = host.records
    source = records.executions_by_id(scope, [execution_id]).get(execution_id)
    if source is None:
        raise NotFound(
            f"Execution {execution_id!r} not found",
            f"It is not in {scope}.",
            "List the executions with: launchpad executions list",
        )
    if not source.status.final:
        raise Conflict(
            f"Execution {execution_id} cannot be reproduced now",
            f"It is {source.status}: there are no results to compare with.",
            f"Wait until it has ended: launchpad executions wait {execution_id}",
        )
    recorded = code_of(host, scope, execution_id)
    bound = records.inputs_of(scope, execution_id)
    known = records.artifacts_by_id(scope, [artifact for _, artifact in bound])
    for name, artifact in bound:
        if artifact not in known:
            raise NotFound(
                f"The input artifact {name} does not exist",
                artifact,
                "Restore it with: launchpad trash restore",
            )
    # A reference to a model is not resolved again: the inputs are those of the execution.
    configuration = records.configuration(scope, source.configuration_id)
    executable = records.executable(scope, source.executable_id)
    new = queued_execution(
        host, configuration, executable, recorded.template, source.executable_version
    )
    with records.transaction():
        records.create_execution(scope, new)
        records.record_provenance(scope, new.id, {"reproduces": execution_id})
    return new


def _size(path: Path) -> int:
    if not path.is_dir():
        return path.lstat().st_size
    found = 0
    for folder, _, names in os.walk(path):
        found += sum(os.lstat(os.path.join(folder, name)).st_size for name in names)
    return found
