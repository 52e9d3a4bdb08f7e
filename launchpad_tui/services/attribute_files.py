"""Files beside models in object stores that have their metrics and parameters."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import parse_url
from launchpad_tui.domain.artifact_attributes import ArtifactAttributes
from launchpad_tui.domain.stored_object import join, relative_to
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.net.timeouts import STORE_SECONDS, within
from launchpad_tui.services.attribute_formats import (
    SIZE_LIMIT,
    has_attributes,
    merged,
    parse_attributes,
)

if TYPE_CHECKING:
    from launchpad_tui.domain.artifact import Artifact
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.services.annotations import AnnotationService
    from launchpad_tui.services.files import FileService

#: the number of files beside a model among which those with attributes are searched
_LISTED = 1000


class AttributeFileService:
    """Finds and reads files such as ``metrics.json`` and ``params.yaml``. Thread-safe."""

    def __init__(self, files: FileService, annotations: AnnotationService) -> None:
        self._files = files
        self._annotations = annotations

    def add(
        self, scope: Scope, artifact: Artifact, paths: Iterable[str]
    ) -> tuple[ArtifactAttributes, tuple[LaunchpadError, ...]]:
        """Add the values in files of an artifact's store to the artifact.

        Returns:
            What was added, and the errors of files that cannot be read.

        Raises:
            NotFound: The artifact or its object store does not exist.
            Conflict: Parameters are added to an artifact that an execution created.
        """
        found, errors = self.read(scope, parse_url(artifact.url).store, paths)
        if found:
            self._annotations.add_attributes(scope, artifact.id, found)
        return found, errors

    def find(self, scope: Scope, url: str) -> list[str]:
        """Return the paths of the files in the store that belong to the artifact with a URL.

        Raises:
            InvalidInput: The URL is not valid.
            NotFound: The resource group has no such object store.
            Unreachable: The object store does not respond. Other errors of stores are possible.
        """
        parsed = parse_url(url)
        store = self._files.store(scope, parsed.store)

        def listed(path: str) -> list[str]:
            return within(
                STORE_SECONDS,
                lambda: [one.path for one in islice(store.list(path), _LISTED)],
            )

        inside = [relative_to(path, parsed.path) for path in listed(parsed.path)]
        if inside != ["."]:
            return [join(parsed.path, name) for name in own_files(inside)]
        folder, _, name = parsed.path.rpartition("/")
        names = [relative_to(path, folder) if folder else path for path in listed(folder)]
        return [join(folder, one) for one in files_beside(name, names, alone=True)]

    def read(
        self, scope: Scope, store: str, paths: Iterable[str]
    ) -> tuple[ArtifactAttributes, tuple[LaunchpadError, ...]]:
        """Return the values in files of a store, and the errors of files that cannot be read.

        Raises:
            NotFound: The resource group has no such object store.
        """
        opened = self._files.store(scope, store)
        found: list[ArtifactAttributes] = []
        errors: list[LaunchpadError] = []
        at = now()
        for path in paths:

            def content(path: str = path) -> bytes:
                size = opened.stat(path).size
                return b"".join(opened.read(path, 0, min(size, SIZE_LIMIT + 1))) if size else b""

            try:
                read = within(STORE_SECONDS, content)
                found.append(parse_attributes(path.rpartition("/")[2], read, at))
            except LaunchpadError as error:
                errors.append(error)
        return merged(found), tuple(errors)


def own_files(names: Iterable[str]) -> list[str]:
    """Return those of the files in a model's folder, by relative path, that have its attributes."""
    return sorted(name for name in names if "/" not in name and has_attributes(name))


def files_beside(name: str, names: Iterable[str], *, alone: bool) -> list[str]:
    """Return those of the files beside a model of one file that have its attributes.

    Args:
        name: the name of the model's file. ``churn.metrics.json`` belongs to ``churn.onnx``.
        names: the names of all files of the folder.
        alone: whether the folder has no other model, so that ``metrics.json`` belongs to it.
    """
    candidates = [one for one in names if "/" not in one and one != name and has_attributes(one)]
    stems = {name.lower(), name.lower().rpartition(".")[0]} - {""}
    own = [one for one in candidates if one.lower().rpartition(".")[0].rpartition(".")[0] in stems]
    plain = [one for one in candidates if one.count(".") == 1]
    return sorted(own or (plain if alone else []))
