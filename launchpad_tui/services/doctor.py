"""Checks everything that launchpad keeps on this machine, and reports what to do about problems."""

from __future__ import annotations

import hashlib
import os
import platform
import sqlite3
import stat
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import Path

from launchpad_tui.config.paths import Home
from launchpad_tui.config.settings import Settings
from launchpad_tui.domain.artifact import ArtifactUrl, parse_url
from launchpad_tui.domain.code_text import SHORT
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.records import record
from launchpad_tui.registry import copies, inventory
from launchpad_tui.registry.schema import VERSION
from launchpad_tui.runtimes.code_snapshots import CodeSnapshotStore
from launchpad_tui.services.maintenance import check_not_emptied, holds_data, running_executions
from launchpad_tui.stores import catalog as store_catalog

#: bytes of free space below which nothing can be trained, and below which there is a warning
_NO_SPACE, _LITTLE_SPACE = 5_000_000, 500_000_000
#: bytes of a write-ahead log that SQLite could not empty for a long time
_LARGE_LOG = 200_000_000
#: the number of examples in a message
_EXAMPLES = 3
_RESTORE = "Restore a backup with: launchpad restore FILE"


class Level(StrEnum):
    """The severity of a finding."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@record
class Finding:
    """The result of a check; ``hint`` is what to do, empty if everything is fine."""

    level: Level
    area: str
    message: str
    hint: str = ""


def examine(
    home: Home, *, checksums: bool = False, progress: Callable[[int, str], None] | None = None
) -> Iterator[Finding]:
    """Yield the findings of all checks. Nothing is changed, and no server is called.

    Args:
        home: The home folder.
        checksums: Whether the recorded files are read and compared with their SHA-256.
        progress: Called with the number of files that were read, and the path of the next one.
    """
    checks: tuple[tuple[str, Callable[[Home], Iterator[Finding]]], ...] = (
        ("versions", _versions),
        ("home", _home),
        ("space", _space),
        ("settings", _settings),
        ("credentials", _credentials),
        ("registry", _registry),
        ("executions", _executions),
        ("code", partial(_code, checksums=checksums)),
        ("files", partial(_files, checksums=checksums, progress=progress)),
    )
    for area, check in checks:
        try:
            yield from check(home)
        except (LaunchpadError, OSError) as error:
            title = error.title if isinstance(error, LaunchpadError) else str(error)
            detail = error.detail if isinstance(error, LaunchpadError) else ""
            hint = error.hint if isinstance(error, LaunchpadError) else "Check the permissions."
            message = f"{title}: {detail}" if detail else title
            yield Finding(Level.ERROR, area, message, hint)


def _versions(_home: Home) -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    try:
        own = version("launchpad-tui")
    except PackageNotFoundError:
        own = "unknown"
    yield Finding(
        Level.OK,
        "versions",
        f"launchpad {own}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"schema {VERSION}",
    )


def _home(home: Home) -> Iterator[Finding]:
    if not home.root.is_dir():
        yield Finding(
            Level.WARNING,
            "home",
            f"The home folder {home.root} does not exist yet",
            "The first start of launchpad creates it.",
        )
        return
    problems = False
    for path, mode in _private_paths(home):
        found = stat.S_IMODE(path.stat().st_mode)
        if found & 0o077:
            problems = True
            yield Finding(
                Level.ERROR,
                "home",
                f"Other users may access {path} (mode {found:04o})",
                f"Run: chmod {mode} {path}",
            )
    if not os.access(home.root, os.W_OK):
        problems = True
        yield Finding(
            Level.ERROR,
            "home",
            f"The home folder {home.root} cannot be written to: lists can be read only",
            "Check its permissions, and whether its file system is mounted read-only.",
        )
    if not problems:
        yield Finding(Level.OK, "home", f"{home.root} is private and can be written to")


def _private_paths(home: Home) -> Iterator[tuple[Path, str]]:
    for folder in (home.root, home.executions, home.files, home.secrets, home.code_snapshots):
        if folder.is_dir():
            yield folder, "700"
    for file in (
        home.registry_path,
        home.registry_path.with_name("registry.db-wal"),
        home.credentials_path,
        home.clients_path,
        home.log_path,
    ):
        if file.is_file():
            yield file, "600"
    for file in sorted(home.secrets.rglob("*")) if home.secrets.is_dir() else ():
        if file.is_file():
            yield file, "600"


def _space(home: Home) -> Iterator[Finding]:
    existing = next(each for each in (home.root, *home.root.parents) if each.is_dir())
    found = os.statvfs(existing)
    free = found.f_bavail * found.f_frsize
    hint = "Free space on this disk, or move the home folder with LAUNCHPAD_HOME."
    text = f"{size_text(free)} free on the disk of {existing}"
    if found.f_files and not found.f_favail:
        yield Finding(Level.ERROR, "space", f"No files can be created on {existing}", hint)
    elif free < _NO_SPACE:
        yield Finding(Level.ERROR, "space", text, hint)
    elif free < _LITTLE_SPACE:
        yield Finding(Level.WARNING, "space", text, hint)
    else:
        yield Finding(Level.OK, "space", text)


def _settings(home: Home) -> Iterator[Finding]:
    settings = Settings.load(home)
    for warning in settings.warnings:
        yield Finding(Level.WARNING, "settings", warning, "Correct or remove the line.")
    if not settings.warnings:
        yield Finding(Level.OK, "settings", f"{home.settings_path} is valid")


def _credentials(home: Home) -> Iterator[Finding]:
    from launchpad_tui.config.api_clients import ApiClients
    from launchpad_tui.config.credentials import Credentials

    settings = Settings.load(home)
    Credentials(home.credentials_path, settings.credentials.keep).names("connection", "local")
    ApiClients(home.clients_path).list()
    yield Finding(Level.OK, "credentials", "The files of credentials and clients can be read")


def _registry(home: Home) -> Iterator[Finding]:
    path = home.registry_path
    if not path.exists():
        lost = holds_data(home)
        yield Finding(
            Level.ERROR if lost else Level.WARNING,
            "registry",
            f"There is no registry at {path}"
            + (", but the home folder has executions or files" if lost else ""),
            _RESTORE if lost else "The first start of launchpad creates it.",
        )
        return
    check_not_emptied(home)
    version = copies.schema_version(path)
    if version > VERSION:
        yield Finding(
            Level.ERROR,
            "registry",
            f"A later version of launchpad wrote the registry (schema {version})",
            "Update launchpad.",
        )
        return
    found = copies.find_problems(path)
    for problem in found:
        yield Finding(Level.ERROR, "registry", f"The registry is damaged: {problem}", _RESTORE)
    log = path.with_name(f"{path.name}-wal")
    size = log.stat().st_size if log.exists() else 0
    if size > _LARGE_LOG:
        yield Finding(
            Level.WARNING,
            "registry",
            f"The write-ahead log has {size_text(size)}: a process reads without end",
            "Close programs that have the registry open; the next start empties the log.",
        )
    if not found:
        text = (
            f"{size_text(path.stat().st_size)}, schema {version}, pages and references are intact"
        )
        yield Finding(Level.OK, "registry", text)


def _executions(home: Home) -> Iterator[Finding]:
    if not home.registry_path.exists():
        return
    recorded = inventory.executions(home.registry_path)
    running = set(running_executions(home))
    folders = [each for each in _entries(home.executions) if each.is_dir()]
    orphans = [
        each.name for each in folders if each.name not in recorded and each.name not in running
    ]
    if orphans:
        yield Finding(
            Level.WARNING,
            "executions",
            f"{_counted(orphans, 'folder')} without an execution in {home.executions}",
            "Restore a backup that has these executions, or delete the folders.",
        )
    lost = [each.id for each in recorded.values() if each.status in {"RUNNING", "STOPPING"}]
    lost = [each for each in lost if (home.executions / each).is_dir() and each not in running]
    if lost:
        yield Finding(
            Level.WARNING,
            "executions",
            f"{_counted(lost, 'execution')} without a supervisor",
            "Correct their status with: launchpad reconcile",
        )
    kept = [each.id for each in recorded.values() if each.outputs_kept and each.status == "DEAD"]
    waiting = [each for each in kept if (home.executions / each / "outputs.json").exists()]
    if waiting:
        yield Finding(
            Level.WARNING,
            "executions",
            f"{_counted(waiting, 'execution')} with outputs that are not stored",
            f"Store them with: launchpad executions store-outputs {waiting[0]}",
        )
    if not (orphans or lost or waiting):
        yield Finding(
            Level.OK, "executions", f"{len(folders):,} folders, each of a recorded execution"
        )


def _code(home: Home, *, checksums: bool) -> Iterator[Finding]:
    store = CodeSnapshotStore(home.code_snapshots)
    damaged = False
    for snapshot_id, path in store.problems(checksums=checksums):
        damaged = True
        yield Finding(
            Level.ERROR,
            "code",
            f"The code snapshot {snapshot_id[:SHORT]} is damaged: {path}",
            "Executions with this code cannot be reproduced. Restore the file from a copy of the "
            "home folder.",
        )
    count = len(store.ids())
    if count and not damaged:
        snapshots = f"{count:,} code snapshot{'s' * (count != 1)}"
        yield Finding(Level.OK, "code", f"{snapshots}, {size_text(store.size())}")


def _files(
    home: Home, *, checksums: bool, progress: Callable[[int, str], None] | None
) -> Iterator[Finding]:
    if not home.registry_path.exists():
        return
    roots = _roots(home)
    problems: dict[str, list[str]] = {}
    count = verified = 0
    for each in inventory.files(home.registry_path):
        url = _parsed(each.url)
        root = roots.get((each.scope, url.store)) if url else None
        if url is None or root is None:
            continue
        count += 1
        path = root / url.path if each.path == "." else root / url.path / each.path
        if progress is not None and checksums:
            progress(verified, str(path))
        verified += bool(checksums and each.sha256)
        if state := _problem(path, each.size, each.sha256 if checksums else ""):
            problems.setdefault(state, []).append(f"{each.artifact}: {path}")
    for state, names in problems.items():
        yield Finding(
            Level.ERROR,
            "files",
            f"{_counted(names, f'recorded file {state}', f'recorded files {state}')}",
            "Verify the models with: launchpad models verify ID, and copy the files back.",
        )
    orphans = _orphans(home)
    if orphans:
        yield Finding(
            Level.WARNING,
            "files",
            f"{_counted(orphans, 'folder')} of executions without an artifact in {home.files}",
            "Delete the folders, or register them with: launchpad models add",
        )
    if not (problems or orphans):
        text = f"{count:,} recorded files on this machine are present"
        if checksums:
            text += f", {verified:,} of them have the recorded checksum"
        yield Finding(Level.OK, "files", text)


def _problem(path: Path, size: int, sha256: str) -> str:
    """Return how a file differs from its record; empty if it does not.

    Args:
        path: The file.
        size: Its recorded size in bytes.
        sha256: Its recorded SHA-256; empty to compare only the size.
    """
    try:
        if path.stat().st_size != size:
            return "of another size"
    except OSError:
        return "missing"
    try:
        with path.open("rb") as file:
            same = not sha256 or hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return "that cannot be read"
    return "" if same else "with another checksum"


def _roots(home: Home) -> dict[tuple[Scope, str], Path]:
    """Return the folders of the object stores that are folders on this machine."""
    roots: dict[tuple[Scope, str], Path] = {}
    for store in inventory.stores(home.registry_path):
        kind = store_catalog.KINDS.get(store.kind)
        if kind is not None and kind.folder_field:
            root = store.settings.get(kind.folder_field, "")
            roots[store.scope, store.name] = Path(root).expanduser() if root else home.files
    return roots


def _orphans(home: Home) -> list[str]:
    """Return the folders of stored outputs that no artifact refers to."""
    used = {
        url.path.partition("/")[0]
        for each in inventory.urls(home.registry_path)
        if (url := _parsed(each))
    }
    recorded = inventory.executions(home.registry_path)
    unfinished = {
        each.id for each in recorded.values() if each.status not in {"COMPLETED", "STOPPED", "DEAD"}
    }
    return [
        each.name
        for each in _entries(home.files)
        if _is_execution_id(each.name) and each.name not in used and each.name not in unfinished
    ]


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_execution_id(name: str) -> bool:
    return len(name) == 16 and name[0] == "e" and all(each in "0123456789abcdef" for each in name)


def _parsed(url: str) -> ArtifactUrl | None:
    try:
        return parse_url(url)
    except LaunchpadError:
        return None


def _counted(names: list[str], one: str, many: str = "") -> str:
    """Return a number with its noun and some examples."""
    more = ", …" if len(names) > _EXAMPLES else ""
    noun = one if len(names) == 1 else many or f"{one}s"
    return f"{len(names):,} {noun} ({', '.join(islice(names, _EXAMPLES))}{more})"
