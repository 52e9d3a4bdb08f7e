"""A check of an object store, step by step, that finds the cause of a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from launchpad_tui.domain.connection_check import CheckPart, CheckStep
from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
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


def _failed_part(error: LaunchpadError) -> tuple[tuple[CheckPart, ...], CheckPart]:
    """Return the parts that succeeded before an error, and the part that failed."""
    if isinstance(error, AuthenticationFailed):
        return (), CheckPart.CREDENTIALS
    if isinstance(error, PermissionDenied):
        return (CheckPart.CREDENTIALS,), CheckPart.PERMISSION
    if isinstance(error, ConfigError | ObjectMissing):
        return (CheckPart.CREDENTIALS,), CheckPart.PLACE
    return (), CheckPart.NETWORK
