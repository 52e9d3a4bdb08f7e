"""Downloads: ask for the target folder, then download in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.errors import FilesExist
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog

if TYPE_CHECKING:
    from launchpad_tui.domain.transfer import DownloadedFiles, Progress
    from launchpad_tui.services.transfers import Job
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
    from launchpad_tui.ui.shell import Shell

#: downloads into the folder, overwrites existing files if the flag is set, returns the files
Fetch = Callable[[Path, "Progress", bool], "DownloadedFiles"]


def folder_name(name: str) -> str:
    """Return a valid folder name for any text."""
    return (
        "".join(char if char.isalnum() or char in "-_." else "-" for char in name)[:60].strip(".")
        or "download"
    )


async def download(app: Shell, name: str, fetch: Fetch) -> None:
    """Ask for the target folder and start a download.

    Args:
        app: shows the dialog and runs the transfer.
        name: the name of the downloaded item, from which the folder's default name is made.
        fetch: downloads; it runs on a thread of its own.
    """
    hint = "The folder is created if it is missing. Interrupted downloads are resumed."
    typed = await app.ask(
        PromptDialog(
            f"Download {name[:40]} into the folder",
            folder_name(name),
            hint,
            verb="download",
            path=True,
        )
    )
    if typed:
        _start(app, f"Download {name}", Path(typed).expanduser().absolute(), fetch, overwrite=False)


def _start(app: Shell, title: str, target: Path, fetch: Fetch, *, overwrite: bool) -> None:
    """Start a download that asks before it replaces existing files."""

    def fetch_to_target(progress: Progress) -> DownloadedFiles:
        return fetch(target, progress, overwrite)

    def ended(job: Job) -> None:
        if not overwrite and isinstance(job.error, FilesExist):
            question = ConfirmDialog(
                "Replace the existing files?", job.error.detail, yes="replace", danger=True
            )
            app.push_screen(
                question,
                lambda yes: (
                    _start(app, title, target, fetch, overwrite=True) if yes else app.say("")
                ),
            )
        else:
            app.transfers.report(job)

    app.transfers.start(title, partial(_download, fetch_to_target, target), then=ended)


async def download_artifacts(screen: LaunchpadScreen, ids: Sequence[str]) -> None:
    """Ask for a folder and download the files of artifacts into it.

    The files of several artifacts are put into a subfolder for each artifact.
    """
    if not ids:
        return
    scope, files = screen.scope, screen.desk.files
    one = await screen.read(screen.desk.artifacts.get, scope, ids[0])
    if len(ids) == 1:

        def fetch(target: Path, progress: Progress, overwrite: bool) -> DownloadedFiles:
            return files.download(scope, one.id, target, progress, overwrite=overwrite)

        await download(screen.launchpad, one.name, fetch)
        return

    hint = "A subfolder is created for each artifact. Interrupted downloads are resumed."
    typed = await screen.launchpad.ask(
        PromptDialog(
            f"Download {len(ids)} {one.kind.noun}s into", ".", hint, verb="download", path=True
        )
    )
    if not typed:
        return
    found = [await screen.read(screen.desk.artifacts.get, scope, each) for each in ids]
    names = [folder_name(each.name) for each in found]
    for each, name in zip(found, names, strict=True):
        # Several artifacts may have the same name.
        subfolder = name if names.count(name) == 1 else f"{name}-{each.id[:8]}"
        target = Path(typed).expanduser().absolute() / subfolder
        work = partial(_download, partial(files.download, scope, each.id, target), target)
        screen.launchpad.transfers.start(f"Download {each.name}", work, quiet=True)
    screen.launchpad.say(
        f"{len(found)} downloads started in the background; press ctrl+t to see them"
    )


def _download(
    fetch: Callable[[Progress], DownloadedFiles], target: Path, progress: Progress
) -> str:
    """Download and return the message for the end of the transfer."""
    paths = fetch(progress)
    return paths.summary(target)
