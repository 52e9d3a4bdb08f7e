"""S3 client and transfers; boto3 is imported when a store is first used."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from launchpad_tui.errors import ConfigError
from launchpad_tui.net.address_policy import policy_of, urllib3_pools
from launchpad_tui.stores.base import CHUNK, Progress, part_of
from launchpad_tui.stores.bucket_protocol import Upload
from launchpad_tui.stores.s3_credentials import create_session
from launchpad_tui.stores.s3_responses import limit_responses
from launchpad_tui.stores.store_errors import no_response, object_replaced

if TYPE_CHECKING:
    from botocore.client import BaseClient

#: seconds
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 30
#: how often a request of an upload is sent: the pauses between add up to 15 seconds at most
UPLOAD_ATTEMPTS = 5
#: number of parallel transfers, and the size (bytes) of the parts of large objects
_CONCURRENCY = 4
_PART = 16 << 20


def connect(values: Mapping[str, str], *, attempts: int = 3) -> BaseClient:
    """Create a client from the store's fields; sends no request.

    Args:
        attempts: how often a request is sent if the server does not respond.

    Raises:
        ConfigError: the endpoint is not a URL, or the profile does not exist.
        AuthenticationFailed: there are no credentials.
    """
    import boto3
    from botocore.config import Config

    policy = policy_of(values)
    endpoint = values.get("endpoint") or None
    verify: bool | str = values.get("verify_tls", "true") != "false"
    if verify and values.get("ca_file"):
        verify = values["ca_file"]
    addressing = values.get("addressing") or "auto"
    # The defaults of boto3 suit Amazon S3. Other servers may reject checksums in trailers, and few
    # of them have a host name for each bucket.
    checksums = {}
    if endpoint is not None:
        addressing = "path" if addressing == "auto" else addressing
        checksums = {
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=2 * _CONCURRENCY,
        s3={"addressing_style": addressing},
        ignore_configured_endpoint_urls=True,
        proxies=None if policy is None else {},
        **checksums,
    )
    core = create_session(values)
    region = values.get("region") or core.get_config_variable("region") or "us-east-1"
    session = boto3.session.Session(botocore_session=core, region_name=region)
    if verify is False:
        from urllib3 import disable_warnings
        from urllib3.exceptions import InsecureRequestWarning

        # The user disabled verification. The warning would be printed over the terminal app.
        disable_warnings(InsecureRequestWarning)
    try:
        client = session.client("s3", endpoint_url=endpoint, verify=verify, config=config)
    except ValueError as error:
        raise ConfigError(
            "Invalid settings for the object store", str(error), "Check the endpoint."
        ) from error
    limit_responses(client, f"bucket {values['bucket']!r}")
    if policy is not None:
        # botocore has no parameter for the sockets of its connections.
        manager = client._endpoint.http_session._manager
        manager.pool_classes_by_scheme = urllib3_pools(policy)
    if endpoint is not None:
        for operation in ("PutObject", "UploadPart"):
            client.meta.events.register(f"before-call.s3.{operation}", _add_md5)
    if values.get("requester_pays") == "true":
        client.meta.events.register("before-call.s3", _accept_charges)
    return client


def _add_md5(params: dict[str, Any], **_: Any) -> None:
    """Send the MD5 of the body of a request, so that the server rejects an incomplete one.

    SeaweedFS otherwise stores an empty object if the connection ends after the head of a request,
    for example because this process is killed. All S3 servers know this header, unlike the newer
    checksums, which boto3 sends to Amazon S3.
    """
    body = params["body"]
    if not isinstance(body, bytes | bytearray):
        start = body.tell()
        digest = hashlib.md5(usedforsecurity=False)
        while piece := body.read(CHUNK):
            digest.update(piece)
        body.seek(start)
    else:
        digest = hashlib.md5(body, usedforsecurity=False)
    params["headers"]["Content-MD5"] = base64.b64encode(digest.digest()).decode()


def _accept_charges(params: dict[str, Any], **_: Any) -> None:
    """Confirm in the headers of a request that the requester pays for it.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ObjectsinRequesterPaysBuckets.html
    """
    params["headers"]["x-amz-request-payer"] = "requester"


def extra_arguments(values: Mapping[str, str]) -> dict[str, str]:
    """Return the arguments for encryption at rest of the requests that store an object."""
    arguments = {}
    if values.get("encryption"):
        arguments["ServerSideEncryption"] = values["encryption"]
    if values.get("kms_key_id"):
        arguments["SSEKMSKeyId"] = values["kms_key_id"]
    return arguments


def upload(
    client: BaseClient,
    bucket: str,
    plan: Sequence[Upload],
    extra: Mapping[str, str],
    progress: Progress | None,
) -> None:
    """Upload files. If one fails, or ``progress`` raises, the others are cancelled."""
    monitor = _TransferMonitor(progress)
    with _manager(client) as manager:
        try:
            for each in plan:
                arguments = {"Metadata": {"sha256": each.sha256}, **extra}
                monitor.add(manager.upload(str(each.file), bucket, each.key, arguments, [monitor]))
            monitor.finish()
        except BaseException:
            monitor.cancel()
            raise


def download(
    client: BaseClient,
    bucket: str,
    key: str,
    offset: int,
    length: int | None,
    version: str,
    range_ignored: Callable[[], None],
) -> Iterator[bytes]:
    """Yield the bytes of one response.

    Args:
        version: required ETag of the object; empty for any.
        range_ignored: called if the server sends the whole object instead of a part.
    """
    request = {"IfMatch": version} if version else {}
    ranged = bool(offset) or length is not None
    if ranged:
        request["Range"] = f"bytes={offset}-{'' if length is None else offset + length - 1}"
    answer = client.get_object(Bucket=bucket, Key=key, **request)
    # Some servers quote ETags in one of listing and response only.
    if version and answer.get("ETag", "").strip('"') != version.strip('"'):
        answer["Body"].close()
        if "ETag" in answer:
            raise object_replaced(f"bucket {bucket!r}", key)
        # A head that ends too early has lost its last lines.
        raise no_response(f"bucket {bucket!r}", "The response has no ETag.")
    if ranged and answer["ResponseMetadata"]["HTTPStatusCode"] != 206:
        range_ignored()
    else:
        offset, length = 0, None
    with contextlib.closing(answer["Body"]) as body:
        yield from part_of(body.iter_chunks(CHUNK), offset, length)


def _manager(client: BaseClient) -> Any:
    from s3transfer.manager import TransferConfig, TransferManager

    config = TransferConfig(
        multipart_threshold=_PART,
        multipart_chunksize=_PART,
        max_request_concurrency=_CONCURRENCY,
    )
    return TransferManager(client, config)


class _TransferMonitor:
    """A subscriber of s3transfer (duck-typed) that reports progress.

    It cancels all transfers at the first error.
    """

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._futures: list[Any] = []
        self._error: BaseException | None = None

    def on_queued(self, **_: Any) -> None:
        """Do nothing."""

    def on_progress(self, *, bytes_transferred: int, **_: Any) -> None:
        """Report progress. Called on a thread of s3transfer, which ignores exceptions."""
        if self._progress is None or self._error is not None:
            return
        try:
            self._progress(bytes_transferred)
        except BaseException as error:  # noqa: BLE001 - `finish` raises it on the caller's thread
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        self._error = self._error or error
        self.cancel()

    def on_done(self, **_: Any) -> None:
        """Do nothing."""

    def add(self, future: Any) -> None:
        self._futures.append(future)

    def cancel(self) -> None:
        for future in list(self._futures):
            future.cancel()

    def finish(self) -> None:
        """Wait for all transfers; raise the first error."""
        try:
            for future in self._futures:
                future.result()
        except BaseException:
            if self._error is not None:
                raise self._error from None
            raise
        if self._error is not None:
            raise self._error
