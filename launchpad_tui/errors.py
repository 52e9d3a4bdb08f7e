"""Every error a user can meet, as one tree.

Adapters translate at their edge (``raise … from``), so no error of SQLite, of an SDK or of the
operating system travels further than the room that met it. ``title`` says what is wrong in a few
words, ``detail`` where and why, ``hint`` what to do next. None of the three may carry a credential.
"""

from __future__ import annotations


class LaunchpadError(Exception):
    """Base of all errors shown to a user.

    Args:
        title: what is wrong, one short sentence without a full stop.
        detail: where and why; may hold several lines.
        hint: what the user can do about it.
    """

    #: whether trying the same thing again later may succeed
    retryable = False
    #: seconds that a server asked to wait before the next request; None if it did not
    retry_after: float | None = None

    def __init__(self, title: str, detail: str = "", hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        """Title, detail and hint on lines of their own, the empty ones left out."""
        return "\n".join(part for part in (self.title, self.detail, self.hint) if part)


class ConfigError(LaunchpadError):
    """Settings, paths or the environment are wrong."""


class InvalidInput(LaunchpadError):
    """A value that somebody typed or a file holds is not acceptable.

    Args:
        field: the name of the form field, option or file position that is wrong.
    """

    def __init__(self, title: str, detail: str = "", hint: str = "", *, field: str = "") -> None:
        super().__init__(title, detail, hint)
        self.field = field


class Unreachable(LaunchpadError):
    """A runtime or store did not answer."""

    retryable = True


class RateLimited(LaunchpadError):
    """A runtime asks to be called less often."""

    retryable = True


class AuthenticationFailed(LaunchpadError):
    """The credentials were not accepted."""


class PermissionDenied(LaunchpadError):
    """The credentials were accepted, the action was not; also a file's permissions."""


class RuntimeRejected(LaunchpadError):
    """A runtime answered with an error of its own."""

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


class Conflict(LaunchpadError):
    """The thing exists already, or its state does not allow the action."""


class FilesExist(Conflict):
    """Target files of a download exist. The detail lists them; the download can be repeated to replace them."""


class NotFound(LaunchpadError):
    """Nothing has this ID or name."""


class ObjectMissing(LaunchpadError):
    """An object store has nothing at this path."""


class StorageFull(LaunchpadError):
    """A disk or an object store has no room left."""

    retryable = True


class CapabilityMissing(LaunchpadError):
    """The runtime or store does not offer this action."""


class DependencyMissing(LaunchpadError):
    """A package of an extra is not installed."""

    def __init__(self, title: str, detail: str = "", hint: str = "", *, extra: str = "") -> None:
        super().__init__(title, detail, hint)
        self.extra = extra


class RegistryBusy(LaunchpadError):
    """Another process holds the registry's write lock for too long."""

    retryable = True


class RegistryCorrupt(LaunchpadError):
    """The registry's file is damaged."""


class SchemaTooNew(LaunchpadError):
    """The registry was written by a later version of launchpad."""
