"""Uploads, downloads and copies of an OSS store.

OSS records a CRC-64 (ECMA-182) of every object and reports it for each uploaded part and object.
The uploads compare it with the CRC-64 of the sent bytes and remove a part or object that differs.
The checksum of a multipart object is combined from the checksums of its parts.
`launchpad_tui.stores.oss` verifies downloads of whole objects.
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
from launchpad_tui.stores.base import Progress, part_of
from launchpad_tui.stores.bucket_protocol import Upload
from launchpad_tui.stores.oss_client import CONCURRENCY
from launchpad_tui.stores.oss_errors import invalid_response, sdk
from launchpad_tui.stores.staging import open_source

T = TypeVar("T")
#: size (bytes) of the parts of large objects; parts are larger if there would be too many
PART_SIZE = 16 << 20
_MAX_PARTS = 1000
#: number of bytes that are sent at a time (within the write timeout), and received at a time
_PIECE = 64 << 10
_READ = 256 << 10
#: largest object that OSS copies in one request, and size of the parts of larger objects (bytes)
COPY_LIMIT = 1 << 30
_COPY_PART_SIZE = 256 << 20
#: timeout (seconds) for combining parts and for copying
_LONG = 120


class _Stopped(BaseException):
    """A cancelled transfer. HTTP clients would catch an Exception and repeat the request."""


class _TransferMonitor:
    """Reports the progress of several transfers and stops all of them at the first error."""

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
            except BaseException as error:  # noqa: BLE001 - `upload` raises it on the caller's thread
                self.fail(error)
                raise _Stopped from None

    def fail(self, error: BaseException) -> None:
        with self._lock:
            if self.error is None and not isinstance(error, _Stopped):
                self.error = error

    def run(self, work: Callable[[], T]) -> T:
        """Call ``work`` unless another transfer has failed; called on a thread of the pool."""
        try:
            self.moved(0)
            return work()
        except BaseException as error:
            self.fail(error)
            raise


class _FileBody:
    """A part of a file as a request body that can be sent again.

    ``crc`` is the CRC-64 of the bytes that were sent last.
    """

    def __init__(self, handle: int, offset: int, size: int, monitor: _TransferMonitor) -> None:
        self._handle = handle
        self._offset = offset
        self._size = size
        self._monitor = monitor
        self._moved = 0
        self.crc = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        self._monitor.moved(-self._moved)
        self._moved = 0
        crc = sdk().crc.Crc64(0)
        while self._moved < self._size:
            count = min(_PIECE, self._size - self._moved)
            piece = os.pread(self._handle, count, self._offset + self._moved)
            if not piece:
                error = Conflict(
                    "A file changed during the upload",
                    "It became shorter.",
                    "Start the upload again.",
                )
                self._monitor.fail(error)
                raise _Stopped
            crc.update(piece)
            yield piece
            self._moved += len(piece)
            self.crc = crc.sum64()
            self._monitor.moved(len(piece))


def upload(client: Any, bucket: str, plan: Sequence[Upload], progress: Progress | None) -> None:
    """Upload files.

    If an upload fails, or ``progress`` raises, the others are cancelled and their parts removed.

    The parts of one large object at a time are sent in parallel, together with small files.
    """
    monitor = _TransferMonitor(progress)
    with ThreadPoolExecutor(CONCURRENCY, "oss") as pool:
        try:
            sent = []
            for each in plan:
                monitor.moved(0)
                if each.size > PART_SIZE:
                    _put_parts(client, bucket, each, pool, monitor)
                else:
                    sent.append(
                        pool.submit(monitor.run, partial(_put, client, bucket, each, monitor))
                    )
            _results(sent, monitor)
        except BaseException as error:  # noqa: BLE001 - it is raised again
            monitor.fail(error)
            # Running requests must end first: an object that appears later would never be removed.
            pool.shutdown(cancel_futures=True)
            raise monitor.error or error  # noqa: B904 - it has its cause


def copy(client: Any, bucket: str, source: str, target: str, found: Any) -> None:
    """Copy an object of any size within a bucket; ``found`` is the response to HEAD."""
    models = sdk().models
    if found.content_length <= COPY_LIMIT:
        request = models.CopyObjectRequest(
            bucket=bucket, key=target, source_bucket=bucket, source_key=source
        )
        client.copy_object(request, readwrite_timeout=_LONG)
        return
    count = -(-found.content_length // _COPY_PART_SIZE)
    monitor = _TransferMonitor()

    def send(upload_id: str, number: int) -> Any:
        first = (number - 1) * _COPY_PART_SIZE
        last = min(first + _COPY_PART_SIZE, found.content_length) - 1
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
        _in_parts(client, bucket, target, metadata, monitor) as upload_id,
    ):
        running = [
            pool.submit(monitor.run, partial(send, upload_id, number))
            for number in range(1, count + 1)
        ]
        _complete(client, bucket, target, upload_id, _results(running, monitor), found.hash_crc64)


def download(
    client: Any,
    bucket: str,
    key: str,
    offset: int,
    length: int | None,
    version: str,
    range_ignored: Callable[[], None],
) -> tuple[Iterator[bytes], str]:
    """Return the bytes of one response, and the checksum of the whole object, empty if unknown.

    Args:
        version: required ETag of the object; empty for any.
        range_ignored: called if the server sends the whole object instead of a part.
    """
    models = sdk().models
    request = models.GetObjectRequest(bucket=bucket, key=key, if_match=version or None)
    ranged = bool(offset) or length is not None
    if ranged:
        request.range_header = f"bytes={offset}-{'' if length is None else offset + length - 1}"
        # Otherwise OSS returns the whole object for a range that ends after it.
        request.range_behavior = "standard"
    answer = client.get_object(request)
    chunks = _chunks(answer.body)
    if ranged and answer.status_code != 206:
        range_ignored()
        chunks = part_of(chunks, offset, length)
    return chunks, answer.hash_crc64 or ""


def compare(sent: int, stored: str | None, key: str) -> None:
    """Raise Unreachable if OSS reports another checksum than ``sent``."""
    if stored and stored != str(sent):
        raise Unreachable(
            "Checksum mismatch between this machine and the object store",
            f"The CRC-64 of {key[:200]!r} is {stored[:20]} in the store, {sent} on this machine.",
            "Try again. If the error persists, something on the network changes the content.",
        )


def _chunks(body: Any) -> Iterator[bytes]:
    with contextlib.closing(body):
        yield from body.iter_bytes(block_size=_READ)


def _put(client: Any, bucket: str, each: Upload, monitor: _TransferMonitor) -> None:
    handle = open_source(each.file)
    try:
        body = _FileBody(handle, 0, each.size, monitor)
        put(client, bucket, each.key, body, {"sha256": each.sha256})
    finally:
        os.close(handle)


def put(
    client: Any,
    bucket: str,
    key: str,
    body: _FileBody | bytes,
    metadata: dict[str, str],
    *,
    new: bool = False,
) -> None:
    """Store an object by one request.

    Args:
        new: whether an existing object is an error (FileAlreadyExists).
    """
    models = sdk().models
    request = models.PutObjectRequest(bucket=bucket, key=key, body=body or b"", metadata=metadata)
    if new:
        request.forbid_overwrite = "true"
    answer = client.put_object(request)
    if not answer.etag:
        raise invalid_response(f"bucket {bucket!r}")
    if isinstance(body, bytes):
        crc = sdk().crc.Crc64(0)
        crc.update(body)
        _compare_or_delete(client, bucket, key, crc.sum64(), answer.hash_crc64)
    else:
        _compare_or_delete(client, bucket, key, body.crc, answer.hash_crc64)


def _compare_or_delete(client: Any, bucket: str, key: str, sent: int, stored: str | None) -> None:
    try:
        compare(sent, stored, key)
    except Unreachable:
        client.delete_object(sdk().models.DeleteObjectRequest(bucket=bucket, key=key))
        raise


def _put_parts(
    client: Any, bucket: str, each: Upload, pool: ThreadPoolExecutor, monitor: _TransferMonitor
) -> None:
    models, combine = sdk().models, sdk().crc.Crc64.combine
    size = max(PART_SIZE, -(-each.size // _MAX_PARTS))
    count = -(-each.size // size)
    handle = open_source(each.file)

    def send(upload_id: str, number: int) -> tuple[Any, _FileBody]:
        offset = (number - 1) * size
        body = _FileBody(handle, offset, min(size, each.size - offset), monitor)
        request = models.UploadPartRequest(
            bucket=bucket, key=each.key, upload_id=upload_id, part_number=number, body=body
        )
        answer = client.upload_part(request)
        compare(body.crc, answer.hash_crc64, each.key)
        return models.UploadPart(part_number=number, etag=answer.etag), body

    try:
        with _in_parts(client, bucket, each.key, {"sha256": each.sha256}, monitor) as upload_id:
            running = [
                pool.submit(monitor.run, partial(send, upload_id, number))
                for number in range(1, count + 1)
            ]
            parts = _results(running, monitor)
            whole = 0
            for _, body in parts:
                whole = combine(whole, body.crc, len(body))
            _complete(client, bucket, each.key, upload_id, [part for part, _ in parts], str(whole))
    finally:
        os.close(handle)


@contextlib.contextmanager
def _in_parts(
    client: Any, bucket: str, key: str, metadata: dict[str, str], monitor: _TransferMonitor
) -> Iterator[str]:
    """Begin a multipart upload, and abort it if the block raises."""
    models = sdk().models
    started = client.initiate_multipart_upload(
        models.InitiateMultipartUploadRequest(bucket=bucket, key=key, metadata=metadata)
    )
    try:
        yield started.upload_id
    except BaseException as error:
        monitor.fail(error)
        # The first error is reported. `abandon` removes later what cannot be removed now.
        with contextlib.suppress(Exception):
            client.abort_multipart_upload(
                models.AbortMultipartUploadRequest(
                    bucket=bucket, key=key, upload_id=started.upload_id
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
        # If the response to the first attempt was lost, the second finds the object but no upload.
        if getattr(error.unwrap(), "code", "") != "NoSuchUpload" or not checksum:
            raise
        kept = client.head_object(oss.models.HeadObjectRequest(bucket=bucket, key=key)).hash_crc64
        if kept != checksum:
            raise
    if checksum:
        _compare_or_delete(client, bucket, key, int(checksum), kept)


def _results(running: Sequence[Future[T]], monitor: _TransferMonitor) -> list[T]:
    """Return the results of the transfers.

    If a transfer fails, those that have not started are cancelled, and the first error is raised
    after the others have ended.
    """
    try:
        wait(running, return_when=FIRST_EXCEPTION)
        monitor.moved(0)
        return [each.result() for each in running]
    except BaseException as error:  # noqa: BLE001 - it is raised again
        monitor.fail(error)
        for each in running:
            each.cancel()
        wait(running)
        raise monitor.error or error  # noqa: B904 - it has its cause
