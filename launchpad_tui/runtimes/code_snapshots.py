"""Content-addressed snapshots of the code of executions.

A snapshot is a manifest: paths with the SHA-256 of their contents. Contents and manifests are files
that are named after their SHA-256, so that equal files, and equal snapshots, are stored once. A
manifest is written after the contents that it names, and every file gets its name when it is
complete. So a process that is killed leaves no incomplete snapshot.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any

from launchpad_tui.config.atomic import make_private_folder, write_error, write_private
from launchpad_tui.errors import ConfigError, NotFound
from launchpad_tui.records import field, record

#: the seconds for which a new snapshot is kept although no execution refers to it yet
GRACE_SECONDS = 3600.0
#: how long what a killed process left is kept
_LEFTOVER_SECONDS = 24 * 3600.0
_TEMPORARY = ".partial-"
_FORMAT = 1


@record
class SnapshotFile:
    """A file of a snapshot.

    Args:
        sha256: the SHA-256 of its content; empty for a symbolic link.
        size: the size in bytes.
        executable: whether it can be executed.
        link: the target of a symbolic link; empty for a file.
    """

    sha256: str
    size: int
    executable: bool = False
    link: str = ""


@record
class CodeSnapshot:
    """A stored snapshot.

    Args:
        id: the SHA-256 of the manifest.
        files: the files by their paths.
        folders: the folders, also empty ones.
        layout: how the files are laid out for the commands, as JSON.
        template: the SHA-256 of the workflow template; empty if there is none.
    """

    id: str
    files: Mapping[str, SnapshotFile]
    folders: tuple[str, ...]
    layout: Mapping[str, Any] = field(default_factory=dict)
    template: str = ""

    @property
    def size(self) -> int:
        """The total size of the files in bytes."""
        return sum(each.size for each in self.files.values())


@record
class RemovedSnapshots:
    """What was, or would be, removed: IDs of snapshots and the bytes that become free."""

    ids: tuple[str, ...]
    size: int


class CodeSnapshotStore:
    """The snapshots in a folder. Safe for threads and processes.

    Args:
        folder: the folder, which is created when it is first needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contents = folder / "contents"
        self._manifests = folder / "snapshots"

    def store(
        self, base: Path, roots: Sequence[str], layout: Mapping[str, Any], template: str
    ) -> CodeSnapshot:
        """Store the files of some folders, unless they are stored already.

        Args:
            base: the folder to which paths are relative.
            roots: the files and folders below it.
            layout: how the files are laid out, as JSON.
            template: the workflow template.

        Raises:
            StorageFull, ConfigError: the snapshot cannot be stored.
        """
        try:
            with self._lock(exclusive=False):
                return self._store(base, roots, layout, template)
        except OSError as error:
            raise write_error(self._folder, error) from error

    def _store(
        self, base: Path, roots: Sequence[str], layout: Mapping[str, Any], template: str
    ) -> CodeSnapshot:
        files: dict[str, SnapshotFile] = {}
        folders: list[str] = []
        for path in _paths(base, roots):
            name = path.relative_to(base).as_posix()
            if path.is_symlink():
                files[name] = SnapshotFile("", 0, link=os.readlink(path))
            elif path.is_dir():
                folders.append(name)
            elif path.is_file():
                status = path.stat()
                with path.open("rb") as file:
                    sha256 = _file_sha256(file)
                self._put(sha256, path, status.st_size)
                executable = bool(status.st_mode & 0o100)
                files[name] = SnapshotFile(sha256, status.st_size, executable)
        text = template.encode()
        template_id = _sha256(text) if text else ""
        if text:
            self._put(template_id, text, len(text))
        manifest = _manifest(files, folders, layout, template_id)
        snapshot_id = _sha256(manifest)
        target = self._manifest(snapshot_id)
        if target.is_file() and target.stat().st_size == len(manifest):
            os.utime(target)
        else:
            make_private_folder(target.parent)
            write_private(target, manifest)
        return CodeSnapshot(snapshot_id, files, tuple(folders), layout, template_id)

    def load(self, snapshot_id: str) -> CodeSnapshot:
        """Return a snapshot.

        Raises:
            NotFound: it is not stored.
            ConfigError: its manifest is damaged or cannot be read.
        """
        try:
            data = self._manifest(snapshot_id).read_bytes()
        except (FileNotFoundError, ValueError):
            # An ID that no file can have, for example with a NUL, was written by something else.
            raise NotFound(
                f"The code snapshot {snapshot_id[:12]} is not stored",
                f"It was deleted from {self._folder}.",
                "Create the execution again, which uses the current code.",
            ) from None
        except OSError as error:
            raise ConfigError(
                f"The code snapshot {snapshot_id[:12]} cannot be read",
                f"{error.filename}: {error.strerror}",
                "Check the permissions of the home folder.",
            ) from error
        if _sha256(data) != snapshot_id:
            raise self._damaged(snapshot_id, "the manifest")
        found = json.loads(data)
        return CodeSnapshot(
            snapshot_id,
            {name: SnapshotFile(**each) for name, each in found["files"].items()},
            tuple(found["folders"]),
            found["layout"],
            found["template"],
        )

    def content(self, snapshot: CodeSnapshot, sha256: str) -> bytes:
        """Return the content of a file of a snapshot.

        Raises:
            ConfigError: it is damaged or missing.
        """
        try:
            data = self._content(sha256).read_bytes()
        except OSError as error:
            raise self._damaged(snapshot.id, str(error.filename)) from error
        if _sha256(data) != sha256:
            raise self._damaged(snapshot.id, str(self._content(sha256)))
        return data

    def restore(self, snapshot: CodeSnapshot, target: Path) -> None:
        """Write the files of a snapshot below a folder. Existing files are replaced.

        Raises:
            ConfigError: the snapshot is damaged.
            StorageFull: the disk is full.
        """
        try:
            for name in snapshot.folders:
                (target / name).mkdir(mode=0o755, parents=True, exist_ok=True)
            for name, file in snapshot.files.items():
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.unlink(missing_ok=True)
                if file.link:
                    path.symlink_to(file.link)
                    continue
                path.write_bytes(self.content(snapshot, file.sha256))
                path.chmod(0o755 if file.executable else 0o644)
        except OSError as error:
            raise write_error(target, error) from error

    def export(self, snapshot: CodeSnapshot, target: Path) -> None:
        """Write a snapshot with its workflow template into a new or empty folder.

        Raises:
            ConfigError: the folder has files, or the snapshot is damaged.
            StorageFull: the disk is full.
        """
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise ConfigError(
                f"The code snapshot cannot be written to {target}",
                "It is not an empty folder.",
                "Name a new folder.",
            )
        self.restore(snapshot, target)
        if snapshot.template:
            target.mkdir(parents=True, exist_ok=True)
            template = self.content(snapshot, snapshot.template)
            (target / "template.yaml").write_bytes(template)

    def has(self, snapshot_id: str) -> bool:
        """Return whether a snapshot is stored."""
        return self._manifest(snapshot_id).is_file()

    def ids(self) -> dict[str, float]:
        """Return when each snapshot was last stored, in seconds since 1970, by ID."""
        found: dict[str, float] = {}
        with contextlib.suppress(FileNotFoundError):
            for each in os.scandir(self._manifests):
                if each.name.endswith(".json") and not each.name.startswith("."):
                    found[each.name.removesuffix(".json")] = each.stat().st_mtime
        return found

    def remove_others(self, kept: Collection[str], *, dry_run: bool = False) -> RemovedSnapshots:
        """Remove all snapshots but these, new ones, and contents of which no snapshot has a file.

        Raises:
            ConfigError: a manifest cannot be read.
        """
        if not self._folder.is_dir():
            return RemovedSnapshots((), 0)
        with self._lock(exclusive=True):
            limit = time.time() - GRACE_SECONDS
            every = self.ids()
            removed = [one for one, at in every.items() if one not in kept and at < limit]
            used: set[str] = set()
            for one in every.keys() - set(removed):
                with contextlib.suppress(ConfigError):
                    snapshot = self.load(one)
                    used |= {snapshot.template, *(f.sha256 for f in snapshot.files.values())}
            size = sum(self._manifest(one).stat().st_size for one in removed)
            # Manifests first: what they name may be missing only when they are removed.
            if not dry_run:
                for one in removed:
                    self._manifest(one).unlink(missing_ok=True)
            for each in self._stored_contents():
                status = each.stat()
                if each.name.startswith(_TEMPORARY):
                    unused = status.st_mtime < time.time() - _LEFTOVER_SECONDS
                else:
                    unused = each.parent.name + each.name not in used and status.st_mtime < limit
                if unused:
                    size += status.st_size
                    if not dry_run:
                        each.unlink(missing_ok=True)
            return RemovedSnapshots(tuple(sorted(removed)), size)

    def problems(self, *, checksums: bool = False) -> Iterator[tuple[str, str]]:
        """Yield the ID of each damaged snapshot, and the file that is damaged or missing.

        Args:
            checksums: whether all contents are read, instead of their sizes only.
        """
        for one in sorted(self.ids()):
            try:
                snapshot = self.load(one)
                found = next(self._damaged_contents(snapshot, checksums=checksums), "")
            except (ConfigError, NotFound) as error:
                found = error.detail
            if found:
                yield one, found

    def _damaged_contents(self, snapshot: CodeSnapshot, *, checksums: bool) -> Iterator[str]:
        contents = {each.sha256: each.size for each in snapshot.files.values() if each.sha256}
        for sha256, size in contents.items():
            path = self._content(sha256)
            if not path.is_file() or path.stat().st_size != size:
                yield str(path)
        for sha256 in (*contents, *filter(None, (snapshot.template,))) if checksums else ():
            self.content(snapshot, sha256)

    def size(self) -> int:
        """Return the size in bytes of everything that is stored."""
        return sum(each.stat().st_size for each in self._stored_contents())

    def _stored_contents(self) -> Iterator[Path]:
        if self._contents.is_dir():
            for folder in sorted(self._contents.iterdir()):
                yield from sorted(folder.iterdir())

    def _put(self, sha256: str, source: Path | bytes, size: int) -> None:
        """Store a content under its SHA-256, unless it is stored already."""
        target = self._content(sha256)
        with contextlib.suppress(FileNotFoundError):
            # After a power failure, a file may be shorter than what was written to it.
            if target.stat().st_size == size:
                os.utime(target)
                return
        make_private_folder(target.parent)
        handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=target.parent)
        try:
            with open(handle, "wb") as file:
                if isinstance(source, bytes):
                    file.write(source)
                else:
                    with source.open("rb") as content:
                        shutil.copyfileobj(content, file, 1 << 20)
            os.replace(name, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise

    def _content(self, sha256: str) -> Path:
        return self._contents / sha256[:2] / sha256[2:]

    def _manifest(self, snapshot_id: str) -> Path:
        return self._manifests / f"{snapshot_id}.json"

    def _damaged(self, snapshot_id: str, what: str) -> ConfigError:
        return ConfigError(
            f"The code snapshot {snapshot_id[:12]} is damaged",
            f"Missing or changed: {what}",
            "Create the execution again, which uses the current code.",
        )

    @contextlib.contextmanager
    def _lock(self, *, exclusive: bool) -> Iterator[None]:
        """Keep others from removing snapshots while one is stored."""
        make_private_folder(self._folder)
        handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
            yield
        finally:
            os.close(handle)


def _manifest(
    files: Mapping[str, SnapshotFile],
    folders: Sequence[str],
    layout: Mapping[str, Any],
    template: str,
) -> bytes:
    """Return the manifest, which is the same for equal contents."""
    content = {
        "format": _FORMAT,
        "files": {
            name: {
                "sha256": each.sha256,
                "size": each.size,
                "executable": each.executable,
                "link": each.link,
            }
            for name, each in files.items()
        },
        "folders": sorted(folders),
        "layout": layout,
        "template": template,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _paths(base: Path, roots: Sequence[str]) -> Iterator[Path]:
    """Yield the files, links and folders below some roots, without following links."""
    for root in roots:
        top = base / PurePosixPath(root)
        if not os.path.lexists(top):
            continue
        yield top
        if top.is_symlink() or not top.is_dir():
            continue
        for folder, folders, names in os.walk(top):
            folders.sort()
            yield from (Path(folder, name) for name in folders + sorted(names))


def _sha256(data: bytes) -> str:
    # The module loads OpenSSL, which the lists of executions do not require.
    import hashlib

    return hashlib.sha256(data).hexdigest()


def _file_sha256(file: BufferedReader) -> str:
    import hashlib

    return hashlib.file_digest(file, "sha256").hexdigest()
