"""Fetches the records of a remote runtime before a command reads them for the first time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from launchpad_tui.cli.progress import counted
from launchpad_tui.errors import LaunchpadError

if TYPE_CHECKING:
    from collections.abc import Callable

    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.services.desk import Desk
    from launchpad_tui.services.sync.lists import Progress

#: The age of records from which a hint names the command that fetches current ones.
_OLD = timedelta(minutes=1)


def fetch_first(
    desk: Desk,
    scope: Scope,
    *,
    note: Callable[[str], None],
    hint: Callable[[str], None],
    quiet: bool,
) -> None:
    """Sync a resource group of a remote runtime if that was never completed.

    Otherwise a list would be empty, as if the runtime had no models. If only a part can be fetched,
    a note says so.

    Args:
        desk: The services.
        scope: The connection and resource group.
        note: Prints a message.
        hint: Prints a message that only helps people.
        quiet: Whether to show no progress.

    Raises:
        Unreachable: The runtime does not respond, and nothing of it is stored. Other errors of
            runtimes are possible.
    """
    from launchpad_tui.cli.relative_time import relative_time
    from launchpad_tui.domain.timestamps import now

    sync = desk.sync
    if not sync.is_remote(scope):
        return
    known = sync.freshness(scope)
    if known.done_at is not None:
        if known.error or now() - known.done_at > _OLD:
            failed = f" The last sync failed: {known.error}." if known.error else ""
            hint(
                f"Synchronized {relative_time(known.done_at)} ago.{failed} "
                "To fetch current records: launchpad sync now"
            )
        return
    if known.paused:
        note(
            f"note: Nothing was fetched from {scope}, because its background sync is paused. "
            "To fetch it: launchpad sync now"
        )
        return
    try:
        synchronize(desk, scope, quiet=quiet)
    except LaunchpadError as error:
        from launchpad_tui.domain.query import Query

        if not desk.artifacts.listing(scope, None, Query()).slice(0, 1):
            raise
        note(f"note: {error.title}. Only a part of {scope} was fetched.")


def synchronize(desk: Desk, scope: Scope, *, quiet: bool, full: bool = False) -> None:
    """Sync a resource group and show the progress.

    Args:
        desk: The services.
        scope: The connection and resource group.
        quiet: Whether to show no progress.
        full: Whether to read all lists from the start.

    Raises:
        Unreachable: The runtime does not respond. Other errors of runtimes are possible.
    """
    with counted(f"Synchronizing {scope}:", quiet=quiet) as report:

        def report_progress(progress: Progress) -> None:
            if report is not None:
                of = "" if progress.total is None else f"of {progress.total:,} "
                report(progress.done, f"{of}{progress.part}")

        desk.sync.sync(scope, report_progress, all_executables=full, full=full)
