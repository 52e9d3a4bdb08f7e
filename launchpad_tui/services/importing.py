"""Artifacts that were not created by an execution: imported from object stores, or uploaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import (
    URL_LIMIT,
    Artifact,
    ArtifactFile,
    ArtifactKind,
    ArtifactUrl,
    check_label,
    new_artifact_id,
)
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import RESOURCE_NAME
from launchpad_tui.domain.stored_object import join, relative_to
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.registry import artifacts, scenarios
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.attribute_files import files_beside, own_files
from launchpad_tui.services.attribute_formats import has_attributes
from launchpad_tui.services.stored_files import files_at
from launchpad_tui.stores.base import check_path

if TYPE_CHECKING:
    from launchpad_tui.domain.transfer import Progress
    from launchpad_tui.services.artifacts import ArtifactService
    from launchpad_tui.services.files import FileService
    from launchpad_tui.services.runtimes import Runtimes

#: The default pattern: every file and folder directly in the folder.
EVERYTHING = "*"
_PLACES = re.compile(r"\{([1-9])\}")
#: Number of objects between two progress reports.
_REPORT_EVERY = 500


@dataclass(slots=True)
class Proposal:
    """A folder or file in an object store that can be added as an artifact.

    Attributes:
        size: The total size of its files in bytes.
        known: Whether the resource group already has an artifact with this URL.
        problem: Why it cannot be added; empty if it can.
        attribute_files: The paths in the store of files with its metrics and parameters.
    """

    path: str
    name: str
    url: str
    size: int = 0
    modified: datetime | None = None
    known: bool = False
    problem: str = ""
    files: list[ArtifactFile] = field(default_factory=list)
    attribute_files: list[str] = field(default_factory=list)


class ImportService:
    """Adds artifacts from object stores and from files of this machine. Thread-safe."""

    def __init__(
        self,
        registry: Registry,
        files: FileService,
        artifact_service: Callable[[], ArtifactService],
        runtimes: Runtimes,
    ) -> None:
        self._registry = registry
        self._runtimes = runtimes
        self._artifacts = artifact_service
        self._files = files

    def propose(
        self,
        scope: Scope,
        store: str,
        prefix: str = "",
        pattern: str = EVERYTHING,
        report: Callable[[int], None] | None = None,
    ) -> list[Proposal]:
        """Return the files and folders below a prefix that match a pattern, sorted by path.

        Args:
            scope: The connection and resource group.
            store: The name of the object store.
            prefix: The folder to search; empty for the whole store.
            pattern: A pattern for paths below the prefix: ``*`` and ``?`` match characters of one
                part, ``**`` any number of parts. A matching folder includes all files below it.
                ``*/*`` matches the second level, ``**/best`` every file or folder of this name.
            report: Called with the number of objects found so far; an exception that it raises ends
                the search.

        Raises:
            InvalidInput: The pattern or the prefix is invalid, or there are more files than
                `FILE_LIMIT`.
            RuntimeRejected: The object store lists a file twice.
            NotFound: The resource group has no such object store.
            Unreachable: The object store does not respond. Other errors of stores are possible.
        """
        prefix = check_path(prefix.strip("/"), empty=True)
        matches = _compiled(pattern)
        proposals: dict[str, Proposal] = {}
        found_files = files_at(
            self._files.store(scope, store),
            ArtifactUrl(store, prefix),
            hint="Search its folders one by one.",
        )
        beside: dict[str, list[str]] = {}
        for number, each in enumerate(found_files, 1):
            if report is not None and number % _REPORT_EVERY == 0:
                report(number)
            relative = relative_to(each.path, prefix)
            folder, _, file_name = each.path.rpartition("/")
            if has_attributes(file_name):
                beside.setdefault(folder, []).append(file_name)
            found = (
                prefix.rpartition("/")[2]
                if relative == "."
                else next(_matching_heads(relative, matches), None)
            )
            if found is None:
                continue
            path = prefix if relative == "." else join(prefix, found)
            one = proposals.get(path)
            if one is None:
                one = proposals[path] = Proposal(path, found, str(ArtifactUrl(store, path)))
            one.size += each.size
            one.modified = max(one.modified or each.modified, each.modified)
            one.files.append(
                ArtifactFile(relative_to(each.path, path), each.size, "", each.version)
            )
        _assign_attribute_files(proposals, beside)
        known = artifacts.urls(self._registry, scope, [one.url for one in proposals.values()])
        for one in proposals.values():
            one.known = one.url in known
            one.problem = _problem(one)
        return [proposals[path] for path in sorted(proposals)]

    def upload(
        self,
        scope: Scope,
        kind: ArtifactKind,
        name: str,
        source: Path,
        url: str,
        scenario_id: str,
        description: str = "",
        labels: Sequence[tuple[str, str]] = (),
        progress: Progress | None = None,
    ) -> Artifact:
        """Upload a file or folder of this machine to a URL and add it as an artifact.

        Raises:
            InvalidInput: A value is not valid in the AI API, the scenario or the object store does
                not exist, or the source cannot be read. Nothing was uploaded.
            Conflict: Files exist at the URL, or the source changed during the upload.
            StorageFull, Unreachable: The upload failed. No artifact was added.
        """
        new = self._artifacts().new(scope, kind, name, url, scenario_id, description, labels)
        stored = self._files.store_output(scope, new.url, source, progress)
        size = sum(each.size for each in stored)
        with self._runtimes.transaction(scope):
            created = self._runtimes.create_artifact(scope, replace(new, size=size))
            artifacts.record_files(self._registry, scope, created.id, stored)
        return artifacts.artifact(self._registry, scope, created.id)

    def register(
        self,
        scope: Scope,
        kind: ArtifactKind,
        scenario_id: str,
        proposals: Iterable[Proposal],
        labels: Sequence[tuple[str, str]] = (),
    ) -> Sequence[Artifact]:
        """Add proposals as artifacts, in the given order. Proposals that were already added are
        skipped.

        On this machine they are added in one transaction. In a remote runtime they are added one by
        one, so that those before an error stay added. Sizes and versions of the files are recorded
        to detect changes later; no file is read.

        Raises:
            InvalidInput: The scenario does not exist, or a proposal has a problem.
            Unreachable: A remote runtime does not respond. Other errors of runtimes are possible.
        """
        try:
            scenarios.scenario(self._registry, scope, scenario_id)
        except NotFound as error:
            raise InvalidInput(
                f"Scenario {scenario_id[:80]!r} not found",
                f"It is not in {scope}.",
                "Select an existing scenario, or add one with: launchpad scenarios add ID",
                field="scenario_id",
            ) from error
        all_proposals = list(proposals)
        known = artifacts.urls(self._registry, scope, [one.url for one in all_proposals])
        new_proposals = [one for one in all_proposals if one.url not in known]
        for one in new_proposals:
            if one.problem:
                raise InvalidInput(
                    f"{one.path[:80]!r} cannot be added as an artifact",
                    one.problem,
                    "Leave it out, or rename it in the object store.",
                    field="name",
                )
        for key, value in labels:
            check_label(key, value)
        at = now()
        new = [
            Artifact(
                new_artifact_id(),
                one.name,
                kind,
                one.url,
                "",
                scenario_id,
                "",
                tuple(labels),
                one.size,
                at,
                at,
            )
            for one in new_proposals
        ]
        created = []
        with self._runtimes.transaction(scope):
            for one, artifact in zip(new_proposals, new, strict=True):
                created.append(self._runtimes.create_artifact(scope, artifact))
                artifacts.record_files(self._registry, scope, created[-1].id, one.files)
        return created


def named(proposals: Iterable[Proposal], template: str) -> list[Proposal]:
    """Return proposals with other names, oldest first: models of one name are its versions.

    Args:
        proposals: What was found.
        template: The name of all of them, in which ``{1}`` stands for the first part of the path
            below the searched folder, ``{2}`` for the second one, and so on.

    Raises:
        InvalidInput: The template is not valid; ``field`` is ``name``.
    """
    template = template.strip()
    if not _PLACES.sub("", template).strip() and not _PLACES.search(template):
        raise InvalidInput(
            "The name is missing",
            "All artifacts are added under this name.",
            "Type a name, for example churn, or {1} for the first part of the path.",
            field="name",
        )
    oldest = sorted(proposals, key=lambda one: (one.modified or now(), one.path))
    renamed = [replace(one, name=_named(one, template)) for one in oldest]
    for one in renamed:
        one.problem = _problem(one)
    return renamed


def _named(one: Proposal, template: str) -> str:
    parts = one.name.split("/")

    def part(match: re.Match[str]) -> str:
        place = int(match.group(1))
        return parts[place - 1] if 1 <= place <= len(parts) else ""

    return _PLACES.sub(part, template).strip()


def _assign_attribute_files(
    proposals: dict[str, Proposal], beside: Mapping[str, Sequence[str]]
) -> None:
    """Set the files with metrics and parameters of proposals, which are no proposals themselves.

    Args:
        proposals: The proposals by path.
        beside: The names of all files that may have metrics or parameters, by folder.
    """
    models: dict[str, list[str]] = {}
    for path, one in proposals.items():
        if len(one.files) == 1 and one.files[0].path == ".":
            folder, _, name = path.rpartition("/")
            if not has_attributes(name):
                models.setdefault(folder, []).append(name)
        else:
            own = own_files([each.path for each in one.files])
            one.attribute_files = [join(path, name) for name in own]
    for folder, names in models.items():
        for name in names:
            found = files_beside(name, beside.get(folder, ()), alone=len(names) == 1)
            proposals[join(folder, name)].attribute_files = [join(folder, each) for each in found]
    used = {path for one in proposals.values() for path in one.attribute_files}
    for path in used & proposals.keys():
        del proposals[path]


def _problem(one: Proposal) -> str:
    """Return why a proposal cannot be added; empty if it can."""
    if len(one.url) > URL_LIMIT:
        return f"The URL is longer than {URL_LIMIT} characters."
    if not RESOURCE_NAME.fullmatch(one.name):
        return (
            "The name contains characters that are not allowed in names of artifacts, or is longer "
            "than 256 characters."
        )
    return ""


def _matching_heads(path: str, matches: re.Pattern[str]) -> Iterator[str]:
    """Yield the matching leading parts of a path, shortest first."""
    parts = path.split("/")
    return (
        head
        for count in range(1, len(parts) + 1)
        if matches.fullmatch(head := "/".join(parts[:count]))
    )


def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a path pattern. Raises InvalidInput."""
    parts = pattern.strip("/").split("/")
    if not pattern.strip("/") or any(part in {"", ".", ".."} for part in parts):
        raise InvalidInput(
            f"Invalid pattern {pattern[:80]!r}",
            "It is empty, or a part of it is empty, '.' or '..'.",
            "Examples: * for all entries, */* for those of the second level, **/best for a name.",
            field="pattern",
        )
    expression = ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            expression += ".+" if last else "(?:[^/]+/)*"
            continue
        expression += re.escape(part).replace(r"\*", "[^/]*").replace(r"\?", "[^/]") + (
            "" if last else "/"
        )
    return re.compile(expression, re.DOTALL)
