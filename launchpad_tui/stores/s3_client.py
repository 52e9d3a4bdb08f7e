"""The boto3 client of an S3 store, and its transfers. boto3 is imported when a store is first connected to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launchpad_tui.errors import ConfigError
from launchpad_tui.stores.base import Progress, Receiver

if TYPE_CHECKING:
    from botocore.client import BaseClient

#: seconds
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 30
#: transfers at the same time, and the size (bytes) of the parts of large objects
_CONCURRENCY = 4
_PART = 16 << 20
#: bytes that a download takes at a time, and how often it may break off without having moved on
_CHUNK, _ATTEMPTS = 1 << 20, 3


def connect(values: Mapping[str, str]) -> BaseClient:
    """A client by the fields of the catalog; it does not call yet.

    Raises:
        ConfigError: the endpoint is no URL.
    """
    import boto3
    import botocore.session
    from botocore.config import Config

    # What this store is stands in its fields alone: the files and variables of the aws command have no say.
    nothing = (None, None, None, None)
    core = botocore.session.Session(
        session_vars={"profile": nothing, "config_file": nothing, "credentials_file": nothing}
    )
    verify: bool | str = values.get("verify_tls", "true") != "false"
    if verify and values.get("ca_file"):
        verify = values["ca_file"]
    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=2 * _CONCURRENCY,
        s3={"addressing_style": values.get("addressing") or "auto"},
        ignore_configured_endpoint_urls=True,
        # Else boto3 sends checksums in trailers that servers other than Amazon's refuse.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    session = boto3.session.Session(
        botocore_session=core,
        aws_access_key_id=values.get("access_key_id"),
        aws_secret_access_key=values.get("secret_access_key"),
        aws_session_token=values.get("session_token") or None,
        region_name=values.get("region") or "us-east-1",
    )
    if verify is False:
        from urllib3 import disable_warnings
        from urllib3.exceptions import InsecureRequestWarning

        # The user said so; the warning would be written over the terminal's picture.
        disable_warnings(InsecureRequestWarning)
    try:
        return session.client("s3", endpoint_url=values.get("endpoint") or None, verify=verify, config=config)
    except ValueError as error:
        raise ConfigError(
            "The object store cannot be used as it is set up", str(error), "Check the endpoint."
        ) from error


def upload(client: BaseClient, bucket: str, plan: Sequence[tuple[str, Path, str]], progress: Progress | None) -> None:
    """Send files: (key, file, SHA-256) each. Where one fails, or ``progress`` raises, the others are given up."""
    watch = _Watch(progress)
    with _manager(client) as manager:
        try:
            for key, source, sha256 in plan:
                arguments = {"Metadata": {"sha256": sha256}}
                watch.add(manager.upload(str(source), bucket, key, arguments, [watch]))
            watch.finish()
        except BaseException:
            watch.cancel()
            raise


def download(client: BaseClient, bucket: str, key: str, target: Receiver) -> None:
    """Fetch an object in one stream; where it breaks off, go on from there, of the same version of the object."""
    from botocore.exceptions import ConnectionError as BrokenOff
    from botocore.exceptions import HTTPClientError, IncompleteReadError

    offset, failures = 0, 0
    request: dict[str, str] = {}
    while True:
        start = offset
        answer = client.get_object(Bucket=bucket, Key=key, **request)
        body = answer["Body"]
        try:
            for chunk in body.iter_chunks(_CHUNK):
                target.write(chunk)
                offset += len(chunk)
            return
        except (BrokenOff, HTTPClientError, IncompleteReadError):
            failures = 1 if offset > start else failures + 1
            if failures >= _ATTEMPTS:
                raise
        finally:
            body.close()
        if offset:
            request = {"Range": f"bytes={offset}-", "IfMatch": answer["ETag"]}


def _manager(client: BaseClient) -> Any:
    from s3transfer.manager import TransferConfig, TransferManager

    config = TransferConfig(
        multipart_threshold=_PART,
        multipart_chunksize=_PART,
        max_request_concurrency=_CONCURRENCY,
    )
    return TransferManager(client, config)


class _Watch:
    """Subscriber of s3transfer (its duck type): hands progress on, and stops all transfers at the first error."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._futures: list[Any] = []
        self._error: BaseException | None = None

    def on_queued(self, **_: Any) -> None:
        """Nothing to do."""

    def on_progress(self, *, bytes_transferred: int, **_: Any) -> None:
        """Called on a thread of s3transfer, which swallows errors."""
        if self._progress is None or self._error is not None:
            return
        try:
            self._progress(bytes_transferred)
        except BaseException as error:  # noqa: BLE001 - it is raised in `finish`, on the caller's thread
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        self._error = self._error or error
        self.cancel()

    def on_done(self, **_: Any) -> None:
        """Nothing to do."""

    def add(self, future: Any) -> None:
        self._futures.append(future)

    def cancel(self) -> None:
        for future in list(self._futures):
            future.cancel()

    def finish(self) -> None:
        """Wait for all; raises the first error."""
        try:
            for future in self._futures:
                future.result()
        except BaseException:
            if self._error is not None:
                raise self._error from None
            raise
        if self._error is not None:
            raise self._error
