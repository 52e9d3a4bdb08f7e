"""The errors that are shown to users, in one class hierarchy.

Adapters translate errors of SQLite, SDKs and the operating system (``raise … from``), so that code
outside an adapter handles `LaunchpadError` only. No title, detail or hint may contain a credential.
"""

from __future__ import annotations

from collections.abc import Sequence


class LaunchpadError(Exception):
    """Base class of all errors that are shown to users.

    Args:
        title: What failed, naming the object: one short sentence without a full stop.
        detail: Why it failed; may have several lines.
        hint: What the user can do next.
    """

    #: Whether the same operation may succeed later.
    retryable = False
    #: Seconds that the server asked to wait before the next request; None if it did not.
    retry_after: float | None = None

    def __init__(self, title: str, detail: str = "", hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        """Return title, detail and hint on separate lines, without empty ones."""
        return "\n".join(part for part in (self.title, self.detail, self.hint) if part)


class ConfigError(LaunchpadError):
    """The settings, a path or an environment variable is invalid."""


class InvalidInput(LaunchpadError):
    """A value that was entered or read from a file is invalid.

    Args:
        title: What failed.
        detail: Why it failed.
        hint: What the user can do next.
        field: The form field, option or file position of the value.
    """

    def __init__(self, title: str, detail: str = "", hint: str = "", *, field: str = "") -> None:
        super().__init__(title, detail, hint)
        self.field = field


class Unreachable(LaunchpadError):
    """A runtime or object store did not respond."""

    retryable = True


class RateLimited(LaunchpadError):
    """A runtime or object store rejected a request because there were too many."""

    retryable = True


class AuthenticationFailed(LaunchpadError):
    """The credentials were rejected."""


class PermissionDenied(LaunchpadError):
    """The credentials are valid but do not permit the action, or file permissions forbid it."""


class RuntimeRejected(LaunchpadError):
    """A runtime responded with an error.

    Args:
        title: What failed.
        detail: Why it failed.
        hint: What the user can do next.
        status: The HTTP status; 0 if there is none.
        code: The error code of the runtime.
        request_id: The ID of the request, for the runtime's support.
    """

    def __init__(
        self,
        title: str,
        detail: str = "",
        hint: str = "",
        *,
        status: int = 0,
        code: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(title, detail, hint)
        self.status = status
        self.code = code
        self.request_id = request_id


class QueryCancelled(LaunchpadError):
    """A query of the registry was ended because its result is not needed any more."""

    def __init__(self) -> None:
        super().__init__("The query was cancelled", "Another query has replaced it.")


class Conflict(LaunchpadError):
    """The object already exists, or its state does not allow the action."""


class UploadInProgress(Conflict):
    """Another process is uploading to the same path of an object store."""


class FilesExist(Conflict):
    """Target files of a download already exist.

    The detail lists them. They can be replaced by repeating the download.
    """


class NotFound(LaunchpadError):
    """No object has this ID or name."""


class ObjectMissing(LaunchpadError):
    """An object store has no object at this path."""


class FilesMissing(ObjectMissing):
    """Some recorded files of an artifact do not exist; the others were downloaded.

    Args:
        paths: The missing files, relative to the URL of the artifact.
        downloaded: The number of files that exist in the target folder now.
    """

    def __init__(
        self, title: str, detail: str, hint: str, *, paths: Sequence[str], downloaded: int
    ) -> None:
        super().__init__(title, detail, hint)
        self.paths = tuple(paths)
        self.downloaded = downloaded


class FilesSkipped(Conflict):
    """Some files cannot be stored in the target folder; the others were downloaded.

    Args:
        paths: The files that were skipped, relative to the URL.
        downloaded: The number of files that exist in the target folder now.
    """

    def __init__(
        self, title: str, detail: str, hint: str, *, paths: Sequence[str], downloaded: int
    ) -> None:
        super().__init__(title, detail, hint)
        self.paths = tuple(paths)
        self.downloaded = downloaded


class StorageFull(LaunchpadError):
    """A disk or an object store has no space left."""

    retryable = True


class StorageQuotaExceeded(LaunchpadError):
    """A client of the served AI API may not store more files on this machine."""


class CapabilityMissing(LaunchpadError):
    """The runtime or object store does not support this action."""


class DependencyMissing(LaunchpadError):
    """A package that the operation requires is not installed.

    Args:
        title: What failed.
        detail: Why it failed.
        hint: What the user can do next.
        extra: The extra of launchpad-tui that installs the package.
    """

    def __init__(self, title: str, detail: str = "", hint: str = "", *, extra: str = "") -> None:
        super().__init__(title, detail, hint)
        self.extra = extra


class RegistryBusy(LaunchpadError):
    """Another process has kept the write lock of the registry for too long."""

    retryable = True


class RegistryCorrupt(LaunchpadError):
    """The file of the registry is damaged."""


class SchemaTooNew(LaunchpadError):
    """The registry was written by a later version of launchpad."""
