"""Downloads of files from object stores: in parallel parts, resumable and verified.

A file is written to a hidden partial file next to its target (``.launchpad-<hash>.part``, with the
list of finished parts in ``….parts``) and renamed when it is complete and its SHA-256 is correct.
After a failed, cancelled or killed download, the next one resumes from the partial file if the
object still has the same version. Objects without a version are downloaded from the start.

Servers and proxies that ignore the range of a request send the whole object. As soon as one does,
the rest of the file is downloaded in one piece.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.errors import Conflict, LaunchpadError, Unreachable
from launchpad_tui.records import record
from launchpad_tui.services.local_files import local_error, name_file
from launchpad_tui.stores.base import CHUNK, ObjectStore

#: Size of a part in bytes, and number of parts that are downloaded in parallel.
PART = 16 << 20
#: The greatest number of parts of a file.
_PARTS_LIMIT = 1_000_000
WORKERS = 4
#: Seconds between two checks for cancellation.
_TICK = 0.2
#: A download is ended if it transfers fewer bytes than this in this many seconds.
_SLOW, _SLOW_TIME = 1024, 60.0

#: Called with the number of transferred bytes and the path of the object, also with 0 bytes several
#: times a second. An exception that it raises ends the download.
Moved = Callable[[int, str], None]


@record
class DownloadItem:
    """An object to download.

    Attributes:
        sha256: Its expected checksum; empty if it is unknown.
        replace: Whether an existing target file is replaced.
    """

    found: StoredObject
    target: Path
    sha256: str = ""
    replace: bool = False


@dataclass(slots=True)
class _File:
    """A file that is being downloaded.

    Attributes:
        parts: Offset and length of each part.
        done: The numbers of the finished parts.
        waiting: The numbers of the parts that are not being downloaded yet, in ascending order.
    """

    wanted: DownloadItem
    part: Path
    parts: list[tuple[int, int]]
    done: set[int] = field(default_factory=set)
    waiting: list[int] = field(default_factory=list)

    @property
    def note(self) -> Path:
        return self.part.with_suffix(".parts")

    @property
    def new_note(self) -> Path:
        return self.part.with_suffix(".parts-new")

    @property
    def identity(self) -> dict[str, object]:
        """What must be equal to resume from the partial file."""
        found = self.wanted.found
        return {"size": found.size, "version": found.version, "step": self.parts[0][1]}


def fetch(
    store: ObjectStore,
    wanted: Sequence[DownloadItem],
    moved: Moved,
    *,
    overwrite: bool = False,
    finished: Callable[[DownloadItem], None] = lambda _: None,
) -> list[str]:
    """Download objects to files and return their SHA-256 checksums.

    Args:
        store: The object store.
        wanted: The objects and their target files.
        moved: Called with the progress.
        overwrite: Whether to replace existing target files.
        finished: Called after each file has its final name.

    Raises:
        Conflict: A checksum differs, an object was replaced during the download, or a target
            exists.
        ObjectMissing: An object does not exist.
        Unreachable: The object store does not respond, or is too slow.
        StorageFull, PermissionDenied: A file cannot be written.
    """
    return _Fetch(store, wanted, moved, overwrite, finished).run()


def partial_of(target: Path, found: StoredObject) -> Path:
    """Return the path of the partial file of a download."""
    identity = f"{target.name}\0{found.path}"
    # The name has a fixed length, because file systems limit names to 255 bytes.
    return target.parent / f".launchpad-{hashlib.sha256(identity.encode()).hexdigest()[:20]}.part"


class _Fetch:
    def __init__(
        self,
        store: ObjectStore,
        wanted: Sequence[DownloadItem],
        moved: Moved,
        overwrite: bool,
        finished: Callable[[DownloadItem], None],
    ) -> None:
        self._store = store
        self._moved = moved
        self._overwrite = overwrite
        self._report_finished = finished
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._over = False
        self._bytes = 0
        self._files = [self._file(each) for each in wanted]
        self._queue = deque(self._files)

    def run(self) -> list[str]:
        workers = min(
            WORKERS if self._store.abilities.ranges else 1,
            sum(len(file.waiting) for file in self._files),
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
        # A server may report any size.
        step = max(PART, -(-size // _PARTS_LIMIT)) if self._store.abilities.ranges else size or 1
        parts = [(start, min(step, size - start)) for start in range(0, size, step)] or [(0, 0)]
        file = _File(wanted, partial_of(wanted.target, wanted.found), parts)
        with _local(wanted.target), contextlib.suppress(FileNotFoundError, NotADirectoryError):
            # A name that is too long is noticed before anything is downloaded.
            os.lstat(wanted.target)
        self._resume(file)
        return file

    def _resume(self, file: _File) -> None:
        """Load the finished parts of an interrupted download. A partial file of another version of
        the object is removed."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            note = json.loads(file.note.read_text())
            same = {name: note[name] for name in file.identity} == file.identity
            if same and file.wanted.found.version and file.part.stat().st_size:
                numbers = {int(number) for number in note["done"]}
                file.done = {number for number in numbers if 0 <= number < len(file.parts)}
        if not file.done:
            _remove(file)
        for number in sorted(file.done):
            self._moved(file.parts[number][1], file.wanted.found.path)
        file.waiting = [number for number in range(len(file.parts)) if number not in file.done]

    def _next(self) -> tuple[_File, list[int]] | None:
        """Return a file and the numbers of its parts to download next; None if there are none."""
        while self._queue:
            file = self._queue[0]
            if not file.waiting:
                self._queue.popleft()
                continue
            count = 1
            if not self._store.abilities.ranges:
                # Each request would return the whole object, so adjacent parts are read by one.
                while count < len(file.waiting) and file.waiting[count] == file.waiting[0] + count:
                    count += 1
            numbers, file.waiting = file.waiting[:count], file.waiting[count:]
            return file, numbers
        return None

    def _work(self) -> None:
        while True:
            with self._changed:
                task = None if self._over or self._error else self._next()
            if task is None:
                return
            try:
                self._parts(*task)
            except BaseException as error:  # noqa: BLE001  raised again in the calling thread, by `_wait`
                with self._changed:
                    self._error = self._error or error
                    self._changed.notify_all()
                return

    def _parts(self, file: _File, numbers: Sequence[int]) -> None:
        """Download adjacent parts of a file by one request."""
        found = file.wanted.found
        start = file.parts[numbers[0]][0]
        length = sum(file.parts[number][1] for number in numbers)
        with self._changed, _local(file.part):
            if self._error is not None:
                # The partial file may already be removed and must not be created again.
                return
            opened = _opened(file.part)
        at, left = start, deque(numbers)
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
                    while len(left) > 1 and at >= sum(file.parts[left[0]]):
                        os.fsync(target.fileno())
                        self._set_done(file, left.popleft())
            os.fsync(target.fileno())
        if at - start != length:
            raise Conflict(
                "A file changed during the download",
                f"{found.path[:200]!r}: {at - start:,} of {length:,} bytes received at offset "
                f"{start:,}.",
                "Start the download again.",
            )
        self._set_done(file, left[0])

    def _set_done(self, file: _File, number: int) -> None:
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
            name_file(file.part, wanted.target, overwrite=self._overwrite or wanted.replace)
        for note in (file.new_note, file.note):
            with contextlib.suppress(OSError):
                note.unlink()
        self._report_finished(wanted)
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
    file.new_note.write_text(json.dumps({**file.identity, "done": sorted(file.done)}))
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
