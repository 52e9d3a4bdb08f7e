"""Bodies of requests: read into memory within limits, or written to a file."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.errors import CODE_TOO_LARGE
from launchpad_tui.server.api.endpoint import ReceivedFile
from launchpad_tui.server.api.errors import ApiError
from launchpad_tui.server.body_budget import RequestBudget
from launchpad_tui.services.local_files import local_error

if TYPE_CHECKING:
    from starlette.requests import Request

#: A body over its limit is read up to this size and discarded, so that its sender can still read
#: the response.
_DRAIN_LIMIT = 256 * 1024 * 1024
#: seconds in which the next piece of a body must arrive
_PIECE_SECONDS = 30.0
#: bytes per second that a body must have on average, in memory and in a file
_LEAST_SPEED, _LEAST_FILE_SPEED = 32 * 1024, 1024


def busy() -> ApiError:
    """Return the error of a request for which there is no capacity at the moment."""
    return ApiError(503, "The server is busy. Try again.", headers={"Retry-After": "1"})


async def _pieces(request: Request, least_speed: float) -> AsyncIterator[bytes]:
    """Yield the pieces of a body.

    Args:
        least_speed: bytes per second that the body must have on average.

    Raises:
        ApiError: they arrive too slowly, or the body is incomplete.
    """
    import anyio
    from starlette.requests import ClientDisconnect

    stream = request.stream()
    size, started = 0, time.monotonic()
    while True:
        try:
            with anyio.fail_after(_PIECE_SECONDS):
                piece = await anext(stream, None)
        except ClientDisconnect:
            raise ApiError(400, "The body is incomplete.") from None
        except TimeoutError:
            raise _too_slow() from None
        if piece is None:
            return
        size += len(piece)
        if time.monotonic() - started > _PIECE_SECONDS + size / least_speed:
            raise _too_slow()
        yield piece


def _too_slow() -> ApiError:
    return ApiError(408, "The body arrives too slowly.", headers={"Connection": "close"})


async def read_body(
    request: Request, limit: int, budget: RequestBudget
) -> tuple[bytes, ApiError | None]:
    """Return the body, or an error if it exceeds the limit or the memory for all bodies.

    It is read to its end so that the connection stays usable.
    """
    pieces: list[bytes] = []
    size, excess = 0, False
    try:
        async for piece in _pieces(request, _LEAST_SPEED):
            size += len(piece)
            if size <= limit and not excess and budget.take(len(piece)):
                pieces.append(piece)
            else:
                excess = excess or size <= limit
                pieces.clear()
            if size > _DRAIN_LIMIT:
                break
    except ApiError as error:
        return b"", error
    if size > limit:
        message = f"The body has {size} bytes; the maximum is {limit}."
        return b"", ApiError(413, message, code=CODE_TOO_LARGE)
    return (b"", busy()) if excess else (b"".join(pieces), None)


async def write_body(
    request: Request, file: Path, limit: int, grow: Callable[[int], None]
) -> tuple[ReceivedFile | None, ApiError | None]:
    """Write the body to a file; return an error if it exceeds the limit or is incomplete.

    Args:
        grow: called with the number of bytes before they are written.

    Raises:
        StorageFull, PermissionDenied: the file cannot be written.
    """
    from starlette.concurrency import run_in_threadpool

    digest, size = hashlib.sha256(), 0
    try:
        with await run_in_threadpool(file.open, "wb") as target:

            def write(piece: bytes) -> None:
                grow(len(piece))
                target.write(piece)

            async for piece in _pieces(request, _LEAST_FILE_SPEED):
                size += len(piece)
                if size > limit:
                    message = f"The body has more than {limit} bytes."
                    return None, ApiError(413, message, code=CODE_TOO_LARGE)
                digest.update(piece)
                await run_in_threadpool(write, piece)
    except ApiError as error:
        return None, error
    except OSError as error:
        raise local_error(error, file) from error
    return ReceivedFile(file, digest.hexdigest()), None
