"""Uploads, downloads and copies of an OSS store.

OSS keeps a CRC-64 (ECMA-182) of every object and tells it with each part and each object that it takes. What is sent is
compared with it: a part or an object that does not match is taken away again. The checksum of an object of several
parts is made of theirs. A download of a whole object is compared in `launchpad_tui.stores.oss`.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, TypeVar

from launchpad_tui.errors import Conflict, Unreachable
from launchpad_tui.stores.base import Progress
from launchpad_tui.stores.bucket import Upload
from launchpad_tui.stores.oss_client import CONCURRENCY
from launchpad_tui.stores.oss_errors import sdk, strange
from launchpad_tui.stores.staging import open_source

T = TypeVar("T")
#: bytes of the parts of large objects; larger where there would be more parts than this (OSS takes 10,000)
PART = 16 << 20
_MOST_PARTS = 1000
#: bytes that are sent at a time (each must leave within the timeout), and read
_PIECE = 64 << 10
_READ = 256 << 10
#: bytes; OSS copies no more in one call for sure, and so many side by side
COPY_LIMIT = 1 << 30
_COPY_PART = 256 << 20
#: seconds that OSS may take to put parts together, or to copy
_LONG = 120


class _Stopped(BaseException):
    """A transfer that is given up, on its way through HTTP clients that would catch an Exception and try again."""


class _Watch:
    """Hands progress on, and stops all transfers at the first error."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self.error: BaseException | None = None

    def moved(self, count: int) -> None:
        if self.error is not None:
            raise _Stopped
        if self._progress is not None and count:
            try:
                self._progress(count)
            except BaseException as error:  # noqa: BLE001 - `upload` raises it, on the caller's thread
                self.fail(error)
                raise _Stopped from None

    def fail(self, error: BaseException) -> None:
        with self._lock:
            if self.error is None and not isinstance(error, _Stopped):
                self.error = error

    def run(self, work: Callable[[], T]) -> T:
        """Do it on a thread of the pool, where nothing else failed yet."""
        try:
            self.moved(0)
            return work()
        except BaseException as error:
            self.fail(error)
            raise


class _Body:
    """Bytes of a file, as the body of a request that may be sent again. ``crc`` is of what was sent last."""

    def __init__(self, handle: int, offset: int, size: int, watch: _Watch) -> None:
        self._handle = handle
        self._offset = offset
        self._size = size
        self._watch = watch
        self._moved = 0
        self.crc = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        self._watch.moved(-self._moved)
        self._moved = 0
        crc = sdk().crc.Crc64(0)
        while self._moved < self._size:
            count = min(_PIECE, self._size - self._moved)
            piece = os.pread(self._handle, count, self._offset + self._moved)
            if not piece:
                error = Conflict(
                    "A file is not what it was", "It became shorter while it was sent."
                )
                self._watch.fail(error)
                raise _Stopped
            crc.update(piece)
            yield piece
            self._moved += len(piece)
            self.crc = crc.sum64()
            self._watch.moved(len(piece))


def upload(client: Any, bucket: str, plan: Sequence[Upload], progress: Progress | None) -> None:
    """Send files. Where one fails, or ``progress`` raises, the others are given up and parts taken back.

    One object at a time is sent in parts, these side by side; small files next to it.
    """
    watch = _Watch(progress)
    with ThreadPoolExecutor(CONCURRENCY, "oss") as pool:
        try:
            sent = []
            for each in plan:
                watch.moved(0)
                if each.size > PART:
                    _put_parts(client, bucket, each, pool, watch)
                else:
                    sent.append(pool.submit(watch.run, partial(_put, client, bucket, each, watch)))
            _results(sent, watch)
        except BaseException as error:  # noqa: BLE001 - it is raised again
            watch.fail(error)
            # What is under way must have ended: an object that appears later would be nobody's.
            pool.shutdown(cancel_futures=True)
            raise watch.error or error  # noqa: B904 - it has its cause


def copy(client: Any, bucket: str, source: str, target: str, found: Any) -> None:
    """Copy an object of any size within a bucket; ``found`` is what HEAD said of it."""
    models = sdk().models
    if found.content_length <= COPY_LIMIT:
        request = models.CopyObjectRequest(
            bucket=bucket, key=target, source_bucket=bucket, source_key=source
        )
        client.copy_object(request, readwrite_timeout=_LONG)
        return
    count = -(-found.content_length // _COPY_PART)
    watch = _Watch()

    def send(upload_id: str, number: int) -> Any:
        first = (number - 1) * _COPY_PART
        last = min(first + _COPY_PART, found.content_length) - 1
        request = models.UploadPartCopyRequest(
            bucket=bucket,
            key=target,
            upload_id=upload_id,
            part_number=number,
            source_bucket=bucket,
            source_key=source,
            source_range=f"bytes={first}-{last}",
            if_match=found.etag,
        )
        answer = client.upload_part_copy(request, readwrite_timeout=_LONG)
        return models.UploadPart(part_number=number, etag=answer.etag)

    metadata = dict(found.metadata or {})
    with (
        ThreadPoolExecutor(CONCURRENCY, "oss") as pool,
        _in_parts(client, bucket, target, metadata, watch) as upload_id,
    ):
        running = [
            pool.submit(watch.run, partial(send, upload_id, number))
            for number in range(1, count + 1)
        ]
        _complete(client, bucket, target, upload_id, _results(running, watch), found.hash_crc64)


def download(
    client: Any, bucket: str, key: str, offset: int, length: int | None, version: str
) -> tuple[Iterator[bytes], str]:
    """The bytes of one answer, of the object that has the ETag ``version``, where one is given; and the checksum that
    OSS keeps of the whole object, empty where it keeps none."""
    models = sdk().models
    request = models.GetObjectRequest(bucket=bucket, key=key, if_match=version or None)
    ranged = bool(offset) or length is not None
    if ranged:
        request.range_header = f"bytes={offset}-{'' if length is None else offset + length - 1}"
        # Else a range that ends behind the object would be answered with all of it.
        request.range_behavior = "standard"
    answer = client.get_object(request)
    if ranged and answer.status_code != 206:
        answer.body.close()
        raise Unreachable(
            "The object store does not give parts of objects", hint="Is there a proxy before it?"
        )
    return _chunks(answer.body), answer.hash_crc64 or ""


def compare(ours: int, theirs: str | None, key: str) -> None:
    """Raises Unreachable where the checksum that OSS tells is another one."""
    if theirs and theirs != str(ours):
        raise Unreachable(
            "The object store has other bytes than were sent",
            f"Of {key[:200]!r} it has CRC-64 {theirs[:20]}, here it is {ours}.",
            "Try again; where it stays so, something on the way changes what passes.",
        )


def _chunks(body: Any) -> Iterator[bytes]:
    with contextlib.closing(body):
        yield from body.iter_bytes(block_size=_READ)


def _put(client: Any, bucket: str, each: Upload, watch: _Watch) -> None:
    handle = open_source(each.file)
    try:
        body = _Body(handle, 0, each.size, watch)
        put(client, bucket, each.key, body, {"sha256": each.sha256})
    finally:
        os.close(handle)


def put(
    client: Any,
    bucket: str,
    key: str,
    body: _Body | bytes,
    metadata: dict[str, str],
    *,
    new: bool = False,
) -> None:
    """Store an object in one call.

    Args:
        new: refuse (FileAlreadyExists) where there is one of this key.
    """
    models = sdk().models
    request = models.PutObjectRequest(bucket=bucket, key=key, body=body or b"", metadata=metadata)
    if new:
        request.forbid_overwrite = "true"
    answer = client.put_object(request)
    if not answer.etag:
        raise strange(f"The bucket {bucket!r}")
    if isinstance(body, bytes):
        crc = sdk().crc.Crc64(0)
        crc.update(body)
        _compare_or_delete(client, bucket, key, crc.sum64(), answer.hash_crc64)
    else:
        _compare_or_delete(client, bucket, key, body.crc, answer.hash_crc64)


def _compare_or_delete(client: Any, bucket: str, key: str, ours: int, theirs: str | None) -> None:
    try:
        compare(ours, theirs, key)
    except Unreachable:
        client.delete_object(sdk().models.DeleteObjectRequest(bucket=bucket, key=key))
        raise


def _put_parts(
    client: Any, bucket: str, each: Upload, pool: ThreadPoolExecutor, watch: _Watch
) -> None:
    models, combine = sdk().models, sdk().crc.Crc64.combine
    size = max(PART, -(-each.size // _MOST_PARTS))
    count = -(-each.size // size)
    handle = open_source(each.file)

    def send(upload_id: str, number: int) -> tuple[Any, _Body]:
        offset = (number - 1) * size
        body = _Body(handle, offset, min(size, each.size - offset), watch)
        request = models.UploadPartRequest(
            bucket=bucket, key=each.key, upload_id=upload_id, part_number=number, body=body
        )
        answer = client.upload_part(request)
        compare(body.crc, answer.hash_crc64, each.key)
        return models.UploadPart(part_number=number, etag=answer.etag), body

    try:
        with _in_parts(client, bucket, each.key, {"sha256": each.sha256}, watch) as upload_id:
            running = [
                pool.submit(watch.run, partial(send, upload_id, number))
                for number in range(1, count + 1)
            ]
            parts = _results(running, watch)
            whole = 0
            for _, body in parts:
                whole = combine(whole, body.crc, len(body))
            _complete(client, bucket, each.key, upload_id, [part for part, _ in parts], str(whole))
    finally:
        os.close(handle)


@contextlib.contextmanager
def _in_parts(
    client: Any, bucket: str, key: str, metadata: dict[str, str], watch: _Watch
) -> Iterator[str]:
    """Begin an upload in parts, and take it back where the block raises."""
    models = sdk().models
    begun = client.initiate_multipart_upload(
        models.InitiateMultipartUploadRequest(bucket=bucket, key=key, metadata=metadata)
    )
    try:
        yield begun.upload_id
    except BaseException as error:
        watch.fail(error)
        # The first error is told; what cannot be taken back now (the network may be gone), `abandon` takes later.
        with contextlib.suppress(Exception):
            client.abort_multipart_upload(
                models.AbortMultipartUploadRequest(
                    bucket=bucket, key=key, upload_id=begun.upload_id
                )
            )
        raise


def _complete(
    client: Any, bucket: str, key: str, upload_id: str, parts: Sequence[Any], checksum: str | None
) -> None:
    oss = sdk()
    request = oss.models.CompleteMultipartUploadRequest(
        bucket=bucket,
        key=key,
        upload_id=upload_id,
        complete_multipart_upload=oss.models.CompleteMultipartUpload(parts=list(parts)),
    )
    try:
        kept = client.complete_multipart_upload(request, readwrite_timeout=_LONG).hash_crc64
    except oss.exceptions.OperationError as error:
        # Where the answer to the first attempt was lost, the second finds no upload, but the object.
        if getattr(error.unwrap(), "code", "") != "NoSuchUpload" or not checksum:
            raise
        kept = client.head_object(oss.models.HeadObjectRequest(bucket=bucket, key=key)).hash_crc64
        if kept != checksum:
            raise
    if checksum:
        _compare_or_delete(client, bucket, key, int(checksum), kept)


def _results(running: Sequence[Future[T]], watch: _Watch) -> list[T]:
    """What they give. Where one fails, those that wait are given up and the others end, before it is raised."""
    try:
        wait(running, return_when=FIRST_EXCEPTION)
        watch.moved(0)
        return [each.result() for each in running]
    except BaseException as error:  # noqa: BLE001 - it is raised again
        watch.fail(error)
        for each in running:
            each.cancel()
        wait(running)
        raise watch.error or error  # noqa: B904 - it has its cause
