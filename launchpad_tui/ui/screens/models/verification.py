"""Verification of the files of several artifacts in the background; lists show the results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import ArtifactKind, FilesState, state_of
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.transfer import Transfer
from launchpad_tui.errors import LaunchpadError

if TYPE_CHECKING:
    from launchpad_tui.domain.transfer import Progress
    from launchpad_tui.services.verification import Verified
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen


def verify(screen: LaunchpadScreen, ids: Sequence[str]) -> None:
    """Verify the files of artifacts as a background transfer.

    The content of a file is read only if the file may have changed since it was last read.

    Args:
        screen: the screen that starts the transfer.
        ids: IDs of the artifacts; nothing happens if it is empty.
    """
    if not ids:
        return
    scope, desk = screen.scope, screen.desk
    service, artifacts = desk.verification, desk.artifacts

    def work(progress: Progress) -> str:
        counts = dict.fromkeys(FilesState, 0)
        failed: list[LaunchpadError] = []
        for place, artifact_id in enumerate(ids):
            progress(Transfer(place, len(ids), artifacts.get(scope, artifact_id).name))
            try:
                counts[state_of(service.verify(scope, artifact_id, content=False))] += 1
            except LaunchpadError as error:
                failed.append(error)
        if failed and len(failed) == len(ids):
            raise failed[0]
        return summary_text(counts, len(failed))

    count = f"{len(ids)} artifacts" if len(ids) > 1 else "1 artifact"
    screen.launchpad.transfers.start(f"Verify {count}", work, "verified", quiet=len(ids) == 1)


def verify_all(screen: LaunchpadScreen, kind: ArtifactKind, title: str) -> None:
    """Verify the files of all artifacts of a kind as `verify` does.

    Args:
        screen: the screen that starts the transfer.
        kind: the kind.
        title: the plural of the kind, for the title of the transfer.
    """
    scope, service, artifacts = screen.scope, screen.desk.verification, screen.desk.artifacts

    def work(progress: Progress) -> str:
        total = artifacts.listing(scope, kind, Query()).count()
        failed = 0

        def count(verified: Verified) -> None:
            nonlocal failed
            failed += bool(verified.error)
            progress(Transfer(verified.done, max(total, verified.done), verified.artifact.name))

        return summary_text(service.verify_all(scope, kind, count), failed)

    screen.launchpad.transfers.start(f"Verify all {title.lower()}", work, "verified")


def summary_text(counts: Mapping[FilesState, int], failed: int) -> str:
    """Return a summary: ``Verified 6 artifacts: 3 intact, 1 missing; 2 could not be verified``."""
    total = sum(counts.values()) + failed
    if total and counts.get(FilesState.UNKNOWN, 0) == total:
        return f"No checksums are recorded for {_counted(total)}; press R on one to record them"
    found = ", ".join(f"{count:,} {state}" for state, count in counts.items() if count) or "none"
    text = f"Verified {_counted(total)}: {found}"
    return text + (f"; {failed:,} could not be verified" if failed else "")


def _counted(number: int) -> str:
    return f"{number:,} artifact{'s' * (number != 1)}"
