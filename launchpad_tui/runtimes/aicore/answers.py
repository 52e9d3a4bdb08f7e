"""What the AI API and httpx2 tell when something is wrong, as errors of launchpad. No text leaves here that a secret
stands in.

The API answers ``{"error": {code, message, requestId, target, details}}``; ``details`` is an object in the core API and
a list of ``{code, message}`` in that of metrics. Token servers answer ``{"error", "error_description"}``.
"""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from launchpad_tui.errors import (
    AuthenticationFailed,
    CapabilityMissing,
    ConfigError,
    Conflict,
    LaunchpadError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RuntimeRejected,
    Unreachable,
)

#: characters of a server's message that are shown
_SHOWN = 2000
_KEY = "Check the service key: it may have been deleted, or belong to another instance."


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body was read whole. ``headers`` by names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """The body's media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says of an error; everything may be empty."""

    code: str = ""
    message: str = ""
    request_id: str = ""
    target: str = ""
    details: str = ""

    def text(self, status: int) -> str:
        """All of it, for people."""
        said = [
            f"{self.code}: {self.message}"
            if self.code and self.message
            else self.message or self.code
        ]
        said += [f"Target: {self.target}."] if self.target else []
        said += [self.details] if self.details else []
        said.append(
            f"HTTP {status}" + (f", request ID {self.request_id}." if self.request_id else ".")
        )
        return "\n".join(each for each in said if each)


def told(answer: Answer) -> Told:
    """Read an error's body, of whatever form."""
    request_id = _one_line(
        answer.headers.get("x-request-id") or answer.headers.get("x-correlationid") or ""
    )
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return Told(
            message=f"The answer is {answer.kind or 'of no type'}, not JSON.", request_id=request_id
        )
    error = data.get("error") if isinstance(data, dict) else None
    return _told(error, data, request_id)


def told_of_item(error: object) -> Told:
    """Read the error of one item of a bulk answer."""
    return _told(error, {}, "")


def _told(error: object, data: Any, request_id: str) -> Told:
    if isinstance(error, Mapping):
        return Told(
            _one_line(error.get("code")),
            _one_line(error.get("message")),
            _one_line(error.get("requestId")) or request_id,
            _one_line(error.get("target")),
            _details(error.get("details")),
        )
    if isinstance(error, str):
        described = (
            data.get("error_description") or data.get("message")
            if isinstance(data, Mapping)
            else ""
        )
        return Told(_one_line(error), _one_line(described), request_id)
    message = data.get("message") if isinstance(data, Mapping) else ""
    return Told(message=_one_line(message), request_id=request_id)


def _details(value: object) -> str:
    if isinstance(value, list):
        lines = []
        for each in value[:20]:
            if isinstance(each, Mapping):
                lines.append(
                    ": ".join(
                        _one_line(each.get(name)) for name in ("code", "message") if each.get(name)
                    )
                )
            else:
                lines.append(_one_line(each))
        return "\n".join(line for line in lines if line)
    if isinstance(value, Mapping):
        return "\n".join(
            f"{_one_line(name)}: {_one_line(each)}" for name, each in list(value.items())[:20]
        )
    return _one_line(value)


def _one_line(value: object) -> str:
    if value is None or value == "":
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def failure(answer: Answer, what: str, where: str, secrets: Sequence[str]) -> LaunchpadError:
    """The error of an answer that is not what was asked for.

    Args:
        what: what was asked, such as ``GET /lm/executions``.
        where: how messages name the server.
    """
    said = told(answer)
    detail = hidden(f"{what}\n{said.text(answer.status)}", secrets)
    code, request_id = hidden(said.code, secrets), hidden(said.request_id, secrets)
    status = answer.status
    if 300 <= status < 400:
        title, hint = (
            f"{where} is elsewhere",
            "Redirects are not followed. Check the URLs of the connection.",
        )
        return ConfigError(title, detail, hint)
    if status == 401:
        return AuthenticationFailed(f"{where} does not accept the credentials", detail, _KEY)
    if status == 403:
        return PermissionDenied(
            f"{where} does not allow it", detail, "Check the roles and the service plan."
        )
    if status == 404:
        hint = "" if said.code else "Check the AI API URL; it ends in /v2."
        return NotFound(f"{where} has nothing there", detail, hint)
    if status in {409, 412}:
        return Conflict(f"{where} cannot do that now", detail)
    if status == 429:
        wait = answer.headers.get("retry-after", "")
        hint = (
            f"It asks to wait {wait} seconds."
            if wait.isdigit() and len(wait) < 9
            else "Try again later."
        )
        return RateLimited(f"{where} asks to be called less often", detail, hint)
    if status == 501:
        return CapabilityMissing(f"{where} does not offer that", detail)
    if status >= 500 or status == 408:
        return Unreachable(f"{where} does not work at the moment", detail, "Try again later.")
    title = f"{where} refused"
    return RuntimeRejected(title, detail, status=status, code=code, request_id=request_id)


@contextmanager
def translated(where: str, secrets: Sequence[str]) -> Iterator[None]:
    """Run a call to httpx2; ``where`` is how messages name the server."""
    import httpx2

    try:
        yield
    except httpx2.TransportError as error:
        if any(form in str(error) for secret in secrets for form in _forms(secret)):
            raise Unreachable(f"{where} does not answer", type(error).__name__) from None
        raise _no_answer(error, where) from error
    except httpx2.DecodingError as error:
        raise Unreachable(
            f"{where} answers with something that is cut or damaged", type(error).__name__
        ) from error
    except (httpx2.InvalidURL, httpx2.HTTPError, UnicodeError) as error:
        raise ConfigError(f"{where} cannot be used as it is set up", type(error).__name__) from None


def hidden(text: str, secrets: Sequence[str]) -> str:
    """The text without these secrets, plain, escaped or percent-encoded."""
    for secret in secrets:
        for form in _forms(secret):
            text = text.replace(form, "…")
    return text


def _forms(secret: str) -> set[str]:
    """How a secret may look in a message; very short ones are too common to be looked for."""
    if len(secret) < 4:
        return set()
    folded = " ".join(secret.split())
    return {secret, folded, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}


def lasting(error: LaunchpadError) -> bool:
    """Whether asking again at once cannot help: the certificate is wrong, or the wait was long."""
    import httpx2

    return (
        isinstance(error.__cause__, httpx2.ReadTimeout | httpx2.WriteTimeout | TimeoutError)
        or _tls(error) is not None
    )


def _tls(error: BaseException) -> ssl.SSLError | None:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause


def _host(error: Exception) -> str:
    """``<host>:<port>: `` of the request that failed; empty where there was none."""
    # httpx2 raises RuntimeError where the error knows of no request.
    with contextlib.suppress(RuntimeError, AttributeError):
        url = error.request.url  # type: ignore[attr-defined]
        return f"{url.host}{f':{url.port}' if url.port else ''}: "
    return ""


def _no_answer(error: Exception, where: str) -> LaunchpadError:
    import httpx2

    tls = _tls(error)
    if isinstance(tls, ssl.SSLCertVerificationError):
        hint = "Check the URL; a certificate of your own authority is trusted by the field CA file."
        return Unreachable(
            f"{where} cannot prove who it is by its certificate", tls.verify_message, hint
        )
    detail = f"{_host(error)}{type(error).__name__}{f': {error}' if str(error) else ''}"
    if isinstance(error, httpx2.ProxyError):
        return Unreachable(
            f"The proxy to {where} refused", detail, "Check HTTPS_PROXY and NO_PROXY."
        )
    return Unreachable(
        f"{where} does not answer", detail, "Check the network, the proxy and the URL."
    )
