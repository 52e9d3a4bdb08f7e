"""Downloads of files from object stores: in parallel parts, resumable and verified.

A file is written to a hidden partial file next to its target (``.launchpad-<hash>.part``, with the
list of finished parts in ``….parts``) and renamed when it is complete and its SHA-256 is correct.
After a failed, cancelled or killed download, the next one resumes from the partial file if the
object still has the same version. Objects without a version are downloaded from the start.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.errors import Conflict, LaunchpadError, Unreachable
from launchpad_tui.services.local_files import local_error, name_file
from launchpad_tui.stores.base import CHUNK, ObjectStore

#: Size of a part in bytes, and number of parts that are downloaded in parallel.
PART = 16 << 20
WORKERS = 4
#: Seconds between two checks for cancellation.
_TICK = 0.2
#: A download is ended if it transfers fewer bytes than this in this many seconds.
_SLOW, _SLOW_TIME = 1024, 60.0

#: Called with the number of transferred bytes and the path of the object, also with 0 bytes several
#: times a second. An exception that it raises ends the download.
Moved = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class DownloadItem:
    """An object to download. ``sha256`` is its expected checksum; empty if it is unknown."""

    found: StoredObject
    target: Path
    sha256: str = ""


@dataclass(slots=True)
class _File:
    wanted: DownloadItem
    part: Path
    parts: list[tuple[int, int]]
    done: set[int] = field(default_factory=set)

    @property
    def note(self) -> Path:
        return self.part.with_suffix(".parts")

    @property
    def new_note(self) -> Path:
        return self.part.with_suffix(".parts-new")


def fetch(
    store: ObjectStore, wanted: Sequence[DownloadItem], moved: Moved, *, overwrite: bool = False
) -> list[str]:
    """Download objects to files and return their SHA-256 checksums.

    Raises:
        Conflict: A checksum differs, an object was replaced during the download, or a target
            exists.
        ObjectMissing: An object does not exist.
        Unreachable: The object store does not respond, or is too slow.
        StorageFull, PermissionDenied: A file cannot be written.
    """
    return _Fetch(store, wanted, moved, overwrite).run()


def partial_of(target: Path, found: StoredObject) -> Path:
    """Return the path of the partial file of a download."""
    identity = f"{target.name}\0{found.path}\0{found.size}\0{found.version}"
    # The name has a fixed length, because file systems limit names to 255 bytes.
    return target.parent / f".launchpad-{hashlib.sha256(identity.encode()).hexdigest()[:20]}.part"


class _Fetch:
    def __init__(
        self, store: ObjectStore, wanted: Sequence[DownloadItem], moved: Moved, overwrite: bool
    ) -> None:
        self._store = store
        self._moved = moved
        self._overwrite = overwrite
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._over = False
        self._bytes = 0
        self._files = [self._file(each) for each in wanted]
        self._tasks = iter(
            [(file, number) for file in self._files for number in self._missing(file)]
        )

    def run(self) -> list[str]:
        workers = min(
            WORKERS if self._store.abilities.ranges else 1,
            sum(map(len, map(self._missing, self._files))),
        )
        for _ in range(workers):
            # Daemon threads that are not joined, so that cancelling does not wait for a socket.
            threading.Thread(target=self._work, name="fetch", daemon=True).start()
        try:
            return [self._finished(file) for file in self._files]
        finally:
            with self._changed:
                self._over = True

    def _file(self, wanted: DownloadItem) -> _File:
        size = wanted.found.size
        step = PART if self._store.abilities.ranges else max(size, 1)
        parts = [(start, min(step, size - start)) for start in range(0, size, step)] or [(0, 0)]
        file = _File(wanted, partial_of(wanted.target, wanted.found), parts)
        self._resume(file)
        return file

    def _resume(self, file: _File) -> None:
        """Load the finished parts of an interrupted download."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            note = json.loads(file.note.read_text())
            if (
                file.wanted.found.version
                and note["step"] == file.parts[0][1]
                and file.part.stat().st_size
            ):
                file.done = {
                    int(number) for number in note["done"] if 0 <= int(number) < len(file.parts)
                }
        for number in sorted(file.done):
            self._moved(file.parts[number][1], file.wanted.found.path)

    @staticmethod
    def _missing(file: _File) -> list[int]:
        return [number for number in range(len(file.parts)) if number not in file.done]

    def _work(self) -> None:
        while True:
            with self._changed:
                task = None if self._over or self._error else next(self._tasks, None)
            if task is None:
                return
            try:
                self._part(*task)
            except BaseException as error:  # noqa: BLE001  raised again in the calling thread, by `_wait`
                with self._changed:
                    self._error = self._error or error
                    self._changed.notify_all()
                return

    def _part(self, file: _File, number: int) -> None:
        found = file.wanted.found
        start, length = file.parts[number]
        at = start
        with self._changed, _local(file.part):
            if self._error is not None:
                # The partial file may already be removed and must not be created again.
                return
            opened = _opened(file.part)
        with _local(file.part), opened as target:
            if length:
                for chunk in self._store.read(found.path, start, length, found.version):
                    if self._over:
                        return
                    rest = memoryview(chunk)
                    while rest:
                        rest = rest[os.pwrite(target.fileno(), rest, at + len(chunk) - len(rest)) :]
                    at += len(chunk)
                    with self._changed:
                        self._bytes += len(chunk)
                    self._moved(len(chunk), found.path)
            os.fsync(target.fileno())
        if at - start != length:
            raise Conflict(
                "A file changed during the download",
                f"{found.path[:200]!r}: {at - start:,} of {length:,} bytes received at offset "
                f"{start:,}.",
                "Start the download again.",
            )
        with self._changed:
            file.done.add(number)
            if len(file.parts) > 1 and self._error is None:
                with _local(file.note):
                    _write(file)
            self._changed.notify_all()

    def _finished(self, file: _File) -> str:
        digest = hashlib.sha256()
        # Parts are hashed while later ones are downloaded, as they are still in the page cache.
        for number, (start, length) in enumerate(file.parts):
            self._wait(file, number)
            with _local(file.part), open(file.part, "rb", buffering=0) as source:
                source.seek(start)
                left = length
                while left and (chunk := source.read(min(CHUNK, left))):
                    digest.update(chunk)
                    left -= len(chunk)
        wanted, sha256 = file.wanted, digest.hexdigest()
        if wanted.sha256 not in {"", sha256}:
            _remove(file)
            raise Conflict(
                f"The checksum of {wanted.found.path} differs from the recorded one",
                f"The SHA-256 is {sha256}; recorded is {wanted.sha256}.",
                "Verify the files of the artifact.",
            )
        with _local(wanted.target):
            name_file(file.part, wanted.target, overwrite=self._overwrite)
        for note in (file.new_note, file.note):
            with contextlib.suppress(OSError):
                note.unlink()
        return sha256

    def _wait(self, file: _File, number: int) -> None:
        """Wait for a part. Raises the error that ended the download."""
        since, before = time.monotonic(), self._bytes
        while True:
            with self._changed:
                if self._error is None and number not in file.done:
                    self._changed.wait(_TICK)
                error, there, count = self._error, number in file.done, self._bytes
            if error is not None:
                if isinstance(error, Conflict):
                    with self._changed:
                        _remove(file)
                raise error
            if there:
                return
            self._moved(0, file.wanted.found.path)
            if time.monotonic() - since >= _SLOW_TIME:
                if count - before < _SLOW:
                    detail = f"{count - before:,} bytes in {_SLOW_TIME:.0f} seconds."
                    raise Unreachable(
                        "The object store is too slow",
                        detail,
                        "Retry to resume the download.",
                    )
                since, before = time.monotonic(), count


def _opened(part: Path) -> BinaryIO:
    part.parent.mkdir(parents=True, exist_ok=True)
    return open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "wb", buffering=0)


def _write(file: _File) -> None:
    """Write the list of finished parts atomically."""
    file.new_note.write_text(json.dumps({"step": file.parts[0][1], "done": sorted(file.done)}))
    file.new_note.replace(file.note)


def _remove(file: _File) -> None:
    for path in (file.new_note, file.note, file.part):
        with contextlib.suppress(OSError):
            path.unlink()


@contextlib.contextmanager
def _local(target: Path) -> Iterator[None]:
    try:
        yield
    except LaunchpadError:
        raise
    except OSError as error:
        raise local_error(error, target) from error
