"""Parts of files as request bodies, and uploads that run in parallel and share their progress."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path

from launchpad_tui.errors import Conflict
from launchpad_tui.stores.base import Progress

#: maximum number of parallel requests
CONCURRENCY = 4
#: files up to this size (bytes) are sent in one request; larger ones in parts of this size or more
PART_SIZE = 8 << 20
#: number of bytes of a file that are read at a time
_PIECE = 1 << 18


class FilePart:
    """A part of a file as the body of a request.

    Progress is reported before a piece is sent, so that an exception of the progress callback
    leaves the request incomplete.

    Args:
        offset: first byte of the part.
        size: number of bytes of the part.
        around: bytes that are sent before and after the part.
    """

    def __init__(
        self,
        file: Path,
        offset: int,
        size: int,
        requests: ParallelRequests,
        around: tuple[bytes, bytes] = (b"", b""),
    ) -> None:
        self.length = size + sum(map(len, around))
        self._size = size
        self._around = around
        self._file = file
        self._offset = offset
        self._requests = requests
        self._reported = 0

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes of the body.

        Raises:
            Conflict: the file became shorter, or can no longer be read.
        """
        before, after = self._around
        if before:
            yield before
        left = self._size
        try:
            file = self._file.open("rb")
        except OSError as error:
            raise Conflict(
                f"{self._file.name} can no longer be read",
                f"{self._file}: {error.strerror}",
                "Check the file, and start the upload again.",
            ) from error
        with file:
            file.seek(self._offset)
            while left:
                piece = file.read(min(_PIECE, left))
                if not piece:
                    raise Conflict(
                        f"{self._file.name} changed during the upload",
                        f"{self._file} became shorter.",
                        "Start the upload again.",
                    )
                self._requests.report(len(piece))
                self._reported += len(piece)
                left -= len(piece)
                yield piece
        if after:
            yield after

    def rewind(self) -> None:
        """Subtract the reported progress, because the part was not stored."""
        reported, self._reported = self._reported, 0
        self._requests.report(-reported)


class ParallelRequests:
    """Requests that run in parallel; the first error of a request or of ``progress`` stops all."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._reporting = threading.Lock()
        self._stopped = threading.Event()

    def report(self, count: int) -> None:
        """Report a number of bytes as progress; only one thread at a time calls the callback."""
        if self._stopped.is_set():
            raise _Stopped
        if self._progress is not None and count:
            with self._reporting:
                if self._stopped.is_set():
                    raise _Stopped
                try:
                    self._progress(count)
                except BaseException:
                    self._stopped.set()
                    raise

    def run(self, calls: Sequence[Callable[[], None]], concurrency: int = CONCURRENCY) -> None:
        """Run all calls; raise the first error after all started calls have ended."""
        with ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="upload") as pool:
            futures = [pool.submit(call) for call in calls]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
                failed = [each for each in futures if each.done() and each.exception() is not None]
            except BaseException:
                self._stop(futures)
                raise
            if failed:
                self._stop(futures)
        errors = [
            error
            for each in futures
            if not each.cancelled() and (error := each.exception()) is not None
        ]
        for error in sorted(errors, key=lambda each: isinstance(each, _Stopped)):
            raise error

    def _stop(self, futures: Sequence[Future[None]]) -> None:
        self._stopped.set()
        for each in futures:
            each.cancel()


class _Stopped(Exception):
    """Another request of the same upload failed."""


def part_size(size: int, max_parts: int) -> int:
    """Return the size of the parts (bytes) of a file that is sent in at most so many parts."""
    least = -(-size // max_parts)
    return max(PART_SIZE, -(-least // PART_SIZE) * PART_SIZE)
