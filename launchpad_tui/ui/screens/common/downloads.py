"""Downloads from screens: the folder is asked for, then it goes on in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.errors import FilesExist
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog

if TYPE_CHECKING:
    from launchpad_tui.domain.transfer import Progress
    from launchpad_tui.services.transfers import Job
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
    from launchpad_tui.ui.shell import Shell

#: fetches into a folder, replacing what is there where it may, and gives the files' paths
Fetch = Callable[[Path, "Progress", bool], Sequence[Path]]


def folder_name(name: str) -> str:
    """A name for a folder out of any text."""
    return (
        "".join(char if char.isalnum() or char in "-_." else "-" for char in name)[:60].strip(".")
        or "download"
    )


async def download(app: Shell, name: str, fetch: Fetch) -> None:
    """Ask where to, and begin.

    Args:
        name: of what is downloaded; the folder that is proposed is called so.
        fetch: does it, on a thread of its own.
    """
    hint = "The folder is created if it is missing. Interrupted downloads are resumed."
    typed = await app.ask(
        PromptDialog(f"Download {name[:40]} into the folder", folder_name(name), hint)
    )
    if typed:
        _begin(app, f"Download {name}", Path(typed).expanduser().absolute(), fetch, overwrite=False)


def _begin(app: Shell, title: str, target: Path, fetch: Fetch, *, overwrite: bool) -> None:
    def fetched(progress: Progress) -> Sequence[Path]:
        return fetch(target, progress, overwrite)

    def over(job: Job) -> None:
        if not overwrite and isinstance(job.error, FilesExist):
            question = ConfirmDialog(
                "Replace the files that are there?", job.error.detail, yes="replace"
            )
            app.push_screen(
                question,
                lambda yes: (
                    _begin(app, title, target, fetch, overwrite=True) if yes else app.say("")
                ),
            )
        else:
            app.transfers.report(job)

    app.transfers.start(title, partial(_fetched, fetched, target), then=over)


async def download_artifacts(screen: LaunchpadScreen, ids: Sequence[str]) -> None:
    """Download the files of artifacts: of one into the folder, of several into a folder each below it."""
    if not ids:
        return
    scope, files = screen.scope, screen.desk.files
    one = await screen.read(screen.desk.artifacts.get, scope, ids[0])
    if len(ids) == 1:

        def fetch(target: Path, progress: Progress, overwrite: bool) -> Sequence[Path]:
            return files.download(scope, one.id, target, progress, overwrite=overwrite)

        await download(screen.launchpad, one.name, fetch)
        return

    hint = "Each artifact gets a folder of its own. Interrupted downloads are resumed."
    typed = await screen.launchpad.ask(
        PromptDialog(f"Download {len(ids)} {one.kind}s into", ".", hint)
    )
    if not typed:
        return
    found = [await screen.read(screen.desk.artifacts.get, scope, each) for each in ids]
    names = [folder_name(each.name) for each in found]
    for each, name in zip(found, names, strict=True):
        # Names of artifacts need not differ.
        own = name if names.count(name) == 1 else f"{name}-{each.id[:8]}"
        target = Path(typed).expanduser().absolute() / own
        work = partial(_fetched, partial(files.download, scope, each.id, target), target)
        screen.launchpad.transfers.start(f"Download {each.name}", work, quiet=True)
    screen.launchpad.say(f"{len(found)} downloads continue in the background; ctrl+t shows them")


def _fetched(fetch: Callable[[Progress], Sequence[Path]], target: Path, progress: Progress) -> str:
    paths = fetch(progress)
    return f"Downloaded {len(paths)} file{'' if len(paths) == 1 else 's'} to {target}"
