"""Authorization of requests to a WebHDFS service.

Without Kerberos, a user name or a configured delegation token is a parameter of each request. With
Kerberos, a login is exchanged for a delegation token of Hadoop, which then identifies the user to
the NameNode and the DataNodes. The token is renewed after half of its validity, replaced when its
lifetime ends or the server rejects it, and canceled when the program ends. If a server issues no
delegation tokens, each request carries a SPNEGO token instead.

Source: Apache Hadoop, "WebHDFS REST API", sections "Authentication" and "Delegation Token
Operations".
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from launchpad_tui.errors import ConfigError, LaunchpadError, RuntimeRejected
from launchpad_tui.stores.kerberos import KerberosLogin
from launchpad_tui.stores.request_auth import Authenticator, RequestAuth

#: seconds after which a token is renewed whose validity the server did not report
_UNKNOWN_VALIDITY = 3600.0
#: seconds that the end of the program may wait until delegation tokens are canceled
_CANCEL_SECONDS = 2.0
#: sends an operation on tokens: method, operation, parameters, authorization
SendOperation = Callable[[str, str, Mapping[str, str], RequestAuth], dict[str, Any]]

_log = logging.getLogger(__name__)


def authenticator_of(
    values: Mapping[str, str], host: Callable[[], str], send: SendOperation
) -> Authenticator:
    """Return the authenticator that the store's fields configure; sends no request.

    Args:
        values: the fields of the store.
        host: returns the host of the NameNode to which requests are sent.
        send: sends operations on delegation tokens to this NameNode.
    """
    if (values.get("authentication") or "simple") == "simple":
        return SimpleUser(values)
    return KerberosUser(KerberosLogin(values), host, send)


class SimpleUser:
    """A user without Kerberos, see `Authenticator`.

    Args:
        values: the fields ``user`` and ``delegation_token``, of which the token takes precedence.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        token, name = values.get("delegation_token", ""), values.get("user", "")
        query = {"delegation": token} if token else {"user.name": name} if name else {}
        self._auth = RequestAuth(query, {}, (token,) if token else ())

    def authorize(self, _refused: RequestAuth | None = None, /) -> RequestAuth:
        """See `Authenticator.authorize`."""
        return self._auth


class KerberosUser:
    """A user with a Kerberos login, see `Authenticator`.

    Args:
        login: the login at the KDC.
        host: returns the host of the NameNode to which requests are sent. SPNEGO tokens are
            requested for its HTTP service. A delegation token is valid at all NameNodes of a
            cluster.
        send: sends operations on delegation tokens.
    """

    def __init__(self, login: KerberosLogin, host: Callable[[], str], send: SendOperation) -> None:
        self._login = login
        self._host = host
        self._send = send
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0
        self._issues_tokens = True

    def authorize(self, refused: RequestAuth | None = None, /) -> RequestAuth:
        """See `Authenticator.authorize`."""
        with self._lock:
            if refused is not None and refused.query.get("delegation", "") == self._token:
                self._token = ""
            if self._token and time.monotonic() >= self._renew_at and not self._renew():
                self._token = ""
            if not self._token and self._issues_tokens:
                self._fetch()
            if not self._token:
                return self._negotiate()
            return RequestAuth({"delegation": self._token}, {}, (self._token,))

    def cancel(self) -> None:
        """Cancel the delegation token; an error is logged, because the token expires anyway."""
        with self._lock:
            token, self._token = self._token, ""
        if not token:
            return
        try:
            self._send("PUT", "CANCELDELEGATIONTOKEN", {"token": token}, self._negotiate(token))
        except LaunchpadError as error:
            _log.warning("A delegation token of %s was not canceled: %s", self._host(), error.title)

    def _fetch(self) -> None:
        renewer = {"renewer": self._login.principal()}
        try:
            answer = self._send("GET", "GETDELEGATIONTOKEN", renewer, self._negotiate())
        except (RuntimeRejected, ConfigError) as error:
            # The server may not support tokens. Any other cause fails the next request as well.
            _log.info("%s issues no delegation tokens: %s", self._host(), error)
            self._issues_tokens = False
            return
        token = answer.get("Token")
        self._token = str(token.get("urlString") or "") if isinstance(token, dict) else ""
        self._issues_tokens = bool(self._token)
        if self._token:
            _cancel_at_exit(self)
            # Only the response to a renewal contains the end of the validity.
            if not self._renew():
                self._renew_at = time.monotonic() + _UNKNOWN_VALIDITY

    def _renew(self) -> bool:
        """Renew the token; return whether that succeeded."""
        token = self._token
        try:
            auth = self._negotiate(token)
            answer = self._send("PUT", "RENEWDELEGATIONTOKEN", {"token": token}, auth)
            expiry = int(answer["long"]) / 1000
        except (LaunchpadError, KeyError, TypeError, ValueError) as error:
            _log.info("A delegation token of %s was not renewed: %s", self._host(), error)
            return False
        self._renew_at = time.monotonic() + max(0.0, expiry - time.time()) / 2
        return True

    def _negotiate(self, *secrets: str) -> RequestAuth:
        token = self._login.token(self._host())
        return RequestAuth({}, {"Authorization": f"Negotiate {token}"}, (token, *secrets))


_users: weakref.WeakSet[KerberosUser] = weakref.WeakSet()


def _cancel_at_exit(user: KerberosUser) -> None:
    if not _users:
        atexit.unregister(cancel_all)
        atexit.register(cancel_all)
    _users.add(user)


def cancel_all() -> None:
    """Cancel the tokens of all users in parallel, for at most `_CANCEL_SECONDS`."""
    threads = [
        threading.Thread(target=each.cancel, name="cancel-token", daemon=True)
        for each in list(_users)
    ]
    # An interpreter that is shutting down may refuse to start threads.
    with contextlib.suppress(RuntimeError):
        for thread in threads:
            thread.start()
    end = time.monotonic() + _CANCEL_SECONDS
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, end - time.monotonic()))
