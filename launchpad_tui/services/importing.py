"""Models that no execution made: those that are in a store already, and those on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import (
    URL_LIMIT,
    Artifact,
    ArtifactFile,
    ArtifactKind,
    ArtifactUrl,
    new_artifact_id,
)
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import RESOURCE_NAME
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.registry import artifacts, scenarios
from launchpad_tui.registry.database import Registry
from launchpad_tui.stores.base import check_path, join, relative_to

if TYPE_CHECKING:
    from launchpad_tui.domain.transfer import Progress
    from launchpad_tui.services.artifacts import ArtifactService
    from launchpad_tui.services.files import FileService
    from launchpad_tui.services.runtimes import Runtimes

#: what stands for a model where nothing else is said: everything directly in the folder
EVERYTHING = "*"
#: objects between two reports of the walk
_REPORT = 500


@dataclass(slots=True)
class Proposal:
    """A folder or a file that may become an artifact. ``size`` in bytes of all its files; ``known`` says that the group
    has an artifact of this URL already, ``problem`` why it cannot become one."""

    path: str
    name: str
    url: str
    size: int = 0
    modified: datetime | None = None
    known: bool = False
    problem: str = ""
    files: list[ArtifactFile] = field(default_factory=list)


class ImportService:
    """Brings in models from elsewhere. Safe for threads."""

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
        tell: Callable[[int], None] | None = None,
    ) -> list[Proposal]:
        """Walk a folder of a store; what matches the pattern is proposed, by path.

        Args:
            pattern: of paths below the prefix: ``*`` and ``?`` stand for characters of one part, ``**`` for any number
                of parts. What lies in a folder that matches belongs to it. ``*/*`` makes the folders at the second
                level models, ``**/best`` every folder or file of that name.
            tell: told how many objects were seen; what it raises ends the walk.

        Raises:
            InvalidInput: the pattern or the prefix is wrong.
            NotFound: the group has no such store.
            Unreachable and others: the store does not answer.
        """
        prefix = check_path(prefix.strip("/"), empty=True)
        matches = _compiled(pattern)
        proposals: dict[str, Proposal] = {}
        for number, each in enumerate(self._files.store(scope, store).list(prefix), 1):
            if tell is not None and number % _REPORT == 0:
                tell(number)
            relative = relative_to(each.path, prefix)
            found = (
                prefix.rpartition("/")[2]
                if relative == "."
                else next(_heads(relative, matches), None)
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
        """Store a file or a folder of this machine at a URL, and register it as an artifact.

        Raises:
            InvalidInput: a value breaks the AI API's rules, the scenario or the URL's store is unknown, or the source
                cannot be stored; then nothing was sent.
            Conflict: something is at the URL already, or the source changed meanwhile.
            StorageFull, Unreachable and others: the store did not take it; nothing is registered.
        """
        new = self._artifacts().new(scope, kind, name, url, scenario_id, description, labels)
        stored = self._files.store_output(scope, new.url, source, progress)
        if self._runtimes.is_remote(scope):
            new = self._runtimes.create_artifact(scope, new)
            artifacts.record_files(self._registry, scope, new.id, stored)
        else:
            artifacts.add(self._registry, scope, new, stored)
        return artifacts.artifact(self._registry, scope, new.id)

    def register(
        self, scope: Scope, kind: ArtifactKind, scenario_id: str, proposals: Iterable[Proposal]
    ) -> Sequence[Artifact]:
        """Register proposals as artifacts; those that the group has already are left out. On this machine all or none
        are registered, elsewhere one after the other, and an error leaves those before it registered.

        Sizes and versions of their files are kept, so that a later look notices what changed; no file is read.

        Raises:
            InvalidInput: the scenario is unknown, or a proposal has a problem.
            Unreachable and others: a runtime elsewhere does not take one.
        """
        try:
            scenarios.scenario(self._registry, scope, scenario_id)
        except NotFound as error:
            raise InvalidInput(
                f"There is no scenario {scenario_id[:80]!r}", field="scenario_id"
            ) from error
        wanted = list(proposals)
        known = artifacts.urls(self._registry, scope, [one.url for one in wanted])
        fresh = [one for one in wanted if one.url not in known]
        for one in fresh:
            if one.problem:
                raise InvalidInput(
                    f"{one.path[:80]!r} cannot become an artifact", one.problem, field="name"
                )
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
                (),
                one.size,
                at,
                at,
            )
            for one in fresh
        ]
        if self._runtimes.is_remote(scope):
            made = []
            for one, artifact in zip(fresh, new, strict=True):
                made.append(self._runtimes.create_artifact(scope, artifact))
                artifacts.record_files(self._registry, scope, made[-1].id, one.files)
            return made
        with self._registry.write("artifacts"):
            for one, artifact in zip(fresh, new, strict=True):
                artifacts.add(self._registry, scope, artifact, one.files)
        return new


def _problem(one: Proposal) -> str:
    if len(one.url) > URL_LIMIT:
        return f"Its URL is longer than {URL_LIMIT} characters."
    if not RESOURCE_NAME.fullmatch(one.name):
        return "Its name has characters that no artifact's name may have, or more than 256."
    return ""


def _heads(path: str, matches: re.Pattern[str]) -> Iterator[str]:
    """Those beginnings of a path, at a ``/`` or its end, that match, the shortest first."""
    parts = path.split("/")
    return (
        head
        for count in range(1, len(parts) + 1)
        if matches.fullmatch(head := "/".join(parts[:count]))
    )


def _compiled(pattern: str) -> re.Pattern[str]:
    parts = pattern.strip("/").split("/")
    if not pattern.strip("/") or any(part in {"", ".", ".."} for part in parts):
        hint = "Such as * for everything in the folder, */* for the second level, **/model for all of that name."
        raise InvalidInput(f"{pattern[:80]!r} is no pattern", hint=hint, field="pattern")
    written = ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            written += ".+" if last else "(?:[^/]+/)*"
            continue
        written += re.escape(part).replace(r"\*", "[^/]*").replace(r"\?", "[^/]") + (
            "" if last else "/"
        )
    return re.compile(written, re.DOTALL)
