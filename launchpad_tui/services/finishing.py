"""The end of an execution that did its work: outputs stored, then registered, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from launchpad_tui.domain.artifact import Artifact, ArtifactFile, ArtifactKind, ArtifactUrl, new_artifact_id
from launchpad_tui.domain.connection import DEFAULT_STORE, Scope
from launchpad_tui.domain.execution import Execution
from launchpad_tui.domain.moments import now
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.registry import executions
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.local.logs import LogWriter
from launchpad_tui.runtimes.local.template_model import ParsedTemplate
from launchpad_tui.services.files import FileService


def finish(
    registry: Registry,
    files: FileService,
    log: LogWriter,
    scope: Scope,
    execution: Execution,
    parsed: ParsedTemplate,
    outputs: Mapping[str, Path],
    signatures: Mapping[str, str],
) -> None:
    """Store the outputs, then register them and say COMPLETED in one transaction.

    Args:
        outputs: the file or folder of each output, by ``globalName``.
        signatures: what the execution says of its outputs; kept in its status details.

    Raises:
        LaunchpadError: an output cannot be stored, or the execution was stopped meanwhile. Nothing is registered, and
            what was stored is removed again.
    """
    made: list[tuple[Artifact, tuple[ArtifactFile, ...]]] = []
    stored: list[str] = []
    try:
        for name, path in outputs.items():
            url = str(ArtifactUrl(DEFAULT_STORE, f"{execution.id}/{name}"))
            log.say(f"output {name}: storing at {url}")
            stored.append(url)
            kept = files.store_output(scope, url, path)
            made.append(_artifact(execution, parsed, name, url, kept))
        details = {f"signature.{name}": value for name, value in signatures.items()}
        executions.finish_completed(registry, scope, execution.id, made, now(), "", details)
    except LaunchpadError:
        for url in stored:
            _forget(files, log, scope, url)
        raise
    for artifact, found in made:
        log.say(f"registered {artifact.kind} {artifact.name} as {artifact.id} ({len(found)} files)")
    log.say("COMPLETED")


def _artifact(
    execution: Execution, parsed: ParsedTemplate, name: str, url: str, kept: Sequence[ArtifactFile]
) -> tuple[Artifact, tuple[ArtifactFile, ...]]:
    slot = next(each for each in parsed.executable.outputs if each.name == name)
    at, suffix = now(), parsed.suffixes.get(name, "")
    artifact = Artifact(
        id=new_artifact_id(),
        name=parsed.names.get(name, name),
        kind=ArtifactKind(slot.kind),
        url=f"{url}/{suffix}" if suffix else url,
        description=slot.description,
        scenario_id=execution.scenario_id,
        execution_id=execution.id,
        labels=slot.labels,
        size=sum(each.size for each in kept),
        created_at=at,
        modified_at=at,
    )
    if not suffix:
        return artifact, tuple(kept)
    return artifact, tuple(replace(each, path=each.path.removeprefix(f"{suffix}/")) for each in kept)


def _forget(files: FileService, log: LogWriter, scope: Scope, url: str) -> None:
    try:
        files.delete_output(scope, url)
    except LaunchpadError as error:
        log.say(f"left over at {url}: {error.title}")
