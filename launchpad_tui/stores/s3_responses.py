"""Limits of the responses of S3 servers that are kept in memory; botocore has none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from launchpad_tui.stores.store_errors import has_document_type, no_response, unexpected_response

if TYPE_CHECKING:
    from botocore.client import BaseClient

#: The most bytes of a response. A page of 1000 keys of 1024 bytes has 4 MB if each byte is
#: percent-encoded.
RESPONSE_LIMIT = 64 << 20
#: The longest time (seconds) that a response may take.
RESPONSE_SECONDS = 300.0
_CHUNK = 1 << 16


def limit_responses(client: BaseClient, where: str) -> None:
    """Let a client refuse responses that are too large, too slow, or have a document type.

    The content of objects is not limited, because it is read in pieces.

    Args:
        client: A client of boto3 that has sent no request.
        where: The name of the store in the middle of a sentence.
    """
    # botocore has no parameter for it.
    session = client._endpoint.http_session
    send = session.send

    def limited(request: Any) -> Any:
        content = not request.stream_output
        request.stream_output = True
        response = send(request)
        if _is_cut(response, request.method):
            response.raw.close()
            raise _interrupted(request, "The response ends in its head.")
        if content or response.status_code >= 300:
            body = _read(response.raw, request, where)
            length = response.headers.get("content-length", "")
            encoded = "content-encoding" in response.headers or request.method == "HEAD"
            if length.isdecimal() and len(body) < int(length) and not encoded:
                raise _interrupted(request, f"{len(body):,} of {int(length):,} bytes received.")
            if has_document_type(body):
                # Errors of proxies are pages, of which only the status is used.
                if response.status_code < 300:
                    raise unexpected_response(where, "S3", "The response is a page, not a list.")
                body = b""
            response._content = body
        return response

    session.send = limited


def _is_cut(response: Any, method: str) -> bool:
    """Return whether the connection was closed while the head of a response was sent.

    The HTTP library takes the lines that it received for the whole head.
    """
    headers = response.headers
    if method != "GET" or response.status_code not in {200, 206}:
        return False
    return "content-length" not in headers and "transfer-encoding" not in headers


def _interrupted(request: Any, reason: str) -> Exception:
    """Return botocore's error for a closed connection, after which it repeats the request."""
    from botocore import exceptions as boto

    closed: Exception = boto.ConnectionClosedError(
        error=OSError(reason), request=request, endpoint_url=request.url
    )
    return closed


def _read(raw: Any, request: Any, where: str) -> bytes:
    from botocore import exceptions as boto
    from urllib3.exceptions import ProtocolError, ReadTimeoutError

    pieces: list[bytes] = []
    size, end = 0, time.monotonic() + RESPONSE_SECONDS
    try:
        for piece in raw.stream(_CHUNK):
            pieces.append(piece)
            size += len(piece)
            if size > RESPONSE_LIMIT:
                raw.close()
                raise unexpected_response(
                    where, "S3", f"The response has more than {RESPONSE_LIMIT >> 20} MB."
                )
            if time.monotonic() > end:
                raw.close()
                raise no_response(
                    where, f"The response takes more than {RESPONSE_SECONDS:g} seconds."
                )
    except ReadTimeoutError as error:
        raise boto.ReadTimeoutError(endpoint_url=request.url, error=error) from error
    except ProtocolError as error:
        raise _interrupted(request, str(error)) from error
    return b"".join(pieces)
