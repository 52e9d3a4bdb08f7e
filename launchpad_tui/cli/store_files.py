"""Commands on the files in object stores: browse, preview, download and delete them."""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli.arguments import OVERWRITE, PREVIEW_DETAILS, download_target, integer
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.confirmation import confirmed
from launchpad_tui.cli.list_rows import check_limit
from launchpad_tui.cli.listing import ALL
from launchpad_tui.cli.preview_output import print_preview
from launchpad_tui.cli.progress import DOWNLOAD_INTERRUPTED, UPLOAD_INTERRUPTED, progress
from launchpad_tui.cli.table import TableColumn
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.domain.text import safe_text
from launchpad_tui.errors import InvalidInput, NotFound, ObjectMissing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.artifact import ArtifactReference
    from launchpad_tui.domain.connection import ObjectStoreRecord

PATH = TableColumn("PATH", cut_last=True)
#: The maximum number of artifacts that refer to deleted files: in JSON, and in messages.
_ARTIFACTS, _SHOWN = 1000, 10


def find_store(context: CommandContext, name: str) -> ObjectStoreRecord:
    """Return the object store with this name. Raises NotFound."""
    stores = {each.name: each for each in context.desk.stores.list(context.scope)}
    if name not in stores:
        raise NotFound(
            f"Object store {name[:80]!r} not found",
            f"Object stores of {context.scope}: {', '.join(stores) or 'none'}.",
            "To add one: launchpad stores add NAME",
        )
    return stores[name]


def _browse(context: CommandContext, options: argparse.Namespace) -> None:
    check_limit(options.limit)
    limit = options.limit or None
    entries = _entries(context, options)
    context.resources(
        islice(entries, limit),
        lambda row: {"path": row[0], "size": row[1], "modifiedAt": rfc3339(row[2])},
        (PATH, TableColumn("SIZE", right=True), TableColumn("MODIFIED", optional=1)),
        lambda row: (row[0], size_text(row[1]), context.time(row[2])),
    )
    if limit is not None and next(entries, None) is not None:
        context.note(
            f"note: Only the first {limit:,} entries are listed, there are more.\n"
            "To list all: --limit 0"
        )


def _entries(
    context: CommandContext, options: argparse.Namespace
) -> Iterator[tuple[str, int | None, datetime | None]]:
    """Yield path, size in bytes and modification time of each folder and object.

    Folders have a trailing slash, no size and no time.
    """
    store, path = find_store(context, options.name).name, (options.path or "").strip("/")
    if options.recursive:
        # One more than is listed shows whether there are more.
        limit = options.limit + 1 if options.limit else None
        hint = "List its folders, or set a limit: --limit N"
        for each in context.desk.browsing.files(context.scope, store, path, limit, hint):
            yield each.path, each.size, each.modified
        return
    limit = options.limit + 1 if options.limit else None
    for page in context.desk.browsing.pages(context.scope, store, path, limit):
        if page.missing:
            context.note(f"note: The object store {store} has no folder {path}")
        for folder in page.folders:
            yield f"{folder}/", None, None
        for each in page.objects:
            yield each.path, each.size, each.modified


def _preview(context: CommandContext, options: argparse.Namespace) -> None:
    one = find_store(context, options.name)
    print_preview(
        context, context.desk.browsing.preview(context.scope, one.name, options.path.strip("/"))
    )


def _download(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.domain.artifact import ArtifactUrl

    url = str(ArtifactUrl(find_store(context, options.name).name, options.path.strip("/")))
    target = download_target(options.target, options.path)
    with progress("Downloading", quiet=context.quiet, interrupted=DOWNLOAD_INTERRUPTED) as report:
        paths = context.desk.files.stage(
            context.scope, url, target, report, overwrite=options.overwrite
        )
    data = {
        "url": url,
        "target": str(target),
        "files": [str(path) for path in paths],
        "downloaded": paths.fetched,
    }
    context.done(f"{paths.summary(target)}.", data)


def _upload(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.domain.artifact import ArtifactUrl

    source = Path(options.source).expanduser()
    path = (options.path or source.absolute().name).strip("/")
    url = str(ArtifactUrl(find_store(context, options.name).name, path))
    with progress("Uploading", quiet=context.quiet, interrupted=UPLOAD_INTERRUPTED) as report:
        files = context.desk.files.store_output(context.scope, url, source, report)
    data = {
        "url": url,
        "source": str(source),
        "files": [each.path for each in files],
        "size": sum(each.size for each in files),
    }
    context.done(f"Uploaded {len(files):,} file{'s' * (len(files) != 1)} to {url}.", data)


def _delete(context: CommandContext, options: argparse.Namespace) -> int:
    store = find_store(context, options.name).name
    paths = list(dict.fromkeys(_not_empty(path.strip("/")) for path in options.paths))
    artifacts, artifact_count = context.desk.browsing.references(
        context.scope, store, paths, _ARTIFACTS
    )
    if options.dry_run:
        found = [
            each
            for path in paths
            for each in context.desk.browsing.files(context.scope, store, path)
        ]
        context.resources(
            found,
            lambda each: {
                "path": each.path,
                "size": each.size,
                "artifacts": [one.id for one in artifacts if _has_file(one, each.path)],
            },
            (PATH, TableColumn("SIZE", right=True)),
            lambda each: (each.path, size_text(each.size)),
        )
        context.note(f"{len(found):,} file{'s' * (len(found) != 1)} would be deleted.")
        for line in _reference_lines(context, artifacts, artifact_count):
            context.note(line)
        return 0
    measured = [context.desk.browsing.measure(context.scope, store, path) for path in paths]
    count, size = sum(each[0] for each in measured), sum(each[1] for each in measured)
    shown = ", ".join(safe_text(f"ai://{store}/{path}") for path in paths[:5])
    more = f" and {len(paths) - 5} more paths" if len(paths) > 5 else ""
    files = f"{count:,} file{'s' * (count != 1)} ({size_text(size)})"
    detail = "The files cannot be restored."
    lines = _reference_lines(context, artifacts, artifact_count)
    if lines and not options.yes:
        for line in lines:
            context.note(line)
        detail += " The artifacts keep their records."
    if not confirmed(f"Delete {files} at {shown}{more}?", detail, yes=options.yes):
        context.note("Nothing was deleted.")
        return 1
    deleted = sum(context.desk.browsing.delete(context.scope, store, path) for path in paths)
    if not deleted and not count:
        raise ObjectMissing(
            f"No files at {shown}{more}",
            "The object store has no object at this path.",
            f"List the files: launchpad stores browse {store}",
        )
    data = {
        "objectStore": store,
        "paths": paths,
        "files": deleted,
        "artifactCount": artifact_count,
        "artifacts": [
            {
                "id": each.id,
                "name": each.name,
                "kind": each.kind.value,
                "url": each.url,
                "connection": each.scope.connection,
                "resourceGroup": each.scope.resource_group,
            }
            for each in artifacts
        ],
    }
    context.done(f"Deleted {deleted:,} file{'s' * (deleted != 1)}.", data)
    return 0


def _has_file(artifact: ArtifactReference, path: str) -> bool:
    """Return whether a file is one of an artifact; case does not matter in other stores."""
    place = artifact.path.casefold()
    return not place or f"{path.casefold()}/".startswith(f"{place}/")


def _reference_lines(
    context: CommandContext, artifacts: Sequence[ArtifactReference], count: int
) -> list[str]:
    """Return lines that list the artifacts to which files belong."""
    if not artifacts:
        return []
    lines = [f"{count:,} artifact{'s refer' if count != 1 else ' refers'} to these files:"]
    for each in artifacts[:_SHOWN]:
        group = "" if each.scope == context.scope else f", {each.scope}"
        lines.append(safe_text(f"  {each.kind.value} {each.name} ({each.id}{group}) {each.url}"))
    if count > _SHOWN:
        lines.append(f"  and {count - _SHOWN:,} more")
    return lines


def _not_empty(path: str) -> str:
    if not path:
        raise InvalidInput(
            "The path of the files to delete is missing",
            "The whole content of an object store is not deleted at once.",
            "Pass the path of a file or folder.",
            field="paths",
        )
    return path


_URL_DETAILS = "A URL such as ai://lake/models may replace the store and the path."
STORE = argument("name", help="Name of the object store", completes="stores")
COMMANDS = (
    Command(
        ("stores", "browse"),
        "List the files and folders in an object store",
        (
            "launchpad stores browse lake models",
            "launchpad stores browse ai://lake/models",
            "launchpad stores browse lake --recursive --limit 100",
        ),
        _browse,
        (
            STORE,
            argument("path", nargs="?", help="Folder (default: the root of the store)"),
            argument(
                "--recursive", "-r", action="store_true", help="Include all files below the folder"
            ),
            argument(
                "--limit",
                type=integer,
                default=1000,
                metavar="N",
                help="Maximum number of entries (default: 1000); 0 lists all",
            ),
            ALL,
        ),
    ),
    Command(
        ("stores", "preview"),
        "Show a preview of a file",
        (
            "launchpad stores preview lake models/a/model.safetensors",
            "launchpad stores preview lake a.csv --json",
        ),
        _preview,
        (STORE, argument("path", help="Path of the file in the store")),
        details=PREVIEW_DETAILS,
    ),
    Command(
        ("stores", "download"),
        "Download a file or folder",
        (
            "launchpad stores download lake models/a ./a",
            "launchpad stores download lake a.csv . --overwrite",
        ),
        _download,
        (
            STORE,
            argument("path", help="Path of the file or folder in the store"),
            argument(
                "target",
                nargs="?",
                help="Target folder (default: one with the name of the path)",
                completes="files",
            ),
            OVERWRITE,
        ),
        details=f"Run the command again to resume an interrupted download. {_URL_DETAILS}",
    ),
    Command(
        ("stores", "upload"),
        "Upload a file or folder",
        (
            "launchpad stores upload ./data lake datasets/churn",
            "launchpad stores upload ./data ai://lake/datasets/churn",
        ),
        _upload,
        (
            argument("source", help="File or folder to upload", completes="files"),
            STORE,
            argument("path", nargs="?", help="Path in the store (default: the name of the source)"),
        ),
        details=f"Files that exist are never replaced. {_URL_DETAILS} To add the files as a "
        "model: launchpad models upload.",
    ),
    Command(
        ("stores", "delete"),
        "Delete files or folders in an object store",
        (
            "launchpad stores delete lake models/old --dry-run",
            "launchpad stores delete lake models/old readme.txt --yes",
        ),
        _delete,
        (
            STORE,
            argument("paths", nargs="+", metavar="path", help="Path of a file or folder"),
            argument("--yes", action="store_true", help="Delete without a question"),
            argument("--dry-run", action="store_true", help="List the files without deleting them"),
        ),
        details=(
            "A folder is deleted with all files below it, and with files that an interrupted "
            "upload has left there. Artifacts to which the files belong are listed first. The "
            "exit code is 1 if the question is not confirmed. To remove the object store itself "
            "and keep its files: launchpad stores remove."
        ),
    ),
)
