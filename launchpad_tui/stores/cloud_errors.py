"""What httpx and the servers of Azure and Google tell, as errors of launchpad. No text of a server or of httpx leaves
here that a secret of the request stands in."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    Conflict,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
    RateLimited,
    RuntimeRejected,
    StorageFull,
    Unreachable,
)


@contextmanager
def translated(where: str, secrets: Sequence[str] = ()) -> Iterator[None]:
    """Run a call to httpx; ``where`` is how the message names the store."""
    import httpx

    try:
        yield
    except httpx.TransportError as error:
        if any(secret and secret in str(error) for secret in secrets):
            raise Unreachable(f"{where} does not answer", type(error).__name__) from None
        raise _no_answer(error, where) from error
    except (httpx.InvalidURL, httpx.HTTPError) as error:
        # The text may hold the address, hence a token.
        raise ConfigError(f"{where} cannot be used as it is set up", type(error).__name__) from None


def may_pass(error: LaunchpadError) -> bool:
    """Whether to ask again soon is worth it: not after a long wait, and not where the certificate is wrong."""
    import httpx

    return not isinstance(error.__cause__, httpx.TimeoutException) and _tls(error) is None


def numbered(
    status: int, code: str, detail: str, where: str, path: str = "", *, changed: bool = False, hint: str = ""
) -> LaunchpadError:
    """The error of an answer by its status, where the code tells nothing more.

    Args:
        changed: whether a condition that does not hold means that the object was replaced; else, that it exists.
        hint: for credentials that are not accepted.
    """
    if status == 401:
        return AuthenticationFailed(f"{where} does not accept the credentials", detail, hint)
    if status == 403:
        return PermissionDenied(f"{where} does not allow it", detail, "Check what the credentials allow.")
    if status == 404:
        return ObjectMissing(f"{where} has nothing at {path[:200]!r}")
    if status in {409, 412}:
        if changed:
            return Conflict(f"{where} has another version of {path[:200]!r} now", detail, "Start again.")
        return Conflict(f"{where} has something at {path[:200]!r} already", detail)
    if status == 429:
        return RateLimited(f"{where} asks to be called less often", detail)
    if status == 507:
        return StorageFull(f"{where} has no room left", detail)
    if status >= 500 or status == 408:
        return Unreachable(f"{where} does not work at the moment", detail)
    return RuntimeRejected(f"{where} refused", detail, status=status, code=code)


def _tls(error: BaseException) -> ssl.SSLError | None:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause


def _no_answer(error: Exception, where: str) -> LaunchpadError:
    tls = _tls(error)
    if isinstance(tls, ssl.SSLCertVerificationError):
        hint = "Check the address; a certificate of your own authority is trusted by the field CA file."
        return Unreachable(f"{where} cannot prove who it is by its certificate", tls.verify_message, hint)
    detail = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Unreachable(f"{where} does not answer", detail, "Check the network and the address.")
