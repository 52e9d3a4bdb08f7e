"""What httpx2 raises, as errors of launchpad; no text of it leaves here that a secret of the request stands in."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from launchpad_tui.errors import AuthenticationFailed, ConfigError, LaunchpadError, Unreachable

#: what a server says in TLS where a client's certificate is missing or not known
_REFUSED = re.compile(r"alert|certificate required|unknown ca|handshake failure", re.IGNORECASE)


@contextmanager
def translated(where: str, secrets: Sequence[str] = ()) -> Iterator[None]:
    """Run a call to httpx2; ``where`` is how the message names the store."""
    import httpx2

    try:
        yield
    except httpx2.TransportError as error:
        if any(secret and secret in str(error) for secret in secrets):
            raise Unreachable(f"{where} does not answer", type(error).__name__) from None
        raise _no_answer(error, where) from error
    except (httpx2.InvalidURL, httpx2.HTTPError) as error:
        # The text may hold the address, hence a token.
        raise ConfigError(f"{where} cannot be used as it is set up", type(error).__name__) from None


def may_pass(error: LaunchpadError) -> bool:
    """Whether to ask again soon is worth it: not after a long wait, and not where the certificate is wrong."""
    import httpx2

    return not isinstance(error.__cause__, httpx2.TimeoutException) and not isinstance(
        _tls(error), ssl.SSLCertVerificationError
    )


def _tls(error: BaseException) -> ssl.SSLError | None:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause


def _no_answer(error: Exception, where: str) -> LaunchpadError:
    tls = _tls(error)
    if isinstance(tls, ssl.SSLCertVerificationError):
        hint = "Check the address; a certificate of your own authority is trusted by the field CA file."
        return Unreachable(
            f"{where} cannot prove who it is by its certificate", tls.verify_message, hint
        )
    if tls is not None and _REFUSED.search(str(tls)):
        return AuthenticationFailed(
            f"{where} does not accept the client certificate",
            tls.reason or str(tls),
            "Check certificate and key.",
        )
    detail = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Unreachable(f"{where} does not answer", detail, "Check the network and the address.")
