"""Translate the HTTP library's exceptions into launchpad's errors, without secrets."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
from collections.abc import Iterator, Sequence

from launchpad_tui.errors import AuthenticationFailed, ConfigError, LaunchpadError, Unreachable
from launchpad_tui.net.redaction import contains_secret

#: TLS alerts of servers that require a client certificate or do not know the one they were shown
_CERTIFICATE_REFUSED = re.compile(
    r"alert|certificate required|unknown ca|handshake failure", re.IGNORECASE
)
#: TLS errors of a connection that was closed, which another attempt may not meet
_INTERRUPTED = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


@contextlib.contextmanager
def translate_errors(
    server: str, secrets: Sequence[str] = (), *, mutual_tls: bool = False
) -> Iterator[None]:
    """Translate exceptions of the HTTP library that are raised in the block.

    Args:
        server: how messages name the server, such as ``bucket 'models'``.
        secrets: texts of the request that no message may contain.
        mutual_tls: whether the server may require a client certificate; then a TLS alert means
            that the certificate was refused.

    Raises:
        Unreachable: no response, or an incomplete one.
        AuthenticationFailed: the client certificate was refused.
        ConfigError: the request cannot be sent, for example because the address is invalid.
    """
    import httpx2

    try:
        yield
    except httpx2.TransportError as error:
        if isinstance(error, httpx2.UnsupportedProtocol):
            raise invalid_request(server, error) from None
        if contains_secret(f"{_host(error)}{error}", secrets):
            # The original exception must not be chained, because it contains a secret.
            raise Unreachable(
                f"No response from {server}",
                type(error).__name__,
                "Check the network, the proxy and the address.",
            ) from None
        raise _transport_error(error, server, mutual_tls=mutual_tls) from error
    except httpx2.DecodingError as error:
        raise Unreachable(
            f"Damaged response from {server}",
            f"Its compressed body cannot be read ({type(error).__name__}).",
            "Try again.",
        ) from error
    except (httpx2.InvalidURL, httpx2.HTTPError) as error:
        # The message may contain the address, and the address a token.
        raise invalid_request(server, error) from None


def invalid_request(server: str, error: Exception) -> ConfigError:
    """Return the error of a request that cannot be sent with the connection's settings."""
    return ConfigError(
        f"No request can be sent to {server}", type(error).__name__, "Check the address."
    )


def is_transient(error: LaunchpadError) -> bool:
    """Return whether the same request may succeed if it is sent again at once.

    It does not after a time limit, which has already been long, nor after a TLS error such as a
    certificate that is not trusted.
    """
    import httpx2

    if isinstance(error.__cause__, httpx2.TimeoutException | TimeoutError):
        return False
    tls = _tls_error(error)
    return tls is None or isinstance(tls, _INTERRUPTED)


def unconnected_host(error: LaunchpadError) -> str:
    """Return the host to which no connection was established, in lower case; else empty.

    The host received no request.
    """
    import httpx2

    cause = error.__cause__
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
        # The attribute raises RuntimeError for an error without a request.
        with contextlib.suppress(RuntimeError):
            return cause.request.url.host.lower()
    return ""


def is_unresolved(error: LaunchpadError) -> bool:
    """Return whether the name of the host could not be resolved."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, socket.gaierror):
        cause = cause.__cause__ or cause.__context__
    return cause is not None


def certificate_hint(reason: str) -> str:
    """Return what to do about a certificate that was not verified.

    Args:
        reason: The message of OpenSSL, such as ``certificate has expired``.
    """
    reason = reason.casefold()
    if "expired" in reason:
        return "Its owner has to renew the certificate. If it is valid, check this machine's clock."
    if "not yet valid" in reason:
        return "Check this machine's clock."
    if "mismatch" in reason or "not valid for" in reason:
        return "The certificate is that of another host: check the address."
    return (
        "Check the address. To trust your own certificate authority, set the field CA file "
        "(ca_file) to its certificate."
    )


def _tls_error(error: BaseException) -> ssl.SSLError | None:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause


def _transport_error(error: Exception, server: str, *, mutual_tls: bool) -> LaunchpadError:
    import httpx2

    tls = _tls_error(error)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return Unreachable(
            f"TLS certificate verification failed for {server}",
            f"{_host(error)}{tls.verify_message}",
            certificate_hint(tls.verify_message),
        )
    if mutual_tls and tls is not None and _CERTIFICATE_REFUSED.search(str(tls)):
        return AuthenticationFailed(
            f"The client certificate was refused by {server}",
            tls.reason or str(tls),
            "Check the certificate and its key.",
        )
    detail = f"{_host(error)}{type(error).__name__}{f': {error}' if str(error) else ''}"
    if isinstance(error, httpx2.ProxyError):
        return Unreachable(
            f"The proxy refused the connection to {server}",
            detail,
            "Check HTTPS_PROXY and NO_PROXY.",
        )
    return Unreachable(
        f"No response from {server}", detail, "Check the network, the proxy and the address."
    )


def _host(error: Exception) -> str:
    """Return ``<host>:<port>: `` of the failed request, or nothing if there was no request."""
    # The attribute raises RuntimeError for an error without a request.
    with contextlib.suppress(RuntimeError, AttributeError):
        url = error.request.url  # type: ignore[attr-defined]
        return f"{url.host}{f':{url.port}' if url.port else ''}: "
    return ""
