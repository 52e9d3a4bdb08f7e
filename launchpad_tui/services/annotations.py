"""What users of this machine add to artifacts: shown names, labels, notes, pins and aliases."""

from __future__ import annotations

import getpass
import platform
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import DESCRIPTION_LIMIT, Artifact, check_label
from launchpad_tui.domain.model_version import (
    LATEST,
    NOTES_LIMIT,
    AliasChange,
    ArtifactEdit,
    check_alias,
)
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import replace
from launchpad_tui.registry import artifact_edits, artifacts, versions
from launchpad_tui.services.configurations import check_resource_name

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        artifact_edits.edit(self._registry, scope, ids, changes)
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
        return versions.set_alias(self._registry, scope, artifact_id, alias, current_user())

    def remove_alias(self, scope: Scope, artifact_id: str, alias: str) -> AliasChange:
        """Remove an alias from a model and return the change.

        Raises:
            NotFound: The model does not exist, or does not have the alias.
        """
        return versions.remove_alias(self._registry, scope, artifact_id, alias, current_user())

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


def current_user() -> str:
    """Return the user and the machine, such as ``ada@workstation``."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        # The process has no name, for example in a container with an arbitrary user ID.
        user = "unknown"
    return f"{user}@{platform.node() or 'localhost'}"
