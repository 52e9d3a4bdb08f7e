"""Stores and registers the outputs of an execution: all of them or none.

The outputs are first listed in ``outputs.json`` in the execution's folder. If the object store
fails, the files are kept on this machine and the execution becomes DEAD with the status detail
``outputs: kept``. Any process may then retry at any time with `retry_registration`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from launchpad_tui.config.atomic import write_private
from launchpad_tui.domain.artifact import (
    Artifact,
    ArtifactFile,
    ArtifactKind,
    ArtifactUrl,
    new_artifact_id,
)
from launchpad_tui.domain.connection import DEFAULT_STORE, Scope
from launchpad_tui.domain.execution import Execution, job_details, why_not_store_outputs
from launchpad_tui.domain.scenario import ArtifactSlot
from launchpad_tui.domain.timestamps import now
from launchpad_tui.domain.transfer import Progress
from launchpad_tui.errors import Conflict, LaunchpadError, NotFound
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.output_archive import archived
from launchpad_tui.runtimes.embedded.space_reserve import is_full, no_space
from launchpad_tui.runtimes.embedded.template_model import ParsedTemplate
from launchpad_tui.runtimes.embedded.template_tags import tags
from launchpad_tui.runtimes.embedded.workspace import remove_work_folder
from launchpad_tui.runtimes.folder_lock import folder_lock
from launchpad_tui.runtimes.host import HostFiles, RuntimeHost
from launchpad_tui.runtimes.log_files import LogWriter

#: how long to wait for the lock of an execution whose supervisor is ending
_LOCK_SECONDS = 3.0
_FILE = "outputs.json"


@record
class PendingOutput:
    """An output that has to be stored, and the attributes of its artifact.

    Args:
        name: the output's ``globalName``.
        path: the file or folder on this machine.
        suffix: the path of the artifact inside the output; empty for the entire output.
        archive: whether the output is packed into a ``.tgz`` file before it is stored, because
            there was no space for it when the step ended.
    """

    name: str
    path: str
    artifact_name: str
    kind: str
    description: str
    labels: tuple[tuple[str, str], ...]
    suffix: str
    archive: bool = False


@record
class PendingOutputs:
    """All outputs of an execution, and their signatures by ``globalName``."""

    outputs: tuple[PendingOutput, ...]
    signatures: Mapping[str, str]


def pending_outputs(
    parsed: ParsedTemplate,
    paths: Mapping[str, Path],
    signatures: Mapping[str, str],
    unarchived: Collection[str] = (),
) -> PendingOutputs:
    """Return the outputs of an execution of a template.

    Args:
        parsed: the template.
        paths: the file or folder of each output, by ``globalName``.
        signatures: the signatures of the outputs, by ``globalName``.
        unarchived: the ``globalName`` of outputs that have to be packed before they are stored.
    """
    found: list[PendingOutput] = []
    for name, path in paths.items():
        slot = _slot(name, parsed.executable.outputs)
        shown = parsed.names.get(slot.name, slot.name)
        found.append(
            PendingOutput(
                name,
                str(path),
                name if "{{" in shown else shown,
                slot.kind,
                slot.description,
                tuple(slot.labels),
                parsed.suffixes.get(slot.name, ""),
                name in unarchived,
            )
        )
    return PendingOutputs(tuple(found), dict(signatures))


def _slot(name: str, slots: Sequence[ArtifactSlot]) -> ArtifactSlot:
    """Return the slot of an output, whose declared name may have variables."""
    for slot in slots:
        if slot.name == name:
            return slot
    for slot in slots:
        parts, position = [], 0
        for tag in tags(slot.name):
            parts.append(re.escape(slot.name[position : tag.start]))
            position = tag.end
        parts.append(re.escape(slot.name[position:]))
        if len(parts) > 1 and re.fullmatch(".*".join(parts), name):
            return slot
    return ArtifactSlot(name, str(ArtifactKind.MODEL))


def save_pending_outputs(folder: Path, outputs: PendingOutputs) -> None:
    """Write the list of outputs into the execution's folder, entirely or not at all.

    Raises:
        StorageFull: the disk is full.
        ConfigError: the file cannot be written.
    """
    write_private(folder / _FILE, json.dumps(asdict(outputs)).encode())


def load_pending_outputs(folder: Path) -> PendingOutputs:
    """Return the outputs that `save_pending_outputs` listed.

    Raises:
        NotFound: there is no valid list, or a listed file or folder no longer exists.
    """
    try:
        data = json.loads((folder / _FILE).read_text("utf-8"))
        outputs = tuple(
            PendingOutput(
                **{**each, "labels": tuple((key, value) for key, value in each["labels"])}
            )
            for each in data["outputs"]
        )
        signatures = dict(data["signatures"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotFound(
            "The execution has no kept outputs",
            f"{folder / _FILE}: {error}",
            "Run the execution again.",
        ) from error
    missing = [each.path for each in outputs if not os.path.lexists(each.path)]
    if missing:
        raise NotFound(
            "The kept outputs of the execution are missing",
            "\n".join(missing),
            "Run the execution again.",
        )
    return PendingOutputs(outputs, signatures)


def discard_pending_outputs(folder: Path) -> None:
    """Remove the list of outputs; the files are no longer needed."""
    with contextlib.suppress(OSError):
        (folder / _FILE).unlink()


def has_pending_outputs(folder: Path) -> bool:
    """Return whether an execution's folder has outputs that have not been stored yet."""
    return (folder / _FILE).exists()


def register_outputs(
    host: RuntimeHost,
    log: LogWriter,
    scope: Scope,
    execution: Execution,
    outputs: PendingOutputs,
    progress: Progress | None = None,
    *,
    completed_at: Callable[[], datetime] | None = None,
) -> tuple[Artifact, ...]:
    """Store the outputs, register them as artifacts, and complete the execution.

    Artifacts and status are written in one transaction.

    Args:
        host: the registry and the object stores.
        log: the execution's log.
        completed_at: returns the time of completion; None if the execution is DEAD, because its
            outputs could not be stored before, and keeps its time.

    Returns:
        The new artifacts.

    Raises:
        LaunchpadError: an output could not be stored, or the execution was stopped in the meantime.
            Nothing is registered, and what was stored is deleted again.
    """
    created: list[tuple[Artifact, tuple[ArtifactFile, ...]]] = []
    stored: list[str] = []
    try:
        for output in outputs.outputs:
            url = str(ArtifactUrl(DEFAULT_STORE, f"{execution.id}/{output.name}"))
            log.report(f"Storing output {output.name} at {url}")
            stored.append(url)
            files = host.files.store_output(scope, url, _packed(output), progress)
            created.append(_artifact(execution, output, url, files))
        details = {f"signature.{name}": value for name, value in outputs.signatures.items()}
        details |= job_details(host.records.execution(scope, execution.id))
        host.records.complete(
            scope,
            execution.id,
            created,
            None if completed_at is None else completed_at(),
            details,
            again=completed_at is None,
        )
    except LaunchpadError:
        for url in stored:
            _delete(host.files, log, scope, url)
        raise
    for artifact, files in created:
        count = f"{len(files)} file{'s' * (len(files) != 1)}"
        log.report(f"Registered {artifact.kind} {artifact.name} as {artifact.id} ({count})")
    log.report("COMPLETED")
    return tuple(artifact for artifact, _ in created)


def retry_registration(
    host: RuntimeHost, scope: Scope, execution: Execution, progress: Progress | None = None
) -> None:
    """Store and register outputs that could not be stored when the execution ended.

    Raises:
        NotFound: the outputs were deleted.
        Conflict: no outputs are waiting, or another process is storing them.
        LaunchpadError: the object store failed again; the outputs are still kept.
    """
    folder = host.home.executions / execution.id
    with folder_lock(folder, seconds=_LOCK_SECONDS) as acquired:
        reason = why_not_store_outputs(execution)
        if reason is not None or not acquired:
            raise Conflict(
                f"The outputs of execution {execution.id} cannot be stored",
                reason or "Another process is storing them.",
            )
        outputs = load_pending_outputs(folder)
        log = LogWriter(folder)
        try:
            register_outputs(host, log, scope, execution, outputs, progress)
        except LaunchpadError as error:
            log.report(f"Outputs not stored: {error.title}")
            raise
        finally:
            log.close()
        discard_pending_outputs(folder)
    remove_work_folder(folder)


def _artifact(
    execution: Execution, output: PendingOutput, url: str, files: Sequence[ArtifactFile]
) -> tuple[Artifact, tuple[ArtifactFile, ...]]:
    at, suffix = now(), output.suffix
    artifact = Artifact(
        id=new_artifact_id(),
        name=output.artifact_name,
        kind=ArtifactKind(output.kind),
        url=f"{url}/{suffix}" if suffix else url,
        description=output.description,
        scenario_id=execution.scenario_id,
        execution_id=execution.id,
        labels=output.labels,
        size=sum(each.size for each in files),
        created_at=at,
        modified_at=at,
    )
    if not suffix:
        return artifact, tuple(files)
    return artifact, tuple(
        replace(each, path=each.path.removeprefix(f"{suffix}/")) for each in files
    )


def _packed(output: PendingOutput) -> Path:
    """Return the file or folder to store.

    Raises:
        StorageFull: there is no space for the archive of the output.
    """
    path = Path(output.path)
    if not output.archive:
        return path
    try:
        return archived(path, output.name)
    except OSError as error:
        if is_full(error):
            raise no_space(path.parent) from error
        raise


def _delete(files: HostFiles, log: LogWriter, scope: Scope, url: str) -> None:
    try:
        files.delete_output(scope, url)
    except LaunchpadError as error:
        log.report(f"Files at {url} could not be deleted: {error.title}")
