"""A check of an object store, step by step, that finds the cause of a failure."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from launchpad_tui.domain.connection_check import CheckPart, CheckStep
from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
    Unreachable,
)
from launchpad_tui.net.server_check import check_server
from launchpad_tui.net.timeouts import within
from launchpad_tui.stores.base import ObjectStore

#: Seconds to wait for the response to each request.
_REQUEST_SECONDS = 45.0


def check_store(opener: Callable[[], ObjectStore]) -> Iterator[CheckStep]:
    """Check an object store and yield the steps, up to the first failure. Each step has a time
    limit.

    Args:
        opener: Opens the store; its error is reported as the step SETTINGS.
    """
    try:
        store = opener()
        server = store.endpoint()
    except LaunchpadError as error:
        yield CheckStep(CheckPart.SETTINGS, error.title, error)
        return
    yield CheckStep(CheckPart.SETTINGS, "complete")
    if server is not None:
        for step in check_server(server):
            yield step
            if step.error is not None:
                return
    yield from _check_access(store, remote=server is not None)


def _check_access(store: ObjectStore, *, remote: bool) -> Iterator[CheckStep]:
    """Check the credentials, the permission, the location and the path prefix of a store."""
    try:
        location = within(_REQUEST_SECONDS, store.check)
        first = within(_REQUEST_SECONDS, lambda: next(store.list(limit=1), None))
    except LaunchpadError as error:
        passed, failed = _failed_part(error)
        yield from (CheckStep(name, "OK") for name in passed)
        yield CheckStep(failed, error.title, error)
        return
    for name in (
        (CheckPart.CREDENTIALS, CheckPart.PERMISSION) if remote else (CheckPart.PERMISSION,)
    ):
        yield CheckStep(name, "OK")
    yield CheckStep(CheckPart.PLACE, location)
    yield CheckStep(
        CheckPart.PREFIX,
        "empty" if first is None else f"contains objects, for example {first.path}",
    )
    yield _check_transfers(store, "" if first is None else first.path)


def _check_transfers(store: ObjectStore, existing: str) -> CheckStep:
    """Write a test file to a store, read it and delete it.

    Without the permission to write, an existing object is read instead. That is not a failure,
    because inputs of executions may be in a store that is read only.

    Args:
        existing: Path of an object in the store; empty if there is none.
    """
    path, content = f"launchpad-test-{uuid.uuid4().hex}", uuid.uuid4().bytes
    try:
        with tempfile.TemporaryDirectory(prefix="launchpad-") as folder:
            file = Path(folder) / "test"
            file.write_bytes(content)
            within(_REQUEST_SECONDS, lambda: store.put(path, file))
    except PermissionDenied as error:
        try:
            if existing:
                within(_REQUEST_SECONDS, lambda: b"".join(store.read(existing, 0, 1)))
        except Unreachable as unreachable:
            return CheckStep(CheckPart.WRITE, unreachable.title, unreachable)
        except LaunchpadError:
            # The object cannot be read for a reason of its own, such as archiving.
            pass
        reason = (error.detail or error.title).splitlines()[0]
        return CheckStep(CheckPart.WRITE, f"read only: {reason}")
    except LaunchpadError as error:
        _delete(store, path)
        return CheckStep(CheckPart.WRITE, error.title, error)
    try:
        found = within(_REQUEST_SECONDS, lambda: b"".join(store.read(path)))
    except LaunchpadError as error:
        _delete(store, path)
        return CheckStep(CheckPart.WRITE, error.title, error)
    if not _delete(store, path):
        return CheckStep(
            CheckPart.WRITE, f"a test file was written and read, but {path} cannot be deleted"
        )
    if found != content:
        failure = Unreachable(
            "A test file was not stored correctly",
            f"{len(content)} bytes were written, and {len(found)} other bytes were read.",
            "Check the endpoint: a proxy may change the content.",
        )
        return CheckStep(CheckPart.WRITE, failure.title, failure)
    return CheckStep(CheckPart.WRITE, "a test file was written, read and deleted")


def _delete(store: ObjectStore, path: str) -> bool:
    """Delete the test file; return whether that succeeded."""
    try:
        within(_REQUEST_SECONDS, lambda: store.delete(path))
    except LaunchpadError:
        return False
    return True


def _failed_part(error: LaunchpadError) -> tuple[tuple[CheckPart, ...], CheckPart]:
    """Return the parts that succeeded before an error, and the part that failed."""
    if isinstance(error, AuthenticationFailed):
        return (), CheckPart.CREDENTIALS
    if isinstance(error, PermissionDenied):
        return (CheckPart.CREDENTIALS,), CheckPart.PERMISSION
    if isinstance(error, ConfigError | ObjectMissing):
        return (CheckPart.CREDENTIALS,), CheckPart.PLACE
    return (), CheckPart.NETWORK
