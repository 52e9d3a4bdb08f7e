"""Items of comparisons: models or executions with their parameters, metrics, tags and files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from launchpad_tui.domain.artifact import Artifact, ArtifactFile, is_record
from launchpad_tui.domain.comparison import ComparedItem
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.difference import ChangedFile
from launchpad_tui.domain.execution import Configuration
from launchpad_tui.errors import NotFound
from launchpad_tui.records import replace
from launchpad_tui.registry import (
    artifacts,
    configurations,
    executions,
    logged_metrics,
    series,
    staged_points,
)
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.code import CodeService


class CompareService:
    """Reads the items of comparisons. Thread-safe.

    The number of queries does not depend on the number of items.
    """

    def __init__(self, registry: Registry, code: CodeService) -> None:
        self._registry = registry
        self._code = code

    def artifacts(self, scope: Scope, ids: Sequence[str]) -> tuple[ComparedItem, ...]:
        """Return artifacts with their source executions, in the order of the IDs.

        Series of the execution that belong to another model are left out.

        Raises:
            NotFound: An artifact does not exist; the detail lists all that are missing.
        """
        staged_points.settle_before_reading(self._registry, complete=False)
        with self._registry.read():
            found = artifacts.by_id(self._registry, scope, ids)
            _require_all(found, ids, "artifact")
            sources = {found[one].attributes_id for one in ids}
            by_execution = self._subjects(scope, sources)
        return tuple(
            _compared_artifact(found[one], by_execution.get(found[one].attributes_id))
            for one in ids
        )

    def executions(self, scope: Scope, ids: Sequence[str]) -> tuple[ComparedItem, ...]:
        """Return executions in the order of the IDs.

        Raises:
            NotFound: An execution does not exist; the detail lists all that are missing.
        """
        staged_points.settle_before_reading(self._registry, complete=False)
        with self._registry.read():
            found = self._subjects(scope, set(ids))
        _require_all(found, ids, "execution")
        return tuple(found[one] for one in ids)

    def subjects(
        self, scope: Scope, ids: Sequence[str], *, files: bool = False
    ) -> tuple[tuple[ComparedItem, ...], tuple[str, ...]]:
        """Return artifacts and executions in the order of the IDs, and the IDs that do not exist.

        Args:
            scope: The connection and resource group.
            ids: IDs of artifacts or executions.
            files: Whether to read the recorded files of artifacts.
        """
        staged_points.settle_before_reading(self._registry, complete=False)
        with self._registry.read():
            found = artifacts.by_id(self._registry, scope, ids)
            rest = [one for one in ids if one not in found]
            by_execution = self._subjects(
                scope, {one.attributes_id for one in found.values()} | set(rest)
            )
            known: dict[str, ComparedItem] = {
                one: by_execution[one] for one in rest if one in by_execution
            }
            recorded = artifacts.files_of(self._registry, scope, [*found]) if files else {}
            for id_, artifact in found.items():
                known[id_] = _compared_artifact(artifact, by_execution.get(artifact.attributes_id))
                if files:
                    known[id_] = replace(known[id_], files=_file_texts(recorded[id_]))
        return tuple(known[one] for one in ids if one in known), tuple(
            one for one in ids if one not in known
        )

    def changed_files(
        self, scope: Scope, one: ComparedItem, other: ComparedItem
    ) -> tuple[ChangedFile, ...]:
        """Return the files of the code that differ between two items, with their texts."""
        if one.execution is None or other.execution is None:
            return ()
        return self._code.changed_files(scope, one.execution.id, other.execution.id)

    def _subjects(self, scope: Scope, ids: set[str]) -> dict[str, ComparedItem]:
        found = executions.by_id(self._registry, scope, ids)
        bound = configurations.by_id(
            self._registry, scope, [e.configuration_id for e in found.values()]
        )
        logged = series.summaries(self._registry, scope, found)
        tags = logged_metrics.tags(self._registry, scope, found)
        infos = logged_metrics.custom_info(self._registry, scope, found)
        code = self._code.facts(scope, found)
        names = self._input_names(scope, bound.values())
        subjects = {}
        for id_, execution in found.items():
            configuration = bound.get(execution.configuration_id)
            subjects[id_] = ComparedItem(
                None,
                execution,
                configuration,
                {name: names[one] for name, one in configuration.inputs.items()}
                if configuration
                else {},
                tuple(logged.get(id_, ())),
                {tag.name: tag.value for tag in tags.get(id_, ())},
                {info.name: info.value for info in infos.get(id_, ())},
                code=code.get(id_, {}),
            )
        return subjects

    def _input_names(self, scope: Scope, bound: Iterable[Configuration]) -> dict[str, str]:
        """Return the names of all input artifacts by ID, with the start of the ID where several
        have one name; artifacts that do not exist have their ID."""
        ids = {one for configuration in bound for one in configuration.inputs.values()}
        found = artifacts.by_id(self._registry, scope, ids)
        names = {one: found[one].name_with_version if one in found else one for one in ids}
        counts = Counter(names.values())
        return {
            one: f"{name} {one[:8]}" if counts[name] > 1 else name for one, name in names.items()
        }


def _file_texts(files: Sequence[ArtifactFile]) -> dict[str, str]:
    return {
        one.path: f"{one.size:,} B" + (f" {one.sha256[:12]}" if one.sha256 else "") for one in files
    }


def _compared_artifact(artifact: Artifact, source: ComparedItem | None) -> ComparedItem:
    """Return the item of an artifact, with the data of its source execution or of its record."""
    if source is None:
        return ComparedItem(artifact, None, None, {}, (), {}, {})
    series_of_artifact = tuple(
        one for one in source.series if one.artifact_name in {"", artifact.logged_name}
    )
    recorded = source.execution is not None and is_record(source.execution.id)
    return ComparedItem(
        artifact,
        None if recorded else source.execution,
        source.configuration,
        source.inputs,
        series_of_artifact,
        source.tags,
        source.custom_info,
        code=source.code,
    )


def _require_all(
    found: dict[str, Artifact] | dict[str, ComparedItem], ids: Sequence[str], noun: str
) -> None:
    """Raise NotFound if any of the IDs was not found."""
    missing = [one for one in ids if one not in found]
    if missing:
        title = (
            f"{noun.capitalize()} {missing[0]!r} not found"
            if len(missing) == 1
            else f"{len(missing)} {noun}s not found"
        )
        raise NotFound(title, "\n".join(missing), "They may have been deleted. Refresh the list.")
