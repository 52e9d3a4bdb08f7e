"""What users of this machine add to artifacts: names, labels, notes, pins, aliases, attributes."""

from __future__ import annotations

import getpass
import platform
from functools import partial
from typing import TYPE_CHECKING, Any

from launchpad_tui.domain.artifact import DESCRIPTION_LIMIT, Artifact, check_label
from launchpad_tui.domain.artifact_attributes import USER
from launchpad_tui.domain.metric import (
    CUSTOM_INFO_BYTES,
    LABEL_LIMIT,
    NAME_LIMIT,
    check_metric_labels,
    check_metric_name,
)
from launchpad_tui.domain.model_version import (
    LATEST,
    NOTES_LIMIT,
    AliasChange,
    ArtifactEdit,
    check_alias,
)
from launchpad_tui.domain.undo import UndoKind
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import replace
from launchpad_tui.registry import artifact_edits, artifacts, undo, versions
from launchpad_tui.registry.codec import to_json
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.services.configurations import check_resource_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from launchpad_tui.domain.artifact_attributes import ArtifactAttributes, AttributeKind, Sources
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.registry.database import Registry


class AnnotationService:
    """Edits artifacts and assigns aliases to versions of models. Thread-safe.

    Everything is kept in the registry of this machine, also for artifacts of remote runtimes.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def edit(self, scope: Scope, ids: Sequence[str], changes: ArtifactEdit) -> tuple[Artifact, ...]:
        """Change artifacts, all or none, and return them in the given order.

        Raises:
            InvalidInput: A value is not valid; ``field`` names it.
            NotFound: An artifact does not exist.
            Conflict: An alias of a renamed model belongs to another version of the new name.
        """
        if changes.name:
            changes = replace(changes, name=check_resource_name(changes.name))
        for field, text, limit in (
            ("description", changes.description, DESCRIPTION_LIMIT),
            ("notes", changes.notes, NOTES_LIMIT),
        ):
            if text is not None and len(text) > limit:
                raise InvalidInput(
                    f"The {field} cannot be stored",
                    f"The text has {len(text):,} characters.",
                    f"Use at most {limit:,} characters.",
                    field=field,
                )
        for key, value in changes.set_labels:
            check_label(key, value)
        with self._registry.write() as db:
            group = group_pk(db, scope)
            known = artifacts.by_id(self._registry, scope, ids)
            before = undo.snapshot(db, group, ids)
            artifact_edits.edit(self._registry, scope, ids, changes)
            after = undo.snapshot(db, group, ids)
            if before != after:
                title = f"edit of {counted_title(list(known.values()))}"
                content = {"before": before, "after": after}
                self._record(scope, UndoKind.EDIT, title, content)
        found = artifacts.by_id(self._registry, scope, ids)
        return tuple(found[one] for one in ids)

    def notes(self, scope: Scope, artifact_id: str) -> str:
        """Return the notes about an artifact as Markdown, empty if there are none. Raises
        NotFound for an unknown scope."""
        return artifact_edits.notes(self._registry, scope, artifact_id)

    def promote(self, scope: Scope, artifact_id: str, alias: str) -> AliasChange:
        """Point an alias of a model's name at this version and return the change.

        Raises:
            InvalidInput: The alias is not valid.
            NotFound: The model does not exist.
            Conflict: The artifact has no version.
        """
        alias = check_alias(alias)
        with self._registry.write():
            change = versions.set_alias(self._registry, scope, artifact_id, alias, current_user())
            if change.changed:
                title = f"promotion of {change.name} v{change.version} to {alias}"
                self._record(scope, UndoKind.ALIAS, title, _alias_content(change))
        return change

    def remove_alias(self, scope: Scope, artifact_id: str, alias: str) -> AliasChange:
        """Remove an alias from a model and return the change.

        Raises:
            NotFound: The model does not exist, or does not have the alias.
        """
        with self._registry.write():
            change = versions.remove_alias(
                self._registry, scope, artifact_id, alias, current_user()
            )
            title = f"removal of the alias {alias} from {change.name} v{change.previous_version}"
            self._record(scope, UndoKind.ALIAS, title, _alias_content(change))
        return change

    def _record(self, scope: Scope, kind: UndoKind, title: str, content: Mapping[str, Any]) -> None:
        undo.record_change(self._registry, scope, kind, title, content, current_user())

    def aliases(self, scope: Scope, name: str = "") -> tuple[tuple[str, Artifact], ...]:
        """Return the aliases of all models, or of those of a name, each with its model. The alias
        ``latest``, which every name has, is included only for a name. Raises NotFound for an
        unknown scope."""
        ids = versions.with_aliases(self._registry, scope, name)
        found = artifacts.by_id(self._registry, scope, ids)
        rows = [(alias, found[one]) for one in ids for alias in found[one].aliases]
        if name:
            newest = versions.newest(self._registry, scope, name)
            rows += [
                (LATEST, one) for one in artifacts.by_id(self._registry, scope, newest).values()
            ]
        return tuple(rows)

    def history(self, scope: Scope, name: str = "", alias: str = "") -> tuple[AliasChange, ...]:
        """Return at most 1,000 changes of aliases, newest first. Raises NotFound for an unknown
        scope."""
        return tuple(versions.history(self._registry, scope, name, alias))

    def add_attributes(
        self,
        scope: Scope,
        artifact_id: str,
        new: ArtifactAttributes,
        *,
        source: str = USER,
        replacing: bool = False,
    ) -> None:
        """Add metrics, parameters, tags and custom info to an artifact, in one transaction.

        Points are added to those of their metrics; everything else replaces what has the same name.

        Args:
            scope: The connection and resource group.
            artifact_id: The ID of the artifact.
            new: What is added.
            source: ``USER``, or the ID of the execution that evaluated the artifact.
            replacing: Whether points that were added to the same metrics before are removed.

        Raises:
            InvalidInput: A name or a value cannot be stored; ``field`` names the part.
            NotFound: The artifact does not exist, or its source execution is not known.
            Conflict: Parameters are added to an artifact that an execution created.
        """
        # Commands that do not add any do not load the modules of metrics.
        from launchpad_tui.registry import artifact_records

        _check(new)
        put = partial(
            artifact_records.put,
            self._registry,
            scope,
            artifact_id,
            new,
            source,
            replacing=replacing,
        )
        if source == USER:
            names = artifact_records.names_of(new)
            self._change_values(scope, artifact_id, names, "addition of values to", put)
        else:
            put()

    def remove_attributes(
        self, scope: Scope, artifact_id: str, names: Mapping[AttributeKind, Iterable[str]]
    ) -> None:
        """Remove metrics, parameters, tags and custom info that were added to an artifact.

        Raises:
            NotFound: The artifact does not exist, or a name was not added to it.
        """
        from launchpad_tui.registry import artifact_records

        removed = {part: list(some) for part, some in names.items()}
        affected: dict[AttributeKind, list[str]] = {}
        for part, name in artifact_records.sources(self._registry, scope, artifact_id):
            # The name of a metric stands for all of its series.
            if {name, name.partition("{")[0]} & set(removed.get(part, ())):
                affected.setdefault(part, []).append(name)
        remove = partial(artifact_records.remove, self._registry, scope, artifact_id, removed)
        self._change_values(scope, artifact_id, affected, "removal of values of", remove)

    def _change_values(
        self,
        scope: Scope,
        artifact_id: str,
        names: Mapping[AttributeKind, Iterable[str]],
        what: str,
        change: Callable[[], None],
    ) -> None:
        """Change attributes of an artifact, and record how that is undone."""
        from launchpad_tui.registry import artifact_records

        with self._registry.write():
            before = artifact_records.state(self._registry, scope, artifact_id, names)
            change()
            after = artifact_records.state(self._registry, scope, artifact_id, names)
            if to_json(before) != to_json(after):
                artifact = artifacts.artifact(self._registry, scope, artifact_id)
                content = {"artifact": artifact_id, "before": before, "after": digest(after)}
                title = f"{what} {artifact.name_with_version}"
                self._record(scope, UndoKind.VALUES, title, content)

    def attribute_sources(self, scope: Scope, artifact_id: str) -> Sources:
        """Return which attributes were added to an artifact, and by whom. Raises NotFound for an
        unknown scope."""
        from launchpad_tui.registry import artifact_records

        return artifact_records.sources(self._registry, scope, artifact_id)


def _check(new: ArtifactAttributes) -> None:
    """Check names and values against the limits of the AI API. Raises InvalidInput."""
    for metric in new.metrics:
        check_metric_name(metric.name)
        check_metric_labels(metric.labels)
    texts = [
        *(("parameter", name, value, CUSTOM_INFO_BYTES) for name, value in new.parameters.items()),
        *(("tag", one.name, one.value, LABEL_LIMIT) for one in new.tags),
        *(("info", one.name, one.value, CUSTOM_INFO_BYTES) for one in new.custom_info),
    ]
    for part, name, value, limit in texts:
        if not 1 <= len(name) <= NAME_LIMIT or len(value.encode("utf-8", "replace")) > limit:
            raise InvalidInput(
                f"The {part} {name[:80]!r} cannot be stored",
                f"Its name has {len(name):,} characters, its value {len(value):,}.",
                f"Use a name of 1 to {NAME_LIMIT} characters and a value of at most {limit:,} "
                "bytes.",
                field=part,
            )


def _alias_content(change: AliasChange) -> dict[str, str]:
    return {
        "scenario": change.scenario_id,
        "name": change.name,
        "alias": change.alias,
        "artifact": change.artifact_id,
        "previous": change.previous_id,
    }


def digest(states: Sequence[object]) -> str:
    """Return the SHA-256 of the states of attributes, by which a later change is noticed."""
    import hashlib

    return hashlib.sha256(to_json(states).encode()).hexdigest()


def counted_title(found: Sequence[Artifact]) -> str:
    """Return the name of the only artifact with its version, or their number."""
    return found[0].name_with_version if len(found) == 1 else f"{len(found):,} artifacts"


def current_user() -> str:
    """Return the user and the machine, such as ``ada@workstation``."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        # The process has no name, for example in a container with an arbitrary user ID.
        user = "unknown"
    return f"{user}@{platform.node() or 'localhost'}"
