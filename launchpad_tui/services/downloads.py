"""Files fetched from a store: parts side by side, taken up again where an earlier call was broken off, and checked.

Every file is written under a hidden name beside its final one (``.launchpad-<hash>.part``, with a note of the parts
that are there, ``….parts``), and gets its final name when all of it is on disk and its SHA-256 is right. What a call
that failed, or was cancelled or killed, left under the hidden name is used by the next one where the store's object is
still of the same version; a store that tells no versions makes it start anew.
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

from launchpad_tui.errors import Conflict, LaunchpadError, Unreachable
from launchpad_tui.services.local_files import local_error, name_file
from launchpad_tui.stores.base import CHUNK, ObjectStore, StoredObject

#: bytes of a part, and how many are fetched at a time
PART = 16 << 20
WORKERS = 4
#: seconds between two ticks, while which a transfer can be cancelled
_TICK = 0.2
#: a transfer that moves fewer bytes than this in so many seconds is given up
_SLOW, _SLOW_TIME = 1024, 60.0

#: told the bytes that moved, and the file's path in the store; with 0 bytes several times a second; what it raises
#: ends the transfer
Moved = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object to fetch. ``sha256`` is what it must be, empty for whatever it is."""

    found: StoredObject
    target: Path
    sha256: str = ""


@dataclass(slots=True)
class _File:
    wanted: Wanted
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
    store: ObjectStore, wanted: Sequence[Wanted], moved: Moved, *, overwrite: bool = False
) -> list[str]:
    """Fetch objects into files; gives the SHA-256 of each.

    Raises:
        Conflict: an object is not what it must be, was replaced meanwhile, or a file of its name is there already.
        ObjectMissing: an object is gone.
        Unreachable: the store does not answer, or so slowly that it would never end.
        StorageFull, PermissionDenied: a file cannot be written.
    """
    return _Fetch(store, wanted, moved, overwrite).run()


def partial_of(target: Path, found: StoredObject) -> Path:
    """Where an object waits, until it is complete, to become the file ``target``."""
    identity = f"{target.name}\0{found.path}\0{found.size}\0{found.version}"
    # The name is short whatever the file's is: a file system takes 255 bytes.
    return target.parent / f".launchpad-{hashlib.sha256(identity.encode()).hexdigest()[:20]}.part"


class _Fetch:
    def __init__(
        self, store: ObjectStore, wanted: Sequence[Wanted], moved: Moved, overwrite: bool
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
            # Daemons, and never joined: whoever cancels or quits does not wait for a socket.
            threading.Thread(target=self._work, name="fetch", daemon=True).start()
        try:
            return [self._finished(file) for file in self._files]
        finally:
            with self._changed:
                self._over = True

    def _file(self, wanted: Wanted) -> _File:
        size = wanted.found.size
        step = PART if self._store.abilities.ranges else max(size, 1)
        parts = [(start, min(step, size - start)) for start in range(0, size, step)] or [(0, 0)]
        file = _File(wanted, partial_of(wanted.target, wanted.found), parts)
        self._take_up(file)
        return file

    def _take_up(self, file: _File) -> None:
        """Find what an earlier call left."""
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
            except BaseException as error:  # noqa: BLE001  raised on the caller's thread, by `_wait`
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
                # What was fetched may be taken away by now, and must not come back.
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
                "A file changed while it was fetched",
                f"{found.path[:200]!r}: {at - start:,} of {length:,} bytes at {start:,} came.",
                "Start again.",
            )
        with self._changed:
            file.done.add(number)
            if len(file.parts) > 1 and self._error is None:
                with _local(file.note):
                    _write(file)
            self._changed.notify_all()

    def _finished(self, file: _File) -> str:
        digest = hashlib.sha256()
        # Hashed while later parts come; what was just written is still in memory.
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
            detail = f"{wanted.found.path}: SHA-256 {sha256}, recorded {wanted.sha256}."
            raise Conflict("A file is not what was recorded", detail, "Verify the artifact.")
        with _local(wanted.target):
            name_file(file.part, wanted.target, overwrite=self._overwrite)
        for note in (file.new_note, file.note):
            with contextlib.suppress(OSError):
                note.unlink()
        return sha256

    def _wait(self, file: _File, number: int) -> None:
        """Until the part is there; raises what ended the transfer."""
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
                        "Try again; it goes on where it was.",
                    )
                since, before = time.monotonic(), count


def _opened(part: Path) -> BinaryIO:
    part.parent.mkdir(parents=True, exist_ok=True)
    return open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "wb", buffering=0)


def _write(file: _File) -> None:
    """Note the parts that are there; whoever is killed meanwhile leaves the note before."""
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
